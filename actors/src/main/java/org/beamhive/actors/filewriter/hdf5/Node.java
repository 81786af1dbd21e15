package org.beamhive.actors.filewriter.hdf5;

import io.jhdf.BufferBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Anything in the file that has a path and attributes. Changes become visible at {@link
 * ScanFile#publish}.
 */
public abstract sealed class Node permits Group, Dataset, Stream {
  private static final int MAX_NAME_BYTES = 254;

  private final ScanFile file;
  private final String path;
  private final Map<String, byte[]> attributes = new LinkedHashMap<>();
  private int hardLinks;
  private boolean changed = true;
  private long address = Storage.NONE;
  private long movedIn;

  Node(ScanFile file, String path) {
    this.file = file;
    this.path = path;
  }

  public final String path() {
    return path;
  }

  /**
   * Sets an attribute, or replaces it.
   *
   * @param value a String, a list or array of String, double, long, boolean, double[] or long[]
   */
  public Node attribute(String name, Object value) {
    file.storage().requireOpen();
    String owner = "Attribute '" + name + "' of " + path;
    requireName(name, owner);
    byte[] message = attributeMessage(name, EncodedValue.of(value, file.heap(), owner));
    requireFits(message, owner);
    attributes.put(name, message);
    changed = true;
    return this;
  }

  private static byte[] attributeMessage(String name, EncodedValue value) {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    byte[] type = value.type().message();
    byte[] space = ObjectHeader.dataspace(value.shape());
    return new BufferBuilder()
        .writeByte(3) // version
        .writeByte(0)
        .writeShort(utf8.length + 1)
        .writeShort(type.length)
        .writeShort(space.length)
        .writeByte(1) // UTF-8
        .writeBytes(utf8)
        .writeByte(0)
        .writeBytes(type)
        .writeBytes(space)
        .writeBytes(value.data())
        .build()
        .array();
  }

  static void requireName(String name, String owner) {
    String problem = null;
    if (name == null || name.isEmpty()) {
      problem = "the name is empty";
    } else if (name.equals(".") || name.indexOf('/') >= 0 || name.indexOf('\0') >= 0) {
      problem = "the name must not be '.' and must not contain '/' or a zero character";
    } else if (name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
      problem = "the name is longer than " + MAX_NAME_BYTES + " bytes";
    }
    if (problem != null) {
      throw new IllegalArgumentException(owner + ": " + problem);
    }
  }

  static void requireFits(byte[] message, String owner) {
    if (message.length > ObjectHeader.MAX_MESSAGE_BYTES) {
      throw new IllegalArgumentException(
          owner
              + " takes "
              + message.length
              + " bytes; at most "
              + ObjectHeader.MAX_MESSAGE_BYTES
              + " are possible: store it as a dataset");
    }
  }

  final ScanFile file() {
    return file;
  }

  final long address() {
    return address;
  }

  final boolean isChanged() {
    return changed;
  }

  final void markChanged() {
    changed = true;
  }

  final void savedAt(long newAddress, long publication) {
    if (newAddress != address) {
      movedIn = publication;
    }
    address = newAddress;
    changed = false;
  }

  /**
   * The publication that gave this node its address; what links to it must be written in the same
   * or a later one.
   */
  final long movedIn() {
    return movedIn;
  }

  final void countHardLink() {
    hardLinks++;
    changed = changed || hardLinks > 1;
  }

  /** Adds the messages that every kind of node has. */
  final void describe(ObjectHeader header) {
    if (hardLinks > 1) {
      // Without it, a program that deletes one of the links later would free the object.
      header.add(
          ObjectHeader.REFERENCE_COUNT,
          new BufferBuilder().writeByte(0).writeInt(hardLinks).build().array());
    }
    attributes.values().forEach(message -> header.add(ObjectHeader.ATTRIBUTE, message));
  }

  /** True if {@link #describe} would add anything. */
  final boolean isDescribed() {
    return hardLinks > 1 || !attributes.isEmpty();
  }

  /**
   * Writes what changed to places that no reader knows yet, and returns where this node's header
   * now is.
   *
   * @param publication increases with every call for the whole tree, so that nodes with several
   *     links are saved once
   */
  abstract long save(long publication) throws IOException;
}
