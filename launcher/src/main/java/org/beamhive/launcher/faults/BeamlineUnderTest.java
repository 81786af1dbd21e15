package org.beamhive.launcher.faults;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.beamhive.cluster.BeamlineFolder;
import org.beamhive.launcher.EmbeddedRedis;
import org.beamhive.launcher.beamline.LocalBeamline;
import org.beamhive.launcher.beamline.NodeProcess;
import org.beamhive.launcher.client.ApiClient;
import org.beamhive.launcher.client.ClientException;

/**
 * A beamline of real processes on free ports, with a network between its nodes that can be cut.
 *
 * <p>Nodes that end by themselves are started again after a second, as systemd does it; nodes that
 * are told to end here stay down until they are started here.
 */
public final class BeamlineUnderTest implements AutoCloseable {
  /** Not a node, but part of the network. */
  public static final String REDIS = "redis";

  private static final String IOC = "ioc";
  private static final Duration READY = Duration.ofSeconds(120);

  /** The example's motors and their records. */
  private static final Map<String, String> MOTORS =
      Map.of("samx", "m1", "samy", "m2", "samz", "m3", "mono", "m4");

  /** beamhive.devices.owner-timeout, and what a busy machine takes to act on it. */
  private static final Duration OWNERLESS = Duration.ofSeconds(2 + 2);

  private static final double SLOW = 8;
  private static final int LAST_LINES = 15;

  private static final Duration RESTART_AFTER = Duration.ofSeconds(1);

  private record Ports(String from, int canonical, int bind, int redis, int http) {}

  private final Path folder;
  private final Map<String, Ports> ports = new LinkedHashMap<>();
  private final Map<String, Object> more;
  private final EmbeddedRedis redis;
  private final int iocPort;
  private final Network network;
  private final LocalBeamline beamline;
  private final ApiClient client;
  private final Map<String, NodeProcess> processes = new ConcurrentHashMap<>();
  private final Set<String> wanted = ConcurrentHashMap.newKeySet();
  private final Map<String, Integer> restarts = new ConcurrentHashMap<>();
  private final Thread keeper;
  private final MotionWatch motion;
  private NodeProcess ioc;
  private volatile boolean closed;

  /**
   * Starts a Redis and an IOC, and prepares the nodes.
   *
   * @param configuration the beamline's folder
   * @param folder where everything is written
   * @param nodes the nodes that it has
   * @param more settings of all nodes
   */
  public BeamlineUnderTest(
      Path configuration, Path folder, List<String> nodes, Map<String, Object> more) {
    this.folder = folder;
    this.more = more;
    this.redis = EmbeddedRedis.start(folder.resolve(REDIS), 0);
    this.network = new Network();
    this.iocPort = network.freePort();
    startIoc();
    this.motion = new MotionWatch(iocPort, Set.copyOf(MOTORS.values()));
    int redisPort = Integer.parseInt(redis.url().replaceAll(".*:", ""));
    for (String name : nodes) {
      int bind = network.freePort();
      ports.put(
          name,
          new Ports(
              network.addressOf(name),
              network.wayTo(name, bind),
              bind,
              network.way(name, REDIS, redisPort),
              network.freePort()));
    }
    this.beamline =
        new LocalBeamline(new BeamlineFolder(configuration), folder, nodes, this::adapted);
    this.client = new ApiClient(String.join(",", beamline.urls()), Optional.of(beamline.apiKey()));
    this.keeper = new Thread(this::keepRunning, "keeper");
    this.keeper.setDaemon(true);
    this.keeper.start();
  }

  private Map<String, Object> adapted(Map<String, Object> given) {
    Map<String, Object> settings = new LinkedHashMap<>(given);
    Ports own = ports.get((String) given.get("name"));
    settings.put("beamhive.node.port", own.canonical());
    settings.put("akka.remote.artery.bind.hostname", "127.0.0.1");
    settings.put("akka.remote.artery.bind.port", own.bind());
    settings.put("akka.remote.artery.advanced.tcp.outbound-client-hostname", own.from());
    settings.put("beamhive.node.redis-url", "redis://127.0.0.1:" + own.redis());
    settings.put("beamhive.web.port", own.http());
    // two of these may run on one machine
    settings.put("beamhive.health.port", 0);
    settings.put("beamhive.devices.channel-access.addresses.0", "127.0.0.1:" + iocPort);
    settings.put("beamhive.devices.channel-access.repeater-port", 0);
    int i = 0;
    for (Ports each : ports.values()) {
      settings.put("beamhive.node.contact-points." + i++, "127.0.0.1:" + each.canonical());
    }
    settings.putAll(more);
    return settings;
  }

  // ------------------------------------------------------------------ nodes

  /** Starts all nodes, waits until they are ready, and opens the environment. */
  public void start() {
    ports.keySet().forEach(this::begin);
    ports.keySet().forEach(this::awaitReady);
    awaitDevices();
    openEnvironment();
  }

  /** Starts a node. */
  public synchronized void begin(String node) {
    network.accept(node);
    processes.put(node, beamline.start(node));
    wanted.add(node);
  }

  /** Waits until a node is ready, across its restarts. */
  public void awaitReady(String node) {
    await(
        node + " is ready",
        READY,
        () -> processes.get(node).alive() && processes.get(node).output().contains("\nReady\n"));
  }

  private void keepRunning() {
    while (!closed) {
      for (String node : wanted) {
        NodeProcess process = processes.get(node);
        if (process != null && !process.alive()) {
          LockSupport.parkNanos(RESTART_AFTER.toNanos());
          startAgain(node);
        }
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
  }

  private synchronized void startAgain(String node) {
    if (!closed && wanted.contains(node) && !processes.get(node).alive()) {
      restarts.merge(node, 1, Integer::sum);
      keepLog(node);
      processes.put(node, beamline.start(node));
    }
  }

  /** What a node that ended by itself had to say stays readable. */
  private void keepLog(String node) {
    Path log = folder.resolve(node).resolve(node + ".log");
    try {
      Files.move(log, log.resolveSibling(node + "-" + System.currentTimeMillis() + ".log"));
    } catch (NoSuchFileException ended) {
      // before it had anything to say
      return;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  // ------------------------------------------------------------------ faults

  /**
   * Does a fault, waits its time, and puts it in order again.
   *
   * @return each motor that went on moving for too long after its owner had died or frozen, a
   *     sentence each
   */
  public List<String> strike(Fault fault) {
    // moves that last can be seen to be stopped
    MOTORS.values().forEach(motor -> motion.velocity(motor, SLOW));
    Map<String, String> orphans = orphans(fault);
    long begun = System.nanoTime();
    fault.begin(this);
    List<String> violations = new ArrayList<>();
    if (!orphans.isEmpty()) {
      sleepUntil(begun + OWNERLESS.toNanos());
      Set<String> moving = motion.movingSinceBefore(begun);
      orphans.forEach(
          (device, record) -> {
            if (moving.contains(record)) {
              violations.add(
                  "%s still moves %.1f s after: %s"
                      .formatted(device, (System.nanoTime() - begun) / 1e9, fault));
            }
          });
    }
    sleepUntil(begun + fault.lasts().toNanos());
    fault.end(this);
    return violations;
  }

  /** Whether a motor was ever seen to move from outside. */
  public boolean sawMotion() {
    return motion.sawMotion();
  }

  /** The motors that a fault leaves without an owner who could go on moving them. */
  private Map<String, String> orphans(Fault fault) {
    Map<String, String> orphans = new LinkedHashMap<>();
    boolean dies = fault.kind() == Fault.Kind.KILL || fault.kind() == Fault.Kind.FREEZE;
    if (!dies || fault.whom().stream().noneMatch(ports::containsKey)) {
      return orphans;
    }
    boolean worker = holder("scan-queue").map(fault.whom()::contains).orElse(false);
    MOTORS.forEach(
        (device, record) -> {
          Optional<String> home = homeOf(device);
          boolean homeDies = home.map(fault.whom()::contains).orElse(false);
          // nobody is left to stop the motor of a hutch's only node
          boolean standBy = home.map(this::hasStandBy).orElse(false);
          if (home.isPresent() && (homeDies ? standBy : worker)) {
            orphans.put(device, record);
          }
        });
    return orphans;
  }

  private boolean hasStandBy(String node) {
    Optional<String> hutch = beamline.node(node).settings().hutch();
    return beamline.nodes().stream().filter(each -> each.settings().hutch().equals(hutch)).count()
        > 1;
  }

  private static void sleepUntil(long moment) {
    for (long left = moment - System.nanoTime(); left > 0; left = moment - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  /** The names of its nodes. */
  public Set<String> nodes() {
    return new LinkedHashSet<>(ports.keySet());
  }

  /** The process of a node. */
  public NodeProcess process(String node) {
    return processes.get(node);
  }

  /** The end of what each node has to say, for whoever must find out what went wrong. */
  public String lastWords() {
    StringBuilder words = new StringBuilder();
    processes.forEach(
        (node, process) -> {
          List<String> lines = process.output().lines().toList();
          words.append("%n%s (%s)%n".formatted(node, process.alive() ? "alive" : "ended"));
          lines
              .subList(Math.max(0, lines.size() - LAST_LINES), lines.size())
              .forEach(line -> words.append("  ").append(line).append('\n'));
        });
    return words.toString();
  }

  /** How often nodes have ended by themselves and were started again. */
  public int restarts() {
    return restarts.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** kill -9; it stays down until {@link #begin}. */
  public synchronized void kill(String node) {
    wanted.remove(node);
    processes.get(node).kill();
    network.refuse(node);
    keepLog(node);
  }

  /** SIGTERM; waits until it has ended. It stays down until {@link #begin}. */
  public void leave(String node) {
    wanted.remove(node);
    NodeProcess process = processes.get(node);
    process.terminate();
    if (!process.awaitExit(Duration.ofSeconds(90))) {
      throw new IllegalStateException(node + " does not end:\n" + process.output());
    }
    network.refuse(node);
    keepLog(node);
  }

  // ------------------------------------------------------------------ everything else

  /** Cuts every way between two groups; {@link #REDIS} is a name, too. */
  public void cut(Set<String> one, Set<String> other) {
    network.cut(one, other);
  }

  /** Mends the network. */
  public void mend() {
    network.mend();
  }

  /** kill -9 of Redis; it is started again at once on its data. */
  public void killRedis() {
    redisProcess().destroyForcibly();
  }

  /** The process of Redis. */
  public ProcessHandle redisProcess() {
    return beamline.findRedis().orElseThrow();
  }

  /** Where Redis is, past the network. */
  public String redisUrl() {
    return redis.url();
  }

  /** kill -9 of the IOC. */
  public void killIoc() {
    ioc.kill();
  }

  /** Starts the IOC, on its old port. */
  public void startIoc() {
    ioc =
        NodeProcess.start(
                IOC,
                folder.resolve(IOC),
                List.of("ioc", "--port", Integer.toString(iocPort)),
                Map.of())
            .awaitReady(READY);
  }

  /** The process of the IOC. */
  public NodeProcess ioc() {
    return ioc;
  }

  /** Its Channel Access port. */
  public int iocPort() {
    return iocPort;
  }

  /** A client of all gateways. */
  public ApiClient client() {
    return client;
  }

  /** Which node has a singleton, as the gateway sees it. */
  public Optional<String> holder(String singleton) {
    return nodeAt(client.get("/api/cluster").at("/singletons/" + singleton).asText());
  }

  /** Which node has a device. */
  public Optional<String> homeOf(String device) {
    for (JsonNode each : client.get("/api/cluster").path("devices")) {
      if (each.path("name").asText().equals(device)) {
        return nodeAt(each.path("node").asText());
      }
    }
    return Optional.empty();
  }

  private Optional<String> nodeAt(String address) {
    return ports.entrySet().stream()
        .filter(node -> address.equals("127.0.0.1:" + node.getValue().canonical()))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  /** Waits until every node is a member that is reached, and no device has a problem. */
  public void awaitWhole(Duration atMost) {
    wanted.forEach(this::awaitReady);
    String[] lacks = {""};
    try {
      await(
          "the beamline is whole",
          atMost,
          () -> {
            lacks[0] = lacks(client.get("/api/cluster"));
            return lacks[0].isEmpty();
          });
    } catch (IllegalStateException tooLate) {
      throw new IllegalStateException(tooLate.getMessage() + ": " + lacks[0], tooLate);
    }
  }

  /** What is not as it should be; empty if the beamline is whole. */
  private String lacks(JsonNode cluster) {
    List<String> lacks = new ArrayList<>();
    for (JsonNode member : cluster.path("members")) {
      if (!member.path("reachable").asBoolean() || !member.path("status").asText().equals("up")) {
        lacks.add(member.toString());
      }
    }
    for (JsonNode device : cluster.path("devices")) {
      String state = device.path("state").asText();
      if (!state.equals("ready") && !state.equals("busy")) {
        lacks.add(device.toString());
      }
    }
    if (cluster.path("members").size() != ports.size() || cluster.path("devices").isEmpty()) {
      lacks.add(
          "%d members of %d, %d devices"
              .formatted(
                  cluster.path("members").size(), ports.size(), cluster.path("devices").size()));
    }
    return String.join("; ", lacks);
  }

  private void awaitDevices() {
    awaitWhole(READY);
  }

  private void openEnvironment() {
    client.post("/api/environment/open");
    await(
        "the environment is open",
        READY,
        () -> client.get("/api/status").path("manager_state").asText().equals("idle"));
  }

  /**
   * Waits until something holds; what can't be asked now is asked again.
   *
   * @throws IllegalStateException if it doesn't in time
   */
  public static void await(String what, Duration atMost, Supplier<Boolean> holds) {
    long deadline = System.nanoTime() + atMost.toNanos();
    String problem = "";
    while (System.nanoTime() < deadline) {
      try {
        if (holds.get()) {
          return;
        }
        problem = "";
      } catch (ClientException notNow) {
        problem = ": " + notNow.getMessage();
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    }
    throw new IllegalStateException("not after " + atMost.toSeconds() + " s: " + what + problem);
  }

  @Override
  public void close() {
    closed = true;
    wanted.clear();
    synchronized (this) {
      processes.values().stream().filter(NodeProcess::alive).forEach(NodeProcess::kill);
    }
    if (ioc.alive()) {
      ioc.kill();
    }
    motion.close();
    network.close();
    redis.close();
  }
}
