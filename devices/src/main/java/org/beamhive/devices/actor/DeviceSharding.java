package org.beamhive.devices.actor;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.typed.ClusterShardingSettings;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityContext;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import akka.cluster.typed.Cluster;
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

  /** Makes this node, which has the hutch's role, run devices of it, and starts them all. */
  public static void init(
      ActorSystem<?> system,
      DevicesSettings settings,
      HutchName hutch,
      List<DeviceConfig> devices,
      ActorRef<DeviceDirectoryProtocol.Request> directory) {
    Map<String, DeviceConfig> byName =
        devices.stream()
            .collect(Collectors.toMap(device -> device.name().value(), Function.identity()));
    DeviceBackends backends = DeviceResources.of(system);
    DeviceTypes types = DeviceTypes.standard();
    start(
        system,
        hutch,
        context -> {
          DeviceConfig config = byName.get(context.getEntityId());
          if (config == null) {
            return forgotten(context);
          }
          return DeviceActor.create(
              config, hutch, () -> config.make(types, backends), settings, directory);
        });
    // again and again: the first message may be lost while the cluster forms
    system
        .scheduler()
        .scheduleWithFixedDelay(
            Duration.ZERO,
            settings.wakeInterval(),
            () -> wake(system, hutch, devices),
            system.executionContext());
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
