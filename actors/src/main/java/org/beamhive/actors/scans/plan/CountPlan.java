package org.beamhive.actors.scans.plan;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.beamhive.actors.scans.check.Arguments;
import org.beamhive.actors.scans.check.Declaration;
import org.beamhive.actors.scans.check.Parameter;
import org.beamhive.actors.scans.check.ParameterTypes;
import org.beamhive.actors.scans.check.Refused;
import org.beamhive.actors.scans.instruction.Instruction;
import org.beamhive.actors.scans.instruction.Steps;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Value;

/**
 * {@code count}: reads detectors a number of times.
 *
 * <p>The delay is a pause between the end of one shot and the start of the next, none after the
 * last. Bluesky measures it from the start of the shot, so with slow detectors ours takes longer. A
 * checkpoint stands before the pause too: after an interruption it goes on with the pause, and the
 * shot before it is not taken twice.
 */
final class CountPlan implements Plan {
  private static final Parameter<OptionalLong> NUM =
      Parameter.optional(
          "num",
          ParameterTypes.POINTS_OR_NONE,
          Value.of(1),
          "How many readings to take; with None it goes on until it is stopped.");
  private static final Parameter<List<Double>> DELAY =
      Parameter.optional(
          "delay",
          ParameterTypes.DELAYS,
          Value.of(0.0),
          "Pause between readings in seconds, or a list of pauses, at least num - 1 of them.");
  private static final Declaration DECLARATION =
      Declaration.of(
          "count",
          "Read detectors once or several times.",
          StepScan.DETECTORS,
          NUM,
          DELAY,
          StepScan.MD);

  @Override
  public Declaration declaration() {
    return DECLARATION;
  }

  @Override
  public BuiltPlan build(Arguments arguments) throws Refused {
    List<Double> delays = arguments.get(DELAY);
    boolean each = arguments.given(DELAY) instanceof Value.Items;
    OptionalLong num = arguments.get(NUM);
    if (each && num.isPresent() && delays.size() < num.getAsLong() - 1) {
      throw Refused.of(
          "bad-argument",
          "delay: a list must have at least num - 1 = %d pauses, not %d"
              .formatted(num.getAsLong() - 1, delays.size()));
    }
    OptionalLong points = num.isEmpty() && each ? OptionalLong.of(delays.size() + 1L) : num;
    List<DeviceView> detectors = arguments.get(StepScan.DETECTORS);
    Readout readout = new Readout(detectors, List.of(), arguments.beamline());
    Instruction.OpenRun open = metadata(arguments, detectors, points);
    Steps steps =
        readout.run(
            open,
            () ->
                Steps.repeat(
                    points.orElse(Long.MAX_VALUE),
                    shot ->
                        Steps.concat(
                            () -> pause(shot == 0 ? 0 : delays.get(each ? (int) shot - 1 : 0)),
                            () -> Steps.of(Instruction.Checkpoint.CHECKPOINT),
                            () -> Steps.of(readout.shot()))));
    return new BuiltPlan(steps, readout.devices(), points, estimate(points, delays, each));
  }

  private static Steps pause(double seconds) {
    return seconds == 0
        ? Steps.empty()
        : Steps.of(Instruction.Checkpoint.CHECKPOINT, new Instruction.Sleep(seconds));
  }

  private static Instruction.OpenRun metadata(
      Arguments arguments, List<DeviceView> detectors, OptionalLong points) {
    Map<String, Value> planArgs = new LinkedHashMap<>();
    planArgs.put("detectors", RunMetadata.names(detectors));
    planArgs.put("num", arguments.given(NUM));
    planArgs.put("delay", arguments.given(DELAY));
    RunMetadata metadata =
        new RunMetadata("count")
            .with("detectors", RunMetadata.names(detectors))
            .with("motors", Value.of(List.of()))
            .with("plan_args", new Value.Fields(planArgs))
            .dimensions(List.of(List.of("time")));
    if (points.isPresent()) {
      metadata.points(points.getAsLong());
    } else {
      metadata.with("num_points", Value.None.NONE).with("num_intervals", Value.None.NONE);
    }
    return metadata.open(arguments.get(StepScan.MD), arguments);
  }

  private static Duration estimate(OptionalLong points, List<Double> delays, boolean each) {
    if (points.isEmpty()) {
      return Duration.ZERO;
    }
    long pauses = points.getAsLong() - 1;
    double paused =
        each
            ? delays.stream().limit(pauses).mapToDouble(Double::doubleValue).sum()
            : delays.get(0) * pauses;
    return StepScan.POINT
        .multipliedBy(points.getAsLong())
        .plus(Duration.ofMillis((long) (paused * 1000)));
  }
}
