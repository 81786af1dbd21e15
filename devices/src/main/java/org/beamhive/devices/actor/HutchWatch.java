package org.beamhive.devices.actor;

import akka.actor.typed.ActorRef;
import java.util.List;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.HutchGuardProtocol;

/**
 * What a device has to do with its hutch.
 *
 * @param guard told when the device moves and when it rests
 * @param epochs which workers the hutch's devices have seen
 * @param limits our own limits of the hutch's devices
 * @param local the devices of this node, for whoever stops them all
 * @param devices the hutch's devices as they are to be now
 * @param renewal lets a device that is not as it is to be start anew, or vanish
 */
record HutchWatch(
    ActorRef<HutchGuardProtocol.Command> guard,
    DeviceEpochs epochs,
    SoftLimits limits,
    LocalDevices local,
    HutchDevices devices,
    Renewal renewal) {
  /** How a device that is not as it is to be starts anew, or vanishes. */
  @FunctionalInterface
  interface Renewal {
    /** The device is free: it may be told to stop. Harmless if it has been told already. */
    void begin(ActorRef<DeviceProtocol.Command> device);

    /** It has stopped for that. */
    default void ended() {}
  }

  /**
   * Of a device that is alone, whose configuration nobody changes: its limits are forgotten with
   * the process.
   */
  HutchWatch(ActorRef<HutchGuardProtocol.Command> guard, DeviceEpochs epochs) {
    this(
        guard,
        epochs,
        SoftLimits.inMemory(),
        new LocalDevices(),
        new HutchDevices(List.of(), false),
        device -> {});
  }

  HutchWatch renewing(Renewal how) {
    return new HutchWatch(guard, epochs, limits, local, devices, how);
  }
}
