package org.beamhive.devices.backend.ca;

import gov.aps.jca.dbr.CTRL;
import gov.aps.jca.dbr.DBR;
import gov.aps.jca.dbr.DBRType;
import gov.aps.jca.dbr.GR;
import gov.aps.jca.dbr.LABELS;
import gov.aps.jca.dbr.PRECISION;
import gov.aps.jca.dbr.TIME;
import gov.aps.jca.dbr.TimeStamp;
import java.lang.reflect.Array;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalType;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;

/** Translates between the library's values and ours. */
final class Dbr {
  /** 1990-01-01, where EPICS starts to count seconds. */
  private static final long EPICS_EPOCH = 631152000L;

  private static final int PLAIN_TYPES = 7;
  private static final int FIRST_TIME = 14;
  private static final int FIRST_CTRL = 28;

  private Dbr() {}

  /** What is sent with a put. */
  record Data(DBRType type, int count, Object array) {}

  static DBRType timeType(DBRType nativeType) {
    return DBRType.forValue(nativeType.getValue() % PLAIN_TYPES + FIRST_TIME);
  }

  static DBRType controlType(DBRType nativeType) {
    return DBRType.forValue(nativeType.getValue() % PLAIN_TYPES + FIRST_CTRL);
  }

  static SignalValue value(DBR dbr, boolean array) {
    TIME stamped = (TIME) dbr;
    Object values = dbr.getValue();
    TimeStamp time = stamped.getTimeStamp();
    // a record that was never processed has no time
    boolean known = time != null && time.secPastEpoch() != 0;
    return new SignalValue(
        array ? items(values, dbr.getCount()) : element(Array.get(values, 0)),
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

  private static Value items(Object values, int count) {
    Value[] items = new Value[count];
    for (int at = 0; at < count; at++) {
      items[at] = element(Array.get(values, at));
    }
    return new Value.Items(List.of(items));
  }

  private static Value element(Object value) {
    if (value instanceof Double || value instanceof Float) {
      return Value.of(((Number) value).doubleValue());
    }
    return value instanceof Number whole
        ? Value.of(whole.longValue())
        : Value.of(String.valueOf(value));
  }

  /**
   * @param dbr the control structure, or null if the IOC did not give one
   */
  static SignalMeta meta(String name, DBRType nativeType, int count, boolean writable, DBR dbr) {
    String units = dbr instanceof GR graphic && dbr.isGR() ? graphic.getUnits() : "";
    int precision = dbr instanceof PRECISION number ? number.getPrecision() : 0;
    List<String> labels =
        dbr instanceof LABELS choice && choice.getLabels() != null
            ? Arrays.stream(choice.getLabels()).filter(Objects::nonNull).toList()
            : List.of();
    return new SignalMeta(
        "PV:" + name,
        type(nativeType),
        count,
        writable,
        units == null ? "" : units,
        precision,
        limits(dbr),
        labels);
  }

  private static Limits limits(DBR dbr) {
    if (dbr instanceof CTRL control && dbr.isCTRL()) {
      Number low = control.getLowerCtrlLimit();
      Number high = control.getUpperCtrlLimit();
      if (low != null && high != null && low.doubleValue() < high.doubleValue()) {
        return new Limits(low.doubleValue(), high.doubleValue());
      }
    }
    return Limits.NONE;
  }

  private static SignalType type(DBRType nativeType) {
    if (nativeType.isDOUBLE() || nativeType.isFLOAT()) {
      return SignalType.NUMBER;
    }
    if (nativeType.isENUM()) {
      return SignalType.ENUM;
    }
    return nativeType.isSTRING() ? SignalType.TEXT : SignalType.INTEGER;
  }

  /** The array to put; a value that no PV can take is refused. */
  static Data data(String name, Value value) {
    if (value instanceof Value.Num number) {
      return new Data(DBRType.DOUBLE, 1, new double[] {number.value()});
    }
    if (value instanceof Value.Int whole) {
      boolean fits = whole.value() == (int) whole.value();
      return fits
          ? new Data(DBRType.INT, 1, new int[] {(int) whole.value()})
          : new Data(DBRType.DOUBLE, 1, new double[] {whole.value()});
    }
    if (value instanceof Value.Text text) {
      return new Data(DBRType.STRING, 1, new String[] {text.value()});
    }
    if (value instanceof Value.Bool bool) {
      return new Data(DBRType.INT, 1, new int[] {bool == Value.Bool.TRUE ? 1 : 0});
    }
    if (value instanceof Value.Items list && !list.items().isEmpty()) {
      if (list.items().stream().allMatch(Value::numeric)) {
        double[] numbers = list.items().stream().mapToDouble(Value::asDouble).toArray();
        return new Data(DBRType.DOUBLE, numbers.length, numbers);
      }
      if (list.items().stream().allMatch(Value.Text.class::isInstance)) {
        String[] texts =
            list.items().stream().map(item -> ((Value.Text) item).value()).toArray(String[]::new);
        return new Data(DBRType.STRING, texts.length, texts);
      }
    }
    throw new DeviceFailure(
        "wrong-type",
        "%s can't take %s: a number, a text, or a list of one of them is needed."
            .formatted(name, value.shown()));
  }
}
