package org.beamhive.actors.scans.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.beamhive.actors.scans.check.Arguments;
import org.beamhive.actors.scans.check.Declaration;
import org.beamhive.actors.scans.check.MotorArguments;
import org.beamhive.actors.scans.check.Parameter;
import org.beamhive.actors.scans.check.ParameterTypes;
import org.beamhive.actors.scans.check.ParameterTypes.MotorGroups;
import org.beamhive.actors.scans.check.ParameterTypes.Snake;
import org.beamhive.actors.scans.check.Refused;
import org.beamhive.actors.scans.trajectory.Axis;
import org.beamhive.protocol.model.Value;

/** {@code grid_scan} and {@code rel_grid_scan}: motors go through every point of a mesh. */
final class GridScanPlan implements Plan {
  static final String SNAKE_HELP =
      "Which motors turn round on every other pass instead of going back to their start: True for"
          + " all but the slowest, False or None for none, or a list of motors without the"
          + " slowest.";

  private static final Parameter<List<MotorArguments>> ARGS =
      Parameter.rest(
          "args",
          new MotorGroups(
              List.of("start", "stop", "num"),
              List.of(ParameterTypes.POSITION, ParameterTypes.POSITION, ParameterTypes.POINTS)),
          "motor1, start1, stop1, num1, motor2, start2, stop2, num2, ... from the slowest to the"
              + " fastest motor, in each motor's units; num counts both ends.");
  private static final Parameter<Snake> SNAKE_AXES =
      Parameter.keyword("snake_axes", new ParameterTypes.SnakeAxes(), Value.None.NONE, SNAKE_HELP);

  private final boolean relative;
  private final Declaration declaration;

  GridScanPlan(boolean relative) {
    this.relative = relative;
    this.declaration =
        Declaration.of(
            relative ? "rel_grid_scan" : "grid_scan",
            "Move motors through every point of a mesh of even steps and read detectors at each."
                + StepScan.relativeNote(relative),
            StepScan.DETECTORS,
            ARGS,
            SNAKE_AXES,
            StepScan.MD);
  }

  @Override
  public Declaration declaration() {
    return declaration;
  }

  @Override
  public BuiltPlan build(Arguments arguments) throws Refused {
    List<MotorArguments> groups = arguments.get(ARGS);
    List<Boolean> snaked = Snaking.of(arguments.get(SNAKE_AXES), groups);
    List<Axis.Even> axes =
        groups.stream()
            .map(group -> new Axis.Even(group.number(0), group.number(1), group.whole(2)))
            .toList();
    Map<String, Value> planArgs = new LinkedHashMap<>();
    planArgs.put("detectors", RunMetadata.names(arguments.get(StepScan.DETECTORS)));
    planArgs.put("args", RunMetadata.flat(groups));
    planArgs.put("snake_axes", arguments.given(SNAKE_AXES));
    RunMetadata metadata =
        new RunMetadata(declaration.name())
            .with("plan_args", new Value.Fields(planArgs))
            .pattern("outer_product", patternArgs(groups, snaked))
            .with("shape", Value.of(axes.stream().map(axis -> Value.of(axis.size())).toList()))
            .with(
                "extents",
                Value.of(
                    groups.stream().map(group -> Value.of(group.given().subList(0, 2))).toList()))
            .with("snaking", Value.of(snaked.stream().map(Value::of).toList()))
            .hint("gridding", Value.of("rectilinear"))
            .dimensions(StepScan.apart(groups));
    return StepScan.build(arguments, groups, axes, StepScan.grid(axes, snaked), metadata, relative);
  }

  /** As Bluesky's pattern takes them: every motor but the first has its snake flag at the end. */
  private static Value.Fields patternArgs(List<MotorArguments> groups, List<Boolean> snaked) {
    List<Value> flat = new ArrayList<>();
    for (int i = 0; i < groups.size(); i++) {
      flat.add(Value.of(groups.get(i).motor().name().value()));
      flat.addAll(groups.get(i).given());
      if (i > 0) {
        flat.add(Value.of(snaked.get(i)));
      }
    }
    return new Value.Fields(Map.of("args", Value.of(flat)));
  }
}
