package org.beamhive.actors.scans.plan;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
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

/** {@code scan} and {@code rel_scan}: motors step together along a line. */
final class ScanPlan implements Plan {
  private static final Parameter<List<MotorArguments>> ARGS =
      Parameter.rest(
          "args",
          new MotorGroups(
              List.of("start", "stop"), List.of(ParameterTypes.POSITION, ParameterTypes.POSITION)),
          "motor1, start1, stop1, motor2, start2, stop2, ... in each motor's units; num may come"
              + " last.");
  private static final Parameter<OptionalLong> NUM =
      Parameter.keyword(
          "num",
          ParameterTypes.POINTS_OR_NONE,
          Value.None.NONE,
          "How many points, both ends included; must be given here or as the last of args.");

  private final boolean relative;
  private final Declaration declaration;

  ScanPlan(boolean relative) {
    this.relative = relative;
    this.declaration =
        new Declaration(
            relative ? "rel_scan" : "scan",
            "Move motors together in even steps and read detectors at each point."
                + StepScan.relativeNote(relative),
            List.of(StepScan.DETECTORS, ARGS, NUM, StepScan.MD),
            NUM);
  }

  @Override
  public Declaration declaration() {
    return declaration;
  }

  @Override
  public BuiltPlan build(Arguments arguments) throws Refused {
    List<MotorArguments> groups = arguments.get(ARGS);
    OptionalLong given = arguments.get(NUM);
    if (given.isEmpty()) {
      throw declaration.missing("num");
    }
    long num = given.getAsLong();
    List<Axis.Even> axes =
        groups.stream().map(group -> new Axis.Even(group.number(0), group.number(1), num)).toList();
    Map<String, Value> planArgs = new LinkedHashMap<>();
    planArgs.put("detectors", RunMetadata.names(arguments.get(StepScan.DETECTORS)));
    planArgs.put("num", Value.of(num));
    planArgs.put("args", RunMetadata.flat(groups));
    Map<String, Value> patternArgs = new LinkedHashMap<>();
    patternArgs.put("num", Value.of(num));
    patternArgs.put("args", RunMetadata.flat(groups));
    RunMetadata metadata =
        new RunMetadata(declaration.name())
            .with("plan_args", new Value.Fields(planArgs))
            .pattern("inner_product", new Value.Fields(patternArgs))
            .dimensions(StepScan.together(groups));
    return StepScan.build(arguments, groups, axes, Trajectory.together(axes), metadata, relative);
  }
}
