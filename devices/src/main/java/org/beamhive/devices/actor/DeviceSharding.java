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
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.registry.RegistrySettings;
import org.beamhive.devices.type.Device;
import org.beamhive.devices.type.DeviceBackends;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.devices.type.MotionLimits;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceRegistryProtocol;
import org.beamhive.protocol.device.HutchGuardProtocol;
import org.beamhive.protocol.model.DeviceName;
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

  private static final Duration FOLLOW_RETRY = Duration.ofSeconds(1);
  private static final int WAITING = 100;

  /** It is known which devices the hutch has. */
  private enum Known implements DeviceProtocol.Internal {
    KNOWN
  }

  private DeviceSharding() {}

  /** The role of the nodes that own a hutch's devices. */
  public static String role(HutchName hutch) {
    return "hutch-" + hutch;
  }

  /**
   * What the devices of a node work with.
   *
   * @param directory the list of devices
   * @param movingFile where it is kept which devices move, for the next start of this node; our own
   *     limits of the devices are kept beside it, in {@code limits.json}
   * @param witness a second opinion on whether a silent node of the hutch is alive
   * @param measures is told how long the devices' commands take
   */
  public record Parts(
      DevicesSettings settings,
      HutchName hutch,
      ActorRef<DeviceDirectoryProtocol.Request> directory,
      Path movingFile,
      OwnerWitness witness,
      DeviceMeasures measures) {}

  /**
   * Makes this node, which has the hutch's role, run devices of it that nobody changes, starts them
   * all, and watches over those of the hutch's other nodes.
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
    run(
        system,
        new Parts(settings, hutch, directory, movingFile, witness, measures),
        new HutchDevices(devices, true));
  }

  /**
   * The same with the devices that the registry has for the hutch, now and later.
   *
   * @param file the node's device file, which the registry begins with
   * @param inFile what is in it; with mistakes only if {@link #knows} the hutch
   * @param knownFile where it is kept which devices the hutch had last, for a start without the
   *     registry
   */
  public static void follow(
      ActorSystem<?> system,
      Parts parts,
      ActorRef<DeviceRegistryProtocol.Request> registry,
      RegistrySettings settings,
      HutchFile file,
      HutchFile.Content inFile,
      Path knownFile) {
    HutchName hutch = parts.hutch();
    HutchDevices devices = new HutchDevices(inFile.devices(), false);
    run(system, parts, devices);
    HutchFollower.Parts follower =
        new HutchFollower.Parts(
            registry,
            hutch,
            node(system),
            file,
            new KnownDevices(knownFile),
            devices,
            changed -> wake(system, hutch, changed),
            DeviceTypes.standard(),
            Clock.systemUTC(),
            FOLLOW_RETRY,
            parts.settings().wakeInterval(),
            settings.patience());
    system.systemActorOf(
        Behaviors.supervise(HutchFollower.create(follower, inFile))
            .onFailure(SupervisorStrategy.restart()),
        "hutch-follower-" + hutch,
        Props.empty());
  }

  /**
   * Whether this node has had devices of the hutch from the registry, so that it can start whatever
   * is wrong with its device file. Waits for the disk.
   *
   * @param knownFile where it is kept which devices the hutch had last
   */
  public static boolean knows(Path knownFile, HutchName hutch) {
    try {
      return new KnownDevices(knownFile).read(hutch).isPresent();
    } catch (IOException unreadable) {
      return false;
    }
  }

  private static void run(ActorSystem<?> system, Parts parts, HutchDevices devices) {
    HutchName hutch = parts.hutch();
    DeviceTypes types = DeviceTypes.standard();
    HutchWatch watch =
        watch(system, parts.settings(), hutch, devices, parts.movingFile(), parts.witness());
    DeviceBackends backends = backends(system, devices, types, watch.limits());
    start(
        system,
        hutch,
        entity -> whenKnown(devices, () -> device(system, entity, parts, watch, types, backends)));
    // again and again: the first message may be lost while the cluster forms
    system
        .scheduler()
        .scheduleWithFixedDelay(
            Duration.ZERO,
            parts.settings().wakeInterval(),
            () -> wakeAll(system, hutch, devices),
            system.executionContext());
    // a list of devices that starts anew knows nobody
    system.systemActorOf(
        onNewDirectory(() -> wakeAll(system, hutch, devices)),
        "directory-watch-" + hutch,
        Props.empty());
  }

  /** What devices are made with: each of the hutch's devices may be part of others. */
  private static DeviceBackends backends(
      ActorSystem<?> system, HutchDevices devices, DeviceTypes types, MotionLimits limits) {
    return DeviceResources.of(system).inHutch(DeviceConfig.others(devices::find, types), limits);
  }

  private static Behavior<DeviceProtocol.Command> device(
      ActorSystem<?> system,
      EntityContext<DeviceProtocol.Command> entity,
      Parts parts,
      HutchWatch watch,
      DeviceTypes types,
      DeviceBackends backends) {
    DeviceName name = new DeviceName(entity.getEntityId());
    DeviceConfig config = watch.devices().find(name);
    if (config == null) {
      parts.directory().tell(new DeviceDirectoryProtocol.Gone(name));
      return forgotten(entity);
    }
    return DeviceActor.create(
        config,
        parts.hutch(),
        () -> made(config, types, backends),
        parts.settings(),
        parts.directory(),
        watch.renewing(new EntityRenewal(system, parts.hutch(), entity, watch.devices())),
        parts.measures());
  }

  /** Stops an entity and lets it be started again with what it is to be then. */
  private record EntityRenewal(
      ActorSystem<?> system,
      HutchName hutch,
      EntityContext<DeviceProtocol.Command> entity,
      HutchDevices devices)
      implements HutchWatch.Renewal {
    @Override
    public void begin(ActorRef<DeviceProtocol.Command> device) {
      entity.getShard().tell(new ClusterSharding.Passivate<>(device));
    }

    @Override
    public void ended() {
      DeviceName name = new DeviceName(entity.getEntityId());
      if (devices.find(name) != null) {
        // while the shard has not seen the end, it keeps this and starts the device again at once
        wake(system, hutch, List.of(name));
      }
    }
  }

  /** One device that can't be made is no reason for others to suffer. */
  private static Device made(DeviceConfig config, DeviceTypes types, DeviceBackends backends) {
    try {
      return config.make(types, backends);
    } catch (RuntimeException failed) {
      if (config.enabled()) {
        LOG.error("{}: can't be made from its configuration", config.name(), failed);
      }
      return new UnmadeDevice(config.name(), failed);
    }
  }

  /** Which devices a hutch has is not known at once when a node starts. */
  private static Behavior<DeviceProtocol.Command> whenKnown(
      HutchDevices devices, Supplier<Behavior<DeviceProtocol.Command>> then) {
    if (devices.isKnown()) {
      return then.get();
    }
    return Behaviors.withStash(
        WAITING,
        stash ->
            Behaviors.setup(
                context -> {
                  context.pipeToSelf(devices.known(), (known, error) -> Known.KNOWN);
                  return Behaviors.receive(DeviceProtocol.Command.class)
                      .onMessage(Known.class, known -> stash.unstashAll(then.get()))
                      .onMessageEquals(DeviceActor.Park.PARK, Behaviors::stopped)
                      .onAnyMessage(
                          message -> {
                            if (!stash.isFull()) {
                              stash.stash(message);
                            }
                            return Behaviors.same();
                          })
                      .build();
                }));
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
      HutchDevices devices,
      Path movingFile,
      OwnerWitness witness) {
    DeviceTypes types = DeviceTypes.standard();
    SoftLimits limits = new SoftLimits();
    DeviceBackends backends = backends(system, devices, types, limits);
    DeviceEpochs epochs = new DeviceEpochs();
    HutchGuard.Parts parts =
        new HutchGuard.Parts(
            ServiceKey.create(HutchGuardProtocol.Request.class, "hutch-guard-" + hutch),
            node(system),
            name -> {
              DeviceConfig config = devices.find(name);
              return config == null ? null : made(config, types, backends);
            },
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
    LimitsKeeper.start(
        system,
        hutch,
        limits,
        new LimitsFile(movingFile.resolveSibling("limits.json")),
        settings.timeouts().request());
    LocalDevices local = new LocalDevices();
    HutchStop.start(system, hutch, local);
    return new HutchWatch(guard, epochs, limits, local, devices, device -> {});
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

  private static void wakeAll(ActorSystem<?> system, HutchName hutch, HutchDevices devices) {
    if (devices.isKnown()) {
      wake(system, hutch, devices.inOrder().stream().map(DeviceConfig::name).toList());
    }
  }

  private static void wake(ActorSystem<?> system, HutchName hutch, List<DeviceName> devices) {
    ClusterSharding sharding = ClusterSharding.get(system);
    devices.forEach(
        device -> sharding.entityRefFor(key(hutch), device.value()).tell(DeviceProtocol.Wake.WAKE));
  }

  /** A device, from any node. */
  public static EntityRef<DeviceProtocol.Request> ref(ActorSystem<?> system, DeviceView view) {
    return ref(system, view.hutch(), view.name());
  }

  /** A device of a hutch, from any node. */
  @SuppressWarnings("unchecked") // EntityRef takes what it can be told: one for all is one for some
  public static EntityRef<DeviceProtocol.Request> ref(
      ActorSystem<?> system, HutchName hutch, DeviceName device) {
    if (!Cluster.get(system).selfMember().hasRole(role(hutch))) {
      start(
          system,
          hutch,
          context -> {
            throw new IllegalStateException("this node has no devices of hutch " + hutch);
          });
    }
    EntityRef<DeviceProtocol.Command> ref =
        ClusterSharding.get(system).entityRefFor(key(hutch), device.value());
    return (EntityRef<DeviceProtocol.Request>) (EntityRef<?>) ref;
  }

  /** A remembered device that has left the configuration: passivating it makes the shard forget. */
  private static Behavior<DeviceProtocol.Command> forgotten(
      EntityContext<DeviceProtocol.Command> entity) {
    return Behaviors.setup(
        context -> {
          LOG.info("{}: not in the configuration any more, forgotten", entity.getEntityId());
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
