package org.beamhive.launcher;

import com.typesafe.config.Config;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.beamhive.cluster.ConfigLayers;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of a node; each stands for a config key, which it overrides. */
final class NodeOptions {
  @Mixin private ConfigOptions where;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Any config key; may be repeated.")
  private Map<String, String> settings = Map.of();

  @Option(
      names = {"--roles", "--role"},
      paramLabel = "ROLE",
      split = ",",
      description = "control, storage, gateway, hutch-NAME (beamhive.node.roles).")
  private List<String> roles;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "Port for other nodes, 0 for a free one (beamhive.node.port).")
  private Integer port;

  @Option(
      names = "--seed",
      paramLabel = "HOST:PORT",
      split = ",",
      description = "Nodes to join (beamhive.node.seed-nodes).")
  private List<String> seeds;

  @Option(
      names = "--http-port",
      paramLabel = "PORT",
      description = "Port of the HTTP interface, 0 for a free one (beamhive.web.port).")
  private Integer httpPort;

  @Option(
      names = "--data-dir",
      paramLabel = "DIR",
      description = "Where everything is written (beamhive.node.data-dir).")
  private Path dataDir;

  @Option(
      names = "--redis",
      paramLabel = "URL",
      description = "The Redis to use; default: one inside (beamhive.node.redis-url).")
  private String redis;

  @Option(
      names = "--devices",
      paramLabel = "PATH",
      description = {
        "The device file, a folder of them, or sim for the devices of ophyd.sim",
        "(beamhive.node.devices)."
      })
  private Path devices;

  @Option(
      names = "--beamline",
      paramLabel = "NAME",
      description = "The beamline's name (beamhive.node.beamline).")
  private String beamline;

  /** The configuration in force; {@code more} is weaker than the options given. */
  Config config(Map<String, Object> more) {
    return read(more).orThrow();
  }

  /** As {@link #config}, with the mistakes of its keys beside it. */
  ConfigLayers.Read read(Map<String, Object> more) {
    Optional<File> file = where.file(devices == null && seeds == null);
    Map<String, Object> all = new TreeMap<>(more);
    put(all, "beamhive.node.roles", roles(file.isPresent()));
    put(all, "beamhive.node.port", port);
    put(all, "beamhive.node.seed-nodes", seeds);
    put(all, "beamhive.web.port", httpPort);
    put(all, "beamhive.node.data-dir", dataDir == null ? null : dataDir.toString());
    put(all, "beamhive.node.redis-url", redis);
    put(all, "beamhive.node.devices", devices == null ? null : devices.toString());
    put(all, "beamhive.node.beamline", beamline);
    all.putAll(settings);
    return ConfigLayers.read(file, all);
  }

  private List<String> roles(boolean fromFile) {
    if (where.hutch().isEmpty()) {
      return roles;
    }
    String role = "hutch-" + where.hutch().get();
    if (roles == null) {
      // the file of a hutch says itself which roles its node has
      return fromFile ? null : List.of(role);
    }
    return Stream.concat(roles.stream(), Stream.of(role)).distinct().toList();
  }

  private static void put(Map<String, Object> all, String key, Object value) {
    if (value != null) {
      all.put(key, value);
    }
  }
}
