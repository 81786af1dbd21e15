package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.cas.ProcessVariableWriteCallback;
import gov.aps.jca.dbr.Severity;
import gov.aps.jca.dbr.Status;
import java.util.List;

/**
 * What a client sees of an EPICS motor record, with a motor that accelerates, moves and brakes.
 *
 * <p>Like the record it takes a put beyond its limits without an error, sets LVIO and shows the old
 * setpoint again; it blinks DMOV on every put, also to where it is; it completes a put when all
 * motion has ended, retries included. Another put with completion waits for that; one without
 * changes the target of the move or stops it. Backlash correction is off, and its fields are not
 * there but for BDST, which is 0.
 *
 * <p>The motor lives in dial coordinates; VAL = DVAL * (DIR is Pos ? 1 : -1) + OFF.
 */
final class MotorRecord extends IocRecord {
  private static final int STOP = 0;
  private static final int PAUSE = 1;
  private static final int MOVE = 2;
  private static final int IN_POSITION = 3;
  private static final int ARITHMETIC = 1;
  private static final int GEOMETRIC = 2;

  /** As good as for ever, for a jog. */
  private static final double JOG_SECONDS = 1e6;

  /** How much of a tick, at most, the motor moves between two looks. */
  private static final double LATEST_TICK = 1.2;

  private enum Motion {
    REST,
    MOVE,
    JOG,
    HOME,
    /** Brakes, and VAL becomes where it rests. */
    STOP,
    /** Brakes, and VAL stays. */
    PAUSE,
    /** At the target, for DLY seconds. */
    SETTLE
  }

  private final MotorNature nature;
  private final MotorFields fields;
  private Motion motion = Motion.REST;
  private Trapezoid way;
  private double started;
  private double looked;
  private double commanded;
  private double actual;
  private double legCommanded;
  private double legActual;
  private double goal;
  private boolean limited;
  private boolean problem;
  private boolean atHome;
  private boolean homed;
  private boolean forward = true;
  private boolean ticking;

  MotorRecord(String name, MotorNature nature, IocRecords ioc) {
    super(name, ioc);
    this.nature = nature;
    this.fields = new MotorFields(this, nature);
    addCommon("motor", "simulated motor", fields.val);
    wire();
    onFault(this::faultsChanged);
    synchronized (this) {
      fields.showLimits();
      showState();
    }
  }

  private void wire() {
    fields.val.onPut((to, done) -> putVal(number(to), done));
    fields.dval.onPut((to, done) -> putDial(number(to), done));
    fields.rval.onPut((to, done) -> putDial(number(to) * fields.mres.number(), done));
    fields.rlv.onPut((by, done) -> putVal(fields.val.number() + number(by), done));
    fields.tweakForward.onPut((one, done) -> tweak(number(one), 1, done));
    fields.tweakReverse.onPut((one, done) -> tweak(number(one), -1, done));
    fields.jogForward.onPut((on, done) -> jog(fields.jogForward, 1, number(on) != 0, done));
    fields.jogReverse.onPut((on, done) -> jog(fields.jogReverse, -1, number(on) != 0, done));
    fields.homeForward.onPut((on, done) -> home(fields.homeForward, 1, number(on) != 0, done));
    fields.homeReverse.onPut((on, done) -> home(fields.homeReverse, -1, number(on) != 0, done));
    fields.stop.onPut((on, done) -> putStop(number(on) != 0, done));
    fields.spmg.onPut((to, done) -> putSpmg((int) number(to), done));
    fields.stup.onPut((on, done) -> update(number(on) != 0));
    fields.off.onPut((to, done) -> offset(number(to), fields.sign()));
    fields.dir.onPut((to, done) -> direction(to));
  }

  /** Where the motor really is, in dial coordinates. */
  synchronized double position() {
    catchUp();
    return actual;
  }

  // ---------------------------------------------------------------- puts

  private synchronized CAStatus tweak(double one, int sense, ProcessVariableWriteCallback done) {
    return one == 0
        ? CAStatus.NORMAL
        : putVal(fields.val.number() + sense * fields.tweak.number(), done);
  }

  private synchronized CAStatus putVal(double to, ProcessVariableWriteCallback done) {
    if (fields.set.whole() == 1 && fields.foff.whole() == 0 && Double.isFinite(to)) {
      // the same place gets another name
      blink();
      offset(to - fields.sign() * fields.dval.number(), fields.sign());
      return CAStatus.NORMAL;
    }
    return putDial((to - fields.off.number()) * fields.sign(), done);
  }

  private synchronized CAStatus putDial(double to, ProcessVariableWriteCallback done) {
    if (!Double.isFinite(to)) {
      fields.showTarget(fields.dval.number());
      return CAStatus.NORMAL;
    }
    if (fields.set.whole() == 1) {
      loadPosition(to);
      return CAStatus.NORMAL;
    }
    if (!fields.withinLimits(to)) {
      fields.lvio.post(1);
      fields.showTarget(fields.dval.number());
      return CAStatus.NORMAL;
    }
    fields.lvio.postIfChanged(0);
    fields.showTarget(to);
    if (paused()) {
      return CAStatus.NORMAL;
    }
    return go(done);
  }

  private boolean paused() {
    return fields.spmg.whole() == STOP || fields.spmg.whole() == PAUSE;
  }

  /** To where DVAL says. */
  private CAStatus go(ProcessVariableWriteCallback done) {
    catchUp();
    fields.rcnt.postIfChanged(0);
    fields.miss.postIfChanged(0);
    boolean rests = motion == Motion.REST;
    if (rests && (near(fields.dval.number()) || !able(fields.dval.number() - readback()))) {
      blink();
      return CAStatus.NORMAL;
    }
    if (rests || (motion == Motion.MOVE && fields.ntm.whole() == 1) || motion == Motion.SETTLE) {
      begin(Motion.MOVE, fields.dval.number());
    } else if (motion == Motion.JOG || motion == Motion.HOME) {
      brake(Motion.PAUSE);
    }
    return await(done);
  }

  /** Whether a move would be none. */
  private boolean near(double to) {
    double least = nature.stepper() ? fields.mres.number() / 2 : 1e-12;
    return Math.abs(to - readback()) <= Math.max(least, fields.spdb.number());
  }

  /** Whether the motor can go that way at all; if not, the record shows why. */
  private boolean able(double by) {
    if (fields.cnen.whole() == 0) {
      problem = true;
      showState();
      return false;
    }
    return by > 0 ? actual < nature.highSwitch() : actual > nature.lowSwitch();
  }

  private void blink() {
    if (motion == Motion.REST) {
      fields.dmov.post(0);
      fields.dmov.post(1);
    }
  }

  private void loadPosition(double dial) {
    catchUp();
    blink();
    double shift = dial - readback();
    commanded += shift;
    actual += shift;
    if (fields.foff.whole() == 0) {
      offset(fields.val.number() - fields.sign() * dial, fields.sign());
    }
    fields.showTarget(dial);
    showPosition();
  }

  /** Changes from dial to user coordinates: VAL, RBV and the user's limits follow. */
  private synchronized CAStatus offset(double to, int sign) {
    catchUp();
    fields.dir.postIfChanged(sign > 0 ? 0 : 1);
    post(fields.off, to);
    fields.showLimits();
    fields.showTarget(fields.dval.number());
    showPosition();
    return CAStatus.NORMAL;
  }

  private synchronized CAStatus direction(Object to) {
    fields.dir.post(to, Status.NO_ALARM, Severity.NO_ALARM);
    return offset(fields.off.number(), fields.sign());
  }

  private synchronized CAStatus jog(
      ServedPv button, int sense, boolean on, ProcessVariableWriteCallback done) {
    catchUp();
    if (!on) {
      button.postIfChanged(0);
      if (motion == Motion.JOG) {
        brake(Motion.STOP);
      }
      return motion == Motion.REST ? CAStatus.NORMAL : await(done);
    }
    double velocity = fields.jvel.number();
    double there = fields.user(readback()) + sense * velocity;
    if (fields.userLimited() && !fields.withinUserLimits(there, sense)) {
      fields.lvio.post(1);
      button.post(0);
      return CAStatus.NORMAL;
    }
    fields.lvio.postIfChanged(0);
    if (paused()) {
      // as in the record it waits for Go
      button.post(1);
      return CAStatus.NORMAL;
    }
    int dialSense = sense * fields.sign();
    if (!able(dialSense)) {
      button.post(0);
      blink();
      return CAStatus.NORMAL;
    }
    button.post(1);
    begin(Motion.JOG, readback() + dialSense * velocity * JOG_SECONDS);
    return await(done);
  }

  private synchronized CAStatus home(
      ServedPv button, int sense, boolean on, ProcessVariableWriteCallback done) {
    catchUp();
    if (!on || paused() || !able(sense * fields.sign())) {
      button.postIfChanged(0);
      return CAStatus.NORMAL;
    }
    button.post(1);
    begin(Motion.HOME, 0);
    return await(done);
  }

  private synchronized CAStatus putStop(boolean on, ProcessVariableWriteCallback done) {
    if (!on) {
      return CAStatus.NORMAL;
    }
    fields.stop.post(1);
    halt(Motion.STOP);
    fields.stop.post(0);
    return motion == Motion.REST ? CAStatus.NORMAL : await(done);
  }

  private void halt(Motion how) {
    catchUp();
    if (motion == Motion.SETTLE) {
      atRest();
    } else if (motion != Motion.REST) {
      brake(motion == Motion.STOP ? Motion.STOP : how);
    }
  }

  private synchronized CAStatus putSpmg(int to, ProcessVariableWriteCallback done) {
    if (to < STOP || to > 3) {
      return CAStatus.PUTFAIL;
    }
    fields.spmg.post(to);
    if (to == STOP || to == PAUSE) {
      halt(to == STOP ? Motion.STOP : Motion.PAUSE);
      return motion == Motion.REST ? CAStatus.NORMAL : await(done);
    }
    if (motion == Motion.PAUSE) {
      // not yet at rest: goes on from there
      begin(Motion.MOVE, fields.dval.number());
      return await(done);
    }
    if (motion != Motion.REST) {
      return CAStatus.NORMAL;
    }
    if (fields.jogForward.whole() == 1) {
      return jog(fields.jogForward, 1, true, done);
    }
    if (fields.jogReverse.whole() == 1) {
      return jog(fields.jogReverse, -1, true, done);
    }
    if (!near(fields.dval.number()) && fields.withinLimits(fields.dval.number())) {
      return go(done);
    }
    if (to == MOVE) {
      fields.spmg.post(PAUSE);
    }
    return CAStatus.NORMAL;
  }

  private synchronized CAStatus update(boolean on) {
    if (on) {
      fields.stup.post(1);
      fields.stup.post(2);
      later(
          nature.tick(),
          () -> {
            synchronized (this) {
              catchUp();
              showPosition();
              fields.stup.post(0);
            }
          });
    }
    return CAStatus.NORMAL;
  }

  // ---------------------------------------------------------------- motion

  private double readback() {
    return fields.ueip.whole() == 1 ? actual : commanded;
  }

  /**
   * Starts towards a dial position, from whatever it is doing.
   *
   * @param to as the readback will show it
   */
  private void begin(Motion how, double to) {
    double velocity = way == null ? 0 : way.velocity(looked - started);
    boolean rested = motion == Motion.REST;
    motion = how;
    goal = to;
    atHome = false;
    problem = false;
    limited = false;
    way = Trapezoid.to(commanded + full(to - readback()), commanded, velocity, drive(how));
    forward = way.end() >= commanded;
    fields.tdir.postIfChanged(forward ? 1 : 0);
    leg();
    if (rested) {
      fields.dmov.silent(has(IocFault.MISSED_DMOV));
      fields.dmov.post(0);
    }
    fields.movn.postIfChanged(1);
    showState();
    tickLater();
  }

  private double full(double by) {
    double step = fields.mres.number();
    return nature.stepper() && step > 0 ? Math.rint(by / step) * step : by;
  }

  private void leg() {
    started = seconds();
    looked = started;
    legCommanded = commanded;
    legActual = actual;
  }

  private Trapezoid.Drive drive(Motion how) {
    double base = fields.vbas.number();
    if (how == Motion.JOG) {
      double acceleration = fields.jar.number();
      double velocity = fields.jvel.number();
      return new Trapezoid.Drive(
          velocity, base, acceleration > 0 ? Math.max(0, velocity - base) / acceleration : 0);
    }
    double velocity = how == Motion.HOME ? fields.hvel.number() : fields.velo.number();
    return new Trapezoid.Drive(velocity, base, fields.accl.number());
  }

  private void brake(Motion how) {
    double velocity = has(IocFault.STALL) ? 0 : way.velocity(looked - started);
    way = Trapezoid.stop(commanded, velocity, drive(motion));
    motion = how;
    leg();
    tickLater();
  }

  private void tickLater() {
    if (!ticking) {
      ticking = true;
      double left = way.seconds() - (looked - started);
      later(Math.max(0, Math.min(nature.tick(), left)), this::tick);
    }
  }

  /** Brings the motor to where it is by now; no event. */
  private void catchUp() {
    if (motion == Motion.REST || motion == Motion.SETTLE) {
      return;
    }
    double now = seconds();
    // in a process that gets no time to run its motors wait, too: they never jump
    double late = now - looked - LATEST_TICK * nature.tick();
    started += Math.max(0, late);
    if (has(IocFault.STALL) && motion != Motion.STOP && motion != Motion.PAUSE) {
      started += Math.min(now - looked, LATEST_TICK * nature.tick());
    }
    looked = now;
    commanded = way.at(now - started);
    actual = legActual + (commanded - legCommanded) * (1 - nature.misses());
    limited = (forward && actual >= nature.highSwitch()) || (!forward && low());
    if (limited) {
      actual = Math.max(nature.lowSwitch(), Math.min(nature.highSwitch(), actual));
      commanded = legCommanded + (actual - legActual) / (1 - nature.misses());
    }
  }

  private boolean low() {
    return actual <= nature.lowSwitch();
  }

  private synchronized void tick() {
    ticking = false;
    if (motion == Motion.REST || motion == Motion.SETTLE) {
      return;
    }
    catchUp();
    if (has(IocFault.PROBLEM) && motion != Motion.STOP) {
      problem = true;
    }
    if (motion == Motion.JOG && !limited && beyondUserLimits()) {
      fields.lvio.post(1);
      brake(Motion.STOP);
    }
    showState();
    showPosition();
    boolean there = looked - started >= way.seconds() - 1e-6;
    if (limited || problem) {
      ended();
    } else if (there) {
      commanded = way.end();
      arrived();
    } else {
      tickLater();
    }
  }

  private boolean beyondUserLimits() {
    int sense = forward ? fields.sign() : -fields.sign();
    double there = fields.user(readback()) + sense * fields.jvel.number();
    return fields.userLimited() && !fields.withinUserLimits(there, sense);
  }

  private void arrived() {
    if (motion == Motion.MOVE && fields.dval.number() != goal) {
      // somebody has put another target, and NTM is No
      begin(Motion.MOVE, fields.dval.number());
      return;
    }
    if (motion == Motion.PAUSE && !paused() && !near(fields.dval.number())) {
      // a new target has ended a jog
      begin(Motion.MOVE, fields.dval.number());
      return;
    }
    if (motion == Motion.MOVE && !retried()) {
      ended();
    } else if (motion != Motion.MOVE) {
      if (motion == Motion.HOME) {
        atHome = true;
        homed = true;
      }
      ended();
    }
  }

  /** Whether it tries again; else MISS says whether it is where it should be. */
  private boolean retried() {
    double away = fields.dval.number() - readback();
    double deadband = Math.max(fields.rdbd.number(), nature.stepper() ? fields.mres.number() : 0);
    boolean missed = Math.abs(away) > deadband;
    int retries = fields.rtry.whole();
    int mode = fields.rmod.whole();
    int before = fields.rcnt.whole();
    if (!missed || retries <= 0 || mode == IN_POSITION || before >= retries) {
      fields.miss.postIfChanged(missed && retries > 0 ? 1 : 0);
      return false;
    }
    fields.rcnt.post(before + 1);
    double part =
        mode == ARITHMETIC
            ? (retries - before) / (double) retries
            : mode == GEOMETRIC ? Math.pow(0.5, before) : 1;
    begin(Motion.MOVE, readback() + away * part);
    goal = fields.dval.number();
    return true;
  }

  private void ended() {
    boolean sync = motion == Motion.STOP || motion == Motion.HOME || motion == Motion.JOG;
    fields.movn.postIfChanged(0);
    if (sync) {
      fields.showTarget(readback());
    }
    List.of(fields.jogForward, fields.jogReverse, fields.homeForward, fields.homeReverse)
        .forEach(button -> button.postIfChanged(0));
    double settle = fields.dly.number();
    if (motion == Motion.MOVE && settle > 0) {
      motion = Motion.SETTLE;
      double until = seconds();
      looked = until;
      later(settle, () -> settled(until));
    } else {
      atRest();
    }
  }

  private synchronized void settled(double since) {
    if (motion == Motion.SETTLE && looked == since) {
      atRest();
    }
  }

  private void atRest() {
    motion = Motion.REST;
    way = null;
    showState();
    showPosition();
    if (fields.spmg.whole() == MOVE) {
      fields.spmg.post(PAUSE);
    }
    if (!has(IocFault.STUCK_DMOV)) {
      done();
    }
  }

  private void done() {
    fields.dmov.post(1);
    fields.dmov.silent(false);
    showState();
    complete();
  }

  /** A DMOV that was stuck comes when the fault ends. */
  private synchronized void faultsChanged() {
    if (motion == Motion.REST && !has(IocFault.STUCK_DMOV) && fields.dmov.whole() == 0) {
      done();
    }
  }

  // ---------------------------------------------------------------- what is shown

  private void showPosition() {
    double dial = readback();
    post(fields.rbv, fields.user(dial));
    post(fields.drbv, dial);
    double step = fields.mres.number();
    fields.rrbv.postIfChanged(step == 0 ? 0 : Math.rint(dial / step));
  }

  private void showState() {
    boolean high = actual >= nature.highSwitch();
    boolean low = low();
    boolean positive = fields.sign() > 0;
    fields.hls.postIfChanged((positive ? high : low) ? 1 : 0);
    fields.lls.postIfChanged((positive ? low : high) ? 1 : 0);
    fields.rhls.postIfChanged(high ? 1 : 0);
    fields.rlls.postIfChanged(low ? 1 : 0);
    fields.athm.postIfChanged(atHome ? 1 : 0);
    boolean moving = motion != Motion.REST;
    int bits = forward ? 1 : 0;
    bits |= moving ? 0x400 : 2;
    bits |= high ? 4 : 0;
    bits |= low ? 0x2000 : 0;
    bits |= atHome ? 0x88 : 0;
    bits |= fields.cnen.whole() == 1 ? 0x20 : 0;
    bits |= problem ? 0x240 : 0;
    bits |= fields.ueip.whole() == 1 ? 0x100 : 0;
    bits |= homed ? 0x4000 : 0;
    fields.msta.postIfChanged(bits);
    Severity switches = Severity.forValue(fields.hlsv.whole());
    if (problem) {
      alarm(Status.STATE_ALARM, Severity.MAJOR_ALARM);
    } else if (fields.hls.whole() == 1) {
      alarm(Status.HIGH_ALARM, switches);
    } else if (fields.lls.whole() == 1) {
      alarm(Status.LOW_ALARM, switches);
    } else {
      alarm(Status.NO_ALARM, Severity.NO_ALARM);
    }
  }
}
