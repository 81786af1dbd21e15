package org.beamhive.devices.actor;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Epoch;

/**
 * The newest epoch that each device of a hutch has been attached to, as far as this node knows: of
 * its own devices, and of those of the hutch's other nodes by their guards. So a device that is
 * started anew, here or from there, refuses an old worker although it has never seen its successor.
 *
 * <p>Shared by the devices and the guard of a node; only ever grows.
 */
final class DeviceEpochs {
  private static final Epoch NONE = new Epoch(Long.MIN_VALUE);

  private final Map<String, Epoch> newest = new ConcurrentHashMap<>();

  /** The newest known; older than any if none is. */
  Epoch newest(DeviceName device) {
    return newest.getOrDefault(device.value(), NONE);
  }

  /** A worker of this epoch has attached the device. */
  void seen(DeviceName device, Epoch epoch) {
    newest.merge(device.value(), epoch, (old, now) -> now.compareTo(old) > 0 ? now : old);
  }

  /** All of them, by device. */
  Map<String, Long> all() {
    Map<String, Long> all = new TreeMap<>();
    newest.forEach((device, epoch) -> all.put(device, epoch.value()));
    return all;
  }
}
