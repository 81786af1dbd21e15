package org.beamhive.actors.engine;

import com.typesafe.config.Config;
import java.time.Duration;
import java.util.Optional;

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
 * @param keepAliveInterval how often the worker tells its devices that it is alive
 * @param deviceWait how long a run waits for a device that is gone before it is ended as failed;
 *     for ever if empty
 * @param resumeWithin how long a device may have been gone so that its run goes on by itself, from
 *     {@code beamhive.recovery}
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
    Duration parkTimeout,
    Duration keepAliveInterval,
    Optional<Duration> deviceWait,
    Duration resumeWithin) {
  private static final String FOR_EVER = "for-ever";

  /** Reads {@code beamhive.engine} and {@code beamhive.recovery} of the whole configuration. */
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
        engine.getDuration("park-timeout"),
        engine.getDuration("keep-alive-interval"),
        engine.getString("device-wait").equals(FOR_EVER)
            ? Optional.empty()
            : Optional.of(engine.getDuration("device-wait")),
        resumeWithin(config.getConfig("beamhive.recovery")));
  }

  /** Only one policy lets a run go on by itself after it has stood. */
  private static Duration resumeWithin(Config recovery) {
    return recovery.getString("policy").equals("resume")
        ? recovery.getDuration("resume-within")
        : Duration.ZERO;
  }

  public EngineSettings {
    if (keepAliveInterval.isNegative() || keepAliveInterval.isZero()) {
      throw new IllegalArgumentException(
          "beamhive.engine.keep-alive-interval = "
              + keepAliveInterval
              + ": must be longer than 0 and shorter than beamhive.devices.owner-timeout");
    }
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
