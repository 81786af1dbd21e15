package org.beamhive.devices.registry;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.beamhive.protocol.device.DeviceRegistryProtocol.DeviceChange;
import org.beamhive.protocol.device.DeviceRegistryProtocol.FileMark;

/** What has happened to the registry. */
sealed interface RegistryEvent extends RegistryStored {
  /**
   * Devices were changed.
   *
   * @param time seconds since 1970
   * @param kind as in {@link org.beamhive.protocol.device.DeviceRegistryProtocol.Change}
   * @param files by hutch, the device files that were taken in
   * @param undoes the version that it takes back, or 0
   * @param who has asked for it; empty if nobody has, or if it was stored without
   */
  record Changed(
      double time,
      String kind,
      List<DeviceChange> devices,
      Map<String, FileMark> files,
      long undoes,
      String who)
      implements RegistryEvent {
    public Changed {
      who = who == null ? "" : who;
      devices = List.copyOf(devices);
      files = Collections.unmodifiableMap(new LinkedHashMap<>(files));
    }
  }
}
