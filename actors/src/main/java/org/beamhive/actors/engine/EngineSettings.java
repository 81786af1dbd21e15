package org.beamhive.actors.engine;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * Settings of the worker and its bundler, from {@code beamhive.engine}.
 *
 * @param lookAhead most entries of a run that may not be durable yet before the scan waits
 * @param maxBatch most entries in one write to the journal
 * @param appendTimeout how long the bundler waits for the log before asking what it holds
 * @param attachTimeout how long a scan waits at its start for its devices
 * @param attachRetry how often a device is asked again meanwhile
 * @param readTimeout longest time for all readings of a point
 * @param stepTimeout longest time for any other wait of a plan: moves and exposures have shorter
 *     ones in the device
 * @param stopTimeout how long the end of a plan waits for devices to stop and unstage
 * @param logTimeout how long the end of a plan waits for the log before the worker is started again
 * @param parkTimeout how long a node that goes away waits for the next checkpoint before it pauses
 *     at once
 */
public record EngineSettings(
    int lookAhead,
    int maxBatch,
    Duration appendTimeout,
    Duration attachTimeout,
    Duration attachRetry,
    Duration readTimeout,
    Duration stepTimeout,
    Duration stopTimeout,
    Duration logTimeout,
    Duration parkTimeout) {
  /** Reads {@code beamhive.engine} of the whole configuration. */
  public static EngineSettings from(Config config) {
    Config engine = config.getConfig("beamhive.engine");
    return new EngineSettings(
        engine.getInt("look-ahead"),
        engine.getInt("max-batch"),
        engine.getDuration("append-timeout"),
        engine.getDuration("attach-timeout"),
        engine.getDuration("attach-retry"),
        engine.getDuration("read-timeout"),
        engine.getDuration("step-timeout"),
        engine.getDuration("stop-timeout"),
        engine.getDuration("log-timeout"),
        engine.getDuration("park-timeout"));
  }

  public EngineSettings {
    if (lookAhead < 1) {
      throw new IllegalArgumentException(
          "beamhive.engine.look-ahead = " + lookAhead + ": at least 1 is needed");
    }
    if (maxBatch < 1) {
      throw new IllegalArgumentException(
          "beamhive.engine.max-batch = " + maxBatch + ": at least 1 is needed");
    }
  }
}
