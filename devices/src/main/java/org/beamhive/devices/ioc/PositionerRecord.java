package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.cas.ProcessVariableWriteCallback;

/**
 * A positioner made of single PVs, as controllers without a motor record have: {@code
 * NAME:setpoint, readback, done, stop, actuate, velocity}. A put to the setpoint, or to actuate
 * where that starts it, completes when it is there.
 */
final class PositionerRecord extends IocRecord {
  /**
   * What it is like.
   *
   * @param egu units
   * @param precision decimals to show
   * @param velocity per second
   * @param low limit; beyond the limits a put fails; with {@code low} = {@code high} there are none
   * @param high limit
   * @param actuated whether only {@code actuate} starts it
   * @param tick seconds between two readbacks
   */
  record Nature(
      String egu,
      int precision,
      double velocity,
      double low,
      double high,
      boolean actuated,
      double tick) {}

  private final Nature nature;
  private final ServedPv setpoint;
  private final ServedPv readback;
  private final ServedPv done;
  private final ServedPv actuate;
  private final ServedPv velocity;
  private Trapezoid way;
  private double started;
  private boolean ticking;

  PositionerRecord(String name, Nature nature, IocRecords ioc) {
    super(name, ioc);
    this.nature = nature;
    setpoint = length("setpoint").limits(nature.low(), nature.high());
    readback = length("readback").limits(nature.low(), nature.high()).readOnly();
    done = add(ServedPv.choice(name + ":done", 1, "Moving", "Done").readOnly());
    actuate = add(ServedPv.small(name + ":actuate", 0));
    velocity =
        add(
            ServedPv.number(name + ":velocity", nature.velocity())
                .units(nature.egu() + "/s", nature.precision()));
    setpoint.onPut((to, ended) -> put(number(to), ended));
    actuate.onPut((on, ended) -> number(on) == 0 ? CAStatus.NORMAL : start(ended));
    add(ServedPv.small(name + ":stop", 0))
        .onPut((on, ended) -> number(on) == 0 ? CAStatus.NORMAL : halt());
  }

  private ServedPv length(String pv) {
    return add(ServedPv.number(name() + ":" + pv, 0).units(nature.egu(), nature.precision()));
  }

  private synchronized CAStatus put(double to, ProcessVariableWriteCallback ended) {
    boolean beyond = nature.low() < nature.high() && (to < nature.low() || to > nature.high());
    if (beyond || !Double.isFinite(to)) {
      return CAStatus.PUTFAIL;
    }
    setpoint.post(to);
    return nature.actuated() ? CAStatus.NORMAL : start(ended);
  }

  private synchronized CAStatus start(ProcessVariableWriteCallback ended) {
    actuate.post(1);
    double from = at();
    way = Trapezoid.to(setpoint.number(), from, 0, new Trapezoid.Drive(velocity.number(), 0, 0));
    started = seconds();
    done.post(0);
    next();
    return await(ended);
  }

  private double at() {
    return way == null ? readback.number() : way.at(seconds() - started);
  }

  private void next() {
    if (!ticking) {
      ticking = true;
      double left = way.seconds() - (seconds() - started);
      later(Math.max(0, Math.min(nature.tick(), left)), this::tick);
    }
  }

  private synchronized void tick() {
    ticking = false;
    if (way == null) {
      return;
    }
    if (has(IocFault.STALL)) {
      started += nature.tick();
      later(nature.tick(), this::tick);
      ticking = true;
      return;
    }
    readback.post(at());
    if (seconds() - started >= way.seconds() - 1e-6) {
      readback.post(way.end());
      rest();
    } else {
      next();
    }
  }

  private synchronized CAStatus halt() {
    if (way != null) {
      readback.post(has(IocFault.STALL) ? readback.number() : at());
      setpoint.post(readback.number());
      rest();
    }
    return CAStatus.NORMAL;
  }

  private void rest() {
    way = null;
    actuate.post(0);
    done.post(1);
    complete();
  }
}
