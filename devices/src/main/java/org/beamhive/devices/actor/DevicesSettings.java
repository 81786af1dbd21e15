package org.beamhive.devices.actor;

import com.typesafe.config.Config;
import java.time.Duration;
import java.util.List;
import org.beamhive.devices.backend.ca.CaSettings;
import org.beamhive.devices.type.DeviceTimeouts;

/**
 * The settings of this module, {@code beamhive.devices}.
 *
 * @param channelAccess how to reach EPICS IOCs
 * @param timeouts how long devices wait
 * @param reconnect between tries to connect
 * @param restart of a device actor that has failed
 * @param waitingCommands how many commands may wait for a busy device
 * @param ownerTimeout how long a device moves or measures for a worker, and a hutch for a node,
 *     that is silent
 * @param parkTimeout how long a device that is to stop may take to come to rest
 * @param wakeInterval between looks whether all devices run
 * @param reportInterval between a device's reports when nothing changes
 * @param reportDelay for which changes are collected into one report
 * @param silence after which a device without reports counts as lost
 * @param notifyInterval at least, between two messages to a subscriber of the device list
 * @param updateInterval at least, between two updates of a device's readings to who follows it
 */
public record DevicesSettings(
    CaSettings channelAccess,
    DeviceTimeouts timeouts,
    BackOff reconnect,
    BackOff restart,
    int waitingCommands,
    Duration ownerTimeout,
    Duration parkTimeout,
    Duration wakeInterval,
    Duration reportInterval,
    Duration reportDelay,
    Duration silence,
    Duration notifyInterval,
    Duration updateInterval) {
  private static final String ROOT = "beamhive.devices.";

  public DevicesSettings {
    if (waitingCommands < 1) {
      throw new IllegalArgumentException(
          ROOT + "waiting-commands: " + waitingCommands + " is too few, at least 1 is needed");
    }
    if (silence.compareTo(reportInterval) <= 0) {
      throw new IllegalArgumentException(
          ROOT
              + "directory.silence: "
              + silence
              + " must be longer than report.interval, "
              + reportInterval);
    }
  }

  /** The first and the longest wait of a series that doubles. */
  public record BackOff(Duration min, Duration max) {
    public BackOff {
      if (min.isNegative() || min.isZero() || max.compareTo(min) < 0) {
        throw new IllegalArgumentException(
            "beamhive.devices: a back-off from " + min + " to " + max + " is not possible");
      }
    }

    /** The wait before this try, counted from 1. */
    Duration before(int attempt) {
      Duration wait = min.multipliedBy(1L << Math.min(attempt - 1, 20));
      return wait.compareTo(max) > 0 ? max : wait;
    }
  }

  /** From the whole configuration. */
  public static DevicesSettings from(Config all) {
    Config config = all.getConfig("beamhive.devices");
    return new DevicesSettings(
        channelAccess(config),
        new DeviceTimeouts(
            positive(config, "request-timeout"), positive(config, "move-time-margin")),
        new BackOff(positive(config, "reconnect.min"), positive(config, "reconnect.max")),
        new BackOff(positive(config, "restart.min"), positive(config, "restart.max")),
        config.getInt("waiting-commands"),
        positive(config, "owner-timeout"),
        positive(config, "park-timeout"),
        positive(config, "wake-interval"),
        positive(config, "report.interval"),
        positive(config, "report.delay"),
        positive(config, "directory.silence"),
        positive(config, "directory.notify-interval"),
        positive(config, "update-interval"));
  }

  private static CaSettings channelAccess(Config config) {
    String at = "channel-access.";
    return new CaSettings(
        hosts(config, at + "addresses"),
        config.getBoolean(at + "auto-addresses"),
        hosts(config, at + "name-servers"),
        within(config, at + "server-port", 1, 65535),
        within(config, at + "repeater-port", 0, 65535),
        positive(config, at + "connection-timeout"),
        positive(config, at + "echo-timeout"),
        positive(config, at + "abandon-timeout"),
        positive(config, at + "tcp-connect-timeout"),
        positive(config, at + "max-search-interval"),
        (int) Math.min(config.getBytes(at + "max-array-bytes"), Integer.MAX_VALUE),
        within(config, at + "puts-in-flight", 1, Integer.MAX_VALUE),
        within(config, at + "changes-per-second", 0, Integer.MAX_VALUE));
  }

  private static List<String> hosts(Config config, String key) {
    List<String> hosts = config.getStringList(key);
    for (String host : hosts) {
      if (!host.matches("[^:\\s]+(:\\d{1,5})?")) {
        throw new IllegalArgumentException(
            ROOT + key + ": '" + host + "' must be host or host:port");
      }
    }
    return hosts;
  }

  private static int within(Config config, String key, int least, int most) {
    int value = config.getInt(key);
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          ROOT
              + key
              + ": must be at least "
              + least
              + (most < Integer.MAX_VALUE ? " and at most " + most : "")
              + ", is "
              + value);
    }
    return value;
  }

  private static Duration positive(Config config, String key) {
    Duration value = config.getDuration(key);
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(ROOT + key + ": must be longer than 0, is " + value);
    }
    return value;
  }
}
