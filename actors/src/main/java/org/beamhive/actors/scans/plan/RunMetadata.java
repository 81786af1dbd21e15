package org.beamhive.actors.scans.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.beamhive.actors.scans.check.Arguments;
import org.beamhive.actors.scans.check.MotorArguments;
import org.beamhive.actors.scans.instruction.Instruction;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Value;

/** Gathers what a plan says of itself in the start document. */
final class RunMetadata {
  private final Map<String, Value> fields = new LinkedHashMap<>();
  private final Map<String, Value> hints = new LinkedHashMap<>();

  RunMetadata(String plan) {
    fields.put("plan_type", Value.of("generator"));
    fields.put("plan_name", Value.of(plan));
  }

  RunMetadata with(String key, Value value) {
    fields.put(key, value);
    return this;
  }

  RunMetadata points(long points) {
    return with("num_points", Value.of(points)).with("num_intervals", Value.of(points - 1));
  }

  /** Bluesky's name for the trajectory and what to give it to get the same positions again. */
  RunMetadata pattern(String name, Value.Fields args) {
    return with("plan_pattern", Value.of(name))
        .with("plan_pattern_module", Value.of("bluesky.plan_patterns"))
        .with("plan_pattern_args", args);
  }

  RunMetadata hint(String key, Value value) {
    hints.put(key, value);
    return this;
  }

  /** What to plot against: each inner list is one independent dimension. */
  RunMetadata dimensions(List<List<String>> dimensions) {
    List<Value> shown = new ArrayList<>();
    for (List<String> fieldsOfOne : dimensions) {
      if (!fieldsOfOne.isEmpty()) {
        shown.add(
            Value.of(
                List.of(
                    Value.of(fieldsOfOne.stream().map(Value::of).toList()), Value.of("primary"))));
      }
    }
    return shown.isEmpty() ? this : hint("dimensions", Value.of(shown));
  }

  /** With what the client adds, which wins: {@code md} over the plan's, the item's over both. */
  Instruction.OpenRun open(Value.Fields md, Arguments arguments) {
    Value.Fields all = new Value.Fields(fields);
    Value.Fields allHints = new Value.Fields(hints);
    for (Value.Fields added : List.of(md, arguments.metadata())) {
      all = all.with(added);
      if (added.get("hints") instanceof Value.Fields addedHints) {
        allHints = allHints.with(addedHints);
      }
    }
    return new Instruction.OpenRun(all.with("hints", allHints));
  }

  static Value names(List<DeviceView> devices) {
    return Value.of(devices.stream().map(view -> Value.of(view.name().value())).toList());
  }

  /** The flat list of motors and values, as given. */
  static Value flat(List<MotorArguments> groups) {
    List<Value> flat = new ArrayList<>();
    for (MotorArguments group : groups) {
      flat.add(Value.of(group.motor().name().value()));
      flat.addAll(group.given());
    }
    return Value.of(flat);
  }
}
