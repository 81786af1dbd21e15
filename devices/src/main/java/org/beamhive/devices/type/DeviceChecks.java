package org.beamhive.devices.type;

import java.util.List;
import java.util.Set;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Value;

/** What a device type has to say about its {@code deviceConfig} beyond single keys. */
public interface DeviceChecks {
  /** Nothing. */
  DeviceChecks NONE = (name, config) -> List.of();

  /**
   * A mistake.
   *
   * @param key of the {@code deviceConfig} where it is
   * @param text what is wrong and what is allowed
   */
  record Problem(String key, String text) {}

  /** What is wrong; empty if nothing is. Keys that are there are of their kind. */
  List<Problem> problems(DeviceName name, Value.Fields config);

  /** The other devices of the file that it is made of. */
  default Set<DeviceName> members(Value.Fields config) {
    return Set.of();
  }
}
