package org.beamhive.devices.type;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalType;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;

/**
 * The settings of a device that can be changed, by name: what {@link Device#configure} needs. All
 * are checked before the first is put; each is asked for afterwards, because control systems clip
 * what they don't like without an error.
 */
final class SignalSettings {
  private static final double RELATIVE = 1e-6;

  /** Within this time a readback has followed its setpoint, or it won't. */
  private static final Duration SETTLING = Duration.ofSeconds(1);

  private final DeviceName device;
  private final Map<String, Setting> byName = new LinkedHashMap<>();
  private final Map<String, String> otherNames = new LinkedHashMap<>();

  /**
   * One setting.
   *
   * @param readback what tells that a value was taken; the signal itself if there is no other
   * @param tolerance how far the readback of a number may be off, relative to it
   * @param problem what is wrong with a value, null if nothing is: "must be above 0"
   * @param taken told each value that was taken
   */
  private record Setting(
      Signal signal,
      Signal readback,
      double tolerance,
      Function<Value, String> problem,
      Consumer<Value> taken) {
    Setting(Signal signal, Function<Value, String> problem) {
      this(signal, signal, RELATIVE, problem, value -> {});
    }
  }

  SignalSettings(DeviceName device) {
    this.device = device;
  }

  /** A number that a check has nothing against. */
  SignalSettings number(String name, Signal signal, Function<Double, String> problem) {
    byName.put(
        name,
        new Setting(
            signal,
            value ->
                Double.isFinite(value.asDouble())
                    ? problem.apply(value.asDouble())
                    : "must be a finite number"));
    return this;
  }

  /** A time to count in seconds: above zero, and no longer than a detector may count. */
  SignalSettings countTime(String name, Signal signal) {
    return number(name, signal, value -> value > 0 ? countTimeProblem(value) : "must be above 0");
  }

  /** A number above zero. */
  SignalSettings positive(String name, Signal signal) {
    return number(name, signal, value -> value > 0 ? null : "must be above 0");
  }

  /** Whatever the signal takes: a number, a text, or a label of its enumeration. */
  SignalSettings any(String name, Signal signal) {
    byName.put(
        name,
        new Setting(
            signal,
            value ->
                value instanceof Value.Num number && !Double.isFinite(number.value())
                    ? "must be finite"
                    : labelProblem(signal, value)));
    return this;
  }

  /**
   * One with a readback of its own, which follows the setpoint in its own time.
   *
   * @param readback monitored
   * @param tolerance how far a number may be off, relative to it: hardware rounds to its clock
   * @param problem what is wrong with a value, null if nothing is
   * @param taken told each value that was taken
   */
  SignalSettings readBack(
      String name,
      Signal setpoint,
      Signal readback,
      double tolerance,
      Function<Value, String> problem,
      Consumer<Value> taken) {
    byName.put(name, new Setting(setpoint, readback, tolerance, problem, taken));
    return this;
  }

  /** Another name of the same setting; it is not listed. */
  SignalSettings alias(String other, String name) {
    otherNames.put(other, name);
    return this;
  }

  /**
   * What is wrong with a number, null if nothing is: not finite, no whole one, below the least, or
   * beyond the limits that the control system has for it.
   */
  static String numberProblem(Signal signal, Value value, boolean whole, double least) {
    double number = value.asDouble();
    boolean right = value.numeric() && Double.isFinite(number) && !(whole && !isWhole(number));
    if (!right) {
      return whole ? "must be a whole number" : "must be a finite number";
    }
    if (number < least) {
      String shown = whole ? Long.toString((long) least) : Double.toString(least);
      return "must not be below " + shown;
    }
    Limits limits = signal.meta() == null ? Limits.NONE : signal.meta().limits();
    return limits.set() && !limits.allow(number)
        ? "must be %s to %s".formatted(limits.low(), limits.high())
        : null;
  }

  /** What is wrong with a time to count, null if nothing is. */
  static String countTimeProblem(double seconds) {
    return seconds <= ConfigKey.LONGEST_SECONDS
        ? null
        : "must not be above %d s (30 days)".formatted((long) ConfigKey.LONGEST_SECONDS);
  }

  private static boolean isWhole(double number) {
    return number == Math.rint(number) && Math.abs(number) <= Integer.MAX_VALUE;
  }

  /** What is wrong with a value for a signal that may be an enumeration; null if nothing is. */
  static String labelProblem(Signal signal, Value value) {
    boolean choice = signal.meta() != null && signal.meta().type() == SignalType.ENUM;
    List<String> labels = choice ? signal.meta().labels() : List.of();
    if (!choice || labels.isEmpty()) {
      return null;
    }
    double index = value.asDouble();
    boolean known =
        value instanceof Value.Text text
            ? labels.contains(text.value())
            : value instanceof Value.Bool
                ? labels.size() == 2
                : index >= 0 && index < labels.size() && index == Math.rint(index);
    return known
        ? null
        : "must be one of %s, or 0 to %d".formatted(String.join(", ", labels), labels.size() - 1);
  }

  /** Puts them, one after the other; refuses all if one is unknown, impossible or can't be put. */
  CompletionStage<Void> put(Value.Fields wanted, Duration patience) {
    Map<Setting, Value> puts = new LinkedHashMap<>();
    for (Map.Entry<String, Value> entry : wanted.fields().entrySet()) {
      String key = entry.getKey();
      String prefix = device + "_";
      Setting setting = named(key);
      if (setting == null && key.startsWith(prefix)) {
        setting = named(key.substring(prefix.length()));
      }
      String problem =
          setting == null
              ? "is no setting; there are " + String.join(", ", byName.keySet())
              : missing(setting) != null
                  ? "can't be set: %s is not there".formatted(missing(setting))
                  : setting.problem().apply(entry.getValue());
      if (problem != null) {
        return CompletableFuture.failedStage(
            new DeviceFailure(
                "bad-setting",
                "%s: %s = %s: %s.".formatted(device, key, entry.getValue().shown(), problem)));
      }
      puts.put(setting, entry.getValue());
    }
    CompletionStage<Void> done = Device.DONE;
    for (Map.Entry<Setting, Value> put : puts.entrySet()) {
      done =
          done.thenCompose(before -> put(put.getKey(), put.getValue(), patience))
              .thenRun(() -> put.getKey().taken().accept(put.getValue()));
    }
    return done;
  }

  private static String missing(Setting setting) {
    return Stream.of(setting.signal(), setting.readback())
        .filter(signal -> !signal.connected())
        .map(Signal::name)
        .findFirst()
        .orElse(null);
  }

  private Setting named(String key) {
    return byName.get(otherNames.getOrDefault(key, key));
  }

  private CompletionStage<Void> put(Setting setting, Value value, Duration patience) {
    Signal signal = setting.signal();
    Signal readback = setting.readback();
    return signal
        .put(value, patience)
        .thenCompose(done -> settled(setting, value, patience))
        .thenCompose(done -> readback.get(patience))
        .thenAccept(
            now -> {
              if (!same(signal, now.value(), value, setting.tolerance())) {
                throw new DeviceFailure(
                    "not-taken",
                    "%s: %s was set to %s and is %s."
                        .formatted(device, signal.name(), value.shown(), now.value().shown()));
              }
            });
  }

  /** A readback of its own may change a moment after the put has ended. */
  private static CompletionStage<?> settled(Setting setting, Value value, Duration patience) {
    if (setting.readback() == setting.signal()) {
      return Device.DONE;
    }
    return setting
        .readback()
        .await(
            now -> same(setting.signal(), now.value(), value, setting.tolerance()),
            SETTLING.compareTo(patience) < 0 ? SETTLING : patience)
        .handle((now, late) -> now);
  }

  /** Whether a signal has the value that was put to it; labels and their index are the same. */
  static boolean same(Signal signal, Value is, Value wanted) {
    return same(signal, is, wanted, RELATIVE);
  }

  private static boolean same(Signal signal, Value is, Value wanted, double tolerance) {
    if (wanted instanceof Value.Text text) {
      List<String> labels = signal.meta() == null ? List.of() : signal.meta().labels();
      return is instanceof Value.Int index
          ? labels.indexOf(text.value()) == index.value()
          : is.equals(wanted);
    }
    if (wanted instanceof Value.Bool flag) {
      return is.asDouble() == (flag == Value.Bool.TRUE ? 1 : 0);
    }
    double difference = Math.abs(is.asDouble() - wanted.asDouble());
    return difference <= tolerance * Math.max(1e-6, Math.abs(wanted.asDouble()));
  }
}
