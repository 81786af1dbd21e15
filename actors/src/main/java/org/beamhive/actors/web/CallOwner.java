package org.beamhive.actors.web;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.Props;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.CallAccepted;
import org.beamhive.protocol.device.DeviceProtocol.CallDone;
import org.beamhive.protocol.device.DeviceProtocol.CallFailed;
import org.beamhive.protocol.device.DeviceProtocol.CallReply;
import org.beamhive.protocol.device.Operation;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Refusal;

/**
 * Owns one call of a device: from the question whether it may be done until the device says that it
 * has ended. It tells the device all the time that it is alive; when it ends before, since its
 * client has gone or with its node, the device stops.
 *
 * <p>States: <em>asking</em>, until the device accepts or refuses; <em>owning</em>.
 */
final class CallOwner extends AbstractBehavior<CallOwner.Command> {
  /** What it is told. */
  sealed interface Command {}

  private record DeviceSaid(CallReply reply) implements Command {}

  private enum Pulse implements Command {
    PULSE
  }

  /** The device was not heard for too long. */
  private enum DeviceSilent implements Command {
    DEVICE_SILENT
  }

  /** The client wants it no more. */
  private enum GiveUp implements Command {
    GIVE_UP
  }

  /**
   * A call under way.
   *
   * @param id by which the device knows it
   * @param accepted ends when the device has accepted it: then {@code ended} is still open; or with
   *     its end
   * @param ended how it has ended: {@link CallDone} or {@link CallFailed}; never fails
   */
  record Owned(
      String id,
      CompletionStage<CallReply> accepted,
      CompletionStage<CallReply> ended,
      ActorRef<Command> owner) {
    /** Whoever has asked is not there any more: the device stops. */
    void giveUp() {
      owner.tell(GiveUp.GIVE_UP);
    }
  }

  private final TimerScheduler<Command> timers;
  private final WebSettings settings;
  private final DeviceName name;
  private final RecipientRef<DeviceProtocol.Request> device;
  private final String id;
  private final ActorRef<CallReply> replies;
  private final CompletableFuture<CallReply> accepted;
  private final CompletableFuture<CallReply> ended;
  private boolean owning;

  /** Asks the device. */
  static Owned start(
      ActorSystem<?> system,
      WebSettings settings,
      DeviceName name,
      RecipientRef<DeviceProtocol.Request> device,
      String who,
      Operation operation) {
    String id = UUID.randomUUID().toString();
    CompletableFuture<CallReply> accepted = new CompletableFuture<>();
    CompletableFuture<CallReply> ended = new CompletableFuture<>();
    Behavior<Command> behavior =
        Behaviors.setup(
            context ->
                Behaviors.withTimers(
                    timers -> {
                      context.setLoggerName(CallOwner.class);
                      return new CallOwner(
                          context, timers, settings, name, device, id, who, operation, accepted,
                          ended);
                    }));
    ActorRef<Command> owner = system.systemActorOf(behavior, "device-call-" + id, Props.empty());
    return new Owned(id, accepted, ended, owner);
  }

  private CallOwner(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      WebSettings settings,
      DeviceName name,
      RecipientRef<DeviceProtocol.Request> device,
      String id,
      String who,
      Operation operation,
      CompletableFuture<CallReply> accepted,
      CompletableFuture<CallReply> ended) {
    super(context);
    this.timers = timers;
    this.settings = settings;
    this.name = name;
    this.device = device;
    this.id = id;
    this.accepted = accepted;
    this.ended = ended;
    this.replies = context.messageAdapter(CallReply.class, DeviceSaid::new);
    device.tell(new DeviceProtocol.Call(id, who, operation, replies));
    listen();
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(DeviceSaid.class, said -> onReply(said.reply()))
        .onMessage(Pulse.class, pulse -> onPulse())
        .onMessage(DeviceSilent.class, silent -> onDeviceSilent())
        .onMessage(GiveUp.class, giveUp -> onGiveUp())
        .build();
  }

  private void listen() {
    timers.startSingleTimer(DeviceSilent.DEVICE_SILENT, settings.askTimeout());
  }

  private Behavior<Command> onReply(CallReply reply) {
    if (!(reply instanceof CallAccepted)) {
      return end(reply);
    }
    listen();
    if (!owning) {
      owning = true;
      timers.startTimerWithFixedDelay(Pulse.PULSE, settings.callAliveInterval());
      accepted.complete(reply);
      return onPulse();
    }
    return this;
  }

  private Behavior<Command> onPulse() {
    device.tell(new DeviceProtocol.CallAlive(id, replies));
    return this;
  }

  private Behavior<Command> onDeviceSilent() {
    return end(
        new CallFailed(
            name,
            id,
            Refusal.of(
                "no-answer",
                "%s has not answered for %s s: is a node of its hutch up? %s"
                    .formatted(
                        name,
                        settings.askTimeout().toMillis() / 1000.0,
                        owning
                            ? "It stops by itself when it does not hear its caller."
                            : "It has not begun."))));
  }

  private Behavior<Command> onGiveUp() {
    getContext().getLog().info("{}: who has called it has gone, it stops", name);
    return end(
        new CallFailed(
            name, id, Refusal.of("owner-silent", "Whoever has called " + name + " has gone.")));
  }

  /** The device watches this actor: it stops now if it was still at it. */
  private Behavior<Command> end(CallReply reply) {
    accepted.complete(reply);
    ended.complete(reply);
    return Behaviors.stopped();
  }
}
