package org.beamhive.devices.backend.sim;

import java.time.Duration;

/** The time of the simulation. */
public interface SimClock {
  /** Seconds since 1970. */
  double seconds();

  /** Runs something later; what it throws is lost. */
  void schedule(Duration delay, Runnable action);
}
