package org.beamhive.actors.filewriter.hdf5;

import io.jhdf.BufferBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The bytes of the file: hands out space, writes, and keeps the superblock, the one place a reader
 * starts from.
 *
 * <p>The superblock promises more space than is used, and the file really is that long (the rest is
 * a hole). A reader that took its copy of the superblock a moment ago can therefore follow the
 * addresses written since, and most flushes need not touch the superblock at all.
 */
class Storage {
  /** The format's "undefined address". */
  static final long NONE = -1L;

  private static final int SUPERBLOCK_BYTES = 48;
  private static final int PAGE = 4096;
  private static final long MIN_HEADROOM = 1 << 20;
  private static final long MAX_HEADROOM = 64 << 20;
  private static final byte[] SIGNATURE = {(byte) 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

  private final Path path;
  private final FileChannel channel;
  private long used = SUPERBLOCK_BYTES;
  private long fileSize;
  private long promised;
  private long root = NONE;
  private boolean open = true;

  Storage(Path path) throws IOException {
    this.path = path;
    this.channel =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
  }

  Path path() {
    return path;
  }

  boolean isOpen() {
    return open;
  }

  void requireOpen() {
    if (!open) {
      throw new IllegalStateException("File " + path + " is closed");
    }
  }

  long allocate(long bytes, int alignment) {
    long address = (used + alignment - 1) / alignment * alignment;
    used = address + bytes;
    return address;
  }

  /**
   * Space for a block that is overwritten in place. A killed process may leave a write cut at a
   * page border, so such a block stays within one page if it fits into one.
   */
  long allocateRewritable(int bytes) {
    long address = (used + 7) / 8 * 8;
    boolean crosses = address / PAGE != (address + bytes - 1) / PAGE;
    return allocate(bytes, crosses ? PAGE : 8);
  }

  void write(byte[] bytes, long address) throws IOException {
    write(ByteBuffer.wrap(bytes), address);
  }

  void write(ByteBuffer bytes, long address) throws IOException {
    requireOpen();
    long at = address;
    try {
      while (bytes.hasRemaining()) {
        at += channel.write(bytes, at);
      }
    } catch (IOException e) {
      throw named("write", e);
    }
    fileSize = Math.max(fileSize, at);
  }

  /** Lets readers find everything allocated so far, starting from this root group. */
  void commit(long newRoot) throws IOException {
    long headroom = headroom();
    if (used + headroom / 2 > promised) {
      // Readers take the length of the file before they read the promise: be one step ahead of it.
      lengthenTo(used + 2 * headroom);
      promise(used + headroom, newRoot);
    } else if (newRoot != root) {
      promise(promised, newRoot);
    }
  }

  long headroom() {
    return Math.min(MAX_HEADROOM, Math.max(MIN_HEADROOM, used / 4));
  }

  private void lengthenTo(long end) throws IOException {
    if (fileSize < end) {
      write(new byte[1], end - 1);
    }
  }

  private void promise(long end, long newRoot) throws IOException {
    BufferBuilder superblock =
        new BufferBuilder()
            .writeBytes(SIGNATURE)
            .writeByte(3) // version
            .writeByte(8) // bytes per address
            .writeByte(8) // bytes per length
            .writeByte(0) // not marked "open for writing": plain readers may open the growing file
            .writeLong(0)
            .writeLong(NONE) // no superblock extension
            .writeLong(end)
            .writeLong(newRoot)
            .appendChecksum();
    write(superblock.build(), 0);
    promised = end;
    root = newRoot;
  }

  long root() {
    return root;
  }

  void sync() throws IOException {
    try {
      channel.force(false);
    } catch (IOException e) {
      throw named("sync", e);
    }
  }

  /**
   * Gives back the headroom. The superblock goes first, so that it never promises more than there
   * is.
   */
  void trim() throws IOException {
    lengthenTo(used);
    promise(used, root);
    try {
      channel.truncate(used);
    } catch (IOException e) {
      throw named("truncate", e);
    }
    fileSize = used;
  }

  void close() throws IOException {
    open = false;
    try {
      channel.close();
    } catch (IOException e) {
      throw named("close", e);
    }
  }

  private IOException named(String action, IOException cause) {
    return new IOException("Cannot " + action + " file " + path + ": " + cause, cause);
  }
}
