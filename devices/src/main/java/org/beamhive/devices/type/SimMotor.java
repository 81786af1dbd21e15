package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.backend.sim.SimClock;
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
final class SimMotor extends SignalDevice {
  static final List<ConfigKey> KEYS =
      List.of(
          optional("value", Kind.NUMBER, "where it is at first"),
          optional("delay", Kind.POSITIVE, "seconds that each move takes at least"),
          optional("velocity", Kind.POSITIVE, "units per second; 0 is at once"),
          optional("limits", Kind.LIMITS, "the range of its setpoint"),
          optional("tolerance", Kind.POSITIVE, "taken and not used: it always gets there"),
          optional("update_frequency", Kind.POSITIVE, "changes of the readback per second"),
          optional("precision", Kind.WHOLE, "decimals to show"),
          optional("egu", Kind.TEXT, "its units"));

  private final SimClock clock;
  private final SimPv readback;
  private final SimPv setpoint;
  private final double delay;
  private final double velocity;
  private final double tick;
  private final Limits limits;
  private Move move;

  private record Move(
      double from, double to, double began, double ends, CompletableFuture<Void> promise) {}

  SimMotor(DeviceOptions options, DeviceBackends backends) {
    super(
        "SimMotor",
        Set.of(Ability.READABLE, Ability.MOVABLE, Ability.STAGEABLE),
        options,
        backends);
    String name = options.name().value();
    clock = backends.sim().clock();
    delay = options.number("delay", 0);
    velocity = options.number("velocity", 0);
    tick = 1 / Math.max(1, options.number("update_frequency", 20));
    limits = options.limits("limits");
    readback = backends.sim().pv(name);
    setpoint = backends.sim().pv(name + "_setpoint");
    String units = options.text("egu", "");
    int precision = (int) options.number("precision", 3);
    readback.describe(SignalMeta.number("SIM:" + name, units, precision, Limits.NONE));
    setpoint.describe(SignalMeta.number("SIM:" + setpoint.name(), units, precision, limits));
    if (options.has("value")) {
      readback.post(Value.of(options.number("value", 0)));
      setpoint.post(readback.value());
    }
    part(name, Part.Kind.HINTED, "sim://" + name, SignalOptions.MONITORED);
    part(setpoint.name(), Part.Kind.NORMAL, "sim://" + setpoint.name(), SignalOptions.MONITORED);
  }

  @Override
  protected Limits limits() {
    return limits;
  }

  @Override
  protected Map<String, Value> fixedConfiguration() {
    return Map.of(name() + "_velocity", Value.of(velocity));
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
    double takes = Math.max(delay, velocity > 0 ? Math.abs(to - from) / velocity : 0);
    setpoint.post(Value.of(to));
    if (takes <= 0) {
      readback.post(Value.of(to));
      return DONE;
    }
    double now = clock.seconds();
    Move begun = new Move(from, to, now, now + takes, new CompletableFuture<>());
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
        readback.post(Value.of(position(stopped, clock.seconds())));
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
    double wait = Math.min(tick, begun.ends() - clock.seconds());
    clock.schedule(Duration.ofNanos((long) (Math.max(wait, 0) * 1e9)), () -> goOn(begun));
  }

  private void goOn(Move begun) {
    synchronized (this) {
      if (move != begun) {
        return;
      }
      double now = clock.seconds();
      readback.post(Value.of(position(begun, now)));
      // half a microsecond: what is left after the clock's rounding is no move
      if (now < begun.ends() - 5e-7) {
        later(begun);
        return;
      }
      readback.post(Value.of(begun.to()));
      move = null;
    }
    begun.promise().complete(null);
  }

  private static double position(Move move, double now) {
    double done = (now - move.began()) / (move.ends() - move.began());
    return done >= 1 ? move.to() : move.from() + Math.max(done, 0) * (move.to() - move.from());
  }
}
