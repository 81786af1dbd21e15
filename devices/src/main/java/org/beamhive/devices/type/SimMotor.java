package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.backend.sim.SimPv;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;

/**
 * A simulated motor, Bluesky's {@code SynAxis} and BEC's {@code SimPositioner}. Without delay and
 * velocity a move has ended when {@link #set} returns.
 */
final class SimMotor extends SimDevice {
  static final List<ConfigKey> KEYS =
      List.of(
          optional("value", Kind.NUMBER, "where it is at first"),
          optional("delay", Kind.POSITIVE, "seconds that each move takes at least"),
          optional("velocity", Kind.POSITIVE, "units per second; 0 is at once"),
          optional("acceleration", Kind.POSITIVE, "seconds from rest to its velocity"),
          optional("jitter", Kind.POSITIVE, "how far off its readback ends at most, either side"),
          optional("seed", Kind.WHOLE, "of the jitter"),
          optional("limits", Kind.LIMITS, "the range of its setpoint"),
          optional("tolerance", Kind.POSITIVE, "taken and not used: it always gets there"),
          optional("update_frequency", Kind.POSITIVE, "changes of the readback per second"),
          optional("precision", Kind.WHOLE, "decimals to show"),
          optional("egu", Kind.TEXT, "its units"),
          optional("hinted", Kind.FLAG, "false: it is read, but no client shows or plots it"));

  /** Half a microsecond: what is left after the clock's rounding is no move. */
  private static final double ROUNDING = 5e-7;

  private final SimPv readback;
  private final SimPv setpoint;
  private final double delay;
  private final double jitter;
  private final Random random;
  private final double tick;
  private final Limits limits;
  private Move move;
  private Fault next = Fault.NONE;

  private enum Fault {
    NONE,
    FAILS,
    STALLS
  }

  private record Move(
      double from,
      double to,
      double began,
      double takes,
      Ramp ramp,
      Fault fault,
      CompletableFuture<Void> promise) {
    double position(double now) {
      double done = takes > 0 ? Math.min(1, Math.max(0, (now - began) / takes)) : 1;
      double way =
          ramp.distance() > 0 ? ramp.travelled(done * ramp.seconds()) / ramp.distance() : 1;
      // one that fails or stalls gets half of the way
      return done >= 1 && fault == Fault.NONE
          ? to
          : from + (to - from) * (fault == Fault.NONE ? way : Math.min(way, 0.5));
    }
  }

  /** From rest to rest with a constant acceleration at both ends. */
  private record Ramp(double distance, double velocity, double rising) {
    static Ramp of(double distance, double velocity, double acceleration) {
      // a short way does not get to the velocity
      double rising =
          acceleration > 0 && distance < velocity * acceleration
              ? Math.sqrt(distance * acceleration / velocity)
              : acceleration;
      return new Ramp(
          distance, acceleration > 0 ? velocity * rising / acceleration : velocity, rising);
    }

    double seconds() {
      return velocity > 0 ? distance / velocity + rising : 1;
    }

    double travelled(double time) {
      if (!(velocity > 0)) {
        return distance * time;
      }
      if (time < rising) {
        return velocity * time * time / rising / 2;
      }
      double left = seconds() - time;
      return left < rising
          ? distance - velocity * left * left / rising / 2
          : velocity * (time - rising / 2);
    }
  }

  SimMotor(DeviceOptions options, DeviceBackends backends) {
    super(
        "SimMotor",
        KEYS,
        Set.of(Ability.READABLE, Ability.MOVABLE, Ability.STAGEABLE),
        options,
        backends);
    String name = options.name().value();
    delay = options.number("delay", 0);
    jitter = options.number("jitter", 0);
    random = new Random(seed());
    setting("velocity", "velocity", Value.of(0.0));
    setting("acceleration", "acceleration", Value.of(0.0));
    tick = 1 / Math.max(1, options.number("update_frequency", 20));
    limits = options.limits("limits");
    readback = backends.sim().pv(name);
    setpoint = backends.sim().pv(name + "_setpoint");
    String units = options.text("egu", "");
    int precision = (int) options.number("precision", 3);
    readback.describe(SignalMeta.number("SIM:" + name, units, precision, Limits.NONE));
    setpoint.describe(SignalMeta.number("SIM:" + setpoint.name(), units, precision, limits));
    if (options.has("value")) {
      readback.initial(Value.of(options.number("value", 0)));
      setpoint.initial(readback.value().value());
    }
    Part.Kind kind = options.flag("hinted", true) ? Part.Kind.HINTED : Part.Kind.NORMAL;
    part(name, kind, "sim://" + name, SignalOptions.MONITORED);
    part(setpoint.name(), Part.Kind.NORMAL, "sim://" + setpoint.name(), SignalOptions.MONITORED);
  }

  @Override
  protected Limits limits() {
    return limits;
  }

  @Override
  public Map<String, DeviceMethod> methods() {
    return Map.of(
        "fail_next_move",
        new DeviceMethod(
            "The next move ends half-way with an error.", List.of(), none -> next(Fault.FAILS)),
        "stall_next_move",
        new DeviceMethod(
            "The next move stands still half-way until its time is up.",
            List.of(),
            none -> next(Fault.STALLS)));
  }

  private synchronized CompletionStage<Value> next(Fault fault) {
    next = fault;
    return CompletableFuture.completedStage(Value.None.NONE);
  }

  @Override
  public synchronized CompletionStage<Void> set(Value wanted) {
    DeviceFailure refusal = checkSetpoint(wanted);
    if (refusal != null) {
      return CompletableFuture.failedStage(refusal);
    }
    if (move != null) {
      return CompletableFuture.failedStage(
          new DeviceFailure("busy", name() + " is moving to " + move.to() + "."));
    }
    double from = readback.value().asDouble();
    double to = wanted.asDouble();
    Ramp ramp = Ramp.of(Math.abs(to - from), setting("velocity"), setting("acceleration"));
    double takes = Math.max(delay, ramp.velocity() > 0 && to != from ? ramp.seconds() : 0);
    Fault fault = next;
    next = Fault.NONE;
    setpoint.post(Value.of(to));
    if (takes <= 0 && fault == Fault.NONE) {
      readback.post(Value.of(reached(to)));
      return DONE;
    }
    Move begun =
        new Move(from, to, clock().seconds(), takes, ramp, fault, new CompletableFuture<>());
    move = begun;
    later(begun);
    return begun.promise();
  }

  @Override
  public CompletionStage<Void> stop() {
    Move stopped;
    synchronized (this) {
      stopped = move;
      move = null;
      if (stopped != null) {
        readback.post(Value.of(stopped.position(clock().seconds())));
        setpoint.post(readback.value());
      }
    }
    if (stopped != null) {
      stopped
          .promise()
          .completeExceptionally(new DeviceFailure("stopped", name() + " has been stopped."));
    }
    return DONE;
  }

  @Override
  public CompletionStage<Location> locate() {
    return CompletableFuture.completedStage(
        new Location(setpoint.value().value(), readback.value().value()));
  }

  @Override
  public void close() {
    stop();
    super.close();
  }

  private void later(Move begun) {
    double left = begun.began() + begun.takes() - clock().seconds();
    after(left > ROUNDING ? Math.min(tick, left) : tick, () -> goOn(begun));
  }

  private void goOn(Move begun) {
    synchronized (this) {
      if (move != begun) {
        return;
      }
      double over = clock().seconds() - begun.began() - begun.takes();
      readback.post(Value.of(begun.position(clock().seconds())));
      double margin = backends.timeouts().moveMargin().toMillis() / 1000.0;
      if (over < -ROUNDING || begun.fault() == Fault.STALLS && over < margin) {
        later(begun);
        return;
      }
      if (begun.fault() == Fault.NONE) {
        readback.post(Value.of(reached(begun.to())));
      }
      move = null;
    }
    switch (begun.fault()) {
      case NONE -> begun.promise().complete(null);
      case FAILS ->
          fail(begun, "motor-fault", "%s has failed on its way to %s, as it was told to.");
      case STALLS ->
          fail(begun, "move-timeout", "%s did not get to %s in time and has been stopped.");
    }
  }

  private void fail(Move begun, String code, String text) {
    begun
        .promise()
        .completeExceptionally(new DeviceFailure(code, text.formatted(name(), begun.to())));
  }

  private double reached(double to) {
    return jitter > 0 ? to + jitter * (2 * random.nextDouble() - 1) : to;
  }
}
