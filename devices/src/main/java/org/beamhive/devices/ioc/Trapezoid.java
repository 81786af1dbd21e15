package org.beamhive.devices.ioc;

import java.util.ArrayList;
import java.util.List;

/**
 * A way with limited velocity and acceleration, exact at every moment however seldom one looks. As
 * of a stepper the motor jumps from rest to its base velocity and back.
 */
final class Trapezoid {
  private record Part(double from, double start, double velocity, double acceleration, double t) {}

  private final List<Part> parts = new ArrayList<>();
  private final double acceleration;
  private final double base;
  private double seconds;
  private double end;

  /**
   * @param velocity of the plateau, above 0
   * @param base from which it accelerates, at most {@code velocity}
   * @param accelerationTime seconds from base to plateau; 0: at once
   */
  private Trapezoid(double from, double velocity, double base, double accelerationTime) {
    this.end = from;
    this.base = Math.max(0, Math.min(base, velocity));
    double gain = velocity - this.base;
    this.acceleration =
        accelerationTime > 0 && gain > 0 ? gain / accelerationTime : Double.POSITIVE_INFINITY;
  }

  /** What a motor can do: EGU/s, EGU/s and seconds from base to velocity. */
  record Drive(double velocity, double base, double accelerationTime) {}

  /**
   * The way to a target.
   *
   * @param from where it is
   * @param moving its velocity now, with sign
   */
  static Trapezoid to(double target, double from, double moving, Drive drive) {
    double velocity = Math.max(drive.velocity(), 1e-6);
    Trapezoid way = new Trapezoid(from, velocity, drive.base(), drive.accelerationTime());
    way.plan(target, moving, velocity);
    way.end = target;
    return way;
  }

  /** The way to rest. */
  static Trapezoid stop(double from, double moving, Drive drive) {
    Trapezoid way =
        new Trapezoid(
            from, Math.max(drive.velocity(), 1e-6), drive.base(), drive.accelerationTime());
    way.brake(moving, 0);
    return way;
  }

  private void plan(double target, double moving, double velocity) {
    double now = moving;
    double sense = Math.signum(target - end);
    if (now * sense < 0) {
      brake(now, 0);
      now = 0;
    } else if (Math.abs(now) > velocity) {
      brake(now, velocity);
      now = Math.copySign(velocity, now);
    }
    double speed = Math.abs(now);
    if (speed > base && brakingWay(speed) > Math.abs(target - end) * (1 + 1e-12)) {
      // too fast to stop there: beyond it and back
      brake(now, 0);
      speed = 0;
    }
    sense = Math.signum(target - end);
    double way = Math.abs(target - end);
    double start = Math.max(speed, base);
    double peak = velocity;
    if (Double.isFinite(acceleration)) {
      peak = Math.min(velocity, Math.sqrt((2 * acceleration * way + sq(start) + sq(base)) / 2));
      add(sense * start, sense * acceleration, (peak - start) / acceleration);
      way -= (sq(peak) - sq(start) + sq(peak) - sq(base)) / (2 * acceleration);
    }
    add(sense * peak, 0, Math.max(0, way) / peak);
    if (Double.isFinite(acceleration)) {
      add(sense * peak, -sense * acceleration, (peak - base) / acceleration);
    }
  }

  private double brakingWay(double speed) {
    return (sq(speed) - sq(base)) / (2 * acceleration);
  }

  private void brake(double moving, double to) {
    double until = Math.max(base, to);
    double speed = Math.abs(moving);
    if (speed > until && Double.isFinite(acceleration)) {
      double sense = Math.signum(moving);
      add(moving, -sense * acceleration, (speed - until) / acceleration);
    }
  }

  private void add(double velocity, double change, double duration) {
    if (duration > 0) {
      parts.add(new Part(end, seconds, velocity, change, duration));
      end += velocity * duration + change * sq(duration) / 2;
      seconds += duration;
    }
  }

  private static double sq(double x) {
    return x * x;
  }

  /** How long it takes. */
  double seconds() {
    return seconds;
  }

  /** Where it is after so many seconds; exactly at the target from its end on. */
  double at(double time) {
    Part part = part(time);
    if (part == null) {
      return end;
    }
    double in = Math.max(0, time - part.start());
    return part.from() + part.velocity() * in + part.acceleration() * sq(in) / 2;
  }

  /** Its velocity then, with sign; 0 from its end on. */
  double velocity(double time) {
    Part part = part(time);
    return part == null
        ? 0
        : part.velocity() + part.acceleration() * Math.max(0, time - part.start());
  }

  /** Where it ends. */
  double end() {
    return end;
  }

  private Part part(double time) {
    if (time >= seconds) {
      return null;
    }
    for (Part part : parts) {
      if (time < part.start() + part.t()) {
        return part;
      }
    }
    return null;
  }
}
