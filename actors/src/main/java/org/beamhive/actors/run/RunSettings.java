package org.beamhive.actors.run;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * Settings of run logs and followers, from {@code beamhive.run}.
 *
 * @param tail entries of a run that its log keeps in memory for followers
 * @param page most entries given to a follower at once
 * @param pollInterval how often a follower looks into the journal while no live log is known
 * @param announceInterval how often a run is announced to a follower that has not confirmed its end
 * @param readJournal id of the read journal plugin
 * @param restartMin shortest wait before a log whose write failed is read again
 * @param restartMax longest such wait
 */
public record RunSettings(
    int tail,
    int page,
    Duration pollInterval,
    Duration announceInterval,
    String readJournal,
    Duration restartMin,
    Duration restartMax) {
  /** Reads {@code beamhive.run} of the whole configuration. */
  public static RunSettings from(Config config) {
    Config run = config.getConfig("beamhive.run");
    return new RunSettings(
        run.getInt("tail"),
        run.getInt("page"),
        run.getDuration("poll-interval"),
        run.getDuration("announce-interval"),
        run.getString("read-journal"),
        run.getDuration("restart-min"),
        run.getDuration("restart-max"));
  }

  public RunSettings {
    if (page < 1 || tail < page) {
      throw new IllegalArgumentException(
          "beamhive.run.tail = "
              + tail
              + ", beamhive.run.page = "
              + page
              + ": 1 <= page <= tail is needed");
    }
  }
}
