package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;
import static org.beamhive.devices.type.ConfigKey.required;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;

/**
 * A scan that the hardware runs by itself, triggered by its own pulses: a PV starts it, others say
 * whether it is done and how many points it has, and waveforms have what it has gathered, one
 * element for each point.
 *
 * <p>By default the put that starts it completes when the flight is over, as that of a busy record.
 * With {@code start_completes: false} it completes at once; then {@code done_pv} must be seen to
 * say that it is under way, since a done that is read too early would be that of the flight before.
 */
final class EpicsFlyer extends SignalDevice {
  static final List<ConfigKey> KEYS =
      List.of(
          required("start_pv", Kind.TEXT, "the PV that starts a flight"),
          optional("start_value", Kind.NUMBER, "what is put to it; 1 if not given"),
          optional(
              "start_completes",
              Kind.FLAG,
              "that put completes when the flight is over; true if not given"),
          optional("stop_pv", Kind.TEXT, "the PV that stops it; start_pv if not given"),
          optional("stop_value", Kind.NUMBER, "what is put to it; 1, or 0 to start_pv"),
          optional("done_pv", Kind.TEXT, "the PV that says whether it is done"),
          optional("done_value", Kind.NUMBER, "what it is then; 1 if not given"),
          optional("counter_pv", Kind.TEXT, "the PV with the number of points gathered"),
          required(
              "waveforms", Kind.FILLED_MAP, "data key and waveform PV, as {x: X:xs, counts: X:cs}"),
          optional("time_pv", Kind.TEXT, "waveform with the time of each point"),
          ConfigKey.oneOf(
              "time_origin",
              List.of("unix", "epics", "start"),
              "what those seconds are counted from; unix if not given"),
          optional(
              "settings", Kind.FILLED_MAP, "names and PVs of what can be set, as {points: X:np}"),
          optional("flight_timeout", Kind.POSITIVE, "seconds that a flight may take; 3600"));

  /** Something must tell when a flight is over. */
  static final DeviceChecks CHECKS =
      (name, config) ->
          config.get("start_completes") == Value.Bool.FALSE && config.text("done_pv") == null
              ? List.of(
                  new DeviceChecks.Problem(
                      "done_pv",
                      "what tells that a flight is over? With start_completes: false a done_pv is"
                          + " needed"))
              : List.of();

  private static final double EPICS_EPOCH = 631152000;
  private static final double DEFAULT_FLIGHT_SECONDS = 3600;

  private final Signal start;
  private final Signal halt;
  private final Signal done;
  private final Signal counter;
  private final Signal times;
  private final boolean startCompletes;
  private final double doneValue;
  private final Value startValue;
  private final Value stopValue;
  private final Duration flightTimeout;
  private final Map<String, Signal> waveforms = new LinkedHashMap<>();
  private final Map<String, Signal> settings = new LinkedHashMap<>();
  private volatile CompletableFuture<Void> flight;
  private volatile CompletableFuture<Void> interruption = new CompletableFuture<>();
  private volatile double startedAt;
  private volatile int given;

  EpicsFlyer(DeviceOptions options, DeviceBackends backends) {
    super("EpicsFlyer", Set.of(Ability.FLYABLE), options, backends);
    String startPv = options.text("start_pv", "");
    startCompletes = options.flag("start_completes", true);
    startValue = Value.of(options.number("start_value", 1));
    boolean ownStop = options.has("stop_pv");
    stopValue = Value.of(options.number("stop_value", ownStop ? 1 : 0));
    doneValue = options.number("done_value", 1);
    flightTimeout =
        Duration.ofMillis((long) (options.number("flight_timeout", DEFAULT_FLIGHT_SECONDS) * 1000));
    start = own("start", startPv, SignalOptions.POLLED);
    // the put that flies is still under way on its channel when the flight has to stop
    halt = own("stop", options.text("stop_pv", startPv), SignalOptions.URGENT);
    done = maybe("done", "done_pv", SignalOptions.MONITORED);
    counter = maybe("counter", "counter_pv", SignalOptions.POLLED);
    times = maybe("time", "time_pv", SignalOptions.POLLED);
    pvs("waveforms")
        .forEach(
            (key, pv) ->
                waveforms.put(name() + "_" + key, own("wf_" + key, pv, SignalOptions.POLLED)));
    pvs("settings")
        .forEach(
            (key, pv) ->
                settings.put(
                    key, part(name() + "_" + key, Part.Kind.CONFIG, pv, SignalOptions.MONITORED)));
  }

  private Signal own(String key, String pv, SignalOptions how) {
    return part(name() + "_own_" + key, Part.Kind.OMITTED, pv, how);
  }

  private Signal maybe(String key, String option, SignalOptions how) {
    return options.has(option) ? own(key, options.text(option, ""), how) : null;
  }

  private Map<String, String> pvs(String option) {
    Map<String, String> pvs = new LinkedHashMap<>();
    if (options.values().get(option) instanceof Value.Fields fields) {
      fields
          .fields()
          .forEach(
              (key, pv) -> pvs.put(key, pv instanceof Value.Text text ? text.value() : pv.shown()));
    }
    return pvs;
  }

  // ------------------------------------------------------------------ settings

  @Override
  public CompletionStage<Void> configure(Value.Fields wanted) {
    for (String key : wanted.fields().keySet()) {
      if (!settings.containsKey(key)) {
        return CompletableFuture.failedStage(
            new DeviceFailure(
                "unknown-setting",
                "%s has no setting '%s'; it has %s."
                    .formatted(name(), key, settings.isEmpty() ? "none" : settings.keySet())));
      }
    }
    CompletionStage<Void> all = DONE;
    for (Map.Entry<String, Value> one : wanted.fields().entrySet()) {
      Signal signal = settings.get(one.getKey());
      all =
          all.thenCompose(before -> signal.put(one.getValue(), patience()))
              .thenCompose(put -> signal.get(patience()))
              .thenApply(now -> null);
    }
    return all;
  }

  // ------------------------------------------------------------------ flying

  @Override
  public CompletionStage<Void> kickoff(Value.Fields wanted) {
    CompletableFuture<Void> interrupted = new CompletableFuture<>();
    interruption = interrupted;
    given = 0;
    return configure(wanted).thenCompose(set -> take(interrupted));
  }

  private CompletionStage<Void> take(CompletableFuture<Void> interrupted) {
    if (interrupted.isCompletedExceptionally()) {
      return interrupted;
    }
    startedAt = backends.sim().clock().seconds();
    CompletableFuture<Void> put =
        start.put(startValue, startCompletes ? flightTimeout : patience()).toCompletableFuture();
    flight = put;
    if (done == null) {
      return startCompletes ? DONE : put;
    }
    CompletableFuture<?> seen =
        done.await(now -> now.asDouble() != doneValue, patience()).toCompletableFuture();
    if (!startCompletes) {
      return either(put.thenCompose(sent -> seen), interrupted, "does not say that it has begun");
    }
    // a short flight may be over before it is seen to have begun
    return either(CompletableFuture.anyOf(put, seen), interrupted, "does not begin");
  }

  private CompletionStage<Void> either(
      CompletableFuture<?> stage, CompletableFuture<Void> interrupted, String otherwise) {
    return CompletableFuture.anyOf(stage, interrupted)
        .handle(
            (now, error) -> {
              if (error == null) {
                return null;
              }
              String code = DeviceFailure.refusalOf(name().value(), error).code();
              if (code.equals("timeout")) {
                throw new DeviceFailure(
                    "not-started", "%s: %s %s.".formatted(name(), done.name(), otherwise));
              }
              throw new DeviceFailure(DeviceFailure.refusalOf(name().value(), error));
            });
  }

  @Override
  public CompletionStage<Void> complete() {
    CompletableFuture<Void> under = flight;
    if (under == null) {
      return CompletableFuture.failedStage(
          new DeviceFailure("not-flying", name() + " has not been kicked off."));
    }
    CompletableFuture<Void> over =
        under.thenCompose(
            put ->
                done == null
                    ? CompletableFuture.completedFuture(null)
                    : done.await(now -> now.asDouble() == doneValue, flightTimeout)
                        .toCompletableFuture()
                        .thenApply(now -> null));
    return CompletableFuture.anyOf(over, interruption)
        .handle(
            (now, error) -> {
              if (error == null) {
                return null;
              }
              if (DeviceFailure.refusalOf(name().value(), error).code().equals("timeout")) {
                throw new DeviceFailure(
                    "timeout",
                    "%s is not done %.1f s after it was kicked off."
                        .formatted(name(), flightTimeout.toMillis() / 1000.0));
              }
              throw new DeviceFailure(DeviceFailure.refusalOf(name().value(), error));
            });
  }

  @Override
  public CompletionStage<Void> stop() {
    interruption.completeExceptionally(new DeviceFailure("stopped", name() + " has been stopped."));
    return halt(halt, stopValue);
  }

  // ------------------------------------------------------------------ what it has gathered

  @Override
  public CompletionStage<List<List<Reading>>> collect() {
    if (flight == null) {
      return CompletableFuture.completedStage(List.of());
    }
    List<CompletableFuture<SignalValue>> asked = new ArrayList<>();
    waveforms.values().forEach(signal -> asked.add(ask(signal)));
    CompletableFuture<SignalValue> time =
        times == null ? CompletableFuture.completedFuture(null) : ask(times);
    CompletableFuture<SignalValue> count =
        counter == null ? CompletableFuture.completedFuture(null) : ask(counter);
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .thenCombine(time.thenCombine(count, (t, c) -> c), (all, c) -> c)
        .thenApply(
            points ->
                events(asked.stream().map(CompletableFuture::join).toList(), time.join(), points));
  }

  private CompletableFuture<SignalValue> ask(Signal signal) {
    return signal.get(patience()).toCompletableFuture();
  }

  private List<List<Reading>> events(
      List<SignalValue> values, SignalValue time, SignalValue points) {
    int shortest = values.stream().mapToInt(EpicsFlyer::length).min().orElse(0);
    if (time != null) {
      shortest = Math.min(shortest, length(time));
    }
    int count = points == null ? shortest : (int) points.asDouble();
    if (count > shortest) {
      throw new DeviceFailure(
          "too-few-values",
          "%s has %d points by %s, but only %d values in one of its waveforms."
              .formatted(name(), count, counter.name(), shortest));
    }
    List<String> keys = List.copyOf(waveforms.keySet());
    List<List<Reading>> events = new ArrayList<>(Math.max(0, count - given));
    for (int at = given; at < count; at++) {
      List<Reading> event = new ArrayList<>(keys.size());
      for (int key = 0; key < keys.size(); key++) {
        SignalValue value = values.get(key);
        event.add(
            new Reading(
                keys.get(key),
                element(value, at),
                time == null ? value.timestamp() : seconds(element(time, at).asDouble()),
                AlarmSeverity.NO_ALARM));
      }
      events.add(List.copyOf(event));
    }
    given = Math.max(given, count);
    return events;
  }

  private double seconds(double counted) {
    return switch (options.text("time_origin", "unix")) {
      case "epics" -> counted + EPICS_EPOCH;
      case "start" -> counted + startedAt;
      default -> counted;
    };
  }

  private static int length(SignalValue value) {
    return value.value() instanceof Value.Items items ? items.items().size() : 1;
  }

  private static Value element(SignalValue value, int at) {
    return value.value() instanceof Value.Items items ? items.items().get(at) : value.value();
  }

  // ------------------------------------------------------------------ what documents say

  @Override
  public DeviceFacts facts() {
    DeviceFacts facts = super.facts();
    return new DeviceFacts(
        facts.limits(), facts.units(), facts.precision(), List.copyOf(waveforms.keySet()));
  }

  /** Its data keys are those of the events that it collects. */
  @Override
  public CompletionStage<DeviceDescription> describe() {
    return super.describe()
        .thenApply(
            plain -> {
              Map<String, DataKey> keys = new LinkedHashMap<>();
              waveforms.forEach((key, signal) -> keys.put(key, element(signal.meta())));
              return new DeviceDescription(
                  plain.name(),
                  plain.className(),
                  keys,
                  plain.hints(),
                  plain.configuration(),
                  plain.configurationKeys());
            });
  }

  private DataKey element(SignalMeta meta) {
    return new SignalMeta(
            meta.source(),
            meta.type(),
            1,
            meta.writable(),
            meta.units(),
            meta.precision(),
            meta.limits(),
            meta.labels())
        .dataKey(name().value(), false);
  }
}
