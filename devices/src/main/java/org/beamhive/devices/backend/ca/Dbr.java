package org.beamhive.devices.backend.ca;

import gov.aps.jca.dbr.CTRL;
import gov.aps.jca.dbr.DBR;
import gov.aps.jca.dbr.DBRType;
import gov.aps.jca.dbr.GR;
import gov.aps.jca.dbr.LABELS;
import gov.aps.jca.dbr.PRECISION;
import gov.aps.jca.dbr.TIME;
import gov.aps.jca.dbr.TimeStamp;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalType;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;

/** Translates what the library brings into our values. */
final class Dbr {
  /** 1990-01-01, where EPICS starts to count seconds. */
  private static final long EPICS_EPOCH = 631152000L;

  private static final int PLAIN_TYPES = 7;
  private static final int FIRST_TIME = 14;
  private static final int FIRST_CTRL = 28;

  /** What stands before the elements in the largest of the structures. */
  private static final int HEADER_BYTES = 128;

  private static final int STRING_BYTES = 40;

  private Dbr() {}

  /**
   * What a PV's values are.
   *
   * @param type of its elements, a plain one
   * @param count elements at most
   * @param text whether its characters are one text
   */
  record Shape(DBRType type, int count, boolean text) {
    static Shape of(DBRType nativeType, int count, boolean textWanted) {
      DBRType plain = DBRType.forValue(nativeType.getValue() % PLAIN_TYPES);
      return new Shape(plain, count, textWanted && plain.isBYTE());
    }

    boolean array() {
      return count > 1 && !text;
    }

    /** 0 asks for as many elements as there are. */
    int askedCount() {
      return count > 1 ? 0 : 1;
    }

    DBRType timeType() {
      return DBRType.forValue(type.getValue() + FIRST_TIME);
    }

    /** Whether it has units, limits or labels. */
    boolean described() {
      return !type.isSTRING();
    }

    /** The largest answer. */
    long bytes() {
      int each =
          type.isSTRING() ? STRING_BYTES : type.isDOUBLE() ? 8 : type.isBYTE() ? 1 : wordBytes();
      return HEADER_BYTES + (long) count * each;
    }

    private int wordBytes() {
      return type.isSHORT() || type.isENUM() ? 2 : 4;
    }

    SignalType signalType() {
      if (type.isDOUBLE() || type.isFLOAT()) {
        return SignalType.NUMBER;
      }
      if (type.isENUM()) {
        return SignalType.ENUM;
      }
      return text || type.isSTRING() ? SignalType.TEXT : SignalType.INTEGER;
    }
  }

  static DBRType controlType(DBRType plain) {
    return DBRType.forValue(plain.getValue() + FIRST_CTRL);
  }

  static SignalValue value(DBR dbr, Shape shape) {
    TIME stamped = (TIME) dbr;
    Object values = dbr.getValue();
    TimeStamp time = stamped.getTimeStamp();
    // a record that was never processed has no time
    boolean known = time != null && time.secPastEpoch() != 0;
    return new SignalValue(
        shape.text()
            ? Value.of(text((byte[]) values, dbr.getCount()))
            : shape.array() ? items(values, dbr) : first(values, dbr),
        known ? seconds(time) : now(),
        severity(stamped.getSeverity().getValue()),
        stamped.getStatus().getName(),
        known);
  }

  private static double seconds(TimeStamp time) {
    return (time.secPastEpoch() & 0xFFFFFFFFL) + EPICS_EPOCH + time.nsec() * 1e-9;
  }

  private static double now() {
    Instant now = Instant.now();
    return now.getEpochSecond() + now.getNano() * 1e-9;
  }

  private static AlarmSeverity severity(int value) {
    AlarmSeverity[] all = AlarmSeverity.values();
    return value >= 0 && value < all.length ? all[value] : AlarmSeverity.INVALID;
  }

  private static Value first(Object values, DBR dbr) {
    return dbr.getCount() == 0 ? Value.None.NONE : element(values, 0, dbr.isENUM());
  }

  private static Value items(Object values, DBR dbr) {
    Value[] items = new Value[dbr.getCount()];
    boolean choice = dbr.isENUM();
    for (int at = 0; at < items.length; at++) {
      items[at] = element(values, at, choice);
    }
    return new Value.Items(List.of(items));
  }

  /** Characters have no sign in Channel Access, nor have choices; the library gives them one. */
  private static Value element(Object values, int at, boolean choice) {
    if (values instanceof double[] doubles) {
      return Value.of(doubles[at]);
    }
    if (values instanceof int[] ints) {
      return Value.of((long) ints[at]);
    }
    if (values instanceof short[] shorts) {
      return Value.of((long) (choice ? shorts[at] & 0xFFFF : shorts[at]));
    }
    if (values instanceof byte[] bytes) {
      return Value.of((long) (bytes[at] & 0xFF));
    }
    if (values instanceof float[] floats) {
      return Value.of((double) floats[at]);
    }
    return Value.of(String.valueOf(((String[]) values)[at]));
  }

  /** Up to the first zero. Most IOCs use UTF-8, old ones Latin-1. */
  private static String text(byte[] bytes, int count) {
    int length = 0;
    while (length < count && bytes[length] != 0) {
      length++;
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes, 0, length))
          .toString();
    } catch (CharacterCodingException other) {
      return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
    }
  }

  /**
   * @param control the control structure, or null if the IOC did not give one
   */
  static SignalMeta meta(String name, Shape shape, boolean writable, DBR control) {
    String units = control instanceof GR graphic && control.isGR() ? graphic.getUnits() : "";
    int precision = control instanceof PRECISION number ? number.getPrecision() : 0;
    List<String> labels =
        control instanceof LABELS choice && choice.getLabels() != null
            ? Arrays.stream(choice.getLabels()).filter(Objects::nonNull).toList()
            : List.of();
    GR graphic = control instanceof GR found && control.isGR() ? found : null;
    CTRL limited = control instanceof CTRL found && control.isCTRL() ? found : null;
    return new SignalMeta(
        "PV:" + name,
        shape.signalType(),
        shape.array() ? shape.count() : 1,
        writable,
        units == null ? "" : units,
        precision,
        limited == null
            ? Limits.NONE
            : settable(range(limited.getLowerCtrlLimit(), limited.getUpperCtrlLimit())),
        labels,
        graphic == null
            ? Limits.NONE
            : range(graphic.getLowerDispLimit(), graphic.getUpperDispLimit()),
        graphic == null
            ? Limits.NONE
            : range(graphic.getLowerAlarmLimit(), graphic.getUpperAlarmLimit()),
        graphic == null
            ? Limits.NONE
            : range(graphic.getLowerWarningLimit(), graphic.getUpperWarningLimit()));
  }

  private static Limits settable(Limits limits) {
    return limits.set() ? limits : Limits.NONE;
  }

  private static Limits range(Number low, Number high) {
    return low == null || high == null ? Limits.NONE : new Limits(number(low), number(high));
  }

  private static double number(Number limit) {
    return limit instanceof Byte small ? small & 0xFF : limit.doubleValue();
  }
}
