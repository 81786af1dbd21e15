package org.beamhive.devices.signal;

import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.Value;

/**
 * What a signal was at one moment.
 *
 * @param value in the units of its {@link SignalMeta}; of an enumeration the index
 * @param timestamp when the hardware took it, seconds since 1970
 * @param severity of its alarm
 * @param status what the alarm is, in the control system's word
 * @param stamped whether the control system gave the time stamp; else it is when we learnt of it
 */
public record SignalValue(
    Value value, double timestamp, AlarmSeverity severity, String status, boolean stamped) {
  /** A value without alarm. */
  public static SignalValue of(Value value, double timestamp) {
    return new SignalValue(value, timestamp, AlarmSeverity.NO_ALARM, "NO_ALARM", true);
  }

  /** The number that it is, or NaN. */
  public double asDouble() {
    return value.asDouble();
  }
}
