package org.beamhive.actors.filewriter.hdf5;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** A Java value as HDF5 keeps it; no dimension means a scalar. */
record EncodedValue(ElementType type, long[] shape, byte[] data) {
  private static final long[] SCALAR = {};

  /**
   * Encodes one of the values that attributes and fixed datasets may have.
   *
   * @param owner names the attribute or dataset in error texts
   */
  static EncodedValue of(Object value, GlobalHeap heap, String owner) {
    if (value instanceof String text) {
      return strings(SCALAR, new String[] {text}, heap, owner);
    } else if (value instanceof String[] texts) {
      return strings(new long[] {texts.length}, texts, heap, owner);
    } else if (value instanceof List<?> list) {
      return strings(new long[] {list.size()}, list.toArray(), heap, owner);
    } else if (value instanceof Double || value instanceof Float) {
      return doubles(SCALAR, ((Number) value).doubleValue());
    } else if (value instanceof Long || value instanceof Integer) {
      return longs(SCALAR, ((Number) value).longValue());
    } else if (value instanceof Boolean truth) {
      return new EncodedValue(ElementType.BOOL, SCALAR, new byte[] {(byte) (truth ? 1 : 0)});
    } else if (value instanceof double[] numbers) {
      return doubles(new long[] {numbers.length}, numbers);
    } else if (value instanceof long[] numbers) {
      return longs(new long[] {numbers.length}, numbers);
    } else if (value instanceof double[][] rows) {
      return doubles(rows, owner);
    }
    throw new IllegalArgumentException(
        owner
            + " cannot hold "
            + (value == null ? "null" : "a " + value.getClass().getSimpleName())
            + "; allowed are String, List<String>, String[], double, long, boolean,"
            + " double[], long[] and double[][]");
  }

  private static EncodedValue strings(long[] shape, Object[] texts, GlobalHeap heap, String owner) {
    for (Object text : texts) {
      if (!(text instanceof String)) {
        throw new IllegalArgumentException(
            owner + " is a list of strings, but one of its elements is " + text);
      }
    }
    ByteBuffer data = buffer(texts.length, GlobalHeap.REFERENCE);
    for (Object text : texts) {
      heap.put((String) text, data);
    }
    return new EncodedValue(ElementType.STRING, shape, data.array());
  }

  private static EncodedValue doubles(long[] shape, double... numbers) {
    ByteBuffer data = buffer(numbers.length, Double.BYTES);
    data.asDoubleBuffer().put(numbers);
    return new EncodedValue(ElementType.FLOAT64, shape, data.array());
  }

  private static EncodedValue longs(long[] shape, long... numbers) {
    ByteBuffer data = buffer(numbers.length, Long.BYTES);
    data.asLongBuffer().put(numbers);
    return new EncodedValue(ElementType.INT64, shape, data.array());
  }

  private static EncodedValue doubles(double[][] rows, String owner) {
    int columns = rows.length == 0 ? 0 : rows[0].length;
    ByteBuffer data = buffer(Math.multiplyExact(rows.length, columns), Double.BYTES);
    for (double[] row : rows) {
      if (row.length != columns) {
        throw new IllegalArgumentException(
            owner
                + " has rows of different length, "
                + columns
                + " and "
                + row.length
                + "; all rows must be equally long");
      }
      for (double number : row) {
        data.putDouble(number);
      }
    }
    return new EncodedValue(ElementType.FLOAT64, new long[] {rows.length, columns}, data.array());
  }

  private static ByteBuffer buffer(int elements, int bytesEach) {
    return ByteBuffer.allocate(Math.multiplyExact(elements, bytesEach))
        .order(ByteOrder.LITTLE_ENDIAN);
  }
}
