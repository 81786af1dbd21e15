package org.beamhive.devices.type;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.beamhive.devices.backend.sim.SimClock;
import org.beamhive.devices.backend.sim.SimPv;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;

/**
 * What simulated devices have in common: signals in the name space of the node, its clock, and
 * settings that are read as configuration and may be changed while nothing measures.
 */
abstract class SimDevice extends SignalDevice {
  private final List<ConfigKey> keys;
  private final Map<String, List<Integer>> shapes = new ConcurrentHashMap<>();
  private final Map<String, Setting> settings = new LinkedHashMap<>();

  /** A key of the device file that shows up as configuration. */
  private static final class Setting {
    private final ConfigKey key;
    private volatile Value value;

    Setting(ConfigKey key, Value value) {
      this.key = key;
      this.value = value;
    }
  }

  SimDevice(
      String className,
      List<ConfigKey> keys,
      Set<Ability> abilities,
      DeviceOptions options,
      DeviceBackends backends) {
    super(className, abilities, options, backends);
    this.keys = keys;
  }

  /** Adds a number that is read; only while the device is made. */
  protected final SimPv number(String key, Part.Kind kind, String units, int precision) {
    SimPv pv = backends.sim().pv(key);
    pv.describe(SignalMeta.number("SIM:" + key, units, precision, Limits.NONE));
    part(key, kind, "sim://" + key, SignalOptions.MONITORED);
    return pv;
  }

  /** Adds an array that is read, its slowest axis first; only while the device is made. */
  protected final SimPv array(String key, Part.Kind kind, List<Integer> shape) {
    shapes.put(key, List.copyOf(shape));
    return number(key, kind, "", 0);
  }

  /** Shows a key of the device file as configuration; only while the device is made. */
  protected final void setting(String name, String key, Value otherwise) {
    ConfigKey known =
        keys.stream().filter(each -> each.name().equals(key)).findFirst().orElseThrow();
    Value given = options.has(key) ? options.values().get(key) : otherwise;
    settings.put(name, new Setting(known, given));
  }

  /** The setting's value now. */
  protected final double setting(String name) {
    return settings.get(name).value.asDouble();
  }

  /** The setting's value now, of one that is a text. */
  protected final String word(String name) {
    return settings.get(name).value instanceof Value.Text text ? text.value() : "";
  }

  @Override
  protected Map<String, Value> fixedConfiguration() {
    Map<String, Value> configuration = new LinkedHashMap<>();
    settings.forEach((name, setting) -> configuration.put(name() + "_" + name, setting.value));
    return configuration;
  }

  @Override
  public CompletionStage<Void> configure(Value.Fields changes) {
    String prefix = name() + "_";
    Map<Setting, Value> next = new LinkedHashMap<>();
    for (Map.Entry<String, Value> change : changes.fields().entrySet()) {
      String key = change.getKey();
      Setting setting = settings.get(key.startsWith(prefix) ? key.substring(prefix.length()) : key);
      if (setting == null) {
        return CompletableFuture.failedStage(
            new DeviceFailure(
                "unknown-setting",
                "%s has no setting %s; it has %s."
                    .formatted(name(), key, String.join(", ", settings.keySet()))));
      }
      if (!setting.key.takes(change.getValue())) {
        return CompletableFuture.failedStage(
            new DeviceFailure(
                "wrong-value",
                "%s.%s: is %s, must be %s."
                    .formatted(name(), key, change.getValue().shown(), setting.key.allowed())));
      }
      next.put(setting, change.getValue());
    }
    next.forEach((setting, value) -> setting.value = value);
    return DONE;
  }

  @Override
  protected DataKey dataKey(Part part) {
    DataKey key = super.dataKey(part);
    List<Integer> shape = shapes.get(part.key());
    return shape == null
        ? key
        : new DataKey(
            "array", shape, key.source(), null, null, "<f8", key.objectName(), null, null, null);
  }

  /** The time of the simulation. */
  protected final SimClock clock() {
    return backends.sim().clock();
  }

  /** Runs something after some seconds of the simulation. */
  protected final void after(double seconds, Runnable action) {
    clock().schedule(Duration.ofNanos((long) Math.ceil(Math.max(seconds, 0) * 1e9)), action);
  }

  /** Measures after the exposure, at once if that is 0; ends when it has. */
  protected final CompletionStage<Void> expose(double seconds, Runnable measure) {
    if (!(seconds > 0)) {
      measure.run();
      return DONE;
    }
    CompletableFuture<Void> taken = new CompletableFuture<>();
    after(
        seconds,
        () -> {
          measure.run();
          taken.complete(null);
        });
    return taken;
  }

  /** The seed of the device file, or one that is the same at each start. */
  protected final long seed() {
    return (long) options.number("seed", name().value().hashCode());
  }
}
