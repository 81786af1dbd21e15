package org.beamhive.devices.type;

import java.util.List;
import java.util.Set;

/**
 * A kind of device.
 *
 * @param name what the device file calls it
 * @param aliases the Python classes that it stands for
 * @param keys of its {@code deviceConfig}
 * @param factory makes one
 * @param checks what else must hold of its {@code deviceConfig}
 */
public record DeviceType(
    String name, Set<String> aliases, List<ConfigKey> keys, Factory factory, DeviceChecks checks) {
  public DeviceType {
    aliases = Set.copyOf(aliases);
    keys = List.copyOf(keys);
  }

  /** A type whose keys say all. */
  public DeviceType(String name, Set<String> aliases, List<ConfigKey> keys, Factory factory) {
    this(name, aliases, keys, factory, DeviceChecks.NONE);
  }

  /** Makes a device that is not open yet. */
  @FunctionalInterface
  public interface Factory {
    /** Makes it. */
    Device create(DeviceOptions options, DeviceBackends backends);
  }
}
