package org.beamhive.actors.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.ReadoutPriority;
import org.beamhive.protocol.model.Value;

/**
 * Which devices a run reads without being told to by its plan's arguments. Written into the start
 * document, under BEC's name {@code readout_priority}: a run that goes on later must read the same
 * ones, whichever devices there are by then.
 *
 * @param monitored read at every point
 * @param baseline read at both ends of the run
 * @param async read at every point into streams of their own; called {@code async} in BEC
 */
record ReadoutGroups(List<String> monitored, List<String> baseline, List<String> async) {
  static final String FIELD = "readout_priority";

  /**
   * The groups of a run that begins now. What could not be made belongs to them: that it is missing
   * must be found out, not passed over.
   */
  static ReadoutGroups of(List<DeviceView> devices) {
    return new ReadoutGroups(
        names(devices, ReadoutPriority.MONITORED),
        names(devices, ReadoutPriority.BASELINE),
        names(devices, ReadoutPriority.ASYNC));
  }

  private static List<String> names(List<DeviceView> devices, ReadoutPriority priority) {
    return devices.stream()
        .filter(view -> view.readoutPriority() == priority)
        .filter(view -> view.notMade() || view.connected() && view.can(Ability.READABLE))
        .map(view -> view.name().value())
        .toList();
  }

  /** The groups of a run that has begun, as its start document has them. */
  static Optional<ReadoutGroups> of(RunStart start) {
    return start != null && start.metadata().get(FIELD) instanceof Value.Fields groups
        ? Optional.of(
            new ReadoutGroups(
                texts(groups.get("monitored")),
                texts(groups.get("baseline")),
                texts(groups.get("async"))))
        : Optional.empty();
  }

  private static List<String> texts(Value value) {
    List<String> texts = new ArrayList<>();
    if (value instanceof Value.Items items) {
      for (Value item : items.items()) {
        if (item instanceof Value.Text text) {
          texts.add(text.value());
        }
      }
    }
    return List.copyOf(texts);
  }

  /** As it stands in the start document. */
  Value.Fields toValue() {
    return Value.Fields.EMPTY
        .with("monitored", Value.of(monitored.stream().map(Value::of).toList()))
        .with("baseline", Value.of(baseline.stream().map(Value::of).toList()))
        .with("async", Value.of(async.stream().map(Value::of).toList()));
  }

  /** The first device of these groups that is not there. */
  Optional<String> missing(List<DeviceView> devices) {
    List<String> all = new ArrayList<>(monitored);
    all.addAll(baseline);
    all.addAll(async);
    devices.forEach(view -> all.remove(view.name().value()));
    return all.stream().findFirst();
  }

  /** The devices, read as in these groups and in no other way. */
  List<DeviceView> apply(List<DeviceView> devices) {
    return devices.stream().map(view -> view.withReadoutPriority(priority(view))).toList();
  }

  private ReadoutPriority priority(DeviceView view) {
    if (monitored.contains(view.name().value())) {
      return ReadoutPriority.MONITORED;
    }
    if (baseline.contains(view.name().value())) {
      return ReadoutPriority.BASELINE;
    }
    if (async.contains(view.name().value())) {
      return ReadoutPriority.ASYNC;
    }
    // what is not read all the time is read on request, whatever it may be by now
    return view.readoutPriority() == ReadoutPriority.CONTINUOUS
        ? ReadoutPriority.CONTINUOUS
        : ReadoutPriority.ON_REQUEST;
  }
}
