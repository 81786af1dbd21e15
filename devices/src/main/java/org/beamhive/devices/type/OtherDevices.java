package org.beamhive.devices.type;

import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.protocol.model.DeviceName;

/**
 * The other devices of the same hutch, for a device that is made of some of them, such as a pseudo
 * axis. It gets an own instance of each, with signals of its own: the device may run on another
 * node of the hutch. So everything that the device itself would check is checked, by the same code.
 */
@FunctionalInterface
public interface OtherDevices {
  /** There are no other devices. */
  OtherDevices NONE =
      (name, backends) -> {
        throw new DeviceFailure("unknown-device", "There is no device " + name + " here.");
      };

  /**
   * An own instance of another device.
   *
   * @param device not open yet
   * @param readOnly whether the device file forbids to move it
   */
  record Other(Device device, boolean readOnly) {}

  /**
   * Makes an instance of the device of this name.
   *
   * @param backends what it is to use
   * @throws DeviceFailure {@code unknown-device} or {@code device-disabled}
   */
  Other make(DeviceName name, DeviceBackends backends);
}
