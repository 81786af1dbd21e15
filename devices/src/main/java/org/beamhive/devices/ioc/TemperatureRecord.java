package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.cas.ProcessVariableWriteCallback;

/**
 * A temperature controller: {@code NAME:setpoint}, which {@code NAME:working_setpoint} follows with
 * {@code NAME:ramp} per minute (0: at once), {@code NAME:readback}, {@code NAME:ramping}, {@code
 * NAME:at_setpoint} within {@code NAME:tolerance}, {@code NAME:heater} and {@code NAME:hold}. A put
 * to the setpoint completes when the readback is there.
 */
final class TemperatureRecord extends IocRecord {
  /** How finely the heat is followed, in parts of the time constant. */
  private static final double FINE = 0.05;

  /**
   * What it is like.
   *
   * @param egu units
   * @param start where it begins
   * @param low setpoint limit; beyond the limits it is clipped
   * @param high setpoint limit
   * @param ramp units per minute; 0: at once
   * @param lag time constant of the readback in seconds
   * @param overshoot part of a step by which the readback goes too far, 0 to below 1
   * @param tolerance how near is there
   * @param tick seconds between two readbacks
   */
  record Nature(
      String egu,
      double start,
      double low,
      double high,
      double ramp,
      double lag,
      double overshoot,
      double tolerance,
      double tick) {}

  private final Nature nature;
  private final double damping;
  private final ServedPv setpoint;
  private final ServedPv working;
  private final ServedPv readback;
  private final ServedPv ramp;
  private final ServedPv ramping;
  private final ServedPv there;
  private final ServedPv tolerance;
  private final ServedPv heater;
  private double temperature;
  private double drift;
  private double since;
  private boolean ticking;
  private boolean active;

  TemperatureRecord(String name, Nature nature, IocRecords ioc) {
    super(name, ioc);
    this.nature = nature;
    double log = Math.log(Math.max(1e-6, nature.overshoot()));
    this.damping = nature.overshoot() > 0 ? -log / Math.sqrt(Math.PI * Math.PI + log * log) : 1;
    temperature = nature.start();
    setpoint =
        degrees("setpoint", nature.start())
            .limits(nature.low(), nature.high())
            .onPut((to, done) -> put(number(to), done));
    working = degrees("working_setpoint", nature.start()).readOnly();
    readback = degrees("readback", nature.start()).readOnly();
    ramp = add(ServedPv.number(name + ":ramp", nature.ramp()).units(nature.egu() + "/min", 3));
    ramping = add(ServedPv.choice(name + ":ramping", 0, "No", "Yes").readOnly());
    there = add(ServedPv.choice(name + ":at_setpoint", 1, "No", "Yes").readOnly());
    tolerance = degrees("tolerance", nature.tolerance());
    heater = add(ServedPv.number(name + ":heater", 0).units("%", 1).readOnly());
    add(ServedPv.small(name + ":hold", 0))
        .onPut((on, done) -> number(on) == 0 ? CAStatus.NORMAL : hold());
  }

  private ServedPv degrees(String pv, double initial) {
    return add(ServedPv.number(name() + ":" + pv, initial).units(nature.egu(), 3));
  }

  private synchronized CAStatus put(double to, ProcessVariableWriteCallback done) {
    if (!Double.isFinite(to)) {
      return CAStatus.PUTFAIL;
    }
    follow();
    boolean limited = nature.low() < nature.high();
    setpoint.post(limited ? Math.max(nature.low(), Math.min(nature.high(), to)) : to);
    if (isThere() && working.number() == setpoint.number()) {
      return CAStatus.NORMAL;
    }
    there.postIfChanged(0);
    next();
    return await(done);
  }

  /** Stays at the temperature that it has. */
  private synchronized CAStatus hold() {
    follow();
    setpoint.post(working.number());
    ramping.postIfChanged(0);
    next();
    return CAStatus.NORMAL;
  }

  private void next() {
    if (!ticking) {
      ticking = true;
      active = true;
      since = seconds();
      later(nature.tick(), this::tick);
    }
  }

  private synchronized void tick() {
    ticking = false;
    follow();
    active = false;
    post(readback, temperature);
    heater.post(Math.max(0, Math.min(100, 50 + 10 * (working.number() - temperature))));
    boolean arrived = working.number() == setpoint.number() && isThere();
    there.postIfChanged(arrived ? 1 : 0);
    if (arrived) {
      complete();
    }
    boolean quiet =
        arrived && Math.abs(temperature - setpoint.number()) < 1e-3 && Math.abs(drift) < 1e-3;
    if (!quiet) {
      next();
    }
  }

  private boolean isThere() {
    return Math.abs(temperature - setpoint.number()) <= tolerance.number();
  }

  /** A second-order lag behind the working setpoint. */
  private void follow() {
    double left = active ? seconds() - since : 0;
    since = seconds();
    if (has(IocFault.STALL)) {
      return;
    }
    double step = nature.lag() * FINE;
    double frequency = 1 / nature.lag();
    double target = working.number();
    while (left > 1e-12) {
      double dt = Math.min(step, left);
      left -= dt;
      target = ramped(target, dt);
      double pull = sq(frequency) * (target - temperature) - 2 * damping * frequency * drift;
      drift += pull * dt;
      temperature += drift * dt;
    }
    if (target != working.number()) {
      working.post(target);
    }
    ramping.postIfChanged(target == setpoint.number() ? 0 : 1);
  }

  private static double sq(double x) {
    return x * x;
  }

  private double ramped(double from, double seconds) {
    double most = ramp.number() / 60 * seconds;
    double left = setpoint.number() - from;
    return ramp.number() <= 0 || Math.abs(left) <= most
        ? setpoint.number()
        : from + Math.copySign(most, left);
  }
}
