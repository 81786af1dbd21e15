package org.beamhive.devices.actor;

import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Refusal;

/**
 * How something has ended that a device was asked.
 *
 * @param value null if it has failed, or if there is none
 * @param error null if it ended well
 */
record Outcome<T>(T value, Throwable error) {
  /** It has failed, with this to be answered. */
  static <T> Outcome<T> failed(Refusal why) {
    return new Outcome<>(null, new DeviceFailure(why));
  }

  boolean hasFailed() {
    return error != null;
  }

  /** What to answer if it has failed. */
  Refusal refusal(DeviceName device) {
    return DeviceFailure.refusalOf(device.value(), error);
  }
}
