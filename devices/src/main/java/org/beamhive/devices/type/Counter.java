package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;
import static org.beamhive.devices.type.ConfigKey.required;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Value;

/**
 * A channel that counts for a preset time when it is triggered, such as one of a scaler record: the
 * trigger is a put that completes when it has counted, and the counts are read after that.
 */
final class Counter extends SignalDevice {
  static final List<ConfigKey> KEYS =
      List.of(
          required("read_pv", Kind.TEXT, "the PV of the counts"),
          required("trigger_pv", Kind.TEXT, "the PV that starts counting, as a scaler's CNT"),
          optional("trigger_value", Kind.NUMBER, "what is put to it; 1 if not given"),
          optional("preset_pv", Kind.TEXT, "the PV of the counting time, as a scaler's TP"),
          optional("count_time", Kind.SECONDS, "seconds, put to preset_pv when a scan begins"));

  /** A scaler rounds the time to its clock; relative. */
  private static final double ROUNDING = 1e-3;

  private final Signal counts;
  private final Signal trigger;
  private final Signal halt;
  private final Signal preset;
  private final SignalSettings settings;
  private final Value triggerValue;
  private volatile Value countTime;
  private final AtomicBoolean stopped = new AtomicBoolean();

  Counter(DeviceOptions options, DeviceBackends backends) {
    super(
        "Counter",
        Set.of(Ability.READABLE, Ability.TRIGGERABLE, Ability.STAGEABLE),
        options,
        backends);
    String name = options.name().value();
    String start = options.text("trigger_pv", "");
    counts = part(name, Part.Kind.HINTED, options.text("read_pv", ""), SignalOptions.MONITORED);
    trigger = part(name + "_trigger", Part.Kind.OMITTED, start, SignalOptions.POLLED);
    // the put that counts is still under way on its channel when counting has to stop
    halt = part(name + "_stop", Part.Kind.OMITTED, start, SignalOptions.URGENT);
    preset =
        options.has("preset_pv")
            ? part(
                name + "_count_time",
                Part.Kind.CONFIG,
                options.text("preset_pv", ""),
                SignalOptions.MONITORED)
            : null;
    settings = new SignalSettings(options.name());
    if (preset != null) {
      settings.readBack(
          "count_time", preset, preset, ROUNDING, this::problem, to -> countTime = to);
    }
    countTime = options.has("count_time") ? options.values().get("count_time") : null;
    triggerValue = Value.of((long) options.number("trigger_value", 1));
  }

  private String problem(Value seconds) {
    String problem = SignalSettings.numberProblem(preset, seconds, false, 0);
    return problem == null ? SignalSettings.countTimeProblem(seconds.asDouble()) : problem;
  }

  /** The counting time is put at once, and again whenever a scan begins. */
  @Override
  public CompletionStage<Void> configure(Value.Fields wanted) {
    return preset == null
        ? CompletableFuture.failedStage(
            new DeviceFailure(
                "not-configurable",
                name()
                    + " has no settings that can be changed: its deviceConfig has no preset_pv."))
        : settings.put(wanted, patience());
  }

  @Override
  public CompletionStage<Void> stage() {
    Value wanted = countTime;
    return preset == null || wanted == null
        ? DONE
        : preset
            .put(Value.of(wanted.asDouble()), patience())
            .thenCompose(done -> preset.get(patience()))
            .thenApply(now -> null);
  }

  @Override
  public CompletionStage<Void> trigger() {
    stopped.set(false);
    return trigger
        .put(triggerValue, timeout())
        .thenCompose(done -> counts.get(patience()))
        .thenCompose(
            now ->
                stopped.get()
                    ? CompletableFuture.failedStage(
                        new DeviceFailure("stopped", name() + " has been stopped."))
                    : DONE);
  }

  private Duration timeout() {
    SignalValue seconds = preset == null ? null : preset.latest();
    double counting = seconds == null || !(seconds.asDouble() > 0) ? 0 : seconds.asDouble();
    return backends.timeouts().moveMargin().plusMillis((long) (counting * 1000));
  }

  @Override
  public CompletionStage<Void> stop() {
    stopped.set(true);
    return halt(halt, Value.of(0));
  }
}
