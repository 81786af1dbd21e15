package org.beamhive.devices.type;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.beamhive.devices.signal.Deadlines;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.protocol.model.Value;

/** One motion of a motor record: a put to one of its fields, and how it ends. */
final class MotorMove {
  /** The field that starts it, VAL or another. */
  final Signal command;

  /** What is put to it. */
  final Value value;

  /**
   * Where it is to end, in user coordinates; infinite if it only goes on in that direction, and NaN
   * if even that isn't known, as when homing.
   */
  final double to;

  /** What it is, for messages: "move to 5.0 mm". */
  final String what;

  private final CompletableFuture<Void> over = new CompletableFuture<>();
  private volatile double from = Double.NaN;
  private volatile long deadline;
  private volatile boolean stopped;
  private volatile boolean echoed;
  private volatile boolean ended;

  private final Deadlines deadlines;

  MotorMove(Signal command, Value value, double to, String what, Deadlines deadlines) {
    this.deadlines = deadlines;
    this.command = command;
    this.value = value;
    this.to = to;
    this.what = what;
  }

  void begins(double at, Duration timeout) {
    from = at;
    deadline = deadlines.nanos() + timeout.toNanos();
  }

  Duration left() {
    return Duration.ofNanos(Math.max(1, deadline - deadlines.nanos()));
  }

  boolean hasTarget() {
    return Double.isFinite(to);
  }

  /** Whether it is known which way it goes. */
  boolean hasDirection() {
    return !Double.isNaN(to);
  }

  boolean up() {
    return to >= from;
  }

  /** Somebody wants it to stop. */
  void stop() {
    stopped = true;
  }

  boolean stopped() {
    return stopped;
  }

  /** The record has shown the setpoint as ours; another one is somebody else's. */
  void setpointSeen() {
    echoed = true;
  }

  boolean setpointWasSeen() {
    return echoed;
  }

  /** Ends it at once, whatever the record still does. */
  void fail(DeviceFailure failure) {
    over.completeExceptionally(failure);
  }

  /** Ends with the first of what it is given: its proper end or a failure meanwhile. */
  CompletableFuture<Void> over() {
    return over;
  }

  void end() {
    ended = true;
  }

  boolean ended() {
    return ended;
  }
}
