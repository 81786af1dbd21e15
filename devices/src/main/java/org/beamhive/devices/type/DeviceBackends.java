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
 * @param others the other devices of the hutch
 * @param claims who moves what on this node
 * @param limits those that people have set for the devices of the hutch
 * @param owner the device that these devices are part of; empty for those that stand for themselves
 */
public record DeviceBackends(
    Supplier<? extends SignalBackend> channelAccess,
    SimNamespace sim,
    DeviceTimeouts timeouts,
    OtherDevices others,
    MotionClaims claims,
    MotionLimits limits,
    String owner) {
  private static final String SIM = "sim://";
  private static final String CA = "ca://";

  /** For devices that are made of no others. */
  public DeviceBackends(
      Supplier<? extends SignalBackend> channelAccess, SimNamespace sim, DeviceTimeouts timeouts) {
    this(
        channelAccess, sim, timeouts, OtherDevices.NONE, new MotionClaims(), MotionLimits.NONE, "");
  }

  /** The same for the devices of a hutch, which may be made of each other. */
  public DeviceBackends inHutch(OtherDevices devices, MotionLimits motion) {
    return new DeviceBackends(channelAccess, sim, timeouts, devices, claims, motion, owner);
  }

  /** The same for what a device is made of: it moves on behalf of that device. */
  DeviceBackends ownedBy(String device) {
    return new DeviceBackends(
        channelAccess, sim, timeouts, others, claims, limits, owner.isEmpty() ? device : owner);
  }

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
