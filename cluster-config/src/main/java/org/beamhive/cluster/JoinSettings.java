package org.beamhive.cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a node comes into its cluster, from {@code beamhive.node}. At most one of the two lists has
 * something in it; none means a cluster of its own.
 *
 * @param seedNodes {@code host:port} of nodes to join; if the node itself is the first of them, it
 *     forms the cluster when the others have none
 * @param contactPoints {@code host:port} of the beamline's nodes, the same on each of them, in any
 *     order; whoever takes the formation lease forms the cluster
 * @param timeout how long joining may take; empty for ever
 */
public record JoinSettings(
    List<String> seedNodes, List<String> contactPoints, Optional<Duration> timeout) {
  private static final String SEEDS = "beamhive.node.seed-nodes";
  private static final String CONTACTS = "beamhive.node.contact-points";
  private static final String TIMEOUT = "beamhive.node.join-timeout";

  public JoinSettings {
    seedNodes = List.copyOf(seedNodes);
    contactPoints = List.copyOf(contactPoints);
  }

  /**
   * Reads the whole configuration.
   *
   * @throws ConfigProblem naming every mistake
   */
  public static JoinSettings from(Config config) {
    try {
      List<String> mistakes = new ArrayList<>();
      List<String> seeds = addresses(config, SEEDS, mistakes);
      List<String> contacts = addresses(config, CONTACTS, mistakes);
      Duration timeout = config.getDuration(TIMEOUT);
      if (!seeds.isEmpty() && !contacts.isEmpty()) {
        mistakes.add(
            SEEDS
                + " = "
                + seeds
                + " and "
                + CONTACTS
                + " = "
                + contacts
                + ": give one of the two, not both");
      }
      if (timeout.isNegative()) {
        mistakes.add(
            TIMEOUT + " = " + config.getString(TIMEOUT) + ": 0 (for ever) or more is allowed");
      }
      if (!mistakes.isEmpty()) {
        throw new ConfigProblem(mistakes);
      }
      return new JoinSettings(
          seeds, contacts, timeout.isZero() ? Optional.empty() : Optional.of(timeout));
    } catch (ConfigException wrong) {
      throw new ConfigProblem(List.of(wrong.getMessage()));
    }
  }

  private static List<String> addresses(Config config, String key, List<String> mistakes) {
    List<String> given = config.getStringList(key).stream().map(String::strip).toList();
    for (String address : given) {
      if (!address.matches("\\S+:\\d{1,5}") || port(address) < 1 || port(address) > 65535) {
        mistakes.add(
            key + " has '" + address + "': HOST:PORT with a port of 1 to 65535 is allowed");
      }
    }
    return given.stream().distinct().toList();
  }

  private static int port(String address) {
    return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
  }
}
