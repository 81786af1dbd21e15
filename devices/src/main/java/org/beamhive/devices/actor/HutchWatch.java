package org.beamhive.devices.actor;

import akka.actor.typed.ActorRef;
import org.beamhive.protocol.device.HutchGuardProtocol;

/**
 * What a device has to do with its hutch.
 *
 * @param guard told when the device moves and when it rests
 * @param epochs which workers the hutch's devices have seen
 */
record HutchWatch(ActorRef<HutchGuardProtocol.Command> guard, DeviceEpochs epochs) {}
