package org.beamhive.devices.actor;

import akka.actor.typed.ActorRef;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.model.DeviceName;

/**
 * The device actors of one node, so that all of them can be told something without asking anybody
 * where they are. One that has ended stays until it is started again: telling it is harmless.
 */
final class LocalDevices {
  private final Map<String, ActorRef<DeviceProtocol.Command>> refs = new ConcurrentHashMap<>();

  void started(DeviceName device, ActorRef<DeviceProtocol.Command> ref) {
    refs.put(device.value(), ref);
  }

  /** All of them, by name. */
  Map<String, ActorRef<DeviceProtocol.Command>> all() {
    return new TreeMap<>(refs);
  }
}
