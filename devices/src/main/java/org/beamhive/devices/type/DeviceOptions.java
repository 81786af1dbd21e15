package org.beamhive.devices.type;

import java.time.Duration;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;

/**
 * What a device is made from: its keys of the device file, checked against its {@link DeviceType}.
 *
 * @param name of the device
 * @param values its {@code deviceConfig}
 * @param connectionTimeout how long one try to connect may take
 */
public record DeviceOptions(DeviceName name, Value.Fields values, Duration connectionTimeout) {
  /** Whether a key is given. */
  public boolean has(String key) {
    return values.get(key) != null && values.get(key) != Value.None.NONE;
  }

  /** A text, or the default. */
  public String text(String key, String otherwise) {
    return has(key) ? values.text(key) : otherwise;
  }

  /** A number, or the default. */
  public double number(String key, double otherwise) {
    return has(key) ? values.get(key).asDouble() : otherwise;
  }

  /** True or false, or the default. */
  public boolean flag(String key, boolean otherwise) {
    return has(key) ? values.get(key) == Value.Bool.TRUE : otherwise;
  }

  /** Limits as {@code [low, high]}, or none. */
  public Limits limits(String key) {
    return has(key) && values.get(key) instanceof Value.Items pair
        ? new Limits(pair.items().get(0).asDouble(), pair.items().get(1).asDouble())
        : Limits.NONE;
  }
}
