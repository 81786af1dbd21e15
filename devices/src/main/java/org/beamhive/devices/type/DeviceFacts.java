package org.beamhive.devices.type;

import java.util.List;
import org.beamhive.protocol.model.Limits;

/**
 * What the list of devices shows of a device beyond its configuration.
 *
 * @param limits of its setpoint
 * @param units of its readback
 * @param precision decimals to show
 * @param hints the data keys to plot
 */
public record DeviceFacts(Limits limits, String units, int precision, List<String> hints) {
  public DeviceFacts {
    hints = List.copyOf(hints);
  }
}
