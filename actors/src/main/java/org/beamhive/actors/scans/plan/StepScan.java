package org.beamhive.actors.scans.plan;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.beamhive.actors.scans.check.Arguments;
import org.beamhive.actors.scans.check.Beamline;
import org.beamhive.actors.scans.check.MotorArguments;
import org.beamhive.actors.scans.check.Parameter;
import org.beamhive.actors.scans.check.ParameterTypes;
import org.beamhive.actors.scans.check.Refused;
import org.beamhive.actors.scans.instruction.Instruction;
import org.beamhive.actors.scans.instruction.Steps;
import org.beamhive.actors.scans.trajectory.Axis;
import org.beamhive.actors.scans.trajectory.Trajectory;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Value;

/** What all plans that go from point to point and stop at each have in common. */
final class StepScan {
  static final Parameter<List<DeviceView>> DETECTORS =
      Parameter.required(
          "detectors",
          new ParameterTypes.Devices(DeviceView.Ability.READABLE),
          "List of the devices to read at each point.");
  static final Parameter<Value.Fields> MD =
      Parameter.keyword(
          "md",
          ParameterTypes.METADATA,
          Value.None.NONE,
          "Metadata to add to the start document of the run.");

  /** A guess for reading and a short move; what matters more are the delays. */
  static final Duration POINT = Duration.ofMillis(100);

  private StepScan() {}

  static String relativeNote(boolean relative) {
    return relative
        ? " Positions are relative to where each motor is when the plan starts, and the motors"
            + " return there at the end."
        : "";
  }

  /** A grid with its size checked. */
  static Trajectory grid(List<? extends Axis> axes, List<Boolean> snaked) throws Refused {
    double points = 1;
    for (Axis axis : axes) {
      points *= axis.size();
    }
    if (points > ParameterTypes.MOST_POINTS) {
      throw Refused.of(
          "bad-argument",
          "args: the grid has %.0f points, at most %d are allowed"
              .formatted(points, ParameterTypes.MOST_POINTS));
    }
    return Trajectory.grid(axes, snaked);
  }

  /**
   * Builds one.
   *
   * @param axes by motor, the trajectory's extremes are theirs
   * @param metadata with all but the fields that every step scan has
   */
  static BuiltPlan build(
      Arguments arguments,
      List<MotorArguments> groups,
      List<? extends Axis> axes,
      Trajectory trajectory,
      RunMetadata metadata,
      boolean relative)
      throws Refused {
    List<DeviceView> motors = groups.stream().map(MotorArguments::motor).toList();
    List<DeviceView> detectors = arguments.get(DETECTORS);
    double[] origin = new double[motors.size()];
    if (!relative) {
      allow(motors, axes, origin);
    }
    Instruction.OpenRun open =
        metadata
            .with("detectors", RunMetadata.names(detectors))
            .with("motors", RunMetadata.names(motors))
            .points(trajectory.size())
            .open(arguments.get(MD), arguments);
    Readout readout = new Readout(detectors, motors, arguments.beamline());
    Steps steps =
        readout.run(
            open,
            () ->
                relative
                    ? Locating.locate(
                        motors, initial -> thereAndBack(trajectory, motors, axes, initial, readout))
                    : new PointSteps(trajectory, motors, origin, readout.shot()));
    return new BuiltPlan(
        steps,
        readout.devices(),
        OptionalLong.of(trajectory.size()),
        POINT.multipliedBy(trajectory.size()));
  }

  private static Steps thereAndBack(
      Trajectory trajectory,
      List<DeviceView> motors,
      List<? extends Axis> axes,
      double[] initial,
      Readout readout) {
    try {
      allow(motors, axes, initial);
    } catch (Refused refused) {
      throw new IllegalStateException(refused.getMessage(), refused);
    }
    return Steps.concat(
        () -> new PointSteps(trajectory, motors, initial, readout.shot()),
        () -> Steps.of(Instruction.Checkpoint.CHECKPOINT),
        () -> MovePlan.move(motors, initial, "return"));
  }

  /** Every position of a list, both ends of a line: all corners lie within them. */
  private static void allow(List<DeviceView> motors, List<? extends Axis> axes, double[] origin)
      throws Refused {
    for (int i = 0; i < motors.size(); i++) {
      DeviceView motor = motors.get(i);
      Axis axis = axes.get(i);
      if (axis instanceof Axis.Listed listed) {
        for (double position : listed.positions()) {
          Beamline.allow(motor, origin[i] + position);
        }
      } else {
        Beamline.allow(motor, origin[i] + axis.at(0));
        Beamline.allow(motor, origin[i] + axis.at(axis.size() - 1));
      }
    }
  }

  /** One dimension for all motors, which move together. */
  static List<List<String>> together(List<MotorArguments> groups) {
    List<String> all = new ArrayList<>();
    groups.forEach(group -> all.addAll(group.motor().hints()));
    return List.of(all);
  }

  /** One dimension for each motor. */
  static List<List<String>> apart(List<MotorArguments> groups) {
    return groups.stream().map(group -> group.motor().hints()).toList();
  }
}
