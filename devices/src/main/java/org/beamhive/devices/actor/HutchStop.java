package org.beamhive.devices.actor;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.Props;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.receptionist.Receptionist;
import akka.actor.typed.receptionist.ServiceKey;
import java.time.Duration;
import java.util.Map;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.HutchStopProtocol.Command;
import org.beamhive.protocol.device.HutchStopProtocol.DevicesStopped;
import org.beamhive.protocol.device.HutchStopProtocol.Request;
import org.beamhive.protocol.device.HutchStopProtocol.StopDevices;
import org.beamhive.protocol.model.HutchName;

/**
 * Stops all devices of its node, whatever they do: it tells each of them directly, and asks nobody
 * before. There is one on each node of a hutch; gateways find them by the receptionist. It has one
 * state.
 */
final class HutchStop extends AbstractBehavior<Command> {
  /** By which gateways find those of all hutches. */
  static final ServiceKey<Request> KEY = ServiceKey.create(Request.class, "device-stop");

  /** So long a device may take to stop: less than who asks has patience with a node. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final LocalDevices local;
  private final String node;

  static void start(ActorSystem<?> system, HutchName hutch, LocalDevices local) {
    system.systemActorOf(
        Behaviors.supervise(create(local, DeviceSharding.node(system)))
            .onFailure(SupervisorStrategy.restart()),
        "hutch-stop-" + hutch,
        Props.empty());
  }

  static Behavior<Command> create(LocalDevices local, String node) {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(HutchStop.class);
          return new HutchStop(context, local, node);
        });
  }

  private HutchStop(ActorContext<Command> context, LocalDevices local, String node) {
    super(context);
    this.local = local;
    this.node = node;
    ActorRef<Request> self = context.getSelf().narrow();
    context.getSystem().receptionist().tell(Receptionist.register(KEY, self));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder().onMessage(StopDevices.class, this::onStopDevices).build();
  }

  private Behavior<Command> onStopDevices(StopDevices stop) {
    Map<String, ActorRef<DeviceProtocol.Command>> devices = local.all();
    devices.keySet().removeIf(name -> stop.only() != null && !stop.only().value().equals(name));
    getContext()
        .spawnAnonymous(
            StopCheck.create(
                devices,
                PATIENCE,
                done ->
                    stop.replyTo()
                        .tell(
                            new DevicesStopped(
                                node, done.told(), done.notConnected(), done.notStopped()))));
    if (!devices.isEmpty()) {
      getContext()
          .getLog()
          .warn(
              "{}: told to stop, as {} has asked",
              stop.only() == null ? devices.size() + " devices" : stop.only(),
              stop.who());
    }
    return this;
  }
}
