package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;

import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.backend.sim.SimPv;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;

/**
 * One simulated number: one that is set, Bluesky's {@code Signal}, or one that changes by itself,
 * its {@code SynPeriodicSignal}.
 */
final class SimSignal extends SimDevice {
  /** For one that is set. */
  static final List<ConfigKey> KEYS =
      List.of(
          optional("value", Kind.NUMBER, "what it is at first"),
          optional("limits", Kind.LIMITS, "the range of its setpoint"),
          optional("precision", Kind.WHOLE, "decimals to show"),
          optional("egu", Kind.TEXT, "its units"));

  /** For one that changes by itself. */
  static final List<ConfigKey> PERIODIC_KEYS =
      List.of(
          optional("period", Kind.POSITIVE, "seconds between its changes; 1 if not given"),
          optional("period_jitter", Kind.POSITIVE, "seconds that a change comes later at most"),
          optional("seed", Kind.WHOLE, "of its values, which are from 0 to 1"),
          optional("precision", Kind.WHOLE, "decimals to show"),
          optional("egu", Kind.TEXT, "its units"));

  private static final double SHORTEST_PERIOD = 0.01;

  private final SimPv value;
  private final Limits limits;
  private final Random random;
  private volatile boolean closed;

  /** One that is set. */
  static SimSignal settable(DeviceOptions options, DeviceBackends backends) {
    SimSignal made =
        new SimSignal(
            "SimSignal",
            KEYS,
            Set.of(Ability.READABLE, Ability.MOVABLE, Ability.STAGEABLE),
            options,
            backends);
    if (options.has("value")) {
      made.value.initial(Value.of(options.number("value", 0)));
    }
    return made;
  }

  /** One that changes by itself. */
  static SimSignal periodic(DeviceOptions options, DeviceBackends backends) {
    SimSignal made =
        new SimSignal(
            "SimPeriodicSignal",
            PERIODIC_KEYS,
            Set.of(Ability.READABLE, Ability.STAGEABLE),
            options,
            backends);
    made.change();
    return made;
  }

  private SimSignal(
      String className,
      List<ConfigKey> keys,
      Set<Ability> abilities,
      DeviceOptions options,
      DeviceBackends backends) {
    super(className, keys, abilities, options, backends);
    limits = options.limits("limits");
    random = new Random(seed());
    value =
        number(
            options.name().value(),
            Part.Kind.HINTED,
            options.text("egu", ""),
            (int) options.number("precision", 3));
  }

  @Override
  protected Limits limits() {
    return limits;
  }

  @Override
  public CompletionStage<Void> set(Value wanted) {
    DeviceFailure refusal =
        abilities().contains(Ability.MOVABLE)
            ? checkSetpoint(wanted)
            : new DeviceFailure("not-movable", name() + " changes by itself.");
    if (refusal != null) {
      return CompletableFuture.failedStage(refusal);
    }
    value.post(Value.of(wanted.asDouble()));
    return DONE;
  }

  @Override
  public CompletionStage<Location> locate() {
    Value now = value.value().value();
    return abilities().contains(Ability.MOVABLE)
        ? CompletableFuture.completedStage(new Location(now, now))
        : super.locate();
  }

  private void change() {
    if (closed) {
      return;
    }
    value.post(Value.of(random.nextDouble()));
    double wait =
        options.number("period", 1) + options.number("period_jitter", 0) * random.nextDouble();
    after(Math.max(wait, SHORTEST_PERIOD), this::change);
  }

  @Override
  public void close() {
    closed = true;
    super.close();
  }
}
