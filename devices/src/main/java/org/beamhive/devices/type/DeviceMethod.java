package org.beamhive.devices.type;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.beamhive.protocol.model.Value;

/**
 * Something that a device can do beside what all devices can, such as homing a motor.
 *
 * @param help one line for a person
 * @param parameters what it takes, checked before it is called
 * @param body does it; fails with a {@link org.beamhive.devices.signal.DeviceFailure}
 */
public record DeviceMethod(String help, List<ConfigKey> parameters, Body body) {
  public DeviceMethod {
    parameters = List.copyOf(parameters);
  }

  /** Does it. */
  @FunctionalInterface
  public interface Body {
    /** Ends with what it returns, {@link Value.None#NONE} if that is nothing. */
    CompletionStage<Value> call(Value.Fields arguments);
  }
}
