package org.beamhive.devices.type;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalType;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Value;

/**
 * The settings of a device that can be changed, by name: what {@link Device#configure} needs. All
 * are checked before the first is put; each is asked for afterwards, because control systems clip
 * what they don't like without an error.
 */
final class SignalSettings {
  private static final double RELATIVE = 1e-6;

  private final DeviceName device;
  private final Map<String, Setting> byName = new LinkedHashMap<>();

  /**
   * One setting.
   *
   * @param problem what is wrong with a value, null if nothing is: "must be above 0"
   */
  private record Setting(Signal signal, Function<Value, String> problem) {}

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
      Setting setting = byName.get(key);
      if (setting == null && key.startsWith(prefix)) {
        setting = byName.get(key.substring(prefix.length()));
      }
      String problem =
          setting == null
              ? "is no setting; there are " + String.join(", ", byName.keySet())
              : !setting.signal().connected()
                  ? "can't be set: %s is not there".formatted(setting.signal().name())
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
      done = done.thenCompose(before -> put(put.getKey().signal(), put.getValue(), patience));
    }
    return done;
  }

  private CompletionStage<Void> put(Signal signal, Value value, Duration patience) {
    return signal
        .put(value, patience)
        .thenCompose(done -> signal.get(patience))
        .thenAccept(
            now -> {
              if (!same(signal, now.value(), value)) {
                throw new DeviceFailure(
                    "not-taken",
                    "%s: %s was set to %s and is %s."
                        .formatted(device, signal.name(), value.shown(), now.value().shown()));
              }
            });
  }

  /** Whether a signal has the value that was put to it; labels and their index are the same. */
  static boolean same(Signal signal, Value is, Value wanted) {
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
    return difference <= RELATIVE * Math.max(1e-6, Math.abs(wanted.asDouble()));
  }
}
