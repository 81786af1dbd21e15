package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.cas.ProcessVariableWriteCallback;
import gov.aps.jca.dbr.Severity;
import gov.aps.jca.dbr.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * What all records share: a name, its PVs, their faults, the record's alarm and puts that wait.
 * Each record is guarded by its own monitor.
 */
abstract class IocRecord {
  private static final String[] SEVERITIES = {"NO_ALARM", "MINOR", "MAJOR", "INVALID"};
  private static final String[] STATUSES = {
    "NO_ALARM",
    "READ",
    "WRITE",
    "HIHI",
    "HIGH",
    "LOLO",
    "LOW",
    "STATE",
    "COS",
    "COMM",
    "TIMEOUT",
    "HWLIMIT",
    "CALC",
    "SCAN",
    "LINK",
    "SOFT"
  };

  private final String name;
  private final IocRecords ioc;
  private final FaultGroup faults;
  private final PutNotify notify = new PutNotify();
  private List<ProcessVariableWriteCallback> waiting = new ArrayList<>();
  private volatile ServedPv stat;
  private volatile ServedPv sevr;
  private Status status = Status.NO_ALARM;
  private Severity severity = Severity.NO_ALARM;

  /**
   * @param name with the prefix of its IOC
   */
  IocRecord(String name, IocRecords ioc) {
    this.name = name;
    this.ioc = ioc;
    this.faults = ioc.groupOf(name);
  }

  final String name() {
    return name;
  }

  /** Serves a PV of this record; one that is no field of it would be another record of an IOC. */
  final ServedPv add(ServedPv pv) {
    boolean field = pv.getName().equals(name) || pv.getName().startsWith(name + ".");
    return ioc.add(field ? pv.of(notify) : pv, faults);
  }

  /** The name of one of its fields. */
  final String field(String field) {
    return name + "." + field;
  }

  /** Serves the fields that every record has, and its value under the record's own name, too. */
  final void addCommon(String type, String description, ServedPv value) {
    if (value != null) {
      ioc.alias(name, value);
    }
    add(ServedPv.text(field("DESC"), description));
    add(ServedPv.text(field("RTYP"), type).readOnly());
    add(ServedPv.text(field("NAME"), name).readOnly());
    stat = add(ServedPv.choice(field("STAT"), 0, STATUSES).readOnly());
    sevr = add(ServedPv.choice(field("SEVR"), 0, SEVERITIES).readOnly());
    faults.onChange(this::showAlarm);
  }

  /**
   * Makes fields when they are asked for; those that every record has come by themselves.
   *
   * @param maker gives the field of this name, not yet served, or null
   */
  final void addFields(String type, Function<String, ServedPv> maker) {
    ioc.fields(
        name,
        field -> {
          ServedPv pv =
              switch (field) {
                case "DESC" -> ServedPv.text(field(field), "");
                case "RTYP" -> ServedPv.text(field(field), type).readOnly();
                case "NAME" -> ServedPv.text(field(field), name).readOnly();
                case "STAT" -> stat = ServedPv.choice(field(field), 0, STATUSES).readOnly();
                case "SEVR" -> sevr = ServedPv.choice(field(field), 0, SEVERITIES).readOnly();
                default -> maker.apply(field);
              };
          if (pv != null) {
            pv.of(notify).join(ioc.clock(), faults);
            showAlarm();
          }
          return pv;
        });
    faults.onChange(this::showAlarm);
  }

  final boolean has(IocFault fault) {
    return faults.has(fault);
  }

  final void onFault(Runnable listener) {
    faults.onChange(listener);
  }

  final double seconds() {
    return ioc.clock().seconds();
  }

  final void later(double delay, Runnable action) {
    ioc.later(delay, action);
  }

  /** Sets the alarm of the record; each value that is posted from now on carries it. */
  final void alarm(Status what, Severity gravity) {
    status = what;
    severity = gravity;
    showAlarm();
  }

  private void showAlarm() {
    Severity forced = faults.severity();
    boolean onCommand = forced.getValue() > severity.getValue();
    if (stat != null) {
      stat.postIfChanged((onCommand ? Status.STATE_ALARM : status).getValue());
    }
    if (sevr != null) {
      sevr.postIfChanged((onCommand ? forced : severity).getValue());
    }
  }

  /** Posts a value with the record's alarm. */
  final void post(ServedPv pv, double value) {
    pv.post(new double[] {value}, status, severity);
  }

  final void post(ServedPv pv, Object array) {
    pv.post(array, status, severity);
  }

  /** Keeps a put until {@link #complete}; gives what the put returns. */
  final CAStatus await(ProcessVariableWriteCallback done) {
    if (done == null) {
      return CAStatus.NORMAL;
    }
    waiting.add(done);
    return null;
  }

  /** Tells all puts that wait that what they started has ended. */
  final void complete() {
    List<ProcessVariableWriteCallback> ended = waiting;
    waiting = new ArrayList<>();
    ended.forEach(done -> done.processVariableWriteCompleted(CAStatus.NORMAL));
  }

  /** The number of a put to a PV of numbers. */
  static double number(Object put) {
    return ((Number) java.lang.reflect.Array.get(put, 0)).doubleValue();
  }
}
