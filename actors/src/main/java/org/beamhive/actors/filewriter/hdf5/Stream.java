package org.beamhive.actors.filewriter.hdf5;

import io.jhdf.BufferBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A dataset that grows along its first dimension, made by {@link Group#stream}.
 *
 * <p>Rows gather in memory until their chunk is full or the file is flushed; a flush writes only
 * what is new in an unfinished chunk. Rows of a whole chunk that come as a {@link ByteBuffer} go to
 * the file without a copy. Appending a number allocates nothing.
 */
public final class Stream extends Node {
  /** Rows per chunk that suit single numbers: 8 KiB. */
  public static final int SCALARS_PER_CHUNK = 1024;

  private static final byte[] FILL_VALUE = {3, 0x0b};
  private static final int ROWS_OFFSET =
      ObjectHeader.PREFIX + ObjectHeader.MESSAGE_PREFIX + 4; // in the dataspace, the first message
  private static final int NO_MESSAGE = 0x00;
  private static final int CONTINUATION_BODY = 16;
  private static final int LARGE_CHUNK = 64 * 1024;
  private static final int PAGE = 4096;

  private final Storage storage;
  private final GlobalHeap heap;
  private final ElementType type;
  private final boolean scalarRows;
  private final int rowBytes;
  private final int chunkBytes;
  private final ChunkIndex index;
  private final ByteBuffer header;

  private long rows;

  /** The chunk being filled; null until rows must wait for others. */
  private ByteBuffer chunk;

  private long chunkAddress = Storage.NONE;
  private int chunkWritten;

  private long shownRows;
  private boolean headerChanged;

  Stream(ScanFile file, String path, ElementType type, long[] rowShape, int chunkRows) {
    super(file, path);
    this.storage = file.storage();
    this.heap = file.heap();
    this.type = type;
    this.scalarRows = rowShape.length == 0;
    this.rowBytes = rowBytes(path, type, rowShape);
    this.chunkBytes = chunkBytes(path, rowBytes, chunkRows);
    this.index = new ChunkIndex(storage);
    this.header = ByteBuffer.wrap(header(rowShape, chunkRows)).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int rowBytes(String path, ElementType type, long[] rowShape) {
    if (type == ElementType.STRING && rowShape.length > 0) {
      throw new IllegalArgumentException("Stream " + path + ": rows of strings are single strings");
    }
    if (rowShape.length > 31) {
      throw new IllegalArgumentException(
          "Stream "
              + path
              + ": rows have "
              + rowShape.length
              + " dimensions; at most 31 are possible");
    }
    long bytes = type.bytes();
    for (long length : rowShape) {
      if (length < 1 || length > Integer.MAX_VALUE / bytes) {
        throw new IllegalArgumentException(
            "Stream " + path + ": every row length must be at least 1, and a row below 2 GiB");
      }
      bytes *= length;
    }
    return (int) bytes;
  }

  private static int chunkBytes(String path, int rowBytes, int chunkRows) {
    if (chunkRows < 1 || chunkRows > Integer.MAX_VALUE / rowBytes) {
      throw new IllegalArgumentException(
          "Stream "
              + path
              + ": "
              + chunkRows
              + " rows per chunk; at least 1, and a chunk below 2 GiB, is possible");
    }
    return chunkRows * rowBytes;
  }

  @Override
  public Stream attribute(String name, Object value) {
    super.attribute(name, value);
    return this;
  }

  /** Rows appended so far, visible or not. */
  public long rows() {
    return rows;
  }

  /** Appends one number to a stream of FLOAT64 or FLOAT32. */
  public void append(double value) throws IOException {
    ByteBuffer room = roomForScalar();
    switch (type) {
      case FLOAT64 -> room.putDouble(value);
      case FLOAT32 -> room.putFloat((float) value);
      default -> throw mismatch("a double");
    }
    rows++;
  }

  /** Appends one number to a stream of numbers that can hold it. */
  public void append(long value) throws IOException {
    ByteBuffer room = roomForScalar();
    switch (type) {
      case INT64 -> room.putLong(value);
      case INT32 -> room.putInt((int) requireRange(value, Integer.MIN_VALUE, Integer.MAX_VALUE));
      case UINT16 -> room.putShort((short) requireRange(value, 0, 0xffff));
      case FLOAT64 -> room.putDouble(value);
      case FLOAT32 -> room.putFloat(value);
      default -> throw mismatch("a long");
    }
    rows++;
  }

  public void append(boolean value) throws IOException {
    ByteBuffer room = roomForScalar();
    if (type != ElementType.BOOL) {
      throw mismatch("a boolean");
    }
    room.put((byte) (value ? 1 : 0));
    rows++;
  }

  public void append(String value) throws IOException {
    ByteBuffer room = roomForScalar();
    if (type != ElementType.STRING) {
      throw mismatch("a String");
    }
    if (value == null) {
      throw new IllegalArgumentException("Stream " + path() + " cannot hold null");
    }
    heap.put(value, room);
    rows++;
  }

  /** Appends one or more whole rows to a stream of FLOAT64. */
  public void append(double[] values) throws IOException {
    storage.requireOpen();
    if (type != ElementType.FLOAT64) {
      throw mismatch("a double[]");
    }
    requireWholeRows((long) values.length * Double.BYTES);
    int next = 0;
    while (next < values.length) {
      ByteBuffer room = room();
      int count = Math.min(values.length - next, room.remaining() / Double.BYTES);
      room.asDoubleBuffer().put(values, next, count);
      room.position(room.position() + count * Double.BYTES);
      next += count;
    }
    rows += (long) values.length * Double.BYTES / rowBytes;
  }

  /**
   * Appends whole rows of little-endian elements: all that remains in the buffer, whatever its byte
   * order.
   */
  public void append(ByteBuffer elements) throws IOException {
    storage.requireOpen();
    if (type == ElementType.STRING) {
      throw mismatch("a ByteBuffer");
    }
    requireWholeRows(elements.remaining());
    while (elements.hasRemaining()) {
      writeIfFull();
      boolean empty = chunk == null || chunk.position() == 0;
      int count;
      if (empty && elements.remaining() >= chunkBytes) {
        count = chunkBytes;
        long address = allocateChunk();
        storage.write(elements.slice(elements.position(), count), address);
        index.add(address);
      } else {
        ByteBuffer room = room();
        count = Math.min(elements.remaining(), room.remaining());
        room.put(elements.slice(elements.position(), count));
      }
      elements.position(elements.position() + count);
      rows += count / rowBytes;
    }
  }

  private ByteBuffer roomForScalar() throws IOException {
    storage.requireOpen();
    if (!scalarRows) {
      throw mismatch("a single value");
    }
    return room();
  }

  /** The chunk being filled, with room for at least one row. */
  private ByteBuffer room() throws IOException {
    if (chunk == null) {
      chunk = ByteBuffer.allocate(chunkBytes).order(ByteOrder.LITTLE_ENDIAN);
    }
    writeIfFull();
    return chunk;
  }

  /** A full chunk is written when the next row comes, so that a failed write loses no row. */
  private void writeIfFull() throws IOException {
    if (chunk != null && !chunk.hasRemaining()) {
      writeTail();
    }
  }

  private long allocateChunk() {
    return storage.allocate(chunkBytes, chunkBytes >= LARGE_CHUNK ? PAGE : 8);
  }

  /** Writes the rows that are still in memory only. */
  void writeTail() throws IOException {
    int filled = chunk == null ? 0 : chunk.position();
    if (filled == chunkWritten) {
      return;
    }
    if (chunkAddress == Storage.NONE) {
      chunkAddress = allocateChunk();
      index.add(chunkAddress);
    }
    storage.write(chunk.slice(chunkWritten, filled - chunkWritten), chunkAddress + chunkWritten);
    chunkWritten = filled;
    if (filled == chunkBytes) {
      chunk.clear();
      chunkAddress = Storage.NONE;
      chunkWritten = 0;
    }
  }

  /**
   * Lets readers find the rows that are in the file: first the way to their chunks, then their
   * number.
   */
  void showRows() throws IOException {
    boolean published = address() != Storage.NONE;
    if (published && (rows != shownRows || headerChanged)) {
      index.write();
      writeHeader(address());
    }
  }

  private void writeHeader(long address) throws IOException {
    header.putLong(ROWS_OFFSET, rows);
    ObjectHeader.updateChecksum(header.array());
    storage.write(header.array(), address);
    shownRows = rows;
    headerChanged = false;
  }

  /**
   * A stream keeps its header where it is, because readers that have it open look there for new
   * rows. What may change is in a block of its own.
   */
  @Override
  long save(long publication) throws IOException {
    if (!isChanged()) {
      return address();
    }
    if (isDescribed()) {
      ObjectHeader description = new ObjectHeader();
      describe(description);
      byte[] block = description.buildContinuation();
      long blockAddress = storage.allocate(block.length, 8);
      storage.write(block, blockAddress);
      pointTo(blockAddress, block.length);
      headerChanged = true;
    }
    long address = address();
    if (address == Storage.NONE) {
      index.write();
      address = storage.allocateRewritable(header.capacity());
      writeHeader(address);
    }
    savedAt(address, publication);
    return address;
  }

  private void pointTo(long block, int length) {
    int message = header.capacity() - 4 - CONTINUATION_BODY - ObjectHeader.MESSAGE_PREFIX;
    header.put(message, (byte) ObjectHeader.CONTINUATION);
    header.putLong(message + ObjectHeader.MESSAGE_PREFIX, block);
    header.putLong(message + ObjectHeader.MESSAGE_PREFIX + 8, length);
  }

  private byte[] header(long[] rowShape, int chunkRows) {
    BufferBuilder space =
        new BufferBuilder().writeByte(2).writeByte(rowShape.length + 1).writeByte(1).writeByte(1);
    BufferBuilder layout =
        new BufferBuilder()
            .writeByte(4) // version
            .writeByte(2) // chunked
            .writeByte(0)
            .writeByte(rowShape.length + 2)
            .writeByte(Long.BYTES)
            .writeLong(chunkRows);
    space.writeLong(0);
    for (long length : rowShape) {
      space.writeLong(length);
      layout.writeLong(length);
    }
    space.writeLong(-1); // unlimited
    for (long length : rowShape) {
      space.writeLong(length);
    }
    layout
        .writeLong(type.bytes())
        .writeByte(4) // extensible array
        .writeByte(ChunkIndex.MAX_ELEMENTS_BITS)
        .writeByte(ChunkIndex.INDEX_ELEMENTS)
        .writeByte(ChunkIndex.MIN_DATA_BLOCKS)
        .writeByte(ChunkIndex.MIN_ELEMENTS)
        .writeByte(ChunkIndex.PAGE_BITS)
        .writeLong(index.address());
    return new ObjectHeader()
        .add(ObjectHeader.DATASPACE, space.build().array())
        .add(ObjectHeader.DATATYPE, type.message())
        .add(ObjectHeader.FILL_VALUE, FILL_VALUE)
        .add(ObjectHeader.LAYOUT, layout.build().array())
        .add(NO_MESSAGE, new byte[CONTINUATION_BODY]) // room for a continuation
        .build();
  }

  private long requireRange(long value, long least, long greatest) {
    if (value < least || value > greatest) {
      throw new IllegalArgumentException(
          "Stream " + path() + " holds " + type + ", which has no room for " + value);
    }
    return value;
  }

  private void requireWholeRows(long bytes) {
    if (bytes % rowBytes != 0) {
      throw new IllegalArgumentException(
          "Stream "
              + path()
              + " takes whole rows of "
              + rowBytes
              + " bytes, but was given "
              + bytes
              + " bytes");
    }
  }

  private IllegalArgumentException mismatch(String given) {
    return new IllegalArgumentException(
        "Stream "
            + path()
            + " holds "
            + (scalarRows ? "" : "rows of ")
            + type
            + " and cannot append "
            + given);
  }
}
