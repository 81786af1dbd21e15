package org.beamhive.devices.actor;

import akka.actor.typed.ActorRef;
import org.beamhive.protocol.device.HutchGuardProtocol;

/**
 * What a device has to do with its hutch.
 *
 * @param guard told when the device moves and when it rests
 * @param epochs which workers the hutch's devices have seen
 * @param limits our own limits of the hutch's devices
 * @param local the devices of this node, for whoever stops them all
 */
record HutchWatch(
    ActorRef<HutchGuardProtocol.Command> guard,
    DeviceEpochs epochs,
    SoftLimits limits,
    LocalDevices local) {
  /** Of a device that is alone: its limits are forgotten with the process. */
  HutchWatch(ActorRef<HutchGuardProtocol.Command> guard, DeviceEpochs epochs) {
    this(guard, epochs, SoftLimits.inMemory(), new LocalDevices());
  }
}
