package org.beamhive.devices.actor;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.model.DeviceName;

/**
 * The devices of a hutch as this node knows them. Shared by the devices and the guard of a node;
 * replaced as a whole when the registry has changed.
 */
final class HutchDevices {
  private static final DeviceTypes TYPES = DeviceTypes.standard();

  private final AtomicReference<Map<DeviceName, DeviceConfig>> all = new AtomicReference<>();
  private final CompletableFuture<Void> known = new CompletableFuture<>();

  /**
   * Devices.
   *
   * @param known whether these are the right ones; else they are those of the device file, and
   *     nobody runs before the registry has spoken
   */
  HutchDevices(List<DeviceConfig> devices, boolean known) {
    put(devices);
    if (known) {
      this.known.complete(null);
    }
  }

  private void put(List<DeviceConfig> devices) {
    Map<DeviceName, DeviceConfig> next = new LinkedHashMap<>();
    devices.forEach(device -> next.put(device.name(), device));
    all.set(Collections.unmodifiableMap(next));
  }

  /** Ends when it is known which devices the hutch has. */
  CompletionStage<Void> known() {
    return known.copy();
  }

  boolean isKnown() {
    return known.isDone();
  }

  /** Null if there is none of this name. */
  DeviceConfig find(DeviceName name) {
    return all.get().get(name);
  }

  /**
   * What a device is made from: its configuration, and those of the devices that it is made of,
   * now; empty if there is no such device.
   */
  List<DeviceConfig> madeFrom(DeviceName name) {
    DeviceConfig config = find(name);
    return config == null ? List.of() : madeFrom(config);
  }

  /** The same for a device of this configuration. */
  List<DeviceConfig> madeFrom(DeviceConfig config) {
    Map<DeviceName, DeviceConfig> devices = all.get();
    Map<DeviceName, DeviceConfig> from = new LinkedHashMap<>();
    from.put(config.name(), config);
    Deque<DeviceConfig> open = new ArrayDeque<>(List.of(config));
    while (!open.isEmpty()) {
      for (DeviceName member : open.poll().members(TYPES)) {
        DeviceConfig its = devices.get(member);
        if (its != null && from.putIfAbsent(member, its) == null) {
          open.add(its);
        }
      }
    }
    return List.copyOf(from.values());
  }

  /** All of them, each after those that it needs. */
  List<DeviceConfig> inOrder() {
    Map<DeviceName, DeviceConfig> devices = all.get();
    Set<DeviceConfig> ordered = new LinkedHashSet<>();
    devices.values().forEach(device -> add(device, devices, ordered, new LinkedHashSet<>()));
    return new ArrayList<>(ordered);
  }

  private static void add(
      DeviceConfig device,
      Map<DeviceName, DeviceConfig> devices,
      Set<DeviceConfig> ordered,
      Set<DeviceName> path) {
    if (path.add(device.name())) {
      for (DeviceName needed : device.needs()) {
        if (devices.containsKey(needed)) {
          add(devices.get(needed), devices, ordered, path);
        }
      }
      ordered.add(device);
    }
  }

  /** These are the devices from now on. Gives those that must look: changed, added or removed. */
  List<DeviceName> replace(List<DeviceConfig> devices) {
    Map<DeviceName, DeviceConfig> before = all.get();
    put(devices);
    Map<DeviceName, DeviceConfig> after = all.get();
    Set<DeviceName> changed = new LinkedHashSet<>();
    for (DeviceConfig device : inOrder()) {
      if (!device.equals(before.get(device.name()))
          || device.needs().stream().anyMatch(changed::contains)) {
        changed.add(device.name());
      }
    }
    before.keySet().stream().filter(name -> !after.containsKey(name)).forEach(changed::add);
    known.complete(null);
    return new ArrayList<>(changed);
  }

  /** What is wrong with the devices that this one needs; empty if nothing is. */
  String problemOfNeeds(DeviceConfig device) {
    return device.needs().stream()
        .filter(needed -> find(needed) == null || !find(needed).enabled())
        .map(
            needed ->
                "%s needs %s, which is %s"
                    .formatted(
                        device.name(), needed, find(needed) == null ? "not there" : "disabled"))
        .collect(Collectors.joining("; "));
  }
}
