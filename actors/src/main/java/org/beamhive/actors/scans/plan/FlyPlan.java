package org.beamhive.actors.scans.plan;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
 * {@code fly}: lets flyers do what they are set up for. All are kicked off, then all completed,
 * then each is collected: one flyer into the stream {@code primary}, several into streams of their
 * own names. Unlike Bluesky's, which has no baseline devices of its own, it reads them at both
 * ends, and stages flyers that can be staged.
 */
final class FlyPlan implements Plan {
  private static final Parameter<List<DeviceView>> FLYERS =
      Parameter.required(
          "flyers",
          new ParameterTypes.Devices(DeviceView.Ability.FLYABLE),
          "List of the devices that fly.");
  private static final Declaration DECLARATION =
      Declaration.of("fly", "Perform a fly scan with one or more flyers.", FLYERS, StepScan.MD);

  @Override
  public Declaration declaration() {
    return DECLARATION;
  }

  @Override
  public BuiltPlan build(Arguments arguments) throws Refused {
    List<DeviceView> flyers = arguments.get(FLYERS);
    Readout readout = Readout.ofEnds(flyers, arguments.beamline());
    Instruction.OpenRun open =
        new RunMetadata("fly")
            .with("flyers", RunMetadata.names(flyers))
            .with("detectors", Value.of(List.of()))
            .with("motors", Value.of(List.of()))
            .with("plan_args", Value.Fields.EMPTY.with("flyers", RunMetadata.names(flyers)))
            .dimensions(List.of(List.of("time")))
            .open(arguments.get(StepScan.MD), arguments);
    return new BuiltPlan(
        readout.run(open, () -> Steps.of(flight(flyers))),
        readout.devices(),
        OptionalLong.empty(),
        Duration.ZERO);
  }

  private static List<Instruction> flight(List<DeviceView> flyers) {
    List<Instruction> steps = new ArrayList<>();
    for (DeviceView flyer : flyers) {
      String stream = flyers.size() == 1 ? "primary" : flyer.name().value();
      steps.add(new Instruction.Kickoff(flyer.name(), Value.Fields.EMPTY, stream, "kickoff"));
    }
    steps.add(new Instruction.Wait("kickoff"));
    flyers.forEach(flyer -> steps.add(new Instruction.Complete(flyer.name(), "complete")));
    steps.add(new Instruction.Wait("complete"));
    flyers.forEach(flyer -> steps.add(new Instruction.Collect(flyer.name())));
    steps.add(Instruction.Checkpoint.CHECKPOINT);
    return steps;
  }
}
