package org.beamhive.devices.ioc;

import com.cosylab.epics.caj.cas.handlers.AbstractCASResponseHandler;
import com.cosylab.epics.caj.cas.handlers.EventAddResponse;
import com.cosylab.epics.caj.cas.handlers.WriteResponse;
import gov.aps.jca.CAException;
import gov.aps.jca.CAStatus;
import gov.aps.jca.Monitor;
import gov.aps.jca.cas.ProcessVariable;
import gov.aps.jca.cas.ProcessVariableReadCallback;
import gov.aps.jca.cas.ProcessVariableWriteCallback;
import gov.aps.jca.cas.ServerChannel;
import gov.aps.jca.dbr.CTRL;
import gov.aps.jca.dbr.DBR;
import gov.aps.jca.dbr.DBRFactory;
import gov.aps.jca.dbr.DBRType;
import gov.aps.jca.dbr.GR;
import gov.aps.jca.dbr.LABELS;
import gov.aps.jca.dbr.PRECISION;
import gov.aps.jca.dbr.Severity;
import gov.aps.jca.dbr.Status;
import gov.aps.jca.dbr.TIME;
import gov.aps.jca.dbr.TimeStamp;
import java.lang.reflect.Array;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.beamhive.devices.backend.sim.SimClock;

/**
 * One PV of the server: a typed value with alarm, time stamp and metadata.
 *
 * <p>Reading takes no lock. A record may hold its own lock when it posts, but must not hold it when
 * it puts to another record.
 */
final class ServedPv extends ProcessVariable {
  /** 1990-01-01, where EPICS starts to count seconds. */
  private static final long EPICS_EPOCH = 631152000L;

  /** Where the types with limits and units begin. */
  private static final int FIRST_CTRL = 28;

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

  /**
   * What it was at one moment.
   *
   * @param value an array of the PV's type, never changed
   * @param seconds since 1970
   */
  record Snapshot(Object value, double seconds, Status status, Severity severity) {}

  private final DBRType type;
  private final int count;
  private final List<Consumer<Snapshot>> watchers = new CopyOnWriteArrayList<>();

  /** How often its value or its description has changed; counted after each change. */
  private final AtomicLong changes = new AtomicLong();

  private volatile Snapshot snapshot;
  private volatile SimClock clock;
  private volatile FaultGroup faults;
  private volatile String units = "";
  private volatile short precision;
  private volatile double low;
  private volatile double high;
  private volatile double[] alarms = {0, 0, 0, 0};
  private volatile String[] labels;
  private boolean writable = true;
  private boolean silent;
  private boolean missed;

  private OnPut onPut;
  private PutNotify notify = new PutNotify();

  private ServedPv(String name, DBRType type, Object initial) {
    super(name, null);
    this.type = type;
    this.count = Array.getLength(initial);
    this.snapshot = new Snapshot(initial, seconds(), Status.NO_ALARM, Severity.NO_ALARM);
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

  /**
   * A waveform.
   *
   * @param initial {@code byte[]}, {@code short[]}, {@code int[]}, {@code float[]}, {@code
   *     double[]} or {@code String[]}; its length is the PV's for ever
   */
  static ServedPv array(String name, Object initial) {
    DBRType type =
        initial instanceof byte[]
            ? DBRType.BYTE
            : initial instanceof short[]
                ? DBRType.SHORT
                : initial instanceof int[]
                    ? DBRType.INT
                    : initial instanceof float[]
                        ? DBRType.FLOAT
                        : initial instanceof String[] ? DBRType.STRING : DBRType.DOUBLE;
    return new ServedPv(name, type, initial);
  }

  /** An array of this type; it keeps the length that it begins with. */
  static ServedPv array(String name, DBRType type, Object initial) {
    return new ServedPv(name, type, initial);
  }

  ServedPv units(String egu, int decimals) {
    boolean same = egu.equals(units) && precision == decimals;
    units = egu;
    precision = (short) decimals;
    described(same);
    return this;
  }

  String units() {
    return units;
  }

  int precision() {
    return precision;
  }

  /** Display and control limits. */
  ServedPv limits(double lowest, double highest) {
    boolean same = low == lowest && high == highest;
    low = lowest;
    high = highest;
    described(same);
    return this;
  }

  /** Tells those who follow what the PV is. */
  private synchronized void described(boolean same) {
    if (!same) {
      changes.incrementAndGet();
    }
    FaultGroup group = faults;
    boolean numbers = !type.isSTRING() && !type.isENUM();
    if (!same && numbers && group != null && interest && eventCallback != null) {
      DBR event = DBRFactory.create(DBRType.forValue(type.getValue() + FIRST_CTRL), count);
      fill(event);
      group.answer(() -> eventCallback.postEvent(Monitor.PROPERTY, event));
    }
  }

  double lowLimit() {
    return low;
  }

  double highLimit() {
    return high;
  }

  /** Alarm limits as LOLO, LOW, HIGH, HIHI; for display only, the record raises the alarm. */
  void alarmLimits(double lolo, double lower, double higher, double hihi) {
    double[] next = {lolo, lower, higher, hihi};
    boolean same = java.util.Arrays.equals(alarms, next);
    alarms = next;
    described(same);
  }

  ServedPv readOnly() {
    writable = false;
    return this;
  }

  boolean writable() {
    return writable;
  }

  ServedPv onPut(OnPut action) {
    onPut = action;
    return this;
  }

  /** It is a field of a record, whose puts with completion wait for each other. */
  ServedPv of(PutNotify record) {
    notify = record;
    return this;
  }

  /** Becomes part of an IOC. */
  void join(SimClock time, FaultGroup group) {
    clock = time;
    faults = group;
    group.add(this);
    Snapshot now = snapshot;
    snapshot = new Snapshot(now.value(), seconds(), now.status(), now.severity());
  }

  /** From now on changes are not posted, though who reads gets the value; or they are again. */
  void silent(boolean on) {
    silent = on;
  }

  /** Tells of each value that is posted; called in the middle of things: hand over and return. */
  void watch(Consumer<Snapshot> watcher) {
    watchers.add(watcher);
  }

  void unwatch(Consumer<Snapshot> watcher) {
    watchers.remove(watcher);
  }

  FaultGroup faults() {
    return faults;
  }

  /** What clients see: the value with the alarm on command, if there is one. */
  Snapshot snapshot() {
    Snapshot now = snapshot;
    Severity forced = faults == null ? Severity.NO_ALARM : faults.severity();
    return forced.getValue() > now.severity().getValue()
        ? new Snapshot(now.value(), now.seconds(), Status.STATE_ALARM, forced)
        : now;
  }

  double number() {
    Object value = snapshot.value();
    return value instanceof String[] texts
        ? parsed(texts[0])
        : ((Number) Array.get(value, 0)).doubleValue();
  }

  private static double parsed(String text) {
    try {
      return Double.parseDouble(text.trim());
    } catch (NumberFormatException noNumber) {
      return Double.NaN;
    }
  }

  int whole() {
    return (int) number();
  }

  void post(double next) {
    Snapshot now = snapshot;
    post(arrayOf(next), now.status(), now.severity());
  }

  /** A number as an array of the PV's type. */
  Object arrayOf(double next) {
    Object array = Array.newInstance(snapshot.value().getClass().getComponentType(), 1);
    if (array instanceof double[] numbers) {
      numbers[0] = next;
    } else if (array instanceof float[] numbers) {
      numbers[0] = (float) next;
    } else if (array instanceof int[] numbers) {
      numbers[0] = (int) next;
    } else if (array instanceof short[] numbers) {
      numbers[0] = (short) next;
    } else if (array instanceof byte[] numbers) {
      numbers[0] = (byte) next;
    } else {
      Array.set(array, 0, Double.toString(next));
    }
    return array;
  }

  void postIfChanged(double next) {
    if (number() != next) {
      post(next);
    }
  }

  void post(String next) {
    post(new String[] {next}, Status.NO_ALARM, Severity.NO_ALARM);
  }

  /** The event goes out inside the lock, so that the events of a PV keep their order. */
  synchronized void post(Object next, Status alarm, Severity gravity) {
    Snapshot before = snapshot;
    int mask = Monitor.VALUE | Monitor.LOG;
    if (alarm != before.status() || gravity != before.severity()) {
      mask |= Monitor.ALARM;
    }
    snapshot = new Snapshot(next, seconds(), alarm, gravity);
    changes.incrementAndGet();
    if (!silent) {
      emit(mask);
    }
  }

  /** Posts the value once more, as when the alarm of the record has changed. */
  synchronized void repeat() {
    emit(Monitor.VALUE | Monitor.LOG | Monitor.ALARM);
  }

  private void emit(int mask) {
    FaultGroup group = faults;
    if (group == null || group.prompt()) {
      send(mask);
      if (group != null && group.has(IocFault.DOUBLED_POSTS)) {
        send(mask);
      }
    } else if (group.has(IocFault.FREEZE)) {
      // one event when it ends: a frozen IOC has nothing to queue
      if (!missed) {
        missed = true;
        group.answer(this::caughtUp);
      }
    } else {
      DBR event = event();
      Snapshot seen = snapshot();
      group.answer(() -> deliver(mask, event, seen));
    }
  }

  private synchronized void caughtUp() {
    missed = false;
    send(Monitor.VALUE | Monitor.LOG | Monitor.ALARM);
  }

  private void send(int mask) {
    deliver(mask, event(), watchers.isEmpty() ? null : snapshot());
  }

  private DBR event() {
    if (!interest || eventCallback == null) {
      return null;
    }
    DBR event = AbstractCASResponseHandler.createDBRforReading(this);
    fill(event);
    return event;
  }

  private void deliver(int mask, DBR event, Snapshot seen) {
    if (event != null && eventCallback != null) {
      eventCallback.postEvent(mask, event);
    }
    watchers.forEach(watcher -> watcher.accept(seen));
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

  /** Bytes that a client needs for the value. */
  long bytes() {
    return 8L * count * (type.isSTRING() ? 5 : 1);
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
  public CAStatus read(DBR answer, ProcessVariableReadCallback later) {
    if (later != null && later.getClass().getEnclosingClass() == EventAddResponse.class) {
      answer(() -> subscribe(answer, later));
      return null;
    }
    FaultGroup group = faults;
    if (group == null || group.prompt()) {
      fill(answer);
      return CAStatus.NORMAL;
    }
    group.answer(
        () -> {
          fill(answer);
          later.processVariableReadCompleted(CAStatus.NORMAL);
        });
    return null;
  }

  /**
   * The library sends the first value of a subscription and only then begins it: what changes in
   * between would never be told, which no IOC does, so it is told once more.
   */
  private void subscribe(DBR first, ProcessVariableReadCallback begin) {
    long before = changes.get();
    fill(first);
    begin.processVariableReadCompleted(CAStatus.NORMAL);
    synchronized (this) {
      if (changes.get() != before && !silent) {
        emit(Monitor.VALUE | Monitor.LOG | Monitor.ALARM | Monitor.PROPERTY);
      }
    }
  }

  @Override
  public CAStatus write(DBR put, ProcessVariableWriteCallback done) {
    // the library hands over something to tell also where the client doesn't want to know
    boolean plain = done != null && done.getClass().getEnclosingClass() == WriteResponse.class;
    return put(put.getValue(), plain ? null : done);
  }

  /** Does what a client waits for, with all faults that there are. */
  void answer(Runnable answer) {
    FaultGroup group = faults;
    if (group == null) {
      answer.run();
    } else {
      group.answer(answer);
    }
  }

  /**
   * A put from outside, with all faults that there are.
   *
   * @param done who wants to know when it has completed; null for a plain put, which waits for no
   *     other
   */
  CAStatus put(Object next, ProcessVariableWriteCallback done) {
    if (Array.getLength(next) > count) {
      return CAStatus.BADCOUNT;
    }
    FaultGroup group = faults;
    if (group == null) {
      return apply(next, done);
    }
    if (group.has(IocFault.FREEZE)) {
      group.answer(() -> finish(apply(next, late(group, done)), done));
      return null;
    }
    CAStatus status = apply(next, late(group, done));
    if (done == null || status == null) {
      return status;
    }
    if (group.prompt() && !group.has(IocFault.LOST_CALLBACK)) {
      return status;
    }
    finish(status, late(group, done));
    return null;
  }

  private static void finish(CAStatus status, ProcessVariableWriteCallback done) {
    if (status != null && done != null) {
      done.processVariableWriteCompleted(status);
    }
  }

  private CAStatus apply(Object next, ProcessVariableWriteCallback done) {
    return done == null
        ? change(next, null)
        : notify.put(completed -> change(next, completed), done, this::soon);
  }

  private void soon(Runnable task) {
    if (clock == null) {
      task.run();
    } else {
      clock.schedule(Duration.ZERO, task);
    }
  }

  private CAStatus change(Object next, ProcessVariableWriteCallback done) {
    if (onPut != null) {
      return onPut.put(next, done);
    }
    post(whole(next), Status.NO_ALARM, Severity.NO_ALARM);
    return CAStatus.NORMAL;
  }

  /** What is put may be shorter than the waveform: the rest is as if it had never been set. */
  private Object whole(Object next) {
    int length = Array.getLength(next);
    if (length == count) {
      return next;
    }
    Object full = Array.newInstance(next.getClass().getComponentType(), count);
    if (full instanceof String[] texts) {
      java.util.Arrays.fill(texts, "");
    }
    System.arraycopy(next, 0, full, 0, length);
    return full;
  }

  private static ProcessVariableWriteCallback late(
      FaultGroup group, ProcessVariableWriteCallback done) {
    if (done == null) {
      return null;
    }
    return new ProcessVariableWriteCallback() {
      @Override
      public void processVariableWriteCompleted(CAStatus status) {
        if (!group.has(IocFault.LOST_CALLBACK)) {
          group.answer(() -> done.processVariableWriteCompleted(status));
        }
      }

      @Override
      public void canceled() {
        done.canceled();
      }
    };
  }

  @SuppressWarnings("SuspiciousSystemArraycopy") // both are arrays of the PV's own type
  private void fill(DBR answer) {
    Snapshot now = snapshot();
    System.arraycopy(
        now.value(),
        0,
        answer.getValue(),
        0,
        Math.min(Array.getLength(now.value()), answer.getCount()));
    TIME stamped = (TIME) answer;
    stamped.setTimeStamp(stamp(now.seconds()));
    stamped.setStatus(now.status());
    stamped.setSeverity(now.severity());
    if (answer.isGR()) {
      double[] limits = alarms;
      GR graphic = (GR) answer;
      graphic.setUnits(units);
      graphic.setUpperDispLimit(high);
      graphic.setLowerDispLimit(low);
      graphic.setUpperAlarmLimit(limits[3]);
      graphic.setUpperWarningLimit(limits[2]);
      graphic.setLowerWarningLimit(limits[1]);
      graphic.setLowerAlarmLimit(limits[0]);
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

  private double seconds() {
    if (clock != null) {
      return clock.seconds();
    }
    Instant now = Instant.now();
    return now.getEpochSecond() + now.getNano() * 1e-9;
  }

  private static TimeStamp stamp(double seconds) {
    long whole = (long) Math.floor(seconds);
    long nanos = Math.min(999_999_999, (long) ((seconds - whole) * 1e9));
    return new TimeStamp(Math.max(0, whole - EPICS_EPOCH), nanos);
  }
}
