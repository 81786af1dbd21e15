package org.beamhive.devices.type;

import java.time.Duration;

/**
 * How long devices wait.
 *
 * @param request for the answer to one get or put
 * @param moveMargin for a move, beyond the time that it should take
 */
public record DeviceTimeouts(Duration request, Duration moveMargin) {}
