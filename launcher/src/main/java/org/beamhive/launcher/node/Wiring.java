package org.beamhive.launcher.node;

import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.SingletonActor;
import akka.coordination.lease.javadsl.Lease;
import akka.coordination.lease.javadsl.LeaseProvider;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.beamhive.actors.bridge.RedisBridge;
import org.beamhive.actors.bundle.ScanBundler;
import org.beamhive.actors.engine.EngineSettings;
import org.beamhive.actors.engine.ScanWorker;
import org.beamhive.actors.engine.WorkerParts;
import org.beamhive.actors.filewriter.actor.FileWriter;
import org.beamhive.actors.queue.QueueParts;
import org.beamhive.actors.queue.ScanQueue;
import org.beamhive.actors.run.RunJournal;
import org.beamhive.actors.run.RunLog;
import org.beamhive.cluster.NodeSettings;
import org.beamhive.devices.actor.DeviceDirectory;
import org.beamhive.devices.actor.DeviceSharding;
import org.beamhive.devices.registry.DeviceRegistry;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.launcher.join.EndingReason;
import org.beamhive.launcher.metrics.NodeMetrics;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceRegistryProtocol;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.queue.ScanQueueProtocol;
import org.beamhive.protocol.run.RunFollowerProtocol.Follow;

/** How the parts of a node find each other. Made once per node; nothing here decides anything. */
public final class Wiring {
  private static final SupervisorStrategy RESTART =
      SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(10), 0.2);

  private static final String CONTROL = "control";
  private static final String QUEUE = "scan-queue";
  private static final String LEASE = "beamhive.persistence.redis.lease";
  private static final Duration LEASE_RETRY = Duration.ofMillis(200);

  private final NodeParts parts;
  private final ActorSystem<?> system;
  private final NodeMetrics metrics;
  private final RunJournal journal;
  private final ActorRef<DeviceDirectoryProtocol.Request> directory;
  private final ActorRef<DeviceRegistryProtocol.Request> registry;
  private final ActorRef<ScanQueueProtocol.Request> queue;
  // a singleton on the gateway nodes
  private final Consumer<Follow> bridge;

  /** Wires a node: singletons run here or are proxies, by the node's roles. */
  public Wiring(NodeParts parts, ActorSystem<?> system, NodeMetrics metrics) {
    this.parts = parts;
    this.system = system;
    this.metrics = metrics;
    this.journal = RunJournal.of(system, parts.run().readJournal());
    this.directory =
        singleton(DeviceDirectory.create(parts.devices(), Clock.systemUTC()), "device-directory");
    this.registry =
        singleton(
            DeviceRegistry.create(
                parts.node().beamline(),
                new DeviceRegistry.Parts(
                    parts.registry(),
                    DeviceTypes.standard(),
                    (hutch, device) -> DeviceSharding.ref(system, hutch, device),
                    directory,
                    Clock.systemUTC())),
            "device-registry");
    this.queue = SingletonProxy.to(system, QUEUE, CONTROL);
    // the followers first: the queue announces runs to them as soon as it is read from the journal
    this.bridge =
        RedisBridge.follower(
            SingletonProxy.start(
                system,
                RedisBridge.singleton(parts.bridge(), journal, parts.run(), queue, directory),
                "gateway"));
    Behavior<ScanQueueProtocol.Request> scanQueue = Behaviors.setup(context -> scanQueue());
    SingletonProxy.host(system, leased(scanQueue, QUEUE), CONTROL);
  }

  /** The node's figures. */
  public NodeMetrics metrics() {
    return metrics;
  }

  /** The list of devices. */
  public ActorRef<DeviceDirectoryProtocol.Request> directory() {
    return directory;
  }

  /** The configuration of the devices. */
  public ActorRef<DeviceRegistryProtocol.Request> registry() {
    return registry;
  }

  /** The queue. */
  public ActorRef<ScanQueueProtocol.Request> queue() {
    return queue;
  }

  /** Where stored runs are read. */
  public RunJournal journal() {
    return journal;
  }

  /** The file writers: entities on the storage nodes. */
  public Consumer<Follow> files() {
    return FileWriter.init(system, parts.files(), journal, parts.run());
  }

  /** Starts the devices of this node's hutch. */
  public void devices() {
    parts
        .node()
        .hutch()
        .ifPresent(
            hutch ->
                DeviceSharding.follow(
                    system,
                    new DeviceSharding.Parts(
                        parts.devices(),
                        new HutchName(hutch),
                        directory,
                        parts.node().dataDir().resolve("moving.json"),
                        RedisWitness.start(system, parts.bridge(), parts.devices().ownerTimeout()),
                        metrics),
                    registry,
                    parts.registry(),
                    parts.deviceFile(),
                    parts.inFile(),
                    knownDevices(parts.node(), hutch)));
  }

  /** Where a node keeps which devices its hutch had last. */
  public static Path knownDevices(NodeSettings node, String hutch) {
    return node.dataDir().resolve("devices-" + hutch + ".json");
  }

  private Behavior<ScanQueueProtocol.Request> scanQueue() {
    EngineSettings engine = parts.engine();
    WorkerParts worker =
        new WorkerParts(
            engine,
            parts.plans(),
            directory,
            view -> DeviceSharding.ref(system, view),
            run -> RunLog.create(run, parts.run(), metrics),
            (run, progress, log, replies) ->
                ScanBundler.create(
                    run,
                    progress,
                    log,
                    replies,
                    engine.maxBatch(),
                    engine.appendTimeout(),
                    Clock.systemUTC(),
                    Wiring::uid),
            Clock.systemUTC());
    Map<String, Consumer<Follow>> followers = new LinkedHashMap<>();
    followers.put(FileWriter.FOLLOWER, files());
    followers.put(RedisBridge.FOLLOWER, bridge);
    return ScanQueue.create(
        parts.node().beamline(),
        new QueueParts(
            parts.queue(),
            parts.plans(),
            directory,
            (job, reports) -> ScanWorker.create(job, worker, reports),
            followers,
            parts.run().announceInterval(),
            Clock.systemUTC(),
            Wiring::uid,
            metrics));
  }

  private <M> ActorRef<M> singleton(Behavior<M> behavior, String name) {
    return SingletonProxy.start(system, leased(behavior, name), CONTROL);
  }

  private <M> SingletonActor<M> leased(Behavior<M> behavior, String name) {
    Behavior<M> supervised = Behaviors.supervise(behavior).onFailure(Exception.class, RESTART);
    // from now on, so that a stand-by knows since when its holder has been silent
    Lease lease = lease(name);
    return SingletonActor.of(
        Leased.create(supervised, lease, LEASE_RETRY, () -> endIfMember(name)), name);
  }

  /**
   * A singleton that was asked for by another node is not started here again as long as this node
   * is a member, whatever becomes of the other one.
   */
  private void endIfMember(String singleton) {
    if (Cluster.get(system).selfMember().status().equals(MemberStatus.up())
        && CoordinatedShutdown.get(system).getShutdownReason().isEmpty()) {
      system
          .log()
          .error("{} has ended here although this node is not leaving: the node ends", singleton);
      CoordinatedShutdown.get(system).runAll(EndingReason.TAKEN_OVER);
    }
  }

  /** Its owner is the node's address: a node that has died gets its own lease back at once. */
  private Lease lease(String name) {
    return LeaseProvider.get(system)
        .getLease(
            "singleton-" + name, LEASE, Cluster.get(system).selfMember().address().hostPort());
  }

  private static String uid() {
    return UUID.randomUUID().toString();
  }
}
