package org.beamhive.devices.config;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.beamhive.protocol.model.DeviceName;

/** Looks for devices that need what isn't there, or that need each other. */
final class Needs {
  private final String file;
  private final Map<DeviceName, DeviceConfig> devices = new LinkedHashMap<>();
  private final Map<DeviceName, Integer> lines;
  private final List<Mistake> mistakes;
  private final Set<DeviceName> seen = new HashSet<>();
  private final Deque<DeviceName> path = new ArrayDeque<>();

  private Needs(String file, Map<DeviceName, Integer> lines, List<Mistake> mistakes) {
    this.file = file;
    this.lines = lines;
    this.mistakes = mistakes;
  }

  /**
   * @param lines of all devices of the file, also of those with mistakes
   */
  static void check(
      String file,
      List<DeviceConfig> devices,
      Map<DeviceName, Integer> lines,
      List<Mistake> mistakes) {
    Needs needs = new Needs(file, lines, mistakes);
    devices.forEach(device -> needs.devices.put(device.name(), device));
    devices.forEach(device -> needs.follow(device.name()));
  }

  private void follow(DeviceName name) {
    if (path.contains(name)) {
      String cycle =
          path.stream()
              .dropWhile(device -> !device.equals(name))
              .map(DeviceName::value)
              .collect(Collectors.joining(" needs "));
      add(name, "needs: %s needs %s: devices can't need each other".formatted(cycle, name));
      return;
    }
    DeviceConfig device = devices.get(name);
    if (device == null || !seen.add(name)) {
      return;
    }
    path.addLast(name);
    for (DeviceName needed : device.needs()) {
      if (!lines.containsKey(needed)) {
        add(name, "%s.needs: there is no device %s in this file".formatted(name, needed));
      } else {
        follow(needed);
      }
    }
    path.removeLast();
  }

  private void add(DeviceName device, String text) {
    mistakes.add(new Mistake(file, lines.get(device), text));
  }
}
