package org.beamhive.actors.queue;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * Settings of the queue, from {@code beamhive.queue} and {@code beamhive.recovery}.
 *
 * @param historyLimit most ended items kept; older ones are forgotten
 * @param snapshotEvery events between two snapshots
 * @param aliveInterval how often it is recorded that the worker is at work
 * @param workerRestarts how often in a row a worker that failed is started again before its run is
 *     closed
 * @param workerRestartDelay how long to wait before that
 * @param standAside how long a queue that was overtaken by another one waits for that one to fall
 *     silent before it takes over again
 * @param resumeWithin longest gap after which a run goes on by itself
 * @param policy what to do with a run after the node was away
 */
public record QueueSettings(
    int historyLimit,
    int snapshotEvery,
    Duration aliveInterval,
    int workerRestarts,
    Duration workerRestartDelay,
    Duration standAside,
    Duration resumeWithin,
    Policy policy) {
  public QueueSettings {
    if (standAside.compareTo(aliveInterval.multipliedBy(2)) <= 0) {
      throw new IllegalArgumentException(
          "beamhive.queue.stand-aside = "
              + standAside
              + ": must be longer than twice beamhive.queue.alive-interval, "
              + aliveInterval);
    }
  }

  /** What to do with a run after the node was away. */
  public enum Policy {
    /** Go on, unless the gap was too long. */
    RESUME,
    /** Come back paused. */
    PAUSE,
    /** Close it as failed. */
    FAIL
  }

  /** Reads {@code beamhive.queue} and {@code beamhive.recovery} of the whole configuration. */
  public static QueueSettings from(Config config) {
    Config queue = config.getConfig("beamhive.queue");
    Config recovery = config.getConfig("beamhive.recovery");
    String policy = recovery.getString("policy");
    return new QueueSettings(
        queue.getInt("history-limit"),
        queue.getInt("snapshot-every"),
        queue.getDuration("alive-interval"),
        queue.getInt("worker-restarts"),
        queue.getDuration("worker-restart-delay"),
        queue.getDuration("stand-aside"),
        recovery.getDuration("resume-within"),
        switch (policy) {
          case "resume" -> Policy.RESUME;
          case "pause" -> Policy.PAUSE;
          case "fail" -> Policy.FAIL;
          default ->
              throw new IllegalArgumentException(
                  "beamhive.recovery.policy = '" + policy + "': resume, pause or fail is allowed");
        });
  }
}
