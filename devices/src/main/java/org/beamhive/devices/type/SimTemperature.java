package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;

import java.util.List;
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
 * A simulated temperature controller. It swings around its setpoint, each time by the same fraction
 * of the time before, and a move has ended when it has been near enough for long enough.
 */
final class SimTemperature extends SimDevice {
  static final List<ConfigKey> KEYS =
      List.of(
          optional("value", Kind.NUMBER, "what it is at first; 295 if not given"),
          optional("time_constant", Kind.POSITIVE, "seconds; how slow it is; 1 if not given"),
          optional(
              "overshoot", Kind.FRACTION, "of the step, beyond the setpoint; 0.2 if not given"),
          optional("tolerance", Kind.POSITIVE, "how near is near enough; 0.1 if not given"),
          optional("settle_time", Kind.POSITIVE, "for how many seconds; 1 if not given"),
          optional("limits", Kind.LIMITS, "the range of its setpoint"),
          optional("update_frequency", Kind.POSITIVE, "readings per second; 10 if not given"),
          optional("precision", Kind.WHOLE, "decimals to show"),
          optional("egu", Kind.TEXT, "its units; K if not given"));

  private static final double LEAST_TOLERANCE = 1e-6;

  private final SimPv readback;
  private final SimPv setpoint;
  private final Limits limits;
  private final double tick;
  private Approach approach;

  private static final class Approach {
    private final double from;
    private final double to;
    private final double began;
    private final CompletableFuture<Void> promise = new CompletableFuture<>();
    private double nearSince = Double.NaN;

    Approach(double from, double to, double began) {
      this.from = from;
      this.to = to;
      this.began = began;
    }
  }

  SimTemperature(DeviceOptions options, DeviceBackends backends) {
    super(
        "SimTemperature",
        KEYS,
        Set.of(Ability.READABLE, Ability.MOVABLE, Ability.STAGEABLE),
        options,
        backends);
    String name = options.name().value();
    String units = options.text("egu", "K");
    int precision = (int) options.number("precision", 2);
    limits = options.limits("limits");
    tick = 1 / Math.max(1, options.number("update_frequency", 10));
    setting("time_constant", "time_constant", Value.of(1.0));
    setting("overshoot", "overshoot", Value.of(0.2));
    setting("tolerance", "tolerance", Value.of(0.1));
    setting("settle_time", "settle_time", Value.of(1.0));
    readback = number(name, Part.Kind.HINTED, units, precision);
    setpoint = number(name + "_setpoint", Part.Kind.NORMAL, units, precision);
    readback.initial(Value.of(options.number("value", 295)));
    setpoint.initial(readback.value().value());
  }

  @Override
  protected Limits limits() {
    return limits;
  }

  @Override
  public synchronized CompletionStage<Void> set(Value wanted) {
    DeviceFailure refusal = checkSetpoint(wanted);
    if (refusal == null && approach != null) {
      refusal = new DeviceFailure("busy", name() + " is on its way to " + approach.to + ".");
    }
    if (refusal != null) {
      return CompletableFuture.failedStage(refusal);
    }
    double to = wanted.asDouble();
    setpoint.post(Value.of(to));
    Approach begun = new Approach(readback.value().asDouble(), to, clock().seconds());
    approach = begun;
    after(0, () -> goOn(begun));
    return begun.promise;
  }

  private void goOn(Approach current) {
    synchronized (this) {
      if (approach != current) {
        return;
      }
      double now = clock().seconds();
      double at = current.to + (current.from - current.to) * left(now - current.began);
      readback.post(Value.of(at));
      boolean near = Math.abs(at - current.to) <= Math.max(setting("tolerance"), LEAST_TOLERANCE);
      if (!near) {
        current.nearSince = Double.NaN;
      } else if (Double.isNaN(current.nearSince)) {
        current.nearSince = now;
      }
      if (!(now - current.nearSince >= setting("settle_time"))) {
        after(tick, () -> goOn(current));
        return;
      }
      approach = null;
    }
    current.promise.complete(null);
  }

  /** The part of the step that is left: a damped oscillation that starts at rest. */
  private double left(double time) {
    double tau = Math.max(setting("time_constant"), LEAST_TOLERANCE);
    double overshoot = setting("overshoot");
    if (!(overshoot > 0)) {
      return Math.exp(-time / tau) * (1 + time / tau);
    }
    double swing = Math.log(overshoot);
    double damping = -swing / Math.sqrt(Math.PI * Math.PI + swing * swing);
    double circular = Math.sqrt(1 - damping * damping) / tau;
    double phase = circular * time;
    return Math.exp(-damping * time / tau)
        * (Math.cos(phase) + damping / (circular * tau) * Math.sin(phase));
  }

  @Override
  public CompletionStage<Void> stop() {
    Approach stopped;
    synchronized (this) {
      stopped = approach;
      approach = null;
      if (stopped != null) {
        setpoint.post(readback.value());
      }
    }
    if (stopped != null) {
      stopped.promise.completeExceptionally(
          new DeviceFailure("stopped", name() + " has been stopped and stays where it is."));
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
}
