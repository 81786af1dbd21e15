package org.beamhive.actors.scans.plan;

import java.util.ArrayList;
import java.util.List;
import org.beamhive.actors.scans.check.MotorArguments;
import org.beamhive.actors.scans.check.ParameterTypes.Snake;
import org.beamhive.actors.scans.check.Refused;
import org.beamhive.protocol.model.DeviceView;

/** Which motors of a grid turn round on every other pass. */
final class Snaking {
  private Snaking() {}

  /** By motor, from slow to fast. */
  static List<Boolean> of(Snake snake, List<MotorArguments> groups) throws Refused {
    List<DeviceView> motors = groups.stream().map(MotorArguments::motor).toList();
    for (DeviceView motor : snake.some()) {
      int at = motors.indexOf(motor);
      if (at < 0) {
        throw Refused.of(
            "bad-argument", "snake_axes: motor '" + motor.name() + "' does not move in this grid");
      }
      if (at == 0) {
        throw Refused.of(
            "bad-argument",
            "snake_axes: motor '" + motor.name() + "' is the slowest and can't snake");
      }
    }
    List<Boolean> snaked = new ArrayList<>();
    for (int i = 0; i < motors.size(); i++) {
      snaked.add(i > 0 && (snake.all() || snake.some().contains(motors.get(i))));
    }
    return snaked;
  }
}
