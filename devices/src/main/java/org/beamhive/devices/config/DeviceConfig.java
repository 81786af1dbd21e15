package org.beamhive.devices.config;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
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

  /** The devices of a file, as parts of each other. */
  public static OtherDevices others(Map<String, DeviceConfig> devices, DeviceTypes types) {
    return (name, backends) -> {
      DeviceConfig config = devices.get(name.value());
      if (config == null) {
        throw new DeviceFailure("unknown-device", "There is no device " + name + " in this hutch.");
      }
      if (!config.enabled()) {
        throw new DeviceFailure("device-disabled", name + " is disabled in the device file.");
      }
      return new OtherDevices.Other(config.make(types, backends), config.readOnly());
    };
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
