package org.beamhive.actors.filewriter.hdf5;

import java.util.HexFormat;

/**
 * What a {@link Stream} holds. The bytes are the "Datatype Message" of the format; all numbers are
 * little-endian.
 */
public enum ElementType {
  FLOAT64(8, "11 20 3f 00 08 00 00 00 00 00 40 00 34 0b 00 34 ff 03 00 00"),
  FLOAT32(4, "11 20 1f 00 04 00 00 00 00 00 20 00 17 08 00 17 7f 00 00 00"),
  INT64(8, "10 08 00 00 08 00 00 00 00 00 40 00"),
  INT32(4, "10 08 00 00 04 00 00 00 00 00 20 00"),
  UINT16(2, "10 00 00 00 02 00 00 00 00 00 10 00"),

  /** An enumeration FALSE = 0, TRUE = 1 over one byte, which h5py shows as numpy's bool. */
  BOOL(
      1,
      "38 02 00 00 01 00 00 00 10 08 00 00 01 00 00 00 00 00 08 00"
          + " 46 41 4c 53 45 00 54 52 55 45 00 00 01"),

  /** Variable-length UTF-8; the characters live in the global heap. */
  STRING(GlobalHeap.REFERENCE, "19 01 01 00 10 00 00 00 10 00 00 00 01 00 00 00 00 00 08 00");

  private final int bytes;
  private final byte[] message;

  ElementType(int bytes, String message) {
    this.bytes = bytes;
    this.message = HexFormat.of().parseHex(message.replace(" ", ""));
  }

  /** Bytes per element. */
  public int bytes() {
    return bytes;
  }

  byte[] message() {
    return message;
  }
}
