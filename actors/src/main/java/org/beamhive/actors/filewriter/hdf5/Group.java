package org.beamhive.actors.filewriter.hdf5;

import io.jhdf.BufferBuilder;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** A group: named nodes and links. Changes become visible at {@link ScanFile#publish}. */
public final class Group extends Node {
  private static final byte[] NO_LINK_INDEX =
      new BufferBuilder()
          .writeByte(0)
          .writeByte(0)
          .writeLong(Storage.NONE)
          .writeLong(Storage.NONE)
          .build()
          .array();

  private final Map<String, Link> links = new LinkedHashMap<>();
  private long savedIn;

  Group(ScanFile file, String path) {
    super(file, path);
  }

  @Override
  public Group attribute(String name, Object value) {
    super.attribute(name, value);
    return this;
  }

  /** The group of this name, created if it is new. */
  public Group group(String name) {
    if (links.get(name) instanceof Link.Hard hard && hard.target() instanceof Group group) {
      return group;
    }
    String path = newChild(name);
    return add(name, new Group(file(), path));
  }

  /**
   * A dataset of fixed size; if there is one of this name, its value is replaced.
   *
   * @param value a String, a list or array of String, double, long, boolean, double[], long[] or
   *     double[][]
   */
  public Dataset dataset(String name, Object value) {
    file().storage().requireOpen();
    if (links.get(name) instanceof Link.Hard hard && hard.target() instanceof Dataset dataset) {
      dataset.replace(value);
      return dataset;
    }
    String path = newChild(name);
    return add(name, new Dataset(file(), path, value));
  }

  /** A growing dataset of single numbers, truths or strings. */
  public Stream stream(String name, ElementType type) {
    return stream(name, type, new long[0], Stream.SCALARS_PER_CHUNK);
  }

  /**
   * A growing dataset.
   *
   * @param rowShape the shape of what is appended, without the growing first dimension; empty for
   *     scalars
   * @param chunkRows rows per chunk, the unit of reading: 1 for detector frames, some KiB for small
   *     rows
   */
  public Stream stream(String name, ElementType type, long[] rowShape, int chunkRows) {
    String path = newChild(name);
    Stream stream = new Stream(file(), path, type, rowShape, chunkRows);
    file().register(stream);
    return add(name, stream);
  }

  /** A link to a path of this file, which need not exist (yet). */
  public Group softLink(String name, String targetPath) {
    return link(name, new Link.Soft(targetPath));
  }

  /** A link into another file; a relative file name is looked for in the folder of this file. */
  public Group externalLink(String name, String fileName, String targetPath) {
    return link(name, new Link.External(fileName, targetPath));
  }

  /** A second name for a node of this file. */
  public Group hardLink(String name, Node target) {
    String owner = "Link '" + name + "' in " + path();
    if (target.file() != file()) {
      throw new IllegalArgumentException(
          owner + ": " + target.path() + " is in another file; use an external link");
    }
    if (target instanceof Group group && group.reaches(this)) {
      throw new IllegalArgumentException(
          owner + ": " + target.path() + " contains this group; use a soft link");
    }
    link(name, new Link.Hard(target));
    target.countHardLink();
    return this;
  }

  private Group link(String name, Link link) {
    newChild(name);
    requireFits(link.message(name), "Link '" + name + "' in " + path());
    links.put(name, link);
    markChanged();
    return this;
  }

  private <N extends Node> N add(String name, N node) {
    links.put(name, new Link.Hard(node));
    node.countHardLink();
    markChanged();
    return node;
  }

  /** Checks the name of something new and returns its path. */
  private String newChild(String name) {
    file().storage().requireOpen();
    requireName(name, "Object '" + name + "' in " + path());
    String path = path().equals("/") ? "/" + name : path() + "/" + name;
    if (links.containsKey(name)) {
      throw new IllegalArgumentException(path + " exists already, as something else");
    }
    return path;
  }

  private boolean reaches(Group wanted) {
    if (this == wanted) {
      return true;
    }
    for (Link link : links.values()) {
      if (link instanceof Link.Hard hard
          && hard.target() instanceof Group group
          && group.reaches(wanted)) {
        return true;
      }
    }
    return false;
  }

  @Override
  long save(long publication) throws IOException {
    if (savedIn == publication) {
      return address();
    }
    for (Link link : links.values()) {
      if (link instanceof Link.Hard hard) {
        hard.target().save(publication);
        if (hard.target().movedIn() > movedIn()) {
          markChanged();
        }
      }
    }
    if (isChanged()) {
      byte[] header = header();
      Storage storage = file().storage();
      long address = storage.allocate(header.length, 8);
      storage.write(header, address);
      savedAt(address, publication);
    }
    savedIn = publication;
    return address();
  }

  private byte[] header() {
    ObjectHeader header =
        new ObjectHeader()
            .add(ObjectHeader.LINK_INFO, NO_LINK_INDEX)
            .add(ObjectHeader.GROUP_INFO, new byte[] {0, 0});
    links.forEach((name, link) -> header.add(ObjectHeader.LINK, link.message(name)));
    describe(header);
    return header.build();
  }
}
