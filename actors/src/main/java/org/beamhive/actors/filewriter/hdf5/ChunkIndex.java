package org.beamhive.actors.filewriter.hdf5;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;

/**
 * Where the chunks of a stream are ("Extensible Array"), in the order of the chunks; it only ever
 * grows at its end.
 *
 * <p>The first four addresses sit in the index block. The following ones are in data blocks, which
 * get longer and more numerous from one super block to the next: super block s has 2^(s/2) data
 * blocks of 16 * 2^((s+1)/2) addresses, halves rounded down. The data blocks of the first four
 * super blocks hang directly off the index block, and those super blocks are not stored.
 */
final class ChunkIndex {
  static final int MAX_ELEMENTS_BITS = 32;
  static final int INDEX_ELEMENTS = 4;
  static final int MIN_DATA_BLOCKS = 4;
  static final int MIN_ELEMENTS = 16;

  /** So high that no data block is divided into pages, which jHDF could not read. */
  static final int PAGE_BITS = 20;

  private static final int DIRECT_SUPER_BLOCKS = 4;
  private static final int DIRECT_DATA_BLOCKS = 6;
  private static final int SUPER_BLOCKS = 1 + MAX_ELEMENTS_BITS - 4; // 4 = log2(MIN_ELEMENTS)

  private static final int ADDRESS = Long.BYTES;
  private static final int CHECKSUM = 4;
  private static final int PREFIX = 14; // signature, version, client, address of the header
  private static final int OFFSET = 4; // data and super blocks tell which element is their first
  private static final int INDEX_DATA_BLOCKS = PREFIX + INDEX_ELEMENTS * ADDRESS;
  private static final int INDEX_SUPER_BLOCKS = INDEX_DATA_BLOCKS + DIRECT_DATA_BLOCKS * ADDRESS;
  private static final int INDEX_BYTES =
      INDEX_SUPER_BLOCKS + (SUPER_BLOCKS - DIRECT_SUPER_BLOCKS) * ADDRESS + CHECKSUM;
  private static final int HEADER_BYTES = 12 + 7 * ADDRESS + CHECKSUM;

  private final Storage storage;
  private final Block header;
  private final Block index;
  private final ArrayDeque<Block> unwrittenDataBlocks = new ArrayDeque<>();
  private final ArrayDeque<Block> unwrittenSuperBlocks = new ArrayDeque<>();

  private boolean changed = true;
  private long chunks;

  /** The super block being filled, which is only stored from {@link #DIRECT_SUPER_BLOCKS} on. */
  private int superNumber;

  private Block superBlock;
  private int dataBlocksInSuper;

  private Block dataBlock;
  private int dataBlockLength;
  private int dataBlockFilled;

  private long superBlocksStored;
  private long superBlockBytes;
  private long dataBlocksStored;
  private long dataBlockBytes;
  private long elements;

  ChunkIndex(Storage storage) {
    this.storage = storage;
    header = new Block(HEADER_BYTES);
    index = new Block(INDEX_BYTES);
    prefix(index, "EAIB");
    clear(index, PREFIX);
  }

  long address() {
    return header.address;
  }

  /** Notes the address of the next chunk, to be written by {@link #write}. */
  void add(long chunk) {
    if (chunks < INDEX_ELEMENTS) {
      index.set(PREFIX + (int) chunks * ADDRESS, chunk);
    } else {
      if (dataBlock == null || dataBlockFilled == dataBlockLength) {
        openDataBlock();
      }
      dataBlock.set(PREFIX + OFFSET + dataBlockFilled * ADDRESS, chunk);
      queue(dataBlock, unwrittenDataBlocks);
      dataBlockFilled++;
    }
    chunks++;
    changed = true;
  }

  private void openDataBlock() {
    if (dataBlocksInSuper == 1 << (superNumber / 2)) {
      superNumber++;
      dataBlocksInSuper = 0;
      superBlock = null;
    }
    dataBlockLength = MIN_ELEMENTS << ((superNumber + 1) / 2);
    dataBlockFilled = 0;
    dataBlock = new Block(PREFIX + OFFSET + dataBlockLength * ADDRESS + CHECKSUM);
    prefix(dataBlock, "EADB");
    dataBlock.bytes.putInt(PREFIX, (int) elements);
    clear(dataBlock, PREFIX + OFFSET);
    if (superNumber < DIRECT_SUPER_BLOCKS) {
      index.set(INDEX_DATA_BLOCKS + (int) dataBlocksStored * ADDRESS, dataBlock.address);
    } else {
      if (superBlock == null) {
        openSuperBlock();
      }
      superBlock.set(PREFIX + OFFSET + dataBlocksInSuper * ADDRESS, dataBlock.address);
      queue(superBlock, unwrittenSuperBlocks);
    }
    dataBlocksInSuper++;
    dataBlocksStored++;
    dataBlockBytes += dataBlock.bytes.capacity();
    elements += dataBlockLength;
  }

  private void openSuperBlock() {
    superBlock = new Block(PREFIX + OFFSET + (ADDRESS << (superNumber / 2)) + CHECKSUM);
    prefix(superBlock, "EASB");
    superBlock.bytes.putInt(PREFIX, (int) elements);
    clear(superBlock, PREFIX + OFFSET);
    superBlocksStored++;
    superBlockBytes += superBlock.bytes.capacity();
    int slot = superNumber - DIRECT_SUPER_BLOCKS;
    index.set(INDEX_SUPER_BLOCKS + slot * ADDRESS, superBlock.address);
  }

  private static void queue(Block block, ArrayDeque<Block> unwritten) {
    if (unwritten.peekLast() != block) {
      unwritten.add(block);
    }
  }

  /** Writes what changed; every block before the one that leads to it. */
  void write() throws IOException {
    if (!changed) {
      return;
    }
    writeAll(unwrittenDataBlocks);
    writeAll(unwrittenSuperBlocks);
    if (index.changed) {
      index.write(storage);
    }
    fillHeader();
    header.write(storage);
    changed = false;
  }

  private void writeAll(ArrayDeque<Block> unwritten) throws IOException {
    while (!unwritten.isEmpty()) {
      unwritten.peek().write(storage);
      unwritten.remove();
    }
  }

  private void fillHeader() {
    ByteBuffer bytes = header.bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).clear();
    bytes.put("EAHD".getBytes(StandardCharsets.US_ASCII)).put((byte) 0).put((byte) 0);
    bytes.put((byte) ADDRESS).put((byte) MAX_ELEMENTS_BITS).put((byte) INDEX_ELEMENTS);
    bytes.put((byte) MIN_ELEMENTS).put((byte) MIN_DATA_BLOCKS).put((byte) PAGE_BITS);
    bytes.putLong(superBlocksStored).putLong(superBlockBytes);
    bytes.putLong(dataBlocksStored).putLong(dataBlockBytes);
    bytes.putLong(chunks).putLong(INDEX_ELEMENTS + elements).putLong(index.address);
  }

  private void prefix(Block block, String signature) {
    block.bytes.put(0, signature.getBytes(StandardCharsets.US_ASCII)).putLong(6, header.address);
  }

  private static void clear(Block block, int from) {
    for (int at = from; at < block.bytes.capacity() - CHECKSUM; at += ADDRESS) {
      block.set(at, Storage.NONE);
    }
  }

  private final class Block {
    private final long address;
    private final ByteBuffer bytes;
    private boolean changed = true;

    Block(int size) {
      address = storage.allocateRewritable(size);
      bytes = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    void set(int at, long value) {
      bytes.putLong(at, value);
      changed = true;
    }

    void write(Storage target) throws IOException {
      ObjectHeader.updateChecksum(bytes.array());
      target.write(bytes.array(), address);
      changed = false;
    }
  }
}
