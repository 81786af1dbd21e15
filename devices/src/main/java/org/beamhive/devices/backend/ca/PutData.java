package org.beamhive.devices.backend.ca;

import gov.aps.jca.dbr.DBRType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalType;
import org.beamhive.protocol.model.Value;

/**
 * What is sent with a put. What an IOC would take only in part, or not as it is meant, is refused
 * here: it cuts long texts and lists without a word and takes the index of a choice that it doesn't
 * have.
 *
 * @param type in which it is sent; the IOC converts
 * @param count of elements
 * @param array the elements
 */
record PutData(DBRType type, int count, Object array) {
  /** A string of Channel Access has 40 bytes, one of them its end. */
  private static final int STRING_BYTES = 39;

  /** Larger ones are not exact as doubles, in which Channel Access sends them. */
  private static final long EXACT = 1L << 53;

  /**
   * Of a value for a PV.
   *
   * @throws DeviceFailure which says why the PV can't take it
   */
  static PutData of(String name, SignalMeta meta, Dbr.Shape shape, Value value) {
    if (value instanceof Value.Num number) {
      return new PutData(DBRType.DOUBLE, 1, new double[] {number.value()});
    }
    if (value instanceof Value.Int whole) {
      checkIndex(name, meta, whole.value());
      return whole(whole.value());
    }
    if (value instanceof Value.Text text) {
      return text(name, meta, shape, text.value());
    }
    if (value instanceof Value.Bool bool) {
      return new PutData(DBRType.INT, 1, new int[] {bool == Value.Bool.TRUE ? 1 : 0});
    }
    if (value instanceof Value.Items list && !list.items().isEmpty()) {
      return list(name, shape, list.items());
    }
    throw wrongType(name, value);
  }

  private static PutData whole(long value) {
    if (value == (int) value) {
      return new PutData(DBRType.INT, 1, new int[] {(int) value});
    }
    return value >= -EXACT && value <= EXACT
        ? new PutData(DBRType.DOUBLE, 1, new double[] {value})
        : strings(Long.toString(value));
  }

  private static void checkIndex(String name, SignalMeta meta, long index) {
    int labels = meta.labels().size();
    if (meta.type() == SignalType.ENUM && labels > 0 && (index < 0 || index >= labels)) {
      throw noChoice(name, meta, Long.toString(index));
    }
  }

  private static DeviceFailure noChoice(String name, SignalMeta meta, String given) {
    return new DeviceFailure(
        "unknown-choice",
        "%s can't be set to %s: allowed are %s, or 0 to %s."
            .formatted(name, given, String.join(", ", meta.labels()), meta.labels().size() - 1));
  }

  private static PutData text(String name, SignalMeta meta, Dbr.Shape shape, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (shape.text()) {
      if (bytes.length >= shape.count()) {
        throw tooLong(name, bytes.length, shape.count() - 1, "");
      }
      return new PutData(DBRType.BYTE, bytes.length + 1, Arrays.copyOf(bytes, bytes.length + 1));
    }
    if (bytes.length > STRING_BYTES) {
      throw tooLong(
          name, bytes.length, STRING_BYTES, " Longer ones need NAME.FIELD$, if the IOC has it.");
    }
    if (meta.type() == SignalType.ENUM
        && !meta.labels().isEmpty()
        && !meta.labels().contains(text)) {
      if (!text.matches("\\d{1,5}")) {
        throw noChoice(name, meta, '"' + text + '"');
      }
      checkIndex(name, meta, Long.parseLong(text));
    }
    return strings(text);
  }

  private static DeviceFailure tooLong(String name, int given, int most, String advice) {
    return new DeviceFailure(
        "too-long",
        "%s can't take a text of %s bytes: at most %s are allowed.%s"
            .formatted(name, given, most, advice));
  }

  private static PutData list(String name, Dbr.Shape shape, List<Value> items) {
    if (items.size() > shape.count()) {
      throw new DeviceFailure(
          "too-long",
          "%s can't take %s elements: at most %s are allowed."
              .formatted(name, items.size(), shape.count()));
    }
    if (items.stream().allMatch(Value::numeric)) {
      double[] numbers = items.stream().mapToDouble(Value::asDouble).toArray();
      return new PutData(DBRType.DOUBLE, numbers.length, numbers);
    }
    if (items.stream().allMatch(Value.Text.class::isInstance)) {
      return strings(
          items.stream().map(item -> ((Value.Text) item).value()).toArray(String[]::new));
    }
    throw wrongType(name, Value.of(items));
  }

  private static PutData strings(String... texts) {
    return new PutData(DBRType.STRING, texts.length, texts);
  }

  private static DeviceFailure wrongType(String name, Value value) {
    return new DeviceFailure(
        "wrong-type",
        "%s can't take %s: a number, a text, or a list of one of them is needed."
            .formatted(name, value.shown()));
  }
}
