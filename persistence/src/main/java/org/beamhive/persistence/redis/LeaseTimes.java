package org.beamhive.persistence.redis;

import akka.coordination.lease.TimeoutSettings;
import java.time.Duration;

/**
 * The times of a lease; what each means is written in {@code reference.conf}.
 *
 * @param timeout after so long without a renewal the lease may be taken
 * @param interval between two renewals, or two looks
 * @param operation how long acquiring and releasing may take
 */
record LeaseTimes(Duration timeout, Duration interval, Duration operation) {

  /** Of the timeout, for clocks that don't go equally fast, and for who acts on an answer. */
  private static final int MARGIN = 10;

  private static final int LEAST_RENEWALS = 3;
  private static final Duration SHORTEST = Duration.ofMillis(10);
  private static final Duration LONGEST = Duration.ofHours(1);

  /**
   * @param section for messages
   */
  static LeaseTimes from(TimeoutSettings settings, Section section) {
    LeaseTimes times =
        new LeaseTimes(
            limited(settings.getHeartbeatTimeout(), "heartbeat-timeout", section),
            limited(settings.getHeartbeatInterval(), "heartbeat-interval", section),
            limited(settings.getOperationTimeout(), "lease-operation-timeout", section));
    if (times.timeout.compareTo(times.interval.multipliedBy(LEAST_RENEWALS)) < 0) {
      throw section.wrong(
          "heartbeat-timeout",
          "is %d ms, but must be at least %d times heartbeat-interval, which is %d ms"
              .formatted(times.timeout.toMillis(), LEAST_RENEWALS, times.interval.toMillis()));
    }
    return times;
  }

  private static Duration limited(Duration given, String key, Section section) {
    if (given.compareTo(SHORTEST) < 0 || given.compareTo(LONGEST) > 0) {
      throw section.wrong(
          key, "is " + given.toMillis() + " ms, but must be from 10 ms to 60 minutes");
    }
    return given;
  }

  /** How long a holder believes in its lease after it has sent a renewal that was confirmed. */
  Duration belief() {
    return timeout.minus(timeout.dividedBy(MARGIN));
  }

  /** Between two looks while somebody waits for an answer. */
  Duration poll() {
    return interval.dividedBy(4);
  }

  /** When an answer that doesn't come is asked for again over a new connection. */
  Duration patience() {
    return timeout.dividedBy(2);
  }
}
