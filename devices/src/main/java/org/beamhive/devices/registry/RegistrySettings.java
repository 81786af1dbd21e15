package org.beamhive.devices.registry;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * The settings of the device registry, {@code beamhive.devices.registry}.
 *
 * @param history how many changes are kept, and can be undone
 * @param snapshotEvery changes between two snapshots
 * @param answerTimeout for devices and nodes that a change concerns
 * @param reservation how long a device stays free for a change
 * @param patience how long a node that starts waits for the registry
 */
public record RegistrySettings(
    int history,
    int snapshotEvery,
    Duration answerTimeout,
    Duration reservation,
    Duration patience) {
  private static final String ROOT = "beamhive.devices.registry.";

  public RegistrySettings {
    atLeastOne("history", history);
    atLeastOne("snapshot-every", snapshotEvery);
    if (reservation.compareTo(answerTimeout) <= 0) {
      throw new IllegalArgumentException(
          ROOT
              + "reservation: "
              + reservation
              + " must be longer than answer-timeout, "
              + answerTimeout);
    }
  }

  private static void atLeastOne(String key, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(ROOT + key + ": must be at least 1, is " + value);
    }
  }

  /** From the whole configuration. */
  public static RegistrySettings from(Config all) {
    Config config = all.getConfig("beamhive.devices.registry");
    return new RegistrySettings(
        config.getInt("history"),
        config.getInt("snapshot-every"),
        positive(config, "answer-timeout"),
        positive(config, "reservation"),
        positive(config, "wait"));
  }

  private static Duration positive(Config config, String key) {
    Duration value = config.getDuration(key);
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(ROOT + key + ": must be longer than 0, is " + value);
    }
    return value;
  }
}
