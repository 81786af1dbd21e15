package org.beamhive.actors.scans.plan;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.beamhive.actors.scans.check.Arguments;
import org.beamhive.actors.scans.check.Declaration;
import org.beamhive.actors.scans.check.MotorArguments;
import org.beamhive.actors.scans.check.Parameter;
import org.beamhive.actors.scans.check.ParameterTypes;
import org.beamhive.actors.scans.check.ParameterTypes.MotorGroups;
import org.beamhive.actors.scans.check.Refused;
import org.beamhive.actors.scans.trajectory.Axis;
import org.beamhive.actors.scans.trajectory.Trajectory;
import org.beamhive.protocol.model.Value;

/** {@code list_scan} and {@code rel_list_scan}: motors step together through lists. */
final class ListScanPlan implements Plan {
  static final Parameter<List<MotorArguments>> ARGS =
      Parameter.rest(
          "args",
          new MotorGroups(List.of("positions"), List.of(ParameterTypes.POSITIONS)),
          "motor1, [position, ...], motor2, [position, ...], ... in each motor's units.");

  private final boolean relative;
  private final Declaration declaration;

  ListScanPlan(boolean relative) {
    this.relative = relative;
    this.declaration =
        Declaration.of(
            relative ? "rel_list_scan" : "list_scan",
            "Move motors together through lists of positions, all equally long, and read detectors"
                + " at each point."
                + StepScan.relativeNote(relative),
            StepScan.DETECTORS,
            ARGS,
            StepScan.MD);
  }

  @Override
  public Declaration declaration() {
    return declaration;
  }

  @Override
  public BuiltPlan build(Arguments arguments) throws Refused {
    List<MotorArguments> groups = arguments.get(ARGS);
    List<Axis.Listed> axes = axes(groups);
    for (int i = 1; i < axes.size(); i++) {
      if (axes.get(i).size() != axes.get(0).size()) {
        throw Refused.of(
            "bad-argument",
            "args: all lists must be equally long; '%s' has %d positions, '%s' has %d"
                .formatted(
                    groups.get(0).motor().name(),
                    axes.get(0).size(),
                    groups.get(i).motor().name(),
                    axes.get(i).size()));
      }
    }
    Map<String, Value> planArgs = new LinkedHashMap<>();
    planArgs.put("detectors", RunMetadata.names(arguments.get(StepScan.DETECTORS)));
    planArgs.put("args", RunMetadata.flat(groups));
    RunMetadata metadata =
        new RunMetadata(declaration.name())
            .with("plan_args", new Value.Fields(planArgs))
            .pattern(
                "inner_list_product", new Value.Fields(Map.of("args", RunMetadata.flat(groups))))
            .dimensions(StepScan.together(groups));
    return StepScan.build(arguments, groups, axes, Trajectory.together(axes), metadata, relative);
  }

  static List<Axis.Listed> axes(List<MotorArguments> groups) {
    return groups.stream().map(group -> new Axis.Listed(group.numbers(0))).toList();
  }
}
