package org.beamhive.launcher;

import akka.Done;
import akka.actor.BootstrapSetup;
import akka.actor.CoordinatedShutdown;
import akka.actor.setup.ActorSystemSetup;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.cluster.typed.Cluster;
import akka.coordination.lease.javadsl.LeaseProvider;
import akka.http.javadsl.ServerBinding;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.beamhive.actors.run.RunJournal;
import org.beamhive.actors.scans.plan.PlanRegistry;
import org.beamhive.cluster.ConfigProblem;
import org.beamhive.cluster.HealthSettings;
import org.beamhive.cluster.JoinSettings;
import org.beamhive.cluster.NodeSettings;
import org.beamhive.cluster.tls.TlsIdentity;
import org.beamhive.devices.actor.DeviceSharding;
import org.beamhive.devices.actor.HutchFile;
import org.beamhive.launcher.health.HealthServer;
import org.beamhive.launcher.join.NodeFacts;
import org.beamhive.launcher.join.NodeJoining;
import org.beamhive.launcher.join.NodeTls;
import org.beamhive.launcher.node.NodeGuardian;
import org.beamhive.launcher.node.NodeParts;
import org.beamhive.launcher.node.Wiring;
import org.beamhive.persistence.redis.RedisLease;
import org.beamhive.persistence.redis.RedisProbe;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.queue.ScanQueueProtocol;

/**
 * A running node. Everything that can be wrong is found out before it starts, each with one
 * sentence: the data folder, Redis, the device files, the ports.
 */
public final class BeamhiveNode implements AutoCloseable {
  private static final String FILES = "beamhive.file-writer.base-path";
  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
  private static final String LEASE = "beamhive.persistence.redis.lease";
  private static final String TRANSPORT = "akka.remote.artery.transport";
  private static final ConfigValue TLS_TRANSPORT = ConfigValueFactory.fromAnyRef("tls-tcp");

  private final ActorSystem<NodeGuardian.Command> system;
  private final NodeGuardian.Started node;
  private final DataFolder folder;
  private final Optional<EmbeddedRedis> redis;
  private final String redisUrl;
  private final String apiKey;
  private final Optional<Path> httpCertificate;

  private BeamhiveNode(
      ActorSystem<NodeGuardian.Command> system,
      NodeGuardian.Started node,
      DataFolder folder,
      Optional<EmbeddedRedis> redis,
      String redisUrl,
      String apiKey,
      Optional<Path> httpCertificate) {
    this.system = system;
    this.node = node;
    this.folder = folder;
    this.redis = redis;
    this.redisUrl = redisUrl;
    this.apiKey = apiKey;
    this.httpCertificate = httpCertificate;
  }

  /**
   * Starts a node and waits until it is a member of its cluster and serves its HTTP interface, if
   * it has one.
   *
   * @param config the whole configuration
   * @throws StartFailure with one sentence
   * @throws ConfigProblem naming every mistake
   */
  public static BeamhiveNode start(Config config) {
    return start(config, system -> {});
  }

  /**
   * The same.
   *
   * @param created is given the actor system as soon as there is one, before it joins anything
   */
  static BeamhiveNode start(Config config, Consumer<ActorSystem<?>> created) {
    NodeSettings settings = NodeSettings.from(config);
    HutchFile.Content devices = devices(settings);
    HutchFile file = DeviceFiles.hutchFile(settings);
    PlanRegistry plans = PlanRegistry.load();
    // every mistake of the settings is found before the first thing is touched
    NodeParts.of(settings, inForce(config, settings, "redis://127.0.0.1"), file, devices, plans);
    requireNodePort(config, settings);
    if (settings.has("gateway")) {
      requireFree(
          config.getString("beamhive.web.host"),
          config.getInt("beamhive.web.port"),
          "beamhive.web.port");
    }
    HealthSettings health = HealthSettings.from(config);
    if (health.enabled()) {
      requireFree(health.host(), health.port(), "beamhive.health.port");
    }
    DataFolder folder = DataFolder.take(settings.dataDir());
    Optional<EmbeddedRedis> redis = Optional.empty();
    try {
      if (settings.redisUrl().isEmpty()) {
        redis =
            Optional.of(
                EmbeddedRedis.start(settings.dataDir().resolve("redis"), settings.redisPort()));
      }
      String url = settings.redisUrl().orElse(redis.map(EmbeddedRedis::url).orElse(""));
      Config inForce = inForce(config, settings, url);
      checkRedis(inForce);
      return start(
          NodeParts.of(settings, inForce, file, devices, plans),
          inForce,
          folder,
          redis,
          url,
          created);
    } catch (RuntimeException failed) {
      redis.ifPresent(EmbeddedRedis::close);
      folder.close();
      throw failed;
    }
  }

  /**
   * A mistake in the device file stops a node only as long as nothing else says which devices its
   * hutch has: later the registry does.
   */
  private static HutchFile.Content devices(NodeSettings settings) {
    DeviceFiles files = new DeviceFiles();
    files.add(settings);
    files.warnings().forEach(warning -> System.err.println("warning: " + warning));
    HutchFile.Content content = files.content();
    boolean known =
        settings
            .hutch()
            .filter(
                hutch ->
                    DeviceSharding.knows(
                        Wiring.knownDevices(settings, hutch), new HutchName(hutch)))
            .isPresent();
    if (!content.mistakes().isEmpty() && !known) {
      throw new ConfigProblem(content.mistakes());
    }
    content
        .mistakes()
        .forEach(
            mistake -> System.err.println("warning: the device file is not in force: " + mistake));
    return content;
  }

  private static BeamhiveNode start(
      NodeParts parts,
      Config config,
      DataFolder folder,
      Optional<EmbeddedRedis> redis,
      String redisUrl,
      Consumer<ActorSystem<?>> created) {
    String apiKey = parts.web().apiKey().orElseGet(folder::apiKey);
    CompletableFuture<NodeGuardian.Started> started = new CompletableFuture<>();
    NodeFacts facts = NodeFacts.of(config);
    Optional<SSLContext> tls = parts.tls().map(TlsIdentity::context);
    ActorSystem<NodeGuardian.Command> system =
        ActorSystem.create(
            NodeGuardian.create(parts, parts.web().withApiKey(apiKey), started),
            "beamhive",
            setup(facts.into(config), tls));
    created.accept(system);
    Stream.of(parts.tls(), parts.webTls())
        .flatMap(Optional::stream)
        .flatMap(identity -> identity.expiresSoon(Instant.now()).stream())
        .forEach(system.log()::warn);
    try {
      CompletionStage<Done> joined = join(system, parts.join(), facts, tls);
      NodeGuardian.Started node = started.get(START_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      // joining has a time-out of its own
      joined.toCompletableFuture().get();
      return new BeamhiveNode(
          system,
          node,
          folder,
          redis,
          redisUrl,
          apiKey,
          parts.webTls().map(TlsIdentity::certificate));
    } catch (ExecutionException failed) {
      system.terminate();
      awaitEnd(system);
      throw new StartFailure(failed.getCause().getMessage(), failed.getCause());
    } catch (TimeoutException tooSlow) {
      system.terminate();
      awaitEnd(system);
      throw new StartFailure(
          "the node did not start within " + START_TIMEOUT.toSeconds() + " s", tooSlow);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new StartFailure("interrupted while starting", interrupted);
    }
  }

  private static ActorSystemSetup setup(Config config, Optional<SSLContext> tls) {
    return tls.map(
            context ->
                ActorSystemSetup.create(
                    BootstrapSetup.create(config.withValue(TRANSPORT, TLS_TRANSPORT)),
                    NodeTls.setup(context)))
        .orElseGet(() -> ActorSystemSetup.create(BootstrapSetup.create(config)));
  }

  private static CompletionStage<Done> join(
      ActorSystem<?> system, JoinSettings settings, NodeFacts facts, Optional<SSLContext> tls) {
    String owner = Cluster.get(system).selfMember().uniqueAddress().toString();
    String name = "formation-" + facts.beamline();
    return NodeJoining.start(
        system,
        new NodeJoining.Plan(
            settings,
            facts,
            tls,
            () -> LeaseProvider.get(system).getLease(name, LEASE, owner),
            () -> RedisLease.ownerOf(system, name)));
  }

  // ------------------------------------------------------------------ before anything starts

  /** Behind an address translation a node listens elsewhere than where others reach it. */
  private static void requireNodePort(Config config, NodeSettings settings) {
    String bindPort = config.getString("akka.remote.artery.bind.port");
    if (bindPort.isEmpty()) {
      requireFree(settings.host(), settings.port(), "beamhive.node.port");
    } else {
      requireFree(settings.host(), Integer.parseInt(bindPort), "akka.remote.artery.bind.port");
    }
  }

  static void requireFree(String host, int port, String key) {
    if (port == 0) {
      return;
    }
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(host, port));
    } catch (IOException inUse) {
      throw new StartFailure(
          "port " + port + " on " + host + " (" + key + ") can't be used: " + inUse.getMessage(),
          inUse);
    }
  }

  private static void checkRedis(Config config) {
    for (RedisProbe.Finding finding : RedisProbe.findings(config, Duration.ofSeconds(30))) {
      if (finding.fatal()) {
        throw new StartFailure(finding.sentence());
      }
      System.err.println("warning: " + finding.sentence());
    }
  }

  /** What the node's settings mean for the parts below. */
  static Config inForce(Config config, NodeSettings settings, String redisUrl) {
    return ConfigFactory.empty()
        .withValue(
            "akka.remote.artery.canonical.hostname", ConfigValueFactory.fromAnyRef(settings.host()))
        .withValue(
            "akka.remote.artery.canonical.port", ConfigValueFactory.fromAnyRef(settings.port()))
        .withValue("akka.cluster.roles", ConfigValueFactory.fromIterable(settings.roles()))
        .withValue("beamhive.persistence.redis.url", ConfigValueFactory.fromAnyRef(redisUrl))
        .withValue("beamhive.bridge.url", ConfigValueFactory.fromAnyRef(redisUrl))
        .withValue(FILES, ConfigValueFactory.fromAnyRef(files(config, settings)))
        .withFallback(config);
  }

  private static String files(Config config, NodeSettings settings) {
    String given = config.getString(FILES).strip();
    return given.isEmpty() ? settings.dataDir().resolve("data").toString() : given;
  }

  // ------------------------------------------------------------------ a running node

  /** Where the HTTP interface is, if there is one. */
  public Optional<String> httpUrl() {
    return node.http()
        .map(ServerBinding::localAddress)
        .map(
            address ->
                (httpCertificate.isPresent() ? "https://" : "http://")
                    + address.getHostString()
                    + ":"
                    + address.getPort());
  }

  /** The certificate of the HTTP interface, a PEM file, if it speaks HTTPS. */
  public Optional<Path> httpCertificate() {
    return httpCertificate;
  }

  /** Where the node's own endpoint of health and metrics is, if there is one. */
  public Optional<String> healthUrl() {
    return node.health().map(HealthServer::url);
  }

  /** Why the cluster ended this node, as a sentence; empty if it runs or was ended by people. */
  public Optional<String> ending() {
    return NodeJoining.ending(system);
  }

  /** The key of the HTTP interface. */
  public String apiKey() {
    return apiKey;
  }

  /** The Redis in use. */
  public String redisUrl() {
    return redisUrl;
  }

  /** The node's address for other nodes, {@code host:port}. */
  public String address() {
    akka.actor.Address address = Cluster.get(system).selfMember().address();
    return address.getHost().orElse("") + ":" + address.getPort().map(Object::toString).orElse("");
  }

  /** Where everything is written. */
  public Path dataDir() {
    return folder.path();
  }

  /** The queue, for benchmarks and tests. */
  public ActorRef<ScanQueueProtocol.Request> queue() {
    return node.wiring().queue();
  }

  /** The list of devices, for benchmarks and tests. */
  public ActorRef<DeviceDirectoryProtocol.Request> directory() {
    return node.wiring().directory();
  }

  /** The stored runs, for benchmarks and tests. */
  public RunJournal journal() {
    return node.wiring().journal();
  }

  /** The actor system, for benchmarks and tests. */
  public ActorSystem<?> system() {
    return system;
  }

  /** Waits until the node has ended. */
  public void awaitEnd() {
    awaitEnd(system);
  }

  private static void awaitEnd(ActorSystem<?> system) {
    system.getWhenTerminated().toCompletableFuture().join();
  }

  /** Ends politely: a running plan pauses at its next checkpoint and goes on at the next start. */
  @Override
  public void close() {
    CompletableFuture<Done> end =
        CoordinatedShutdown.get(system)
            .runAll(CoordinatedShutdown.actorSystemTerminateReason())
            .toCompletableFuture();
    end.join();
    awaitEnd();
    redis.ifPresent(EmbeddedRedis::close);
    folder.close();
  }
}
