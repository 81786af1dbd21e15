package org.beamhive.devices.backend.ca;

import com.cosylab.epics.caj.cas.handlers.AbstractCASResponseHandler;
import com.cosylab.epics.caj.cas.handlers.EventAddResponse;
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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** A PV of which a test decides everything. */
final class TestPv extends ProcessVariable {
  private final DBRType type;
  private final int count;
  private final AtomicInteger puts = new AtomicInteger();
  private Object value;
  private TimeStamp time = new TimeStamp(1_000_000_000L, 500_000_000L);
  private Status status = Status.NO_ALARM;
  private Severity severity = Severity.NO_ALARM;
  private String units = "";
  private short precision;
  private double[] limits = new double[8];
  private String[] labels;
  private boolean readable = true;
  private boolean writable = true;
  private volatile boolean mute;
  private Function<ProcessVariableWriteCallback, CAStatus> onPut;

  private TestPv(String name, DBRType type, Object value) {
    super(name, null);
    this.type = type;
    this.value = value;
    this.count = Array.getLength(value);
  }

  static TestPv of(String name, double... value) {
    return new TestPv(name, DBRType.DOUBLE, value);
  }

  static TestPv ofFloat(String name, float... value) {
    return new TestPv(name, DBRType.FLOAT, value);
  }

  static TestPv ofInt(String name, int... value) {
    return new TestPv(name, DBRType.INT, value);
  }

  static TestPv ofShort(String name, int value) {
    return new TestPv(name, DBRType.SHORT, new short[] {(short) value});
  }

  static TestPv ofBytes(String name, byte... value) {
    return new TestPv(name, DBRType.BYTE, value);
  }

  static TestPv ofText(String name, String... value) {
    return new TestPv(name, DBRType.STRING, value);
  }

  static TestPv ofChoice(String name, int value, String... labels) {
    TestPv pv = new TestPv(name, DBRType.ENUM, new short[] {(short) value});
    pv.labels = labels;
    return pv;
  }

  TestPv units(String egu, int decimals) {
    units = egu;
    precision = (short) decimals;
    return this;
  }

  /** Low and high of display, alarm, warning and control. */
  TestPv limits(double... all) {
    limits = all;
    return this;
  }

  TestPv alarm(Status what, Severity how) {
    status = what;
    severity = how;
    return this;
  }

  TestPv neverProcessed() {
    time = new TimeStamp(0, 0);
    return alarm(Status.UDF_ALARM, Severity.INVALID_ALARM);
  }

  TestPv access(boolean read, boolean write) {
    readable = read;
    writable = write;
    return this;
  }

  /** What a put does after its value is taken; null as its status says that it completes later. */
  TestPv onPut(Function<ProcessVariableWriteCallback, CAStatus> action) {
    onPut = action;
    return this;
  }

  /** From now on it doesn't answer who reads it. */
  void mute() {
    mute = true;
  }

  /** How many puts have come. */
  int puts() {
    return puts.get();
  }

  synchronized Object value() {
    return value;
  }

  void post(Object next) {
    post(Monitor.VALUE, () -> value = next);
  }

  /** Changes what the PV is and tells those who follow that. */
  void describe(Runnable change) {
    post(Monitor.PROPERTY, change);
  }

  private synchronized void post(int mask, Runnable change) {
    change.run();
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
      public boolean readAccess() {
        return readable;
      }

      @Override
      public boolean writeAccess() {
        return writable;
      }
    };
  }

  @Override
  public synchronized CAStatus read(DBR answer, ProcessVariableReadCallback later) {
    if (mute) {
      // the server waits for us to tell it
      return null;
    }
    fill(answer);
    if (later != null && later.getClass().getEnclosingClass() == EventAddResponse.class) {
      // the library begins the subscription after it has sent this; nothing may change meanwhile
      later.processVariableReadCompleted(CAStatus.NORMAL);
      return null;
    }
    return CAStatus.NORMAL;
  }

  @Override
  public CAStatus write(DBR put, ProcessVariableWriteCallback done) {
    puts.incrementAndGet();
    post(put.getValue());
    return onPut == null ? CAStatus.NORMAL : onPut.apply(done);
  }

  @SuppressWarnings("SuspiciousSystemArraycopy")
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
      graphic.setLowerDispLimit(limits[0]);
      graphic.setUpperDispLimit(limits[1]);
      graphic.setLowerAlarmLimit(limits[2]);
      graphic.setUpperAlarmLimit(limits[3]);
      graphic.setLowerWarningLimit(limits[4]);
      graphic.setUpperWarningLimit(limits[5]);
    }
    if (answer.isCTRL()) {
      ((CTRL) answer).setLowerCtrlLimit(limits[6]);
      ((CTRL) answer).setUpperCtrlLimit(limits[7]);
    }
    if (answer.isPRECSION()) {
      ((PRECISION) answer).setPrecision(precision);
    }
    if (answer.isLABELS()) {
      ((LABELS) answer).setLabels(labels);
    }
  }
}
