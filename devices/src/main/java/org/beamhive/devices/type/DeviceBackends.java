package org.beamhive.devices.type;

import java.util.function.Supplier;
import org.beamhive.devices.backend.sim.SimNamespace;
import org.beamhive.devices.signal.SignalBackend;

/**
 * What the devices of one node share.
 *
 * @param channelAccess EPICS Channel Access; asked for only when a device needs it
 * @param sim the simulated signals
 * @param timeouts how long devices wait
 */
public record DeviceBackends(
    Supplier<? extends SignalBackend> channelAccess, SimNamespace sim, DeviceTimeouts timeouts) {
  private static final String SIM = "sim://";
  private static final String CA = "ca://";

  /**
   * The backend that a signal name means: {@code sim://} or {@code ca://}, which is the default.
   */
  public SignalBackend backendOf(String signal) {
    return signal.startsWith(SIM) ? sim : channelAccess.get();
  }

  /** The signal's name without its scheme. */
  public String nameOf(String signal) {
    if (signal.startsWith(SIM)) {
      return signal.substring(SIM.length());
    }
    return signal.startsWith(CA) ? signal.substring(CA.length()) : signal;
  }
}
