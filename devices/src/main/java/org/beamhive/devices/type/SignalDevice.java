package org.beamhive.devices.type;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;

/** What all devices made of signals have in common: connecting, describing and reading. */
abstract class SignalDevice implements Device {
  /** How long to wait for signals that may not exist, once the others are there. */
  private static final Duration OPTIONAL = Duration.ofMillis(300);

  protected final DeviceOptions options;
  protected final DeviceBackends backends;
  private final String className;
  private final Set<Ability> abilities;
  private final List<Part> parts = new ArrayList<>();
  private final List<CompletableFuture<Void>> attempts = new CopyOnWriteArrayList<>();
  private final AtomicBoolean allThere = new AtomicBoolean();
  private final AtomicBoolean factsTold = new AtomicBoolean();
  private final AtomicBoolean changeWanted = new AtomicBoolean();
  private final AtomicReference<CompletableFuture<Void>> waitForOptional = new AtomicReference<>();
  // what is read, as it was described last
  private volatile List<Part> shown;
  private volatile DeviceListener listener;

  SignalDevice(
      String className, Set<Ability> abilities, DeviceOptions options, DeviceBackends backends) {
    this.className = className;
    this.abilities = Set.copyOf(abilities);
    this.options = options;
    this.backends = backends;
  }

  /** Adds a signal; only while the device is made. */
  protected final Signal part(String key, Part.Kind kind, String signal, SignalOptions how) {
    return part(key, kind, signal, how, false);
  }

  /** Adds a signal whose labels, if it has any, are its values, or which is one text. */
  protected final Signal part(
      String key, Part.Kind kind, String signal, SignalOptions how, boolean labelled) {
    Signal made = signal(signal, labelled ? how.asText() : how);
    parts.add(new Part(key, kind, made, labelled, true));
    return made;
  }

  private Signal signal(String signal, SignalOptions how) {
    return new Signal(
        backends.backendOf(signal), backends.nameOf(signal), how, backends.timeouts().deadlines());
  }

  /**
   * Adds a signal that not every IOC has. The device connects without it; it is read and described
   * where it is connected when the device is described. Only while the device is made.
   */
  protected final Signal optionalPart(
      String key, Part.Kind kind, String signal, SignalOptions how) {
    return optionalPart(key, kind, signal, how, false);
  }

  /** The same, of a signal whose labels, if it has any, are its values, or which is one text. */
  protected final Signal optionalPart(
      String key, Part.Kind kind, String signal, SignalOptions how, boolean labelled) {
    Signal made = signal(signal, labelled ? how.asText() : how);
    parts.add(new Part(key, kind, made, labelled, false));
    return made;
  }

  @Override
  public final DeviceName name() {
    return options.name();
  }

  @Override
  public final Set<Ability> abilities() {
    return abilities;
  }

  @Override
  public final void open(DeviceListener owner) {
    listener = owner;
    Signal.Listener ears = new Ears();
    parts.forEach(part -> part.signal().open(ears));
  }

  @Override
  public final CompletionStage<Void> connect() {
    CompletableFuture<Void> attempt = new CompletableFuture<>();
    attempts.add(attempt);
    if (missing().isEmpty()) {
      attempt.complete(null);
    }
    return backends
        .timeouts()
        .deadlines()
        .within(options.connectionTimeout(), attempt)
        .whenComplete((done, error) -> attempts.remove(attempt))
        .exceptionally(this::notConnected)
        .thenCompose(done -> optionalThere())
        .thenCompose(done -> firstValues())
        .thenRun(this::requireFit);
  }

  /**
   * What is wrong with that which answers under its names, null if nothing is: something else than
   * it is made for. Asked with each try to connect, also if signals are missing.
   */
  protected DeviceFailure misfit() {
    return null;
  }

  private void requireFit() {
    DeviceFailure misfit = misfit();
    if (misfit != null) {
      throw misfit;
    }
  }

  /** They answer together with the others, or not at all: one that is late is used from then on. */
  private CompletionStage<Void> optionalThere() {
    if (parts.stream().allMatch(part -> part.signal().connected())) {
      return DONE;
    }
    CompletableFuture<Void> all = new CompletableFuture<>();
    waitForOptional.set(all);
    return parts.stream().allMatch(part -> part.signal().connected())
        ? DONE
        : backends.timeouts().deadlines().within(OPTIONAL, all).exceptionally(late -> null);
  }

  @Override
  public DeviceFacts facts() {
    factsTold.set(false);
    List<Part> hinted = shown().stream().filter(part -> part.kind() == Part.Kind.HINTED).toList();
    SignalMeta meta = hinted.isEmpty() ? null : hinted.get(0).signal().meta();
    return new DeviceFacts(
        limits(),
        meta == null ? "" : meta.units(),
        meta == null ? 0 : meta.precision(),
        hinted.stream().map(Part::key).toList());
  }

  @Override
  public void tellNextChange() {
    changeWanted.set(true);
  }

  /** The limits of its setpoint. */
  protected Limits limits() {
    return Limits.NONE;
  }

  /** To be called when {@link #facts} may have changed. */
  protected final void factsMayHaveChanged() {
    DeviceListener owner = listener;
    if (owner != null && factsTold.compareAndSet(false, true)) {
      owner.factsChanged();
    }
  }

  /** A signal has a new value; on any thread. */
  protected void changed(Signal signal) {}

  @Override
  public CompletionStage<DeviceDescription> describe() {
    shown = choose(readParts());
    List<Part> configuration =
        parts.stream().filter(part -> part.kind() == Part.Kind.CONFIG && part.there()).toList();
    return readings(configuration).thenApply(read -> described(configuration, read));
  }

  /** Which signals are read, and under which keys; asked each time that it is described. */
  protected List<Part> choose(List<Part> readable) {
    return readable;
  }

  private List<Part> readParts() {
    return parts.stream().filter(part -> part.kind().read() && part.there()).toList();
  }

  /** What is read, in the order of the data keys. */
  protected final List<Part> shown() {
    List<Part> known = shown;
    return known != null ? known : choose(readParts());
  }

  /** Data keys may be changed by the kinds of devices that know better than the signal. */
  protected DataKey dataKey(Part part) {
    return part.dataKey(name().value());
  }

  /** Configuration that is no signal. */
  protected Map<String, Value> fixedConfiguration() {
    return Map.of();
  }

  private DeviceDescription described(List<Part> configuration, List<Reading> read) {
    Map<String, DataKey> keys = new LinkedHashMap<>();
    shown().forEach(part -> keys.put(part.key(), dataKey(part)));
    Map<String, DataKey> configurationKeys = new LinkedHashMap<>();
    configuration.forEach(part -> configurationKeys.put(part.key(), dataKey(part)));
    List<Reading> settings = new ArrayList<>(read);
    fixedConfiguration()
        .forEach(
            (key, value) -> {
              settings.add(
                  new Reading(
                      key, value, backends.sim().clock().seconds(), AlarmSeverity.NO_ALARM));
              configurationKeys.put(key, fixedKey(value));
            });
    return new DeviceDescription(
        name(), className, keys, facts().hints(), settings, configurationKeys);
  }

  private DataKey fixedKey(Value value) {
    String dtype =
        value instanceof Value.Num ? "number" : value instanceof Value.Int ? "integer" : "string";
    String source = "CONFIG:" + name();
    return new DataKey(
        dtype, List.of(), source, null, null, null, name().value(), null, null, null);
  }

  @Override
  public CompletionStage<List<Reading>> read() {
    List<Part> wanted = shown();
    Reading[] readings = new Reading[wanted.size()];
    int count = 0;
    for (Part part : wanted) {
      SignalValue latest = part.signal().latest();
      if (latest == null || !part.signal().connected()) {
        return readings(wanted);
      }
      readings[count++] = part.reading(latest);
    }
    return CompletableFuture.completedStage(List.of(readings));
  }

  /**
   * As {@link #read}, but each signal is asked now: a monitor may come later than what another
   * channel has told of the same moment.
   */
  final CompletionStage<List<Reading>> readAnew() {
    return refresh(shown().stream().map(Part::signal).toList()).thenCompose(done -> read());
  }

  @Override
  public void close() {
    parts.forEach(part -> part.signal().close());
  }

  @Override
  public DeviceFailure check(Value setpoint) {
    return abilities.contains(Ability.MOVABLE) ? checkSetpoint(setpoint) : null;
  }

  /**
   * Moves hardware as its only owner on this node; see {@link MotionClaims}.
   *
   * @param hardware what is moved, such as the name of a motor record
   */
  protected final <T> CompletionStage<T> alone(String hardware, Supplier<CompletionStage<T>> move) {
    String mover = backends.owner().isEmpty() ? name().value() : backends.owner();
    return backends.claims().alone(hardware, mover, move);
  }

  /** Refuses what is no finite number or beyond the limits; null if it may be done. */
  protected final DeviceFailure checkSetpoint(Value setpoint) {
    double target = setpoint.asDouble();
    if (!Double.isFinite(target)) {
      return new DeviceFailure(
          "not-finite",
          name() + " can't be set to " + setpoint.shown() + ": a finite number is needed.");
    }
    return checkWithin(limits(), target);
  }

  /** Refuses what is beyond limits; null if it may be done. */
  protected final DeviceFailure checkWithin(Limits limits, double target) {
    if (limits.allow(target)) {
      return null;
    }
    String units = facts().units().isEmpty() ? "" : " " + facts().units();
    return new DeviceFailure(
        new Refusal(
            "beyond-limits",
            "%s can't go to %s%s: allowed are %s to %s%s."
                .formatted(name(), target, units, limits.low(), limits.high(), units),
            Map.of(
                "device", name().value(),
                "given", Double.toString(target),
                "low", Double.toString(limits.low()),
                "high", Double.toString(limits.high()))));
  }

  /** How long one request may take. */
  protected Duration patience() {
    return backends.timeouts().request();
  }

  /**
   * Sends a stop by an urgent signal; ends when it has come, without waiting for what comes of it.
   * A question on the same circuit tells that: answers come in the order in which things were sent.
   */
  protected final CompletionStage<Void> halt(Signal stop, Value value) {
    return stop.put(value, patience())
        .thenCompose(sent -> stop.get(patience()))
        .<Void>thenApply(come -> null)
        .exceptionallyCompose(
            error ->
                DeviceFailure.refusalOf(name().value(), error).code().equals("no-read-access")
                    ? DONE
                    : CompletableFuture.failedStage(error));
  }

  /** Asks several signals at once. */
  protected final CompletionStage<Void> refresh(List<Signal> signals) {
    return CompletableFuture.allOf(
        signals.stream()
            .map(signal -> signal.get(patience()).toCompletableFuture())
            .toArray(CompletableFuture[]::new));
  }

  private CompletionStage<List<Reading>> readings(List<Part> wanted) {
    List<CompletableFuture<Reading>> asked =
        wanted.stream()
            .map(
                part ->
                    part.signal().read(patience()).thenApply(part::reading).toCompletableFuture())
            .toList();
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .thenApply(all -> asked.stream().map(CompletableFuture::join).toList());
  }

  private CompletionStage<Void> firstValues() {
    return refresh(
        parts.stream()
            .map(Part::signal)
            .filter(Signal::connected)
            .filter(signal -> signal.monitored() && signal.latest() == null)
            .toList());
  }

  private List<String> missing() {
    return parts.stream()
        .filter(Part::required)
        .map(Part::signal)
        .filter(signal -> !signal.connected())
        .map(Signal::name)
        .toList();
  }

  private boolean isRequired(Signal signal) {
    return parts.stream().anyMatch(part -> part.required() && part.signal() == signal);
  }

  private Void notConnected(Throwable error) {
    Throwable cause = error instanceof CompletionException ? error.getCause() : error;
    if (!(cause instanceof TimeoutException)) {
      throw new CompletionException(cause);
    }
    requireFit();
    throw new DeviceFailure(
        "not-connected",
        "%s is not connected: no answer from %s. Is its control system running?"
            .formatted(name(), missing().stream().limit(5).collect(Collectors.joining(", "))));
  }

  /**
   * Called on the backend's threads: one after the other, or a signal that goes while the last one
   * comes would be overlooked.
   */
  private final class Ears implements Signal.Listener {
    @Override
    public synchronized void connected(Signal signal) {
      CompletableFuture<Void> optional = waitForOptional.get();
      if (optional != null && parts.stream().allMatch(part -> part.signal().connected())) {
        optional.complete(null);
      }
      if (missing().isEmpty() && allThere.compareAndSet(false, true)) {
        attempts.forEach(attempt -> attempt.complete(null));
        listener.connected();
      }
    }

    @Override
    public synchronized void disconnected(Signal signal) {
      if (isRequired(signal) && allThere.compareAndSet(true, false)) {
        listener.disconnected("%s has lost %s.".formatted(name(), signal.name()));
      }
    }

    @Override
    public void changed(Signal signal) {
      SignalDevice.this.changed(signal);
      // a plain look first: most of the time nobody wants to know
      if (changeWanted.get() && changeWanted.compareAndSet(true, false)) {
        listener.readingsChanged();
      }
    }

    @Override
    public void described(Signal signal) {
      factsMayHaveChanged();
    }
  }
}
