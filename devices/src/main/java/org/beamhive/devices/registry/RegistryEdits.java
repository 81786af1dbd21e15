package org.beamhive.devices.registry;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.config.DeviceFile;
import org.beamhive.devices.config.Mistake;
import org.beamhive.devices.config.Suggestion;
import org.beamhive.devices.registry.RegistryState.Hutch;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.device.DeviceRegistryProtocol.AddDevice;
import org.beamhive.protocol.device.DeviceRegistryProtocol.Change;
import org.beamhive.protocol.device.DeviceRegistryProtocol.DeviceChange;
import org.beamhive.protocol.device.DeviceRegistryProtocol.DeviceEntry;
import org.beamhive.protocol.device.DeviceRegistryProtocol.FileMark;
import org.beamhive.protocol.device.HutchDevicesProtocol.FileContent;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;

/** Decides what a change would do, or why it can't be done. Knows nothing of who uses a device. */
final class RegistryEdits {
  /** What may be changed while a device exists, as in BEC. */
  static final List<String> UPDATABLE =
      List.of(
          "description",
          "deviceConfig",
          "deviceTags",
          "enabled",
          "onFailure",
          "readOnly",
          "readoutPriority",
          "softwareTrigger",
          "userParameter");

  /** Of these a change gives only the keys that change. */
  private static final Set<String> MERGED = Set.of("deviceConfig", "userParameter");

  /**
   * What is to be done.
   *
   * @param refusal null if it may be done
   * @param files by hutch, the device files that it takes in
   * @param undoes the version that it takes back, or 0
   */
  record Decision(
      Refusal refusal,
      String kind,
      List<DeviceChange> changes,
      Map<String, FileMark> files,
      long undoes) {
    boolean nothing() {
      return refusal == null && changes.isEmpty() && files.isEmpty();
    }
  }

  private final DeviceTypes types;

  RegistryEdits(DeviceTypes types) {
    this.types = types;
  }

  private static Decision refused(String code, String text) {
    return new Decision(Refusal.of(code, text), "", List.of(), Map.of(), 0);
  }

  /** Done, unless then a device would need what isn't there. */
  private Decision decided(
      RegistryState state, String kind, List<DeviceChange> changes, long undoes) {
    return checked(state, new Decision(null, kind, changes, Map.of(), undoes));
  }

  private Decision checked(RegistryState state, Decision decision) {
    RegistryState after =
        state.on(
            new RegistryEvent.Changed(
                0, decision.kind(), decision.changes(), decision.files(), decision.undoes(), ""));
    Set<String> hutches = new LinkedHashSet<>();
    decision.changes().forEach(change -> hutches.add(change.hutch().value()));
    for (String hutch : hutches) {
      List<Mistake> mistakes =
          DeviceFile.needs("hutch " + hutch, configs(after.hutches().get(hutch)));
      if (!mistakes.isEmpty()) {
        return refused("needed", sentences(mistakes));
      }
    }
    return decision;
  }

  private List<DeviceConfig> configs(Hutch hutch) {
    return hutch.devices().entrySet().stream()
        .flatMap(
            device ->
                DeviceFile.device(device.getKey(), device.getValue(), types).devices().stream())
        .toList();
  }

  /**
   * The devices of a hutch that are made of one of these, directly or by others between, as they
   * are before a change.
   */
  Set<DeviceName> madeOf(RegistryState state, HutchName hutch, Set<DeviceName> parts) {
    List<DeviceConfig> devices = configs(state.hutches().get(hutch.value()));
    Set<DeviceName> made = new LinkedHashSet<>();
    boolean found = true;
    while (found) {
      found = false;
      for (DeviceConfig device : devices) {
        boolean uses =
            device.members(types).stream()
                .anyMatch(member -> parts.contains(member) || made.contains(member));
        found |= uses && made.add(device.name());
      }
    }
    made.removeAll(parts);
    return made;
  }

  private static String sentences(List<Mistake> mistakes) {
    return mistakes.stream().map(Mistake::text).collect(Collectors.joining("\n"));
  }

  // ---------------------------------------------------------------- one by one

  Decision add(RegistryState state, AddDevice add) {
    String name = add.device().value();
    HutchName hutch =
        add.hutch() == null && state.hutches().size() == 1
            ? new HutchName(state.hutches().keySet().iterator().next())
            : add.hutch();
    if (hutch == null || !state.hutches().containsKey(hutch.value())) {
      return unknownHutch(state, hutch);
    }
    HutchName other = state.hutchOf(name);
    if (other != null) {
      return refused(
          "device-exists", "There is a device %s already, in hutch %s.".formatted(name, other));
    }
    DeviceFile read = DeviceFile.device(name, add.settings(), types);
    if (!read.mistakes().isEmpty()) {
      return refused("bad-device-config", sentences(read.mistakes()));
    }
    Value.Fields settings = read.devices().get(0).settings();
    return decided(
        state, "added", List.of(new DeviceChange(add.device(), hutch, null, settings)), 0);
  }

  private static Decision unknownHutch(RegistryState state, HutchName hutch) {
    String known = String.join(", ", state.hutches().keySet());
    return refused(
        "unknown-hutch",
        (hutch == null ? "A hutch must be given" : "There is no hutch '" + hutch + "'")
            + (known.isEmpty()
                ? ": no node of a hutch has been up yet."
                : "; there are " + known + "."));
  }

  private static Optional<Decision> unknown(RegistryState state, List<DeviceName> devices) {
    if (devices.isEmpty()) {
      return Optional.of(refused("unknown-device", "No device is named."));
    }
    List<String> known =
        state.hutches().values().stream()
            .flatMap(hutch -> hutch.devices().keySet().stream())
            .toList();
    return devices.stream()
        .filter(device -> !known.contains(device.value()))
        .findFirst()
        .map(
            device ->
                refused(
                    "unknown-device",
                    "There is no device '" + device + "'" + Suggestion.of(device.value(), known)));
  }

  Decision update(RegistryState state, List<DeviceName> devices, Value.Fields settings) {
    Optional<Decision> unknown = unknown(state, devices);
    if (unknown.isPresent()) {
      return unknown.get();
    }
    for (String key : settings.fields().keySet()) {
      if (!UPDATABLE.contains(key)) {
        return notUpdatable(devices.get(0), key);
      }
    }
    List<DeviceChange> changes = new ArrayList<>();
    List<Mistake> mistakes = new ArrayList<>();
    for (DeviceName device : new LinkedHashSet<>(devices)) {
      HutchName hutch = state.hutchOf(device.value());
      Value.Fields before = state.hutches().get(hutch.value()).devices().get(device.value());
      DeviceFile read = DeviceFile.device(device.value(), merged(before, settings), types);
      mistakes.addAll(read.mistakes());
      read.devices().stream()
          .map(DeviceConfig::settings)
          .filter(after -> !after.equals(before))
          .forEach(after -> changes.add(new DeviceChange(device, hutch, before, after)));
    }
    return mistakes.isEmpty()
        ? decided(state, "updated", changes, 0)
        : refused("bad-device-config", sentences(mistakes));
  }

  private static Decision notUpdatable(DeviceName device, String key) {
    String allowed = String.join(", ", UPDATABLE);
    return DeviceConfig.keys().contains(key) || key.equals("name")
        ? refused(
            "not-updatable",
            "%s.%s: can't be changed while the device exists; %s can. Change the device file and reload it, or remove the device and add it anew."
                .formatted(device, key, allowed))
        : refused(
            "not-updatable",
            "%s.%s: no such key; allowed are %s%s"
                .formatted(device, key, allowed, Suggestion.of(key, UPDATABLE)));
  }

  private static Value.Fields merged(Value.Fields before, Value.Fields settings) {
    Value.Fields after = before;
    for (Map.Entry<String, Value> setting : settings.fields().entrySet()) {
      Value value = setting.getValue();
      if (MERGED.contains(setting.getKey())
          && value instanceof Value.Fields given
          && before.get(setting.getKey()) instanceof Value.Fields old) {
        Map<String, Value> both = new LinkedHashMap<>(old.with(given).fields());
        both.values().removeIf(Value.None.class::isInstance);
        value = new Value.Fields(both);
      }
      after = after.with(setting.getKey(), value);
    }
    return after;
  }

  Decision remove(RegistryState state, List<DeviceName> devices) {
    return unknown(state, devices)
        .orElseGet(
            () ->
                decided(
                    state,
                    "removed",
                    new LinkedHashSet<>(devices)
                        .stream().map(device -> removal(state, device.value())).toList(),
                    0));
  }

  private static DeviceChange removal(RegistryState state, String device) {
    HutchName hutch = state.hutchOf(device);
    Value.Fields before = state.hutches().get(hutch.value()).devices().get(device);
    return new DeviceChange(new DeviceName(device), hutch, before, null);
  }

  // ---------------------------------------------------------------- undo

  Decision undo(RegistryState state) {
    Optional<Change> newest =
        state.history().stream()
            .filter(change -> !change.undone() && !change.devices().isEmpty())
            .filter(change -> !change.kind().equals(RegistryState.UNDONE))
            .max(Comparator.comparingLong(Change::version));
    if (newest.isEmpty()) {
      return refused("nothing-to-undo", "There is no change that could be undone.");
    }
    List<DeviceChange> back = new ArrayList<>();
    for (DeviceChange change : newest.get().devices()) {
      Hutch hutch = state.hutches().get(change.hutch().value());
      Value.Fields now = hutch == null ? null : hutch.devices().get(change.device().value());
      HutchName owner = state.hutchOf(change.device().value());
      boolean elsewhere = owner != null && !owner.equals(change.hutch());
      if (elsewhere || !java.util.Objects.equals(now, change.after())) {
        return refused(
            "nothing-to-undo",
            "Change %d can't be undone: device %s has come from another device file since."
                .formatted(newest.get().version(), change.device()));
      }
      back.add(new DeviceChange(change.device(), change.hutch(), change.after(), change.before()));
    }
    return decided(state, RegistryState.UNDONE, back, newest.get().version());
  }

  // ---------------------------------------------------------------- device files

  /**
   * Takes in device files.
   *
   * @param kind {@link RegistryState#LOADED} leaves out devices that another hutch has; any other
   *     is refused then
   */
  Decision load(RegistryState state, String kind, List<FileContent> files) {
    List<String> mistakes = files.stream().flatMap(file -> file.mistakes().stream()).toList();
    if (!mistakes.isEmpty()) {
      return refused("bad-device-file", String.join("\n", mistakes));
    }
    Set<String> loaded = new LinkedHashSet<>();
    files.forEach(file -> loaded.add(file.hutch().value()));
    Map<String, HutchName> owners = new LinkedHashMap<>();
    state
        .hutches()
        .forEach(
            (name, hutch) -> {
              if (!loaded.contains(name)) {
                hutch.devices().keySet().forEach(device -> owners.put(device, new HutchName(name)));
              }
            });
    List<DeviceChange> changes = new ArrayList<>();
    Map<String, FileMark> marks = new LinkedHashMap<>();
    for (FileContent file : files) {
      List<DeviceEntry> own = new ArrayList<>();
      for (DeviceEntry device : file.devices()) {
        HutchName other = owners.putIfAbsent(device.name().value(), file.hutch());
        if (other == null) {
          own.add(device);
        } else if (!kind.equals(RegistryState.LOADED)) {
          return refused(
              "device-exists",
              "There is a device %s already, in hutch %s.".formatted(device.name(), other));
        }
      }
      Hutch before = state.hutches().get(file.hutch().value());
      differences(file.hutch(), before == null ? Map.of() : before.devices(), own, changes);
      if (before == null || !before.file().digest().equals(file.file().digest())) {
        marks.put(file.hutch().value(), file.file());
      }
    }
    return checked(state, new Decision(null, kind, changes, marks, 0));
  }

  private static void differences(
      HutchName hutch,
      Map<String, Value.Fields> before,
      List<DeviceEntry> after,
      List<DeviceChange> changes) {
    Map<String, Value.Fields> rest = new LinkedHashMap<>(before);
    for (DeviceEntry device : after) {
      Value.Fields old = rest.remove(device.name().value());
      if (!device.settings().equals(old)) {
        changes.add(new DeviceChange(device.name(), hutch, old, device.settings()));
      }
    }
    rest.forEach(
        (name, old) -> changes.add(new DeviceChange(new DeviceName(name), hutch, old, null)));
  }
}
