package org.beamhive.actors.scans.plan;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.beamhive.actors.scans.check.Beamline;
import org.beamhive.actors.scans.instruction.Instruction;
import org.beamhive.actors.scans.instruction.Steps;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.ReadoutPriority;

/**
 * What a run reads: at each point the named detectors, the motors and every monitored device, at
 * both ends of the run the baseline devices. A named device is triggered if it can be; one that is
 * read only because of its readout priority must also have {@code softwareTrigger} in the device
 * file, as in BEC.
 */
final class Readout {
  private final List<DeviceView> staged = new ArrayList<>();
  private final List<Instruction> shot;
  private final List<Instruction> baseline;
  private final Set<DeviceName> touched = new LinkedHashSet<>();

  Readout(List<DeviceView> detectors, List<DeviceView> motors, Beamline beamline) {
    this(detectors, motors, beamline.readable(ReadoutPriority.MONITORED), beamline);
  }

  /** A run that reads nothing but the baseline: these devices do what they do by themselves. */
  static Readout ofEnds(List<DeviceView> flyers, Beamline beamline) {
    return new Readout(flyers, List.of(), List.of(), beamline);
  }

  private Readout(
      List<DeviceView> detectors,
      List<DeviceView> motors,
      List<DeviceView> monitored,
      Beamline beamline) {
    Map<DeviceName, DeviceView> primary = new LinkedHashMap<>();
    detectors.forEach(view -> primary.put(view.name(), view));
    motors.forEach(view -> primary.putIfAbsent(view.name(), view));
    Set<DeviceName> named = Set.copyOf(primary.keySet());
    monitored.forEach(view -> primary.putIfAbsent(view.name(), view));
    primary.values().stream().filter(view -> view.can(Ability.STAGEABLE)).forEach(staged::add);
    List<DeviceView> ends =
        beamline.readable(ReadoutPriority.BASELINE).stream()
            .filter(view -> !primary.containsKey(view.name()))
            .toList();
    // what is triggered must have been prepared: a counter takes its counting time when it is
    // staged
    ends.stream()
        .filter(view -> view.softwareTrigger() && view.can(Ability.STAGEABLE))
        .forEach(staged::add);
    this.shot = reading(primary.values(), named, "trigger", Instruction.Create.PRIMARY);
    this.baseline = new ArrayList<>();
    if (!ends.isEmpty()) {
      baseline.add(Instruction.Checkpoint.CHECKPOINT);
      baseline.addAll(reading(ends, Set.of(), "baseline-trigger", Instruction.Create.BASELINE));
    }
    touched.addAll(primary.keySet());
    ends.forEach(view -> touched.add(view.name()));
  }

  /** All devices, in the order in which they come up. */
  List<DeviceName> devices() {
    return List.copyOf(touched);
  }

  /** Triggers all in one group, waits, and reads them into one event. */
  List<Instruction> shot() {
    return shot;
  }

  /** The canonical frame of a run around what it does. */
  Steps run(Instruction.OpenRun open, Supplier<? extends Steps> body) {
    List<DeviceView> back = new ArrayList<>(staged);
    Collections.reverse(back);
    return Steps.concat(
        () -> Steps.of(staged.stream().map(view -> new Instruction.Stage(view.name())).toList()),
        () -> Steps.of(open),
        () -> Steps.of(baseline),
        body,
        () -> Steps.of(baseline),
        () -> Steps.of(Instruction.CloseRun.SUCCESS),
        () -> Steps.of(back.stream().map(view -> new Instruction.Unstage(view.name())).toList()));
  }

  private static List<Instruction> reading(
      Iterable<DeviceView> devices,
      Set<DeviceName> named,
      String group,
      Instruction.Create create) {
    List<Instruction> steps = new ArrayList<>();
    for (DeviceView view : devices) {
      if (view.can(Ability.TRIGGERABLE)
          && (view.softwareTrigger() || named.contains(view.name()))) {
        steps.add(new Instruction.Trigger(view.name(), group));
      }
    }
    if (!steps.isEmpty()) {
      steps.add(new Instruction.Wait(group));
    }
    steps.add(create);
    for (DeviceView view : devices) {
      if (view.can(Ability.READABLE)) {
        steps.add(new Instruction.Read(view.name()));
      }
    }
    steps.add(Instruction.Save.SAVE);
    return List.copyOf(steps);
  }
}
