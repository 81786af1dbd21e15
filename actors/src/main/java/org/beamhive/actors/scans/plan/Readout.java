package org.beamhive.actors.scans.plan;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.beamhive.actors.scans.check.Beamline;
import org.beamhive.actors.scans.check.Refused;
import org.beamhive.actors.scans.instruction.Instruction;
import org.beamhive.actors.scans.instruction.Steps;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.ReadoutPriority;

/**
 * What a run reads: at each point the named detectors, the motors and every monitored device, at
 * both ends of the run the baseline devices. A named device is triggered if it can be; one that is
 * read only because of its readout priority must also have {@code softwareTrigger} in its
 * configuration, as in BEC.
 *
 * <p>Async devices take part in every run, but never in its points: each has a stream of its own.
 * Continuous devices run all the time: they are never staged, and read only where they are named.
 */
final class Readout {
  private final List<DeviceView> staged = new ArrayList<>();
  private final List<Instruction> shot;
  private final List<Instruction> baseline;
  private final Set<DeviceName> touched = new LinkedHashSet<>();

  Readout(List<DeviceView> detectors, List<DeviceView> motors, Beamline beamline) throws Refused {
    this(
        detectors,
        motors,
        beamline.readable(ReadoutPriority.MONITORED),
        beamline.readable(ReadoutPriority.ASYNC),
        beamline);
  }

  /** A run that reads nothing but the baseline: these devices do what they do by themselves. */
  static Readout ofEnds(List<DeviceView> flyers, Beamline beamline) throws Refused {
    return new Readout(flyers, List.of(), List.of(), List.of(), beamline);
  }

  private Readout(
      List<DeviceView> detectors,
      List<DeviceView> motors,
      List<DeviceView> monitored,
      List<DeviceView> async,
      Beamline beamline)
      throws Refused {
    Map<DeviceName, DeviceView> primary = new LinkedHashMap<>();
    Map<DeviceName, DeviceView> apart = new LinkedHashMap<>();
    for (DeviceView view : detectors) {
      boolean isAsync = view.readoutPriority() == ReadoutPriority.ASYNC;
      (isAsync ? apart : primary).put(view.name(), view);
    }
    motors.forEach(view -> primary.putIfAbsent(view.name(), view));
    Set<DeviceName> named = new LinkedHashSet<>(primary.keySet());
    named.addAll(apart.keySet());
    monitored.forEach(view -> primary.putIfAbsent(view.name(), view));
    async.stream()
        // a motor that is scanned belongs to its points
        .filter(view -> !primary.containsKey(view.name()))
        .forEach(view -> apart.putIfAbsent(view.name(), view));
    Stream.concat(primary.values().stream(), apart.values().stream())
        .filter(view -> view.can(Ability.STAGEABLE))
        .filter(view -> view.readoutPriority() != ReadoutPriority.CONTINUOUS)
        .forEach(staged::add);
    List<DeviceView> ends =
        beamline.readable(ReadoutPriority.BASELINE).stream()
            .filter(view -> !primary.containsKey(view.name()))
            .filter(view -> !apart.containsKey(view.name()))
            .toList();
    // what is triggered must have been prepared: a counter takes its counting time when it is
    // staged
    ends.stream()
        .filter(view -> view.softwareTrigger() && view.can(Ability.STAGEABLE))
        .forEach(staged::add);
    inOrderOfNeeds(staged);
    this.shot = shot(primary.values(), apart.values(), named);
    this.baseline = new ArrayList<>();
    if (!ends.isEmpty()) {
      baseline.add(Instruction.Checkpoint.CHECKPOINT);
      baseline.addAll(reading(ends, Set.of(), "baseline-trigger", Instruction.Create.BASELINE));
    }
    touched.addAll(primary.keySet());
    touched.addAll(apart.keySet());
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

  /** Puts what a device needs before it, and leaves the order as it is otherwise. */
  private static void inOrderOfNeeds(List<DeviceView> devices) {
    Map<DeviceName, DeviceView> known = new LinkedHashMap<>();
    devices.forEach(view -> known.put(view.name(), view));
    Map<DeviceName, DeviceView> ordered = new LinkedHashMap<>();
    devices.forEach(view -> add(view, known, ordered, new LinkedHashSet<>()));
    devices.clear();
    devices.addAll(ordered.values());
  }

  private static void add(
      DeviceView view,
      Map<DeviceName, DeviceView> known,
      Map<DeviceName, DeviceView> ordered,
      Set<DeviceName> path) {
    if (path.add(view.name())) {
      view.needs().stream()
          .filter(known::containsKey)
          .forEach(needed -> add(known.get(needed), known, ordered, path));
      ordered.putIfAbsent(view.name(), view);
    }
  }

  /** All are triggered together; then come the point and the streams of the async devices. */
  private static List<Instruction> shot(
      Collection<DeviceView> point, Collection<DeviceView> apart, Set<DeviceName> named) {
    List<DeviceView> all = new ArrayList<>(point);
    all.addAll(apart);
    List<Instruction> steps = new ArrayList<>(triggers(all, named, "trigger"));
    if (!point.isEmpty() || apart.isEmpty()) {
      steps.addAll(bundle(point, Instruction.Create.PRIMARY));
    }
    for (DeviceView view : apart) {
      steps.addAll(bundle(List.of(view), new Instruction.Create(view.name().value())));
    }
    return List.copyOf(steps);
  }

  private static List<Instruction> reading(
      Collection<DeviceView> devices,
      Set<DeviceName> named,
      String group,
      Instruction.Create create) {
    List<Instruction> steps = new ArrayList<>(triggers(devices, named, group));
    steps.addAll(bundle(devices, create));
    return List.copyOf(steps);
  }

  private static List<Instruction> triggers(
      Collection<DeviceView> devices, Set<DeviceName> named, String group) {
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
    return steps;
  }

  private static List<Instruction> bundle(
      Collection<DeviceView> devices, Instruction.Create create) {
    List<Instruction> steps = new ArrayList<>();
    steps.add(create);
    for (DeviceView view : devices) {
      if (view.can(Ability.READABLE)) {
        steps.add(new Instruction.Read(view.name()));
      }
    }
    steps.add(Instruction.Save.SAVE);
    return steps;
  }
}
