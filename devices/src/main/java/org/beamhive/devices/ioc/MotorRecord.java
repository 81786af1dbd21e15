package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.cas.ProcessVariableWriteCallback;
import gov.aps.jca.dbr.Severity;
import gov.aps.jca.dbr.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a client sees of an EPICS motor record, with a motor that ramps. Like the record it takes a
 * put beyond its limits without an error and sets LVIO, blinks DMOV on every put, also to where it
 * is, and completes a put when the motion has ended.
 */
final class MotorRecord {
  /** How far beyond the soft limits the limit switches are. */
  private static final double SWITCHES_BEYOND = 10;

  private static final int STATE_ALARM = 7;
  private static final int PAUSED_BELOW = 2;

  private final String name;
  private final Consumer<ServedPv> server;
  private final Consumer<Runnable> nextTick;
  private final double tickSeconds;
  private final List<ProcessVariableWriteCallback> waiting = new ArrayList<>();
  private final ServedPv val;
  private final ServedPv rbv;
  private final ServedPv dval;
  private final ServedPv drbv;
  private final ServedPv dmov;
  private final ServedPv movn;
  private final ServedPv hlm;
  private final ServedPv llm;
  private final ServedPv velo;
  private final ServedPv hls;
  private final ServedPv lls;
  private final ServedPv lvio;
  private final ServedPv spmg;
  private final ServedPv tdir;
  private final ServedPv stat;
  private final ServedPv sevr;
  private double position;
  private double target;
  private boolean moving;

  /** What a motor is like. */
  record Nature(String egu, int precision, double velocity, double low, double high) {}

  MotorRecord(
      String name,
      Nature nature,
      double tickSeconds,
      Consumer<ServedPv> server,
      Consumer<Runnable> nextTick) {
    this.name = name;
    this.server = server;
    this.nextTick = nextTick;
    this.tickSeconds = tickSeconds;
    val = add(position(".VAL", nature).onPut((to, done) -> move(((double[]) to)[0], done)));
    rbv = add(position(".RBV", nature).readOnly());
    dval = add(position(".DVAL", nature).readOnly());
    drbv = add(position(".DRBV", nature).readOnly());
    dmov = add(ServedPv.small(name + ".DMOV", 1).readOnly());
    movn = add(ServedPv.small(name + ".MOVN", 0).readOnly());
    hlm = add(limit(".HLM", nature.high(), nature));
    llm = add(limit(".LLM", nature.low(), nature));
    velo = add(ServedPv.number(name + ".VELO", nature.velocity()).units(nature.egu() + "/s", 3));
    hls = add(ServedPv.small(name + ".HLS", 0).readOnly());
    lls = add(ServedPv.small(name + ".LLS", 0).readOnly());
    lvio = add(ServedPv.small(name + ".LVIO", 0).readOnly());
    tdir = add(ServedPv.small(name + ".TDIR", 0).readOnly());
    spmg = add(ServedPv.choice(name + ".SPMG", 3, "Stop", "Pause", "Move", "Go"));
    stat = add(alarm(".STAT", "NO_ALARM", "READ", "WRITE", "HIHI", "HIGH", "LOLO", "LOW", "STATE"));
    sevr = add(alarm(".SEVR", "NO_ALARM", "MINOR", "MAJOR", "INVALID"));
    addTheRest(nature);
    showLimits();
  }

  private void addTheRest(Nature nature) {
    spmg.onPut(this::putSpmg);
    ServedPv stop = add(ServedPv.small(name + ".STOP", 0));
    stop.onPut(
        (value, done) -> {
          stop();
          stop.post(0);
          return CAStatus.NORMAL;
        });
    ServedPv tweak = add(ServedPv.number(name + ".TWV", 1).units(nature.egu(), nature.precision()));
    add(ServedPv.small(name + ".TWF", 0))
        .onPut((value, done) -> move(val.number() + tweak.number(), done));
    add(ServedPv.small(name + ".TWR", 0))
        .onPut((value, done) -> move(val.number() - tweak.number(), done));
    add(ServedPv.number(name + ".ACCL", 0.05).units("s", 3));
    add(ServedPv.number(name + ".OFF", 0).units(nature.egu(), nature.precision()));
    add(ServedPv.number(name + ".RDBD", 0.001).units(nature.egu(), nature.precision()));
    add(ServedPv.number(name + ".MRES", 1e-4).units(nature.egu(), nature.precision()));
    add(ServedPv.text(name + ".EGU", nature.egu()));
    add(ServedPv.small(name + ".PREC", nature.precision()));
    add(ServedPv.text(name + ".DESC", "simulated motor"));
    add(ServedPv.text(name + ".RTYP", "motor").readOnly());
    add(ServedPv.choice(name + ".DIR", 0, "Pos", "Neg"));
    add(ServedPv.choice(name + ".SET", 0, "Use", "Set"));
    add(ServedPv.choice(name + ".FOFF", 0, "Variable", "Frozen"));
    add(ServedPv.choice(name + ".CNEN", 1, "Disable", "Enable"));
    add(ServedPv.whole(name + ".MSTA", 2).readOnly());
  }

  /** The PV that a client sees under the record's own name. */
  ServedPv value() {
    return val;
  }

  synchronized double position() {
    return position;
  }

  private ServedPv position(String field, Nature nature) {
    return ServedPv.number(name + field, 0).units(nature.egu(), nature.precision());
  }

  private ServedPv limit(String field, double at, Nature nature) {
    ServedPv pv = ServedPv.number(name + field, at).units(nature.egu(), nature.precision());
    return pv.onPut(
        (value, done) -> {
          pv.post(value, Status.NO_ALARM, Severity.NO_ALARM);
          showLimits();
          return CAStatus.NORMAL;
        });
  }

  private ServedPv alarm(String field, String... labels) {
    return ServedPv.choice(name + field, 0, labels).readOnly();
  }

  private ServedPv add(ServedPv pv) {
    server.accept(pv);
    return pv;
  }

  private void showLimits() {
    val.limits(llm.number(), hlm.number());
    rbv.limits(llm.number(), hlm.number());
  }

  private CAStatus putSpmg(Object value, ProcessVariableWriteCallback done) {
    spmg.post(value, Status.NO_ALARM, Severity.NO_ALARM);
    if (spmg.whole() < PAUSED_BELOW) {
      stop();
    }
    return CAStatus.NORMAL;
  }

  private synchronized CAStatus move(double to, ProcessVariableWriteCallback done) {
    boolean limited = llm.number() < hlm.number();
    boolean beyond = limited && (to > hlm.number() || to < llm.number());
    if (beyond || !Double.isFinite(to) || spmg.whole() < PAUSED_BELOW) {
      lvio.post(beyond ? 1 : 0);
      val.post(val.number());
      return CAStatus.NORMAL;
    }
    lvio.postIfChanged(0);
    val.post(to);
    dval.post(to);
    target = to;
    tdir.postIfChanged(to >= position ? 1 : 0);
    if (done != null) {
      waiting.add(done);
    }
    if (!moving) {
      moving = true;
      dmov.post(0);
      movn.post(1);
      nextTick.accept(this::tick);
    }
    return done == null ? CAStatus.NORMAL : null;
  }

  private synchronized void stop() {
    if (moving) {
      target = position;
      val.post(position);
      dval.post(position);
    }
  }

  private synchronized void tick() {
    double step = Math.max(velo.number(), 1e-6) * tickSeconds;
    double left = target - position;
    position = Math.abs(left) <= step ? target : position + Math.signum(left) * step;
    boolean atHigh = position >= hlm.number() + SWITCHES_BEYOND && limited();
    boolean atLow = position <= llm.number() - SWITCHES_BEYOND && limited();
    if (atHigh || atLow) {
      target = position;
    }
    boolean alarm = atHigh || atLow;
    hls.postIfChanged(atHigh ? 1 : 0);
    lls.postIfChanged(atLow ? 1 : 0);
    stat.postIfChanged(alarm ? STATE_ALARM : 0);
    sevr.postIfChanged(alarm ? Severity.MAJOR_ALARM.getValue() : 0);
    rbv.post(
        new double[] {position},
        alarm ? Status.STATE_ALARM : Status.NO_ALARM,
        alarm ? Severity.MAJOR_ALARM : Severity.NO_ALARM);
    drbv.post(position);
    if (position == target) {
      atRest();
    } else {
      nextTick.accept(this::tick);
    }
  }

  private boolean limited() {
    return llm.number() < hlm.number();
  }

  private void atRest() {
    moving = false;
    movn.post(0);
    dmov.post(1);
    List<ProcessVariableWriteCallback> ended = List.copyOf(waiting);
    waiting.clear();
    ended.forEach(done -> done.processVariableWriteCompleted(CAStatus.NORMAL));
  }
}
