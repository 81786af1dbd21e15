package org.beamhive.devices.actor;

import akka.actor.Address;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.Props;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AskPattern;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.receptionist.Receptionist;
import akka.actor.typed.receptionist.ServiceKey;
import akka.cluster.sharding.typed.ClusterShardingSettings;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityContext;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import akka.cluster.typed.Cluster;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.type.DeviceBackends;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.HutchGuardProtocol;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.HutchName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where devices run: each once, on a node of its hutch, and on another node of that hutch when that
 * one goes.
 */
public final class DeviceSharding {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceSharding.class);

  private DeviceSharding() {}

  /** The role of the nodes that own a hutch's devices. */
  public static String role(HutchName hutch) {
    return "hutch-" + hutch;
  }

  /**
   * Makes this node, which has the hutch's role, run devices of it, starts them all, and watches
   * over those of the hutch's other nodes.
   *
   * @param movingFile where it is kept which devices move, for the next start of this node; our own
   *     limits of the devices are kept beside it, in {@code limits.json}
   * @param witness a second opinion on whether a silent node of the hutch is alive
   * @param measures is told how long the devices' commands take
   */
  public static void init(
      ActorSystem<?> system,
      DevicesSettings settings,
      HutchName hutch,
      List<DeviceConfig> devices,
      ActorRef<DeviceDirectoryProtocol.Request> directory,
      Path movingFile,
      OwnerWitness witness,
      DeviceMeasures measures) {
    Map<String, DeviceConfig> byName =
        devices.stream()
            .collect(Collectors.toMap(device -> device.name().value(), Function.identity()));
    DeviceTypes types = DeviceTypes.standard();
    DeviceBackends backends =
        DeviceResources.of(system).withOthers(DeviceConfig.others(byName, types));
    HutchWatch watch = watch(system, settings, hutch, byName, movingFile, witness);
    start(
        system,
        hutch,
        context -> {
          DeviceConfig config = byName.get(context.getEntityId());
          if (config == null) {
            return forgotten(context);
          }
          return DeviceActor.create(
              config,
              hutch,
              () -> config.make(types, backends),
              settings,
              directory,
              watch,
              measures);
        });
    // again and again: the first message may be lost while the cluster forms
    system
        .scheduler()
        .scheduleWithFixedDelay(
            Duration.ZERO,
            settings.wakeInterval(),
            () -> wake(system, hutch, devices),
            system.executionContext());
    // a list of devices that starts anew knows nobody
    system.systemActorOf(
        onNewDirectory(() -> wake(system, hutch, devices)),
        "directory-watch-" + hutch,
        Props.empty());
  }

  private static Behavior<Receptionist.Listing> onNewDirectory(Runnable task) {
    return Behaviors.setup(
        context -> {
          context
              .getSystem()
              .receptionist()
              .tell(Receptionist.subscribe(DeviceDirectory.KEY, context.getSelf()));
          return Behaviors.receive(Receptionist.Listing.class)
              .onMessage(
                  Receptionist.Listing.class,
                  listing -> {
                    if (!listing.getServiceInstances(DeviceDirectory.KEY).isEmpty()) {
                      task.run();
                    }
                    return Behaviors.same();
                  })
              .build();
        });
  }

  private static HutchWatch watch(
      ActorSystem<?> system,
      DevicesSettings settings,
      HutchName hutch,
      Map<String, DeviceConfig> devices,
      Path movingFile,
      OwnerWitness witness) {
    DeviceTypes types = DeviceTypes.standard();
    DeviceBackends backends =
        DeviceResources.of(system).withOthers(DeviceConfig.others(devices, types));
    DeviceEpochs epochs = new DeviceEpochs();
    HutchGuard.Parts parts =
        new HutchGuard.Parts(
            ServiceKey.create(HutchGuardProtocol.Request.class, "hutch-guard-" + hutch),
            node(system),
            name ->
                devices.containsKey(name.value())
                    ? devices.get(name.value()).make(types, backends)
                    : null,
            settings,
            epochs,
            new MovingFile(movingFile),
            witness);
    ActorRef<HutchGuardProtocol.Command> guard =
        system.systemActorOf(
            Behaviors.supervise(HutchGuard.create(parts)).onFailure(SupervisorStrategy.restart()),
            "hutch-guard-" + hutch,
            Props.empty());
    CoordinatedShutdown.get(system)
        .addTask(
            CoordinatedShutdown.PhaseClusterExiting(),
            "settle-hutch-guard",
            () ->
                AskPattern.ask(
                    guard, HutchGuard.Settle::new, Duration.ofSeconds(5), system.scheduler()));
    SoftLimits limits = new SoftLimits();
    LimitsKeeper.start(
        system,
        hutch,
        limits,
        new LimitsFile(movingFile.resolveSibling("limits.json")),
        settings.timeouts().request());
    LocalDevices local = new LocalDevices();
    HutchStop.start(system, hutch, local);
    return new HutchWatch(guard, epochs, limits, local);
  }

  /**
   * The Channel Access channels of this node's devices.
   *
   * @param connected those that are connected
   * @param notConnected those that are searched for
   */
  public record Channels(long connected, long notConnected) {}

  /** How many Channel Access channels this node, which has devices, holds. */
  public static Channels channels(ActorSystem<?> system) {
    return DeviceResources.channels(system);
  }

  /** This node's name for others of the cluster, {@code host:port}. */
  public static String node(ActorSystem<?> system) {
    Address address = Cluster.get(system).selfMember().address();
    return address.getHost().orElse("") + ":" + address.getPort().orElse(0);
  }

  private static void wake(ActorSystem<?> system, HutchName hutch, List<DeviceConfig> devices) {
    ClusterSharding sharding = ClusterSharding.get(system);
    devices.forEach(
        device ->
            sharding
                .entityRefFor(key(hutch), device.name().value())
                .tell(DeviceProtocol.Wake.WAKE));
  }

  /** A device, from any node. */
  @SuppressWarnings("unchecked") // EntityRef takes what it can be told: one for all is one for some
  public static EntityRef<DeviceProtocol.Request> ref(ActorSystem<?> system, DeviceView view) {
    if (!Cluster.get(system).selfMember().hasRole(role(view.hutch()))) {
      start(
          system,
          view.hutch(),
          context -> {
            throw new IllegalStateException("this node has no devices of hutch " + view.hutch());
          });
    }
    EntityRef<DeviceProtocol.Command> ref =
        ClusterSharding.get(system).entityRefFor(key(view.hutch()), view.name().value());
    return (EntityRef<DeviceProtocol.Request>) (EntityRef<?>) ref;
  }

  /** A remembered device that has left the device file: passivating it makes the shard forget. */
  private static Behavior<DeviceProtocol.Command> forgotten(
      EntityContext<DeviceProtocol.Command> entity) {
    return Behaviors.setup(
        context -> {
          LOG.info("{}: not in the device file any more, forgotten", entity.getEntityId());
          entity.getShard().tell(new ClusterSharding.Passivate<>(context.getSelf()));
          return Behaviors.receive(DeviceProtocol.Command.class)
              .onMessageEquals(DeviceActor.Park.PARK, Behaviors::stopped)
              .onAnyMessage(message -> Behaviors.same())
              .build();
        });
  }

  private static EntityTypeKey<DeviceProtocol.Command> key(HutchName hutch) {
    return EntityTypeKey.create(DeviceProtocol.Command.class, "device-" + hutch);
  }

  /** Harmless if it has been started already. */
  private static void start(
      ActorSystem<?> system,
      HutchName hutch,
      Function<EntityContext<DeviceProtocol.Command>, Behavior<DeviceProtocol.Command>> device) {
    ClusterSharding.get(system)
        .init(
            Entity.of(key(hutch), device::apply)
                .withRole(role(hutch))
                .withSettings(ClusterShardingSettings.create(system).withRememberEntities(true))
                .withStopMessage(DeviceActor.Park.PARK));
  }
}
