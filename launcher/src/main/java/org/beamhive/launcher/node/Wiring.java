package org.beamhive.launcher.node;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.typed.ClusterSingleton;
import akka.cluster.typed.ClusterSingletonSettings;
import akka.cluster.typed.SingletonActor;
import com.typesafe.config.Config;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.beamhive.actors.bundle.ScanBundler;
import org.beamhive.actors.engine.EngineSettings;
import org.beamhive.actors.engine.ScanWorker;
import org.beamhive.actors.engine.WorkerParts;
import org.beamhive.actors.queue.QueueParts;
import org.beamhive.actors.queue.QueueSettings;
import org.beamhive.actors.queue.ScanQueue;
import org.beamhive.actors.run.RunJournal;
import org.beamhive.actors.run.RunLog;
import org.beamhive.actors.run.RunSettings;
import org.beamhive.actors.scans.plan.PlanRegistry;
import org.beamhive.cluster.NodeSettings;
import org.beamhive.devices.actor.DeviceDirectory;
import org.beamhive.devices.actor.DeviceSharding;
import org.beamhive.devices.actor.DevicesSettings;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.queue.ScanQueueProtocol;
import org.beamhive.protocol.run.RunFollowerProtocol.Follow;

/**
 * How the parts of a node find each other. Each method is called by one guardian; nothing here
 * decides anything.
 *
 * @param settings of the node
 * @param config the whole configuration
 * @param deviceConfigs the devices of this node's hutch
 * @param plans the plans of this beamline
 */
public record Wiring(
    NodeSettings settings, Config config, List<DeviceConfig> deviceConfigs, PlanRegistry plans) {
  private static final SupervisorStrategy RESTART =
      SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(10), 0.2);

  /** The list of devices: a singleton on the control nodes, a proxy elsewhere. */
  public ActorRef<DeviceDirectoryProtocol.Request> directory(ActorSystem<?> system) {
    return singleton(
        system,
        DeviceDirectory.create(DevicesSettings.from(config), Clock.systemUTC()),
        "device-directory",
        "control");
  }

  /** The queue: a singleton on the control nodes, a proxy elsewhere. */
  public ActorRef<ScanQueueProtocol.Request> queue(ActorSystem<?> system) {
    ActorRef<DeviceDirectoryProtocol.Request> directory = directory(system);
    RunSettings run = RunSettings.from(config);
    EngineSettings engine = EngineSettings.from(config);
    WorkerParts worker =
        new WorkerParts(
            engine,
            plans,
            directory,
            view -> DeviceSharding.ref(system, view),
            uid -> RunLog.create(uid, run),
            (uid, progress, log, replies) ->
                ScanBundler.create(
                    uid,
                    progress,
                    log,
                    replies,
                    engine.maxBatch(),
                    engine.appendTimeout(),
                    Clock.systemUTC(),
                    Wiring::uid),
            Clock.systemUTC());
    Map<String, Consumer<Follow>> followers = new LinkedHashMap<>();
    QueueParts parts =
        new QueueParts(
            QueueSettings.from(config),
            plans,
            directory,
            (job, reports) -> ScanWorker.create(job, worker, reports),
            followers,
            run.announceInterval(),
            Clock.systemUTC(),
            Wiring::uid);
    return singleton(system, ScanQueue.create(settings.beamline(), parts), "scan-queue", "control");
  }

  /** Starts the devices of this node's hutch. */
  public void devices(ActorSystem<?> system) {
    settings
        .hutch()
        .ifPresent(
            hutch ->
                DeviceSharding.init(
                    system,
                    DevicesSettings.from(config),
                    new HutchName(hutch),
                    deviceConfigs,
                    directory(system)));
  }

  /** Where stored runs are read. */
  public RunJournal journal(ActorSystem<?> system) {
    return RunJournal.of(system, RunSettings.from(config).readJournal());
  }

  private static <M> ActorRef<M> singleton(
      ActorSystem<?> system, Behavior<M> behavior, String name, String role) {
    Behavior<M> supervised = Behaviors.supervise(behavior).onFailure(Exception.class, RESTART);
    return ClusterSingleton.get(system)
        .init(
            SingletonActor.of(supervised, name)
                .withSettings(ClusterSingletonSettings.create(system).withRole(role)));
  }

  private static String uid() {
    return UUID.randomUUID().toString();
  }
}
