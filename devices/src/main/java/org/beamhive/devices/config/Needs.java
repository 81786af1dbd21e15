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
  private final String where;
  private final Map<DeviceName, DeviceConfig> devices = new LinkedHashMap<>();
  private final Map<DeviceName, Place> places;
  private final List<Mistake> mistakes;
  private final Set<DeviceName> seen = new HashSet<>();
  private final Deque<DeviceName> path = new ArrayDeque<>();

  private Needs(String where, Map<DeviceName, Place> places, List<Mistake> mistakes) {
    this.where = where;
    this.places = places;
    this.mistakes = mistakes;
  }

  /**
   * @param where all devices are that may be needed, such as "this file"
   * @param places of all devices there, also of those with mistakes
   */
  static void check(
      String where,
      List<DeviceConfig> devices,
      Map<DeviceName, Place> places,
      List<Mistake> mistakes) {
    Needs needs = new Needs(where, places, mistakes);
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
      if (!places.containsKey(needed)) {
        add(
            name,
            "%s.needs: there is no device %s in %s".formatted(name, needed, where) + close(needed));
      } else {
        follow(needed);
      }
    }
    path.removeLast();
  }

  private void add(DeviceName device, String text) {
    Place place = places.get(device);
    mistakes.add(new Mistake(place.file(), place.line(), text));
  }

  private String close(DeviceName name) {
    return Suggestion.of(name.value(), places.keySet().stream().map(DeviceName::value).toList());
  }
}
