package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.dbr.Severity;
import gov.aps.jca.dbr.Status;

/**
 * A record that holds a value: numbers ({@code ai, ao, longin, longout}) with drive limits, which
 * clip silently, and alarm limits; choices ({@code bi, bo, mbbi, mbbo}); texts ({@code stringin,
 * stringout}); arrays ({@code waveform}).
 */
final class SimpleRecord extends IocRecord {
  private static final String[] SEVERITIES = {"NO_ALARM", "MINOR", "MAJOR", "INVALID"};
  private static final String[] CHOICE_FIELDS = {
    "ZRST", "ONST", "TWST", "THST", "FRST", "FVST", "SXST", "SVST", "EIST", "NIST", "TEST", "ELST",
    "TVST", "TTST", "FTST", "FFST"
  };

  private final ServedPv val;
  private double drvl;
  private double drvh;
  private double lolo = Double.NEGATIVE_INFINITY;
  private double low = Double.NEGATIVE_INFINITY;
  private double high = Double.POSITIVE_INFINITY;
  private double hihi = Double.POSITIVE_INFINITY;
  private int llsv = Severity.MAJOR_ALARM.getValue();
  private int lsv = Severity.MINOR_ALARM.getValue();
  private int hsv = Severity.MINOR_ALARM.getValue();
  private int hhsv = Severity.MAJOR_ALARM.getValue();

  /**
   * @param val its value, of the name of the record
   * @param type the EPICS record type, for RTYP
   */
  SimpleRecord(String type, ServedPv val, IocRecords ioc) {
    super(val.getName(), ioc);
    this.val = add(val);
    addFields(type, this::make);
    if (!val.getType().isSTRING() && val.getEnumLabels() == null && val.getMaxDimension() == 0) {
      val.onPut((to, done) -> put(number(to)));
    }
  }

  /** Limits of the setpoint: what is beyond is put to the limit, without an error. */
  SimpleRecord drive(double from, double to) {
    drvl = from;
    drvh = to;
    val.limits(from, to);
    return this;
  }

  /** Alarm limits, as LOLO, LOW, HIGH, HIHI; infinite ones are none. */
  SimpleRecord alarms(double loloAt, double lowAt, double highAt, double hihiAt) {
    lolo = loloAt;
    low = lowAt;
    high = highAt;
    hihi = hihiAt;
    showAlarms();
    return this;
  }

  private void showAlarms() {
    val.alarmLimits(shown(lolo), shown(low), shown(high), shown(hihi));
  }

  private static double shown(double limit) {
    return Double.isInfinite(limit) ? Double.NaN : limit;
  }

  /** Sets a number, as its hardware would. */
  synchronized CAStatus put(double to) {
    double kept = drvl < drvh ? Math.max(drvl, Math.min(drvh, to)) : to;
    if (kept >= hihi) {
      alarm(Status.HIHI_ALARM, Severity.forValue(hhsv));
    } else if (kept <= lolo) {
      alarm(Status.LOLO_ALARM, Severity.forValue(llsv));
    } else if (kept >= high) {
      alarm(Status.HIGH_ALARM, Severity.forValue(hsv));
    } else if (kept <= low) {
      alarm(Status.LOW_ALARM, Severity.forValue(lsv));
    } else {
      alarm(Status.NO_ALARM, Severity.NO_ALARM);
    }
    post(val, val.getType().isDOUBLE() ? (Object) new double[] {kept} : new int[] {(int) kept});
    return CAStatus.NORMAL;
  }

  private ServedPv make(String field) {
    String pv = field(field);
    String[] labels = val.getEnumLabels();
    return switch (field) {
      case "PROC" ->
          ServedPv.small(pv, 0)
              .onPut(
                  (to, done) -> {
                    val.repeat();
                    return CAStatus.NORMAL;
                  });
      case "EGU" -> text(pv, val.units(), to -> val.units(to, val.precision()));
      case "PREC" -> number(pv, val.precision(), to -> val.units(val.units(), (int) to));
      case "LOPR" -> number(pv, val.lowLimit(), to -> val.limits(to, val.highLimit()));
      case "HOPR" -> number(pv, val.highLimit(), to -> val.limits(val.lowLimit(), to));
      case "DRVL" -> number(pv, drvl, to -> drive(to, drvh));
      case "DRVH" -> number(pv, drvh, to -> drive(drvl, to));
      case "LOLO" -> number(pv, shown(lolo), to -> alarms(to, low, high, hihi));
      case "LOW" -> number(pv, shown(low), to -> alarms(lolo, to, high, hihi));
      case "HIGH" -> number(pv, shown(high), to -> alarms(lolo, low, to, hihi));
      case "HIHI" -> number(pv, shown(hihi), to -> alarms(lolo, low, high, to));
      case "LLSV" -> severity(pv, llsv, to -> llsv = to);
      case "LSV" -> severity(pv, lsv, to -> lsv = to);
      case "HSV" -> severity(pv, hsv, to -> hsv = to);
      case "HHSV" -> severity(pv, hhsv, to -> hhsv = to);
      case "NELM", "NORD" -> ServedPv.whole(pv, val.getDimensionSize(0)).readOnly();
      case "ZNAM" -> label(pv, labels, 0);
      case "ONAM" -> label(pv, labels, 1);
      default -> label(pv, labels, java.util.List.of(CHOICE_FIELDS).indexOf(field));
    };
  }

  private static ServedPv label(String pv, String[] labels, int at) {
    return labels == null || at < 0 || at >= CHOICE_FIELDS.length
        ? null
        : ServedPv.text(pv, at < labels.length ? labels[at] : "").readOnly();
  }

  private static ServedPv text(
      String name, String initial, java.util.function.Consumer<String> then) {
    ServedPv pv = ServedPv.text(name, initial);
    return pv.onPut(
        (to, done) -> {
          pv.post(((String[]) to)[0]);
          then.accept(((String[]) to)[0]);
          return CAStatus.NORMAL;
        });
  }

  private ServedPv number(String name, double initial, java.util.function.DoubleConsumer then) {
    ServedPv pv = ServedPv.number(name, initial);
    return pv.onPut(
        (to, done) -> {
          synchronized (this) {
            pv.post(number(to));
            then.accept(number(to));
          }
          return CAStatus.NORMAL;
        });
  }

  private ServedPv severity(String name, int initial, java.util.function.IntConsumer then) {
    ServedPv pv = ServedPv.choice(name, initial, SEVERITIES);
    return pv.onPut(
        (to, done) -> {
          int severity = (int) number(to);
          if (severity < 0 || severity >= SEVERITIES.length) {
            return CAStatus.PUTFAIL;
          }
          synchronized (this) {
            pv.post(severity);
            then.accept(severity);
          }
          return CAStatus.NORMAL;
        });
  }
}
