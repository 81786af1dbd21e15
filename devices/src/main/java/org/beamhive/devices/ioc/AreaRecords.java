package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.dbr.DBRType;
import gov.aps.jca.dbr.Severity;
import gov.aps.jca.dbr.Status;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.DoubleConsumer;

/**
 * Makes the records of one area detector driver or plugin: a setting is a pair, what was asked and
 * with {@code _RBV} what is; texts longer than 40 characters are arrays of bytes.
 */
final class AreaRecords {
  private static final int TEXT_BYTES = 256;

  private final String prefix;
  private final Consumer<ServedPv> server;

  /** A setting. */
  static final class Setting {
    private final ServedPv readback;
    private volatile double value;

    private Setting(ServedPv readback, double value) {
      this.readback = readback;
      this.value = value;
    }

    double number() {
      return value;
    }

    int whole() {
      return (int) value;
    }

    boolean on() {
      return value != 0;
    }

    /** What the driver has made of it. */
    void show(double next) {
      value = next;
      if (readback != null) {
        readback.post(next);
      }
    }
  }

  /** A long text. */
  static final class Text {
    private final ServedPv pv;
    private volatile String value;

    private Text(ServedPv pv, String value) {
      this.pv = pv;
      this.value = value;
    }

    String value() {
      return value;
    }

    void show(String next) {
      value = next;
      pv.post(bytes(next), Status.NO_ALARM, Severity.NO_ALARM);
    }
  }

  /**
   * Records.
   *
   * @param prefix before their names, with its colon
   */
  AreaRecords(String prefix, Consumer<ServedPv> server) {
    this.prefix = prefix;
    this.server = server;
  }

  String prefix() {
    return prefix;
  }

  Setting number(String name, double initial, String units) {
    return pair(
        ServedPv.number(prefix + name, initial).units(units, 4),
        ServedPv.number(prefix + name + "_RBV", initial).units(units, 4),
        initial,
        to -> {});
  }

  Setting whole(String name, int initial) {
    return whole(name, initial, to -> {});
  }

  Setting whole(String name, int initial, DoubleConsumer then) {
    return pair(
        ServedPv.whole(prefix + name, initial),
        ServedPv.whole(prefix + name + "_RBV", initial),
        initial,
        then);
  }

  Setting choice(String name, int initial, String... labels) {
    return pair(
        ServedPv.choice(prefix + name, initial, labels),
        ServedPv.choice(prefix + name + "_RBV", initial, labels),
        initial,
        to -> {});
  }

  /** A setting that has no readback, as some have none in areaDetector. */
  Setting lone(ServedPv asked, double initial) {
    return pair(asked, null, initial, to -> {});
  }

  private Setting pair(ServedPv asked, ServedPv is, double initial, DoubleConsumer then) {
    Setting setting = new Setting(is == null ? null : is.readOnly(), initial);
    asked.onPut(
        (to, done) -> {
          double next = ((Number) java.lang.reflect.Array.get(to, 0)).doubleValue();
          asked.post(next);
          setting.show(next);
          then.accept(next);
          return CAStatus.NORMAL;
        });
    server.accept(asked);
    if (is != null) {
      server.accept(is);
    }
    return setting;
  }

  /** A text that may be set; with its readback. */
  Text text(String name, String initial, Consumer<String> then) {
    Text readback = new Text(bytes(name + "_RBV", initial).readOnly(), initial);
    ServedPv asked = bytes(name, initial);
    asked.onPut(
        (to, done) -> {
          String next = text((byte[]) to);
          asked.post(bytes(next), Status.NO_ALARM, Severity.NO_ALARM);
          readback.show(next);
          then.accept(next);
          return CAStatus.NORMAL;
        });
    server.accept(asked);
    server.accept(readback.pv);
    return readback;
  }

  /** A text that only the driver sets. */
  Text shown(String name, String initial) {
    Text text = new Text(bytes(name, initial).readOnly(), initial);
    server.accept(text.pv);
    return text;
  }

  ServedPv add(ServedPv pv) {
    server.accept(pv);
    return pv;
  }

  /** A whole number that only the driver sets. */
  ServedPv count(String name, int initial) {
    return add(ServedPv.whole(prefix + name, initial).readOnly());
  }

  private ServedPv bytes(String name, String initial) {
    return ServedPv.array(prefix + name, DBRType.BYTE, bytes(initial));
  }

  private static byte[] bytes(String text) {
    byte[] raw = text.getBytes(StandardCharsets.UTF_8);
    // the last one stays 0, which ends the text
    return Arrays.copyOf(Arrays.copyOf(raw, Math.min(raw.length, TEXT_BYTES - 1)), TEXT_BYTES);
  }

  private static String text(byte[] raw) {
    int length = 0;
    while (length < raw.length && raw[length] != 0) {
      length++;
    }
    return new String(raw, 0, length, StandardCharsets.UTF_8);
  }
}
