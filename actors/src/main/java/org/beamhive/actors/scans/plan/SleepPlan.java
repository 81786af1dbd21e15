package org.beamhive.actors.scans.plan;

import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.beamhive.actors.scans.check.Arguments;
import org.beamhive.actors.scans.check.Declaration;
import org.beamhive.actors.scans.check.Parameter;
import org.beamhive.actors.scans.check.ParameterTypes;
import org.beamhive.actors.scans.instruction.Instruction;
import org.beamhive.actors.scans.instruction.Steps;

/** {@code sleep}: lets time pass; no run. */
final class SleepPlan implements Plan {
  private static final Parameter<Double> TIME =
      Parameter.required("time", ParameterTypes.SECONDS, "How long, in seconds.");
  private static final Declaration DECLARATION =
      Declaration.of("sleep", "Do nothing for a while.", TIME);

  @Override
  public Declaration declaration() {
    return DECLARATION;
  }

  @Override
  public BuiltPlan build(Arguments arguments) {
    double seconds = arguments.get(TIME);
    return new BuiltPlan(
        Steps.of(new Instruction.Sleep(seconds)),
        List.of(),
        OptionalLong.empty(),
        Duration.ofMillis((long) (seconds * 1000)));
  }
}
