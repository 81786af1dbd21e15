package org.beamhive.actors.filewriter.hdf5;

import io.jhdf.BufferBuilder;
import io.jhdf.checksum.ChecksumUtils;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The messages that make up a group or dataset ("Version 2 Data Object Header"), framed and
 * checksummed.
 */
final class ObjectHeader {
  static final int DATASPACE = 0x01;
  static final int LINK_INFO = 0x02;
  static final int DATATYPE = 0x03;
  static final int FILL_VALUE = 0x05;
  static final int LINK = 0x06;
  static final int LAYOUT = 0x08;
  static final int GROUP_INFO = 0x0a;
  static final int ATTRIBUTE = 0x0c;
  static final int CONTINUATION = 0x10;
  static final int REFERENCE_COUNT = 0x16;

  /** A message's body starts this many bytes after its start. */
  static final int MESSAGE_PREFIX = 4;

  /** The first message starts this many bytes after the header's start. */
  static final int PREFIX = 10;

  static final int MAX_MESSAGE_BYTES = 0xffff;

  private static final int CHECKSUM_BYTES = 4;

  private final BufferBuilder messages = new BufferBuilder();

  ObjectHeader add(int type, byte[] body) {
    messages.writeByte(type).writeShort(body.length).writeByte(0).writeBytes(body);
    return this;
  }

  byte[] build() {
    byte[] body = messages.build().array();
    return new BufferBuilder()
        .writeBytes("OHDR".getBytes(StandardCharsets.US_ASCII))
        .writeByte(2) // version
        .writeByte(2) // the size takes four bytes; no times, no attribute order
        .writeInt(body.length)
        .writeBytes(body)
        .appendChecksum()
        .build()
        .array();
  }

  /** The same messages as a block that another header points to with a continuation message. */
  byte[] buildContinuation() {
    return new BufferBuilder()
        .writeBytes("OCHK".getBytes(StandardCharsets.US_ASCII))
        .writeBytes(messages.build().array())
        .appendChecksum()
        .build()
        .array();
  }

  /** The shape of an array; no dimension at all means a scalar. */
  static byte[] dataspace(long[] shape) {
    BufferBuilder body =
        new BufferBuilder()
            .writeByte(2)
            .writeByte(shape.length)
            .writeByte(0)
            .writeByte(shape.length == 0 ? 0 : 1);
    for (long length : shape) {
      body.writeLong(length);
    }
    return body.build().array();
  }

  /** Sets the checksum at the end of a block that was changed in place. */
  static void updateChecksum(byte[] block) {
    int end = block.length - CHECKSUM_BYTES;
    ByteBuffer.wrap(block)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(end, ChecksumUtils.checksum(Arrays.copyOf(block, end)));
  }
}
