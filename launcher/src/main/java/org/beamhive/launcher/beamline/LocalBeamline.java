package org.beamhive.launcher.beamline;

import com.typesafe.config.Config;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import org.beamhive.cluster.BeamlineFolder;
import org.beamhive.cluster.ConfigLayers;
import org.beamhive.cluster.ConfigProblem;
import org.beamhive.cluster.NodeSettings;
import org.beamhive.launcher.DeviceFiles;
import org.beamhive.launcher.EmbeddedRedis;

/**
 * The nodes of a beamline's folder, all on this machine: each a process with a folder of its own in
 * the data folder, and beside them a Redis and a simulated IOC where the configuration names ones
 * on this machine that don't run.
 */
public final class LocalBeamline {
  private static final String IOC = "ioc";
  private static final String REDIS = "redis";
  private static final Duration POLITE_END = Duration.ofSeconds(90);

  /**
   * A node of the beamline.
   *
   * @param name of its file
   * @param settings what it is
   * @param config its whole configuration
   */
  public record Node(String name, NodeSettings settings, Config config) {
    /** The address for other nodes. */
    public String address() {
      return settings.host() + ":" + settings.port();
    }

    /** Where its HTTP interface is, if it has one. */
    public Optional<String> httpUrl() {
      return settings.has("gateway")
          ? Optional.of(
              (config.getBoolean("beamhive.web.tls.enabled") ? "https://" : "http://")
                  + config.getString("beamhive.web.host")
                  + ":"
                  + config.getInt("beamhive.web.port"))
          : Optional.empty();
    }
  }

  private final BeamlineFolder folder;
  private final Path dataDir;
  private final UnaryOperator<Map<String, Object>> adapt;
  private final Map<String, Node> nodes = new LinkedHashMap<>();

  /**
   * The beamline as it is configured.
   *
   * @throws ConfigProblem naming every mistake of all nodes
   */
  public LocalBeamline(BeamlineFolder folder, Path dataDir, List<String> only) {
    this(folder, dataDir, only, settings -> settings);
  }

  /**
   * The beamline with other settings.
   *
   * @param folder its configuration
   * @param dataDir under which all is written
   * @param only the nodes that are meant; empty for all
   * @param adapt gets the settings of a node that are given on its command line, with its name
   *     under {@code name}, and returns those that are to be given
   * @throws ConfigProblem naming every mistake of all nodes
   */
  public LocalBeamline(
      BeamlineFolder folder,
      Path dataDir,
      List<String> only,
      UnaryOperator<Map<String, Object>> adapt) {
    this.folder = folder;
    this.dataDir = dataDir.toAbsolutePath().normalize();
    this.adapt = adapt;
    List<String> mistakes = new ArrayList<>();
    DeviceFiles devices = new DeviceFiles();
    for (String name : only.isEmpty() ? folder.nodes() : only) {
      try {
        ConfigLayers.Read read = ConfigLayers.read(Optional.of(folder.file(name)), given(name));
        mistakes.addAll(read.mistakes());
        NodeSettings settings = NodeSettings.from(read.config());
        devices.add(settings);
        nodes.put(name, new Node(name, settings, read.config()));
      } catch (ConfigProblem problem) {
        problem.getMessage().lines().forEach(mistake -> mistakes.add(name + ": " + mistake));
      }
    }
    mistakes.addAll(devices.mistakes());
    if (!mistakes.isEmpty()) {
      throw new ConfigProblem(mistakes.stream().distinct().toList());
    }
  }

  private Map<String, Object> given(String name) {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("name", name);
    settings.put("beamhive.node.data-dir", dataDir.resolve(name).toString());
    Map<String, Object> adapted = new LinkedHashMap<>(adapt.apply(settings));
    adapted.remove("name");
    return adapted;
  }

  /** The nodes, in the order of their names. */
  public List<Node> nodes() {
    return List.copyOf(nodes.values());
  }

  /** A node. */
  public Node node(String name) {
    return nodes.get(name);
  }

  /** Where everything is written. */
  public Path dataDir() {
    return dataDir;
  }

  /** The HTTP interfaces of its gateways. */
  public List<String> urls() {
    return nodes.values().stream().flatMap(node -> node.httpUrl().stream()).toList();
  }

  /** The key of all its HTTP interfaces: the one of the configuration, else one made here. */
  public String apiKey() {
    for (Node node : nodes.values()) {
      String configured = node.config().getString("beamhive.web.api-key");
      if (!configured.isBlank()) {
        return configured;
      }
    }
    Path file = dataDir.resolve("api-key");
    try {
      if (!Files.exists(file)) {
        Files.createDirectories(dataDir);
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        Files.writeString(file, HexFormat.of().formatHex(random) + "\n");
      }
      return Files.readString(file).strip();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  // ------------------------------------------------------------------ starting

  /** Starts the Redis of the configuration if it is to be on this machine and isn't there. */
  public Optional<EmbeddedRedis> startRedis() {
    Optional<URI> url =
        nodes.values().stream()
            .flatMap(node -> node.settings().redisUrl().stream())
            .findFirst()
            .map(URI::create);
    if (url.isEmpty() || !loopback(url.get().getHost())) {
      return Optional.empty();
    }
    int port = url.get().getPort() < 0 ? 6379 : url.get().getPort();
    return answers(port)
        ? Optional.empty()
        : Optional.of(EmbeddedRedis.start(dataDir.resolve(REDIS), port));
  }

  /** Starts the simulated IOC if the devices are sought on this machine and none is there. */
  public Optional<NodeProcess> startIoc() {
    Optional<Integer> port = iocPort();
    return port.isEmpty() || answers(port.get())
        ? Optional.empty()
        : Optional.of(
            NodeProcess.start(
                IOC,
                dataDir.resolve(IOC),
                List.of("ioc", "--port", port.get().toString()),
                Map.of()));
  }

  private Optional<Integer> iocPort() {
    return nodes.values().stream()
        .filter(node -> node.settings().hutch().isPresent())
        .flatMap(
            node ->
                node.config().getStringList("beamhive.devices.channel-access.addresses").stream())
        .filter(address -> loopback(address.split(":")[0]) && address.contains(":"))
        .map(address -> Integer.parseInt(address.split(":")[1]))
        .findFirst();
  }

  private static boolean loopback(String host) {
    return host != null && (host.equals("localhost") || host.startsWith("127."));
  }

  private static boolean answers(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
      return true;
    } catch (IOException nobody) {
      return false;
    }
  }

  /** Starts a node, unless it runs. */
  public NodeProcess start(String name) {
    return find(name).orElseGet(() -> startNew(name));
  }

  private NodeProcess startNew(String name) {
    List<String> arguments =
        new ArrayList<>(List.of("node", "--config", folder.file(name).getAbsolutePath()));
    given(name)
        .forEach(
            (key, value) -> {
              arguments.add("--set");
              arguments.add(key + "=" + value);
            });
    return NodeProcess.start(
        name,
        dataDir.resolve(name),
        arguments,
        Map.of(
            "BEAMHIVE_API_KEY",
            apiKey(),
            "BEAMHIVE_DATA_PATH",
            dataDir.resolve("files").toString()));
  }

  // ------------------------------------------------------------------ looking and ending

  /** The process of a node, if it runs. */
  public Optional<NodeProcess> find(String name) {
    return NodeProcess.find(name, dataDir.resolve(name));
  }

  /** The process of the simulated IOC, if it runs. */
  public Optional<NodeProcess> findIoc() {
    return NodeProcess.find(IOC, dataDir.resolve(IOC));
  }

  /** The process of the Redis that was started here, if it runs. */
  public Optional<ProcessHandle> findRedis() {
    Path file = dataDir.resolve(REDIS).resolve("redis.pid");
    try {
      return Files.exists(file)
          ? ProcessHandle.of(Long.parseLong(Files.readString(file).strip()))
              .filter(ProcessHandle::isAlive)
          : Optional.empty();
    } catch (IOException | NumberFormatException unreadable) {
      return Optional.empty();
    }
  }

  /**
   * The order in which nodes are ended: first nobody can ask for anything new, then the plan pauses
   * while its devices and its file are still there.
   */
  public List<Node> endOrder() {
    return nodes.values().stream()
        .sorted(
            Comparator.comparingInt(
                node -> {
                  NodeSettings settings = node.settings();
                  if (settings.hutch().isPresent()) {
                    return 3;
                  }
                  return settings.has("control") ? 1 : settings.has("storage") ? 2 : 0;
                }))
        .toList();
  }

  /** Ends a node in good order; false if it had to be killed because it took too long. */
  public boolean end(NodeProcess process) {
    process.terminate();
    if (process.awaitExit(POLITE_END)) {
      return true;
    }
    process.kill();
    return false;
  }

  /** Ends the Redis that was started here, in good order. */
  public void endRedis() {
    findRedis()
        .ifPresent(
            process -> {
              process.destroy();
              try {
                process.onExit().get(20, TimeUnit.SECONDS);
              } catch (TimeoutException | java.util.concurrent.ExecutionException tooSlow) {
                process.destroyForcibly();
              } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
              }
            });
  }
}
