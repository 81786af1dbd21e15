package org.beamhive.devices.ioc;

import com.cosylab.epics.caj.cas.handlers.AbstractCASResponseHandler;
import gov.aps.jca.CAException;
import gov.aps.jca.CAStatus;
import gov.aps.jca.Monitor;
import gov.aps.jca.cas.ProcessVariable;
import gov.aps.jca.cas.ProcessVariableReadCallback;
import gov.aps.jca.cas.ProcessVariableWriteCallback;
import gov.aps.jca.cas.ServerChannel;
import gov.aps.jca.dbr.CTRL;
import gov.aps.jca.dbr.DBR;
import gov.aps.jca.dbr.DBRType;
import gov.aps.jca.dbr.GR;
import gov.aps.jca.dbr.LABELS;
import gov.aps.jca.dbr.PRECISION;
import gov.aps.jca.dbr.Severity;
import gov.aps.jca.dbr.Status;
import gov.aps.jca.dbr.TIME;
import gov.aps.jca.dbr.TimeStamp;
import java.lang.reflect.Array;
import java.time.Instant;

/** One PV of the server: a typed value with alarm, time stamp and metadata. */
final class ServedPv extends ProcessVariable {
  /** 1990-01-01, where EPICS starts to count seconds. */
  private static final long EPICS_EPOCH = 631152000L;

  /** What a put does. */
  @FunctionalInterface
  interface OnPut {
    /**
     * Called on a thread of the server.
     *
     * @param done to be told when all that the put started has ended; null for a put that doesn't
     *     want to know
     * @return the status, or null if {@code done} will be told later
     */
    CAStatus put(Object value, ProcessVariableWriteCallback done);
  }

  private final DBRType type;
  private final int count;
  private Object value;
  private TimeStamp time = now();
  private Status status = Status.NO_ALARM;
  private Severity severity = Severity.NO_ALARM;
  private String units = "";
  private short precision;
  private double low;
  private double high;
  private String[] labels;
  private boolean writable = true;
  private OnPut onPut;

  private ServedPv(String name, DBRType type, Object initial) {
    super(name, null);
    this.type = type;
    this.value = initial;
    this.count = Array.getLength(initial);
  }

  static ServedPv number(String name, double initial) {
    return new ServedPv(name, DBRType.DOUBLE, new double[] {initial});
  }

  static ServedPv whole(String name, int initial) {
    return new ServedPv(name, DBRType.INT, new int[] {initial});
  }

  static ServedPv small(String name, int initial) {
    return new ServedPv(name, DBRType.SHORT, new short[] {(short) initial});
  }

  static ServedPv text(String name, String initial) {
    return new ServedPv(name, DBRType.STRING, new String[] {initial});
  }

  static ServedPv choice(String name, int initial, String... labels) {
    ServedPv pv = new ServedPv(name, DBRType.ENUM, new short[] {(short) initial});
    pv.labels = labels;
    return pv;
  }

  /** An array of this type; it keeps the length that it begins with. */
  static ServedPv array(String name, DBRType type, Object initial) {
    return new ServedPv(name, type, initial);
  }

  ServedPv units(String egu, int decimals) {
    units = egu;
    precision = (short) decimals;
    return this;
  }

  synchronized void limits(double lowest, double highest) {
    low = lowest;
    high = highest;
  }

  ServedPv readOnly() {
    writable = false;
    return this;
  }

  ServedPv onPut(OnPut action) {
    onPut = action;
    return this;
  }

  synchronized double number() {
    return ((Number) Array.get(value, 0)).doubleValue();
  }

  int whole() {
    return (int) number();
  }

  void post(double next) {
    if (type == DBRType.DOUBLE) {
      post(new double[] {next}, status, severity);
    } else if (type == DBRType.INT) {
      post(new int[] {(int) next}, status, severity);
    } else {
      post(new short[] {(short) next}, status, severity);
    }
  }

  void postIfChanged(double next) {
    if (number() != next) {
      post(next);
    }
  }

  /** The event goes out inside the lock, so that the events of a PV keep their order. */
  synchronized void post(Object next, Status alarm, Severity gravity) {
    int mask = Monitor.VALUE | Monitor.LOG;
    if (alarm != status || gravity != severity) {
      mask |= Monitor.ALARM;
    }
    value = next;
    status = alarm;
    severity = gravity;
    time = now();
    if (interest && eventCallback != null) {
      DBR event = AbstractCASResponseHandler.createDBRforReading(this);
      fill(event);
      eventCallback.postEvent(mask, event);
    }
  }

  @Override
  public DBRType getType() {
    return type;
  }

  @Override
  public int getMaxDimension() {
    return count > 1 ? 1 : 0;
  }

  @Override
  public int getDimensionSize(int dimension) {
    return dimension == 0 ? count : 0;
  }

  @Override
  public String[] getEnumLabels() {
    return labels;
  }

  @Override
  public ServerChannel createChannel(int cid, int sid, String user, String host)
      throws CAException {
    return new ServerChannel(this, cid, sid, user, host) {
      @Override
      public boolean writeAccess() {
        return writable;
      }
    };
  }

  @Override
  public synchronized CAStatus read(DBR answer, ProcessVariableReadCallback later) {
    fill(answer);
    return CAStatus.NORMAL;
  }

  @Override
  public CAStatus write(DBR put, ProcessVariableWriteCallback done) {
    Object next = put.getValue();
    if (Array.getLength(next) > count) {
      return CAStatus.BADCOUNT;
    }
    if (onPut != null) {
      return onPut.put(next, done);
    }
    post(next, Status.NO_ALARM, Severity.NO_ALARM);
    return CAStatus.NORMAL;
  }

  @SuppressWarnings("SuspiciousSystemArraycopy") // both are arrays of the PV's own type
  private void fill(DBR answer) {
    System.arraycopy(
        value, 0, answer.getValue(), 0, Math.min(Array.getLength(value), answer.getCount()));
    TIME stamped = (TIME) answer;
    stamped.setTimeStamp(time);
    stamped.setStatus(status);
    stamped.setSeverity(severity);
    if (answer.isGR()) {
      GR graphic = (GR) answer;
      graphic.setUnits(units);
      graphic.setUpperDispLimit(high);
      graphic.setLowerDispLimit(low);
      graphic.setUpperAlarmLimit(0.0);
      graphic.setUpperWarningLimit(0.0);
      graphic.setLowerWarningLimit(0.0);
      graphic.setLowerAlarmLimit(0.0);
    }
    if (answer.isCTRL()) {
      CTRL control = (CTRL) answer;
      control.setUpperCtrlLimit(high);
      control.setLowerCtrlLimit(low);
    }
    if (answer.isPRECSION()) {
      ((PRECISION) answer).setPrecision(precision);
    }
    if (answer.isLABELS()) {
      ((LABELS) answer).setLabels(labels);
    }
  }

  private static TimeStamp now() {
    Instant now = Instant.now();
    return new TimeStamp(now.getEpochSecond() - EPICS_EPOCH, now.getNano());
  }
}
