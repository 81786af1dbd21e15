package org.beamhive.actors.scans.plan;

import java.util.List;
import java.util.function.Function;
import org.beamhive.actors.scans.instruction.Instruction;
import org.beamhive.actors.scans.instruction.Steps;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Value;

/** Asks motors where they are, for plans that go from there. */
final class Locating {
  private Locating() {}

  /** Asks one after the other; then come the steps that know all positions. */
  static Steps locate(List<DeviceView> motors, Function<double[], ? extends Steps> then) {
    return locate(motors, 0, new double[motors.size()], then);
  }

  private static Steps locate(
      List<DeviceView> motors,
      int at,
      double[] positions,
      Function<double[], ? extends Steps> then) {
    if (at == motors.size()) {
      return then.apply(positions);
    }
    DeviceName motor = motors.get(at).name();
    return Steps.thenAnswered(
        new Instruction.Locate(motor),
        answer -> {
          double[] next = positions.clone();
          next[at] = position(motor, answer);
          return locate(motors, at + 1, next, then);
        });
  }

  /** Where it was sent to last, as Bluesky takes it; where it is if it was never sent anywhere. */
  private static double position(DeviceName motor, Value answer) {
    if (answer instanceof Value.Fields fields) {
      for (String key : List.of(Instruction.Locate.SETPOINT, Instruction.Locate.READBACK)) {
        Value value = fields.get(key);
        if (value != null && Double.isFinite(value.asDouble())) {
          return value.asDouble();
        }
      }
    }
    throw new IllegalStateException(
        "motor '%s' does not say where it is: it answered %s".formatted(motor, answer.shown()));
  }
}
