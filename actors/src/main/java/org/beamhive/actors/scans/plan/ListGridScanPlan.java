package org.beamhive.actors.scans.plan;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.beamhive.actors.scans.check.Arguments;
import org.beamhive.actors.scans.check.Declaration;
import org.beamhive.actors.scans.check.MotorArguments;
import org.beamhive.actors.scans.check.Parameter;
import org.beamhive.actors.scans.check.ParameterTypes;
import org.beamhive.actors.scans.check.ParameterTypes.Snake;
import org.beamhive.actors.scans.check.Refused;
import org.beamhive.actors.scans.trajectory.Axis;
import org.beamhive.protocol.model.Value;

/** {@code list_grid_scan} and {@code rel_list_grid_scan}: a mesh of lists of positions. */
final class ListGridScanPlan implements Plan {
  private static final Parameter<Snake> SNAKE_AXES =
      Parameter.keyword(
          "snake_axes", new ParameterTypes.SnakeAxes(), Value.Bool.FALSE, GridScanPlan.SNAKE_HELP);

  private final boolean relative;
  private final Declaration declaration;

  ListGridScanPlan(boolean relative) {
    this.relative = relative;
    this.declaration =
        Declaration.of(
            relative ? "rel_list_grid_scan" : "list_grid_scan",
            "Move motors through every point of a mesh of listed positions, the first motor"
                + " slowest, and read detectors at each."
                + StepScan.relativeNote(relative),
            StepScan.DETECTORS,
            ListScanPlan.ARGS,
            SNAKE_AXES,
            StepScan.MD);
  }

  @Override
  public Declaration declaration() {
    return declaration;
  }

  @Override
  public BuiltPlan build(Arguments arguments) throws Refused {
    List<MotorArguments> groups = arguments.get(ListScanPlan.ARGS);
    List<Boolean> snaked = Snaking.of(arguments.get(SNAKE_AXES), groups);
    List<Axis.Listed> axes = ListScanPlan.axes(groups);
    Value flat = RunMetadata.flat(groups);
    Value snake = arguments.given(SNAKE_AXES);
    Map<String, Value> planArgs = new LinkedHashMap<>();
    planArgs.put("detectors", RunMetadata.names(arguments.get(StepScan.DETECTORS)));
    planArgs.put("args", flat);
    planArgs.put("snake_axes", snake);
    Map<String, Value> patternArgs = new LinkedHashMap<>();
    patternArgs.put("args", flat);
    patternArgs.put("snake_axes", snake);
    RunMetadata metadata =
        new RunMetadata(declaration.name())
            .with("plan_args", new Value.Fields(planArgs))
            .pattern("outer_list_product", new Value.Fields(patternArgs))
            .with("shape", Value.of(axes.stream().map(axis -> Value.of(axis.size())).toList()))
            .with("extents", Value.of(axes.stream().map(ListGridScanPlan::extent).toList()))
            .with("snake_axes", snake)
            .with("snaking", Value.of(snaked.stream().map(Value::of).toList()))
            .hint("gridding", Value.of("rectilinear"))
            .dimensions(StepScan.apart(groups));
    return StepScan.build(arguments, groups, axes, StepScan.grid(axes, snaked), metadata, relative);
  }

  private static Value extent(Axis.Listed axis) {
    return Value.of(
        List.of(
            Value.of(Collections.min(axis.positions())),
            Value.of(Collections.max(axis.positions()))));
  }
}
