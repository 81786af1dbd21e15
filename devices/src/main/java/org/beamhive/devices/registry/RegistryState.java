package org.beamhive.devices.registry;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.beamhive.protocol.device.DeviceRegistryProtocol.Change;
import org.beamhive.protocol.device.DeviceRegistryProtocol.DeviceChange;
import org.beamhive.protocol.device.DeviceRegistryProtocol.DeviceEntry;
import org.beamhive.protocol.device.DeviceRegistryProtocol.FileMark;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Value;

/**
 * All that the registry remembers.
 *
 * @param version of the newest change
 * @param hutches by name
 * @param history the newest changes, oldest first; without the devices of what can't be undone
 * @param historyLimit most changes that are kept
 */
record RegistryState(
    long version, Map<String, Hutch> hutches, List<Change> history, int historyLimit)
    implements RegistryStored {
  static final String LOADED = "loaded";
  static final String UNDONE = "undone";

  private static final FileMark NO_FILE = new FileMark("", FileDigest.of(List.of()), 0);

  public RegistryState {
    hutches = Collections.unmodifiableMap(new TreeMap<>(hutches));
    history = List.copyOf(history);
  }

  /**
   * The devices of a hutch.
   *
   * @param version of the newest change that concerns it
   * @param file that they were loaded from
   * @param devices their settings, by name, in the order in which they came
   */
  record Hutch(long version, FileMark file, Map<String, Value.Fields> devices) {
    public Hutch {
      devices = Collections.unmodifiableMap(new LinkedHashMap<>(devices));
    }

    /** Its devices for a message. */
    List<DeviceEntry> entries(HutchName hutch) {
      return devices.entrySet().stream()
          .map(device -> new DeviceEntry(new DeviceName(device.getKey()), hutch, device.getValue()))
          .toList();
    }

    /** Of its devices as they are now, as if they were in a file. */
    String digest() {
      return FileDigest.of(entries(new HutchName("any")));
    }

    /** Whether they are not those of its file any more. */
    boolean changed() {
      return !digest().equals(file.digest());
    }
  }

  static RegistryState empty(int historyLimit) {
    return new RegistryState(0, Map.of(), List.of(), historyLimit);
  }

  /** The same, keeping so many changes from now on: a stored state has the limit of its time. */
  RegistryState keeping(int limit) {
    return limit == historyLimit ? this : new RegistryState(version, hutches, history, limit);
  }

  /** Which hutch has a device; null if none has. */
  HutchName hutchOf(String device) {
    return hutches.entrySet().stream()
        .filter(hutch -> hutch.getValue().devices().containsKey(device))
        .map(hutch -> new HutchName(hutch.getKey()))
        .findFirst()
        .orElse(null);
  }

  RegistryState on(RegistryEvent event) {
    return event instanceof RegistryEvent.Changed changed ? on(changed) : this;
  }

  private RegistryState on(RegistryEvent.Changed event) {
    long next = version + 1;
    Map<String, Hutch> all = new TreeMap<>(hutches);
    event
        .files()
        .forEach(
            (name, file) ->
                all.put(
                    name,
                    new Hutch(
                        next, file, all.containsKey(name) ? all.get(name).devices() : Map.of())));
    for (DeviceChange change : event.devices()) {
      String name = change.hutch().value();
      Hutch before = all.getOrDefault(name, new Hutch(next, NO_FILE, Map.of()));
      all.put(name, new Hutch(next, before.file(), applied(before.devices(), change)));
    }
    return new RegistryState(next, all, remembered(event, next), historyLimit);
  }

  private static Map<String, Value.Fields> applied(
      Map<String, Value.Fields> devices, DeviceChange change) {
    Map<String, Value.Fields> next = new LinkedHashMap<>(devices);
    if (change.after() == null) {
      next.remove(change.device().value());
    } else {
      next.put(change.device().value(), change.after());
    }
    return next;
  }

  private List<Change> remembered(RegistryEvent.Changed event, long next) {
    List<Change> changes = new ArrayList<>();
    for (Change past : history) {
      changes.add(past.version() == event.undoes() ? undone(past) : past);
    }
    // what was loaded can't be undone, and may be long
    List<DeviceChange> devices = event.kind().equals(LOADED) ? List.of() : event.devices();
    changes.add(
        new Change(
            next,
            event.time(),
            event.kind(),
            event.devices().size(),
            devices,
            event.undoes(),
            false,
            event.who()));
    return changes.subList(Math.max(0, changes.size() - historyLimit), changes.size());
  }

  private static Change undone(Change past) {
    return new Change(
        past.version(),
        past.time(),
        past.kind(),
        past.count(),
        past.devices(),
        past.undoes(),
        true,
        past.who());
  }
}
