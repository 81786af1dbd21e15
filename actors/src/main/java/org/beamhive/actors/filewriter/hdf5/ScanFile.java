package org.beamhive.actors.filewriter.hdf5;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * An HDF5 file that is readable while it is written.
 *
 * <p>Two calls make things visible to readers. {@link #flush} shows the rows appended to streams
 * that are published already; it is cheap. {@link #publish} does the same and also shows new
 * groups, datasets, streams, links and attributes and replaced values: it writes changed groups to
 * a new place and then turns the superblock to the new tree. Readers that have the file open keep
 * the old tree, with growing streams, until they reopen it. The space of replaced headers and
 * values is not used again, so publish when something changed, not with every row.
 *
 * <p>Every write goes where no reader looks yet, and what leads readers there is written last. So a
 * reader, and whoever opens the file after this process was killed, finds what was flushed, without
 * a repair tool. If a flush fails, it may be tried again. Only {@link #sync} guards against a loss
 * of power.
 *
 * <p>Two limits. A reader that stays open (SWMR) follows new numbers, but must reopen the file for
 * new strings, because the C library keeps its old copy of the heap. And from 65,520 chunks on,
 * blocks of a stream's index span pages, so that a kill within such a write may make that stream
 * unreadable.
 *
 * <p>For one thread at a time, and one that is not interrupted: an interrupt closes the file
 * underneath.
 */
public final class ScanFile implements AutoCloseable {
  private final Storage storage;
  private final GlobalHeap heap;
  private final Group root;
  private final List<Stream> streams = new ArrayList<>();
  private long publications;

  private ScanFile(Storage storage) {
    this.storage = storage;
    this.heap = new GlobalHeap(storage);
    this.root = new Group(this, "/");
  }

  /** Creates the file, or empties it if it exists; readers may open it at once. */
  public static ScanFile create(Path path) throws IOException {
    return create(new Storage(path));
  }

  static ScanFile create(Storage storage) throws IOException {
    ScanFile file = new ScanFile(storage);
    try {
      file.publish();
    } catch (IOException e) {
      storage.close();
      throw e;
    }
    return file;
  }

  public Group root() {
    return root;
  }

  public Path path() {
    return storage.path();
  }

  /** Shows readers every row appended so far. */
  public void flush() throws IOException {
    storage.requireOpen();
    writeContents();
    show(storage.root());
  }

  /** Shows readers everything: rows, and all changes to the tree. */
  public void publish() throws IOException {
    storage.requireOpen();
    writeContents();
    publications++;
    show(root.save(publications));
  }

  /**
   * Makes what was flushed or published survive a loss of power; takes as long as the disk takes.
   */
  public void sync() throws IOException {
    storage.requireOpen();
    storage.sync();
  }

  /** Publishes and closes. */
  @Override
  public void close() throws IOException {
    if (!storage.isOpen()) {
      return;
    }
    try {
      publish();
      storage.trim();
    } finally {
      storage.close();
    }
  }

  /** Rows and strings, which nothing in the file refers to yet. */
  private void writeContents() throws IOException {
    heap.write();
    for (Stream stream : streams) {
      stream.writeTail();
    }
  }

  /** First the space and the tree, then the rows inside them. */
  private void show(long rootAddress) throws IOException {
    storage.commit(rootAddress);
    for (Stream stream : streams) {
      stream.showRows();
    }
  }

  Storage storage() {
    return storage;
  }

  GlobalHeap heap() {
    return heap;
  }

  void register(Stream stream) {
    streams.add(stream);
  }
}
