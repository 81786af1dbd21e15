package org.beamhive.devices.config;

import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.type.Device;
import org.beamhive.devices.type.DeviceBackends;
import org.beamhive.devices.type.DeviceOptions;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.devices.type.OtherDevices;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.ReadoutPriority;
import org.beamhive.protocol.model.Value;

/**
 * One entry of the device file.
 *
 * @param name of the device
 * @param deviceClass the name of its type; an alias has been translated
 * @param deviceConfig what its type needs
 * @param enabled whether it is used at all
 * @param readoutPriority when scans read it
 * @param readOnly whether moving it is refused
 * @param softwareTrigger whether a scan triggers it at each point
 * @param onFailure what it does when it can't be read
 * @param needs the devices that it depends on
 * @param connectionTimeout how long one try to connect may take
 * @param tags free words
 * @param userParameter free values
 * @param description free text
 */
public record DeviceConfig(
    DeviceName name,
    String deviceClass,
    Value.Fields deviceConfig,
    boolean enabled,
    ReadoutPriority readoutPriority,
    boolean readOnly,
    boolean softwareTrigger,
    OnFailure onFailure,
    List<DeviceName> needs,
    Duration connectionTimeout,
    Set<String> tags,
    Value.Fields userParameter,
    String description) {
  /** BEC's default. */
  public static final Duration CONNECTION_TIMEOUT = Duration.ofSeconds(5);

  private static final DeviceTypes TYPES = DeviceTypes.standard();

  public DeviceConfig {
    needs = List.copyOf(needs);
    tags = Collections.unmodifiableSet(new TreeSet<>(tags));
  }

  /** An enabled device with the defaults of the device file, read on request. */
  public static DeviceConfig of(String name, String deviceClass, Value.Fields deviceConfig) {
    return new DeviceConfig(
        new DeviceName(name),
        deviceClass,
        deviceConfig,
        true,
        ReadoutPriority.ON_REQUEST,
        false,
        false,
        OnFailure.RETRY,
        List.of(),
        CONNECTION_TIMEOUT,
        Set.of(),
        Value.Fields.EMPTY,
        "");
  }

  /** The keys of a device file that say what it is, in the order in which they are written. */
  public static List<String> keys() {
    return DeviceEntry.KEYS;
  }

  /**
   * All its settings but its name, by the keys of a device file. The devices that it is made of are
   * no {@code needs} of their own: they follow from its {@code deviceConfig}.
   */
  public Value.Fields settings() {
    Set<DeviceName> members = members(TYPES);
    Map<String, Value> settings = new LinkedHashMap<>();
    settings.put("deviceClass", Value.of(deviceClass));
    settings.put("deviceConfig", deviceConfig);
    settings.put("enabled", Value.of(enabled));
    settings.put("readoutPriority", Value.of(readoutPriority.word()));
    settings.put("readOnly", Value.of(readOnly));
    settings.put("softwareTrigger", Value.of(softwareTrigger));
    settings.put("onFailure", Value.of(onFailure.name().toLowerCase(Locale.ROOT)));
    settings.put(
        "needs",
        texts(
            needs.stream()
                .filter(needed -> !members.contains(needed))
                .map(DeviceName::value)
                .toList()));
    settings.put("connectionTimeout", Value.of(connectionTimeout.toMillis() / 1000.0));
    settings.put("deviceTags", texts(tags));
    settings.put("userParameter", userParameter);
    settings.put("description", Value.of(description));
    return new Value.Fields(settings);
  }

  /** The devices that it is made of. */
  public Set<DeviceName> members(DeviceTypes types) {
    return types
        .find(deviceClass)
        .map(type -> type.checks().members(deviceConfig))
        .orElse(Set.of());
  }

  /**
   * Devices as parts of each other.
   *
   * @param devices those of a hutch as they are when one is asked for; null where there is none
   */
  public static OtherDevices others(Function<DeviceName, DeviceConfig> devices, DeviceTypes types) {
    return (name, backends) -> {
      DeviceConfig config = devices.apply(name);
      if (config == null) {
        throw new DeviceFailure("unknown-device", "There is no device " + name + " in this hutch.");
      }
      if (!config.enabled()) {
        throw new DeviceFailure("device-disabled", name + " is disabled in its configuration.");
      }
      return new OtherDevices.Other(config.make(types, backends), config.readOnly());
    };
  }

  private static Value texts(Collection<String> texts) {
    return Value.of(texts.stream().map(Value::of).toList());
  }

  /** Makes the device; it is not open yet. */
  public Device make(DeviceTypes types, DeviceBackends backends) {
    return types
        .find(deviceClass)
        .orElseThrow(() -> new IllegalStateException(name + ": no device type " + deviceClass))
        .factory()
        .create(new DeviceOptions(name, deviceConfig, connectionTimeout), backends);
  }
}
