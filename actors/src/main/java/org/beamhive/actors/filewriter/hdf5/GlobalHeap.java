package org.beamhive.actors.filewriter.hdf5;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;

/**
 * Where strings of variable length live ("Global Heap"). They gather in memory and reach the file
 * at {@link #write}.
 *
 * <p>Equal strings are not shared: a program that edits the file later would free the text of all
 * when it deletes one.
 */
final class GlobalHeap {
  /** Bytes of a reference to a string: its length, its collection, its number there. */
  static final int REFERENCE = 16;

  /** The smallest collection that readers accept. */
  private static final int COLLECTION_BYTES = 4096;

  private static final int COLLECTION_PREFIX = 16;
  private static final int OBJECT_PREFIX = 16;

  private final Storage storage;
  private final ArrayDeque<Collection> unwritten = new ArrayDeque<>();
  private Collection current;

  GlobalHeap(Storage storage) {
    this.storage = storage;
  }

  /**
   * Keeps the text and puts the reference to it, {@value #REFERENCE} bytes, into {@code target}.
   */
  void put(String text, ByteBuffer target) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    int object = OBJECT_PREFIX + Math.addExact(utf8.length, 7) / 8 * 8;
    Collection collection = collectionFor(object);
    target.putInt(utf8.length).putLong(collection.address).putInt(collection.add(utf8, object));
  }

  private Collection collectionFor(int object) {
    int whole = COLLECTION_PREFIX + object + OBJECT_PREFIX;
    if (whole > COLLECTION_BYTES) {
      return open(whole);
    }
    if (current == null || !current.fits(object)) {
      current = open(COLLECTION_BYTES);
    } else if (!current.changed()) {
      unwritten.add(current);
    }
    return current;
  }

  private Collection open(int bytes) {
    Collection collection = new Collection(storage.allocate(bytes, 8), bytes);
    unwritten.add(collection);
    return collection;
  }

  /** Writes what was put since the last call; must come before anything that refers to it. */
  void write() throws IOException {
    while (!unwritten.isEmpty()) {
      unwritten.peek().write(storage);
      unwritten.remove();
    }
  }

  private static final class Collection {
    private final long address;
    private final ByteBuffer bytes;
    private int objects;

    /** Where the file's copy has its free space, 0 before the first write. */
    private int writtenTo;

    Collection(long address, int size) {
      this.address = address;
      this.bytes = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
      bytes.put("GCOL".getBytes(StandardCharsets.US_ASCII)).putInt(1).putLong(size);
    }

    boolean fits(int object) {
      return bytes.remaining() >= object + OBJECT_PREFIX;
    }

    boolean changed() {
      return bytes.position() != writtenTo;
    }

    int add(byte[] content, int object) {
      int start = bytes.position();
      objects++;
      bytes.putShort((short) objects).putShort((short) 0).putInt(0).putLong(content.length);
      bytes.put(content).position(start + object);
      int end = bytes.position();
      bytes.putLong(end, 0).putLong(end + 8, bytes.remaining()); // object 0 is the free space
      return objects;
    }

    /**
     * The first new object overwrites the free space that readers see, so its prefix is written
     * last: until then they see the collection as it was.
     */
    void write(Storage storage) throws IOException {
      if (writtenTo == 0) {
        storage.write(bytes.duplicate().clear(), address);
      } else if (changed()) {
        int content = writtenTo + OBJECT_PREFIX;
        int end = bytes.position() + OBJECT_PREFIX;
        storage.write(bytes.slice(content, end - content), address + content);
        storage.write(bytes.slice(writtenTo, OBJECT_PREFIX), address + writtenTo);
      }
      writtenTo = bytes.position();
    }
  }
}
