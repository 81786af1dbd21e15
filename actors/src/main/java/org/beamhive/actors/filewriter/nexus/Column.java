package org.beamhive.actors.filewriter.nexus;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.beamhive.actors.filewriter.hdf5.ElementType;
import org.beamhive.actors.filewriter.hdf5.Group;
import org.beamhive.actors.filewriter.hdf5.Stream;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.Value;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One signal of a stream: its values and timestamps, row by row. A value that does not fit its
 * description is converted if that loses nothing, else it is missing: NaN, {@link
 * #MISSING_INTEGER}, false or an empty text.
 */
final class Column {
  /** Stands for a whole number that is missing; said by the attribute {@code missing_value}. */
  static final long MISSING_INTEGER = Long.MIN_VALUE;

  private static final Logger LOG = LoggerFactory.getLogger(Column.class);
  private static final int LARGEST_ROW = 64 << 20;
  private static final int ROWS_CHUNK_BYTES = 64 * 1024;

  private final String key;
  private final ElementType type;
  private final long[] rowShape;
  private final double[] row;
  private final Stream values;
  private final Stream timestamps;
  private boolean warned;

  /** Makes {@code value} and {@code timestamp} in a group. */
  Column(Group group, String key, DataKey description, int scalarsPerChunk) {
    this.key = key;
    this.type = type(description);
    this.rowShape = type == ElementType.FLOAT64 ? rowShape(description) : new long[0];
    this.row = rowShape.length == 0 ? null : new double[(int) elements(rowShape)];
    int chunkRows =
        row == null
            ? scalarsPerChunk
            : Math.max(
                1, Math.min(scalarsPerChunk, ROWS_CHUNK_BYTES / (row.length * Double.BYTES)));
    this.values = group.stream("value", type, rowShape, chunkRows);
    this.timestamps =
        group.stream("timestamp", ElementType.FLOAT64, new long[0], scalarsPerChunk)
            .attribute("units", "s");
    if (description.units() != null) {
      values.attribute("units", description.units());
    }
    if (description.source() != null) {
      values.attribute("source", description.source());
    }
    if (description.choices() != null) {
      values.attribute("choices", description.choices());
    }
    if (type == ElementType.INT64) {
      values.attribute("missing_value", MISSING_INTEGER);
    }
  }

  /** How many dimensions the values have, the one over points included. */
  int rank() {
    return rowShape.length + 1;
  }

  boolean sameShape(Column other) {
    return Arrays.equals(rowShape, other.rowShape);
  }

  /** Whether one can plot it. */
  boolean numeric() {
    return type == ElementType.FLOAT64 || type == ElementType.INT64;
  }

  /** Puts the reading of a row; rows before it that never came are missing. */
  void put(long at, Value value, double timestamp) throws IOException {
    fill(at);
    if (values.rows() == at) {
      append(value);
    }
    if (timestamps.rows() == at) {
      timestamps.append(timestamp);
    }
  }

  /** Makes the column so many rows long. */
  void fill(long length) throws IOException {
    while (values.rows() < length) {
      append(Value.None.NONE);
    }
    while (timestamps.rows() < length) {
      timestamps.append(Double.NaN);
    }
  }

  private void append(Value value) throws IOException {
    switch (type) {
      case FLOAT64 -> {
        if (row == null) {
          values.append(number(value));
        } else {
          values.append(elements(value));
        }
      }
      case INT64 -> values.append(whole(value));
      case BOOL -> values.append(truth(value));
      default -> values.append(text(value));
    }
  }

  private double number(Value value) {
    if (value instanceof Value.Num num) {
      return num.value();
    } else if (value instanceof Value.Int whole) {
      return whole.value();
    } else if (value instanceof Value.Bool bool) {
      return bool == Value.Bool.TRUE ? 1 : 0;
    } else if (value != Value.None.NONE) {
      warn(value, "NaN");
    }
    return Double.NaN;
  }

  private long whole(Value value) {
    if (value instanceof Value.Int whole) {
      return whole.value();
    } else if (value instanceof Value.Num num && Double.isFinite(num.value())) {
      long rounded = Math.round(num.value());
      if (rounded != num.value()) {
        warn(value, Long.toString(rounded));
      }
      return rounded;
    } else if (value instanceof Value.Bool bool) {
      return bool == Value.Bool.TRUE ? 1 : 0;
    } else if (value != Value.None.NONE) {
      warn(value, "missing");
    }
    return MISSING_INTEGER;
  }

  private boolean truth(Value value) {
    if (value instanceof Value.Bool bool) {
      return bool == Value.Bool.TRUE;
    } else if (value.numeric()) {
      return value.asDouble() != 0;
    }
    warn(value, "false");
    return false;
  }

  private static String text(Value value) {
    if (value instanceof Value.Text text) {
      return text.value();
    }
    return value == Value.None.NONE ? "" : Values.json(value);
  }

  private double[] elements(Value value) {
    int filled = value instanceof Value.Items list ? flatten(list.items(), 0) : 0;
    if (filled != row.length && value != Value.None.NONE) {
      warn(value, "a row of " + row.length + " elements, cut or filled with NaN");
    }
    if (filled < row.length) {
      Arrays.fill(row, filled, row.length, Double.NaN);
    }
    return row;
  }

  /** Puts the numbers of nested lists into the row; returns how many there were. */
  private int flatten(List<Value> items, int from) {
    int at = from;
    for (int i = 0; i < items.size(); i++) {
      Value item = items.get(i);
      if (item instanceof Value.Items inner) {
        at = flatten(inner.items(), at);
      } else {
        if (at < row.length) {
          row[at] = number(item);
        }
        at++;
      }
    }
    return at;
  }

  private void warn(Value value, String written) {
    if (!warned) {
      warned = true;
      String shown = value.shown();
      LOG.warn(
          "'{}' is described as {} but reads {}: written as {}. Not said again for this file.",
          key,
          rowShape.length == 0 ? type : "rows of shape " + Arrays.toString(rowShape),
          shown.length() > 80 ? shown.substring(0, 80) + "..." : shown,
          written);
    }
  }

  private static ElementType type(DataKey description) {
    String numpy = description.dtypeNumpy() == null ? "" : description.dtypeNumpy();
    char kind = numpy.length() > 1 ? numpy.charAt(1) : ' ';
    boolean text = kind == 'U' || kind == 'S' || kind == 'O';
    if ("array".equals(description.dtype()) || !description.shape().isEmpty()) {
      return text || rowShape(description).length == 0 ? ElementType.STRING : ElementType.FLOAT64;
    }
    return switch (description.dtype()) {
      case "string" -> ElementType.STRING;
      case "boolean" -> ElementType.BOOL;
      case "integer" -> kind == 'f' ? ElementType.FLOAT64 : ElementType.INT64;
      default ->
          switch (kind) {
            case 'i', 'u' -> ElementType.INT64;
            case 'b' -> ElementType.BOOL;
            case 'U', 'S', 'O' -> ElementType.STRING;
            default -> ElementType.FLOAT64;
          };
    };
  }

  /** The shape of a row of an array, empty if it is a scalar or of no fixed, bearable size. */
  private static long[] rowShape(DataKey description) {
    long[] shape = description.shape().stream().mapToLong(Integer::longValue).toArray();
    boolean fixed = Arrays.stream(shape).allMatch(length -> length > 0);
    return fixed && elements(shape) <= LARGEST_ROW / Double.BYTES ? shape : new long[0];
  }

  private static long elements(long[] shape) {
    double count = 1;
    for (long length : shape) {
      count *= length;
    }
    return (long) count;
  }
}
