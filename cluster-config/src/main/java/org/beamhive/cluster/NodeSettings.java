package org.beamhive.cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a node is, from {@code beamhive.node}.
 *
 * @param beamline the beamline's name: its one queue, its one cluster
 * @param roles what the node does: control, storage, gateway, hutch-NAME
 * @param hutch whose devices it runs, if it has that role
 * @param dataDir where its data are
 * @param deviceFiles the device file, or a folder of them, if it has a hutch; empty for none
 * @param host its address for other nodes
 * @param port its port for other nodes, 0 for a free one
 * @param seedNodes {@code host:port} of nodes to join; none means a cluster of its own
 * @param redisUrl the Redis to use; empty to run one inside
 * @param redisPort the port of the Redis inside, 0 for a free one
 */
public record NodeSettings(
    String beamline,
    List<String> roles,
    Optional<String> hutch,
    Path dataDir,
    Optional<Path> deviceFiles,
    String host,
    int port,
    List<String> seedNodes,
    Optional<String> redisUrl,
    int redisPort) {
  private static final List<String> PLAIN_ROLES = List.of("control", "storage", "gateway");
  private static final String HUTCH = "hutch-";

  public NodeSettings {
    roles = List.copyOf(roles);
    seedNodes = List.copyOf(seedNodes);
  }

  /**
   * Reads {@code beamhive.node} of the whole configuration.
   *
   * @throws ConfigProblem naming every mistake
   */
  public static NodeSettings from(Config config) {
    NodeSettings settings = unchecked(config);
    if (!settings.mistakes().isEmpty()) {
      throw new ConfigProblem(settings.mistakes());
    }
    return settings;
  }

  /**
   * Reads them as they are.
   *
   * @throws ConfigProblem if a value is not even of the right type
   */
  public static NodeSettings unchecked(Config config) {
    try {
      Config node = config.getConfig("beamhive.node");
      return new NodeSettings(
          node.getString("beamline"),
          node.getStringList("roles"),
          node.getStringList("roles").stream()
              .filter(role -> role.startsWith(HUTCH))
              .map(role -> role.substring(HUTCH.length()))
              .findFirst(),
          Path.of(node.getString("data-dir")).toAbsolutePath().normalize(),
          deviceFiles(node),
          node.getString("host"),
          node.getInt("port"),
          node.getStringList("seed-nodes"),
          text(node, "redis-url"),
          node.getInt("redis-port"));
    } catch (ConfigException wrong) {
      throw new ConfigProblem(List.of(wrong.getMessage()));
    }
  }

  /** What is not allowed, a sentence each. */
  public List<String> mistakes() {
    List<String> mistakes = new ArrayList<>();
    if (!beamline.matches("[A-Za-z0-9_-]+")) {
      mistakes.add(
          "beamhive.node.beamline = '" + beamline + "': letters, digits, - and _ are allowed");
    }
    if (roles.isEmpty()) {
      mistakes.add(
          "beamhive.node.roles is empty: control, storage, gateway and hutch-NAME are allowed");
    }
    for (String role : roles) {
      if (!PLAIN_ROLES.contains(role) && !role.matches(HUTCH + "[A-Za-z0-9_]+")) {
        mistakes.add(
            "beamhive.node.roles has '"
                + role
                + "': control, storage, gateway and hutch-NAME are allowed");
      }
    }
    if (roles.stream().filter(role -> role.startsWith(HUTCH)).count() > 1) {
      mistakes.add(
          "beamhive.node.roles = " + roles + ": a node has the devices of one hutch at most");
    }
    checkPort("port", port, mistakes);
    checkPort("redis-port", redisPort, mistakes);
    for (String seed : seedNodes) {
      if (!seed.matches("\\S+:\\d{1,5}")) {
        mistakes.add("beamhive.node.seed-nodes has '" + seed + "': HOST:PORT is allowed");
      }
    }
    return mistakes;
  }

  private static void checkPort(String key, int port, List<String> mistakes) {
    if (port < 0 || port > 65535) {
      mistakes.add("beamhive.node." + key + " = " + port + ": 0 to 65535 is allowed");
    }
  }

  /** In a configuration file, a relative path is relative to that file. */
  private static Optional<Path> deviceFiles(Config node) {
    return text(node, "devices")
        .map(
            given -> {
              String namedIn = node.getValue("devices").origin().filename();
              return namedIn == null ? Path.of(given) : Path.of(namedIn).resolveSibling(given);
            });
  }

  private static Optional<String> text(Config node, String key) {
    String value = node.getString(key).strip();
    return value.isEmpty() ? Optional.empty() : Optional.of(value);
  }

  /** Whether the node has a role. */
  public boolean has(String role) {
    return roles.contains(role);
  }
}
