package org.beamhive.cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The node's own endpoint for health and metrics, from {@code beamhive.health}.
 *
 * @param host address to listen on; empty for no such endpoint
 * @param port port to listen on, 0 for a free one
 * @param timeout how long each part of the node may take to answer before it counts as missing
 */
public record HealthSettings(String host, int port, Duration timeout) {
  private static final String ROOT = "beamhive.health";

  /**
   * Reads the whole configuration.
   *
   * @throws ConfigProblem naming every mistake
   */
  public static HealthSettings from(Config config) {
    try {
      Config own = config.getConfig(ROOT);
      HealthSettings settings =
          new HealthSettings(
              own.getString("host").strip(), own.getInt("port"), own.getDuration("timeout"));
      List<String> mistakes = new ArrayList<>();
      if (settings.port < 0 || settings.port > 65535) {
        mistakes.add(ROOT + ".port = " + settings.port + ": 0 to 65535 is allowed");
      }
      if (settings.timeout.compareTo(Duration.ofMillis(10)) < 0) {
        mistakes.add(
            ROOT + ".timeout = " + own.getString("timeout") + ": 10 ms or more is allowed");
      }
      if (!mistakes.isEmpty()) {
        throw new ConfigProblem(mistakes);
      }
      return settings;
    } catch (ConfigException wrong) {
      throw new ConfigProblem(List.of(wrong.getMessage()));
    }
  }

  /** Whether the node has such an endpoint. */
  public boolean enabled() {
    return !host.isEmpty();
  }
}
