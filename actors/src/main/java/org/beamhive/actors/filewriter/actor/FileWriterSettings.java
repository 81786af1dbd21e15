package org.beamhive.actors.filewriter.actor;

import com.typesafe.config.Config;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import org.beamhive.actors.filewriter.nexus.Facility;

/**
 * Settings of the file writers, {@code beamhive.file-writer}.
 *
 * @param basePath folder under which the files of all runs are
 * @param facility what a file says of where it was taken
 * @param retryMin first wait after a failed write
 * @param retryMax longest such wait
 */
public record FileWriterSettings(
    Path basePath, Facility facility, Duration retryMin, Duration retryMax) {
  /** The dispatcher that all work on files is done on. */
  public static final String DISPATCHER = "beamhive.file-writer.dispatcher";

  private static final String ROOT = "beamhive.file-writer";

  public FileWriterSettings {
    require(
        !retryMin.isZero() && !retryMin.isNegative() && retryMin.compareTo(retryMax) <= 0,
        "retry-min",
        "must be positive and at most retry-max, is " + retryMin.toMillis() + " ms");
  }

  /** From the whole configuration. */
  public static FileWriterSettings from(Config config) {
    Config own = config.getConfig(ROOT);
    String base = own.getString("base-path");
    require(!base.isBlank(), "base-path", "must not be empty");
    try {
      return new FileWriterSettings(
          Path.of(base).toAbsolutePath().normalize(),
          new Facility(
              own.getString("instrument-name"),
              own.getString("source.name"),
              own.getString("source.type"),
              own.getString("source.probe")),
          own.getDuration("retry-min"),
          own.getDuration("retry-max"));
    } catch (InvalidPathException problem) {
      throw new IllegalArgumentException(
          ROOT + ".base-path is no path: " + problem.getMessage(), problem);
    }
  }

  private static void require(boolean holds, String key, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(ROOT + "." + key + " " + rule);
    }
  }
}
