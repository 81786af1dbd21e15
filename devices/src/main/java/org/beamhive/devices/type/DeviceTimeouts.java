package org.beamhive.devices.type;

import java.time.Duration;
import org.beamhive.devices.signal.Deadlines;

/**
 * How long devices wait.
 *
 * @param request for the answer to one get or put
 * @param moveMargin for a move, beyond the time that it should take
 * @param deadlines the clock that says so
 */
public record DeviceTimeouts(Duration request, Duration moveMargin, Deadlines deadlines) {
  /** By the machine's own clock. */
  public DeviceTimeouts(Duration request, Duration moveMargin) {
    this(request, moveMargin, Deadlines.SYSTEM);
  }
}
