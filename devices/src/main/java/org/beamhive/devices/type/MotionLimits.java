package org.beamhive.devices.type;

import java.util.function.Supplier;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;

/**
 * Limits that people have set at run time, beside those of a device's record and of its
 * configuration. They hold for every motion, also for those that a device begins by itself or for
 * another one that it is part of.
 */
public interface MotionLimits {
  /** There are none. */
  MotionLimits NONE =
      new MotionLimits() {
        @Override
        public Limits of(DeviceName device) {
          return Limits.NONE;
        }

        @Override
        public Refusal refusalOf(DeviceName device, Value setpoint, Supplier<String> units) {
          return null;
        }
      };

  /** Those of a device, as they are now. */
  Limits of(DeviceName device);

  /**
   * Null unless the setpoint is a number outside them.
   *
   * @param units of the device, only asked for if there is something to say
   */
  Refusal refusalOf(DeviceName device, Value setpoint, Supplier<String> units);
}
