package org.beamhive.devices.actor;

import java.time.Duration;
import org.beamhive.devices.signal.Deadlines;

/**
 * For how long somebody has not been heard who has to say again and again that he is alive: a
 * worker or a caller.
 */
final class Silence {
  /** So late after the time out only a process that stood still comes. */
  private static final Duration STANDSTILL = Duration.ofSeconds(2);

  private final Deadlines deadlines;
  private final Duration atMost;
  private long heard;

  Silence(Deadlines deadlines, Duration atMost) {
    this.deadlines = deadlines;
    this.atMost = atMost;
  }

  /** Has been heard just now. */
  void heard() {
    heard = deadlines.nanos();
  }

  /** Since the last word. */
  Duration length() {
    return Duration.ofNanos(deadlines.nanos() - heard);
  }

  boolean tooLong() {
    return length().compareTo(atMost) > 0;
  }

  /** A gap so long that whoever should have noticed it stood still himself. */
  boolean isStandstill() {
    return length().minus(atMost).compareTo(STANDSTILL) > 0;
  }

  /** How long a silence is allowed to be. */
  Duration atMost() {
    return atMost;
  }

  /** In seconds, for a person. */
  static String shown(Duration time) {
    return time.toMillis() % 1000 == 0
        ? time.toSeconds() + " s"
        : Math.round(time.toMillis() / 100.0) / 10.0 + " s";
  }
}
