package org.beamhive.actors.scans.check;

import java.util.List;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Value;

/**
 * A motor and what was said of it: one group of a plan's free arguments.
 *
 * @param motor the motor
 * @param given the values after it, checked, as the client gave them
 */
public record MotorArguments(DeviceView motor, List<Value> given) {
  public MotorArguments {
    given = List.copyOf(given);
  }

  /** The number at this place after the motor. */
  public double number(int place) {
    return given.get(place).asDouble();
  }

  /** The whole number at this place after the motor. */
  public long whole(int place) {
    return given.get(place) instanceof Value.Int whole ? whole.value() : (long) number(place);
  }

  /** The list of numbers at this place after the motor. */
  public List<Double> numbers(int place) {
    return ((Value.Items) given.get(place)).items().stream().map(Value::asDouble).toList();
  }
}
