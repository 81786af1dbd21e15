package org.beamhive.devices.actor;

import org.beamhive.protocol.model.DeviceName;

/**
 * Is told how long the commands of devices take. Called on the actors' threads for every reading:
 * it counts and returns.
 */
@FunctionalInterface
public interface DeviceMeasures {
  /** Listens to nothing. */
  DeviceMeasures NONE = device -> OfDevice.NONE;

  /** What is measured of a device. */
  enum Operation {
    /** Reading its signals. */
    READ,
    /** From the command to move to its end. */
    SET,
    /** From the trigger to the end of the exposure. */
    TRIGGER
  }

  /** Asked for once per device and start of its actor. */
  OfDevice of(DeviceName device);

  /** Is told of one device. */
  interface OfDevice {
    /** Listens to nothing. */
    OfDevice NONE =
        new OfDevice() {
          @Override
          public void done(Operation operation, long nanos) {}

          @Override
          public void failed(Operation operation) {}
        };

    /** An operation has ended well after so many nanoseconds. */
    void done(Operation operation, long nanos);

    /** An operation has failed; one that was stopped has not. */
    void failed(Operation operation);
  }
}
