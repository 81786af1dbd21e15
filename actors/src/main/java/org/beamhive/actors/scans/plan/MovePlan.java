package org.beamhive.actors.scans.plan;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.beamhive.actors.scans.check.Arguments;
import org.beamhive.actors.scans.check.Beamline;
import org.beamhive.actors.scans.check.Declaration;
import org.beamhive.actors.scans.check.MotorArguments;
import org.beamhive.actors.scans.check.Parameter;
import org.beamhive.actors.scans.check.ParameterTypes;
import org.beamhive.actors.scans.check.ParameterTypes.MotorGroups;
import org.beamhive.actors.scans.check.Refused;
import org.beamhive.actors.scans.instruction.Instruction;
import org.beamhive.actors.scans.instruction.Steps;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Value;

/** {@code mv} and {@code mvr}: moves devices at the same time and waits for all; no run. */
final class MovePlan implements Plan {
  private static final String GROUP = "move";

  private final boolean relative;
  private final Parameter<List<MotorArguments>> args;
  private final Declaration declaration;

  MovePlan(boolean relative) {
    this.relative = relative;
    this.args =
        Parameter.rest(
            "args",
            relative
                ? new MotorGroups(List.of("distance"), List.of(ParameterTypes.POSITION))
                : new MotorGroups(List.of("position"), List.of(ParameterTypes.SETPOINT)),
            relative
                ? "motor1, distance1, motor2, distance2, ... in each motor's units."
                : "device1, position1, device2, position2, ... in each device's units.");
    this.declaration =
        Declaration.of(
            relative ? "mvr" : "mv",
            relative
                ? "Move motors by a distance, all at the same time, and wait until they are there."
                : "Move devices, all at the same time, and wait until they are there.",
            args);
  }

  @Override
  public Declaration declaration() {
    return declaration;
  }

  @Override
  public BuiltPlan build(Arguments arguments) throws Refused {
    List<MotorArguments> groups = arguments.get(args);
    List<DeviceView> motors = groups.stream().map(MotorArguments::motor).toList();
    return new BuiltPlan(
        relative ? relative(groups, motors) : absolute(groups),
        motors.stream().map(DeviceView::name).toList(),
        OptionalLong.empty(),
        Duration.ZERO);
  }

  private static Steps absolute(List<MotorArguments> groups) throws Refused {
    List<Instruction> steps = new ArrayList<>();
    for (MotorArguments group : groups) {
      Value setpoint = group.given().get(0);
      if (setpoint.numeric()) {
        Beamline.allow(group.motor(), setpoint.asDouble());
      } else if (group.motor().limits().set()) {
        throw Refused.of(
            "wrong-type",
            "args: position of '%s' must be a number, not %s"
                .formatted(group.motor().name(), setpoint.shown()));
      }
      steps.add(new Instruction.Set(group.motor().name(), setpoint, GROUP));
    }
    steps.add(new Instruction.Wait(GROUP));
    return Steps.of(steps);
  }

  private static Steps relative(List<MotorArguments> groups, List<DeviceView> motors) {
    return Locating.locate(
        motors,
        initial -> {
          double[] goal = initial.clone();
          for (int i = 0; i < goal.length; i++) {
            goal[i] += groups.get(i).number(0);
            try {
              Beamline.allow(motors.get(i), goal[i]);
            } catch (Refused refused) {
              throw new IllegalStateException(refused.getMessage(), refused);
            }
          }
          return move(motors, goal, GROUP);
        });
  }

  /** Moves all at the same time and waits. */
  static Steps move(List<DeviceView> motors, double[] positions, String group) {
    List<Instruction> steps = new ArrayList<>();
    for (int i = 0; i < positions.length; i++) {
      steps.add(new Instruction.Set(motors.get(i).name(), Value.of(positions[i]), group));
    }
    steps.add(new Instruction.Wait(group));
    return Steps.of(steps);
  }
}
