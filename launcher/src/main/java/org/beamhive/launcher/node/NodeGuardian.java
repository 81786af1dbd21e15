package org.beamhive.launcher.node;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.javadsl.AskPattern;
import akka.actor.typed.javadsl.BehaviorBuilder;
import akka.actor.typed.javadsl.Behaviors;
import akka.http.javadsl.ServerBinding;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.beamhive.actors.bridge.RedisBridge;
import org.beamhive.actors.filewriter.actor.FileWriter;
import org.beamhive.actors.run.LiveFeed;
import org.beamhive.actors.web.NodeState;
import org.beamhive.actors.web.WebBackends;
import org.beamhive.actors.web.WebServer;
import org.beamhive.actors.web.WebSettings;
import org.beamhive.cluster.tls.TlsIdentity;
import org.beamhive.devices.actor.DeviceSharding;
import org.beamhive.devices.actor.StopEverything;
import org.beamhive.launcher.health.HealthServer;
import org.beamhive.launcher.health.NodeHealth;
import org.beamhive.launcher.metrics.NodeMetrics;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.queue.ScanQueueProtocol;

/**
 * The root of a node: starts one guardian per role and watches them. A guardian only starts what
 * its role needs; if one fails, the node ends, since its role can't be done any more and another
 * node, or the operator, has to take over.
 */
public final class NodeGuardian {
  /**
   * How long the answer to a stop of everything waits for a node; the stop itself waits for none.
   */
  private static final Duration STOP_PATIENCE = Duration.ofSeconds(3);

  /** What the root is told. */
  public sealed interface Command {}

  private record ServerStarted(ServerBinding binding) implements Command {}

  private record ServerFailed(Throwable cause) implements Command {}

  /** Whether the actor system still answers. */
  private record Ping(ActorRef<Done> replyTo) implements Command {}

  /**
   * A node that is started: its wiring, and its HTTP interface and its own endpoint of health if it
   * has them.
   */
  public record Started(
      Wiring wiring, Optional<ServerBinding> http, Optional<HealthServer> health) {}

  private NodeGuardian() {}

  /**
   * The root of a node that is a member of its cluster.
   *
   * @param parts what the node is made of
   * @param web how the HTTP interface is served on a gateway
   * @param started completed when everything is started; fails if the HTTP interface or the
   *     endpoint of health can't start
   */
  public static Behavior<Command> create(
      NodeParts parts, WebSettings web, CompletableFuture<Started> started) {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(NodeGuardian.class);
          ActorSystem<?> system = context.getSystem();
          NodeMetrics metrics =
              new NodeMetrics(
                  parts.node().beamline(),
                  web.version(),
                  Set.of(FileWriter.FOLLOWER, RedisBridge.FOLLOWER));
          Wiring wiring = new Wiring(parts, system, metrics);
          metrics.watch(system, parts.node().hutch().isPresent());
          NodeHealth node = health(parts, wiring, system, context.getSelf());
          Optional<HealthServer> health;
          try {
            health =
                parts.health().enabled()
                    ? Optional.of(HealthServer.start(parts.health(), node))
                    : Optional.empty();
          } catch (IllegalStateException portInUse) {
            started.completeExceptionally(portInUse);
            return Behaviors.stopped();
          }
          endWithNode(system, node, health);
          // the devices first: whoever asks for one on this node must find it
          if (parts.node().hutch().isPresent()) {
            context.watch(context.spawn(role("hutch", wiring::devices), "hutch"));
          }
          if (parts.node().has("storage")) {
            context.watch(context.spawn(role("storage", wiring::files), "storage"));
          }
          if (!parts.node().has("gateway")) {
            started.complete(new Started(wiring, Optional.empty(), health));
            return answering().build();
          }
          context.pipeToSelf(
              WebServer.start(
                  system,
                  web,
                  backends(parts, wiring, node, system),
                  parts.webTls().map(TlsIdentity::context)),
              (binding, failure) ->
                  failure == null ? new ServerStarted(binding) : new ServerFailed(failure));
          return starting(
              system, started, binding -> new Started(wiring, Optional.of(binding), health));
        });
  }

  private static BehaviorBuilder<Command> answering() {
    return Behaviors.receive(Command.class)
        .onMessage(
            Ping.class,
            ping -> {
              ping.replyTo().tell(Done.getInstance());
              return Behaviors.same();
            });
  }

  private static Behavior<Command> starting(
      ActorSystem<?> system,
      CompletableFuture<Started> started,
      Function<ServerBinding, Started> node) {
    return answering()
        .onMessage(
            ServerStarted.class,
            server -> {
              endWithNode(system, server.binding());
              started.complete(node.apply(server.binding()));
              return Behaviors.same();
            })
        .onMessage(
            ServerFailed.class,
            failed -> {
              started.completeExceptionally(failed.cause());
              return Behaviors.same();
            })
        .build();
  }

  private static Behavior<Void> role(String name, Runnable start) {
    return Behaviors.setup(
        context -> {
          start.run();
          context.getLog().info("Role {} is started", name);
          return Behaviors.empty();
        });
  }

  private static void endWithNode(ActorSystem<?> system, ServerBinding binding) {
    CoordinatedShutdown.get(system)
        .addTask(
            CoordinatedShutdown.PhaseServiceUnbind(),
            "unbind-http",
            () -> binding.unbind().thenApply(unbound -> Done.getInstance()));
  }

  /** To the very end: while the node leaves, its watchers are told so. */
  private static void endWithNode(
      ActorSystem<?> system, NodeHealth node, Optional<HealthServer> health) {
    CoordinatedShutdown.get(system)
        .addTask(
            CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
            "close-health",
            () -> {
              health.ifPresent(HealthServer::close);
              node.close();
              return CompletableFuture.completedFuture(Done.getInstance());
            });
  }

  private static NodeHealth health(
      NodeParts parts, Wiring wiring, ActorSystem<?> system, ActorRef<Command> self) {
    return new NodeHealth(
        system,
        new NodeHealth.Parts(
            parts.node(),
            parts.health().timeout(),
            parts.files(),
            timeout -> AskPattern.ask(self, Ping::new, timeout, system.scheduler()),
            wiring.journal(),
            wiring.queue(),
            wiring.directory(),
            wiring.metrics()::text));
  }

  // ------------------------------------------------------------------ what the HTTP interface
  // talks to

  private static WebBackends backends(
      NodeParts parts, Wiring wiring, NodeState node, ActorSystem<?> system) {
    ActorRef<ScanQueueProtocol.Request> queue = wiring.queue();
    Duration timeout = parts.web().askTimeout();
    return new WebBackends(
        queue,
        new Devices(
            system, wiring.directory(), StopEverything.start(system, STOP_PATIENCE), timeout),
        parts.plans().descriptions(),
        fromStartOf ->
            LiveFeed.documents(system, queue, wiring.journal(), parts.run(), fromStartOf),
        node,
        wiring.registry());
  }

  private record Devices(
      ActorSystem<?> system,
      ActorRef<DeviceDirectoryProtocol.Request> directory,
      StopEverything stopping,
      Duration timeout)
      implements WebBackends.DeviceAccess {
    @Override
    public CompletionStage<DeviceDirectoryProtocol.Devices> devices() {
      return AskPattern.ask(
          directory, DeviceDirectoryProtocol.GetDevices::new, timeout, system.scheduler());
    }

    @Override
    public CompletionStage<DeviceProtocol.ReadReply> read(DeviceName name) {
      return devices()
          .thenCompose(
              known ->
                  known.devices().stream()
                      .filter(view -> view.name().equals(name))
                      .findFirst()
                      .map(this::read)
                      .orElseGet(() -> unknown(name)));
    }

    private CompletionStage<DeviceProtocol.ReadReply> read(DeviceView view) {
      return AskPattern.ask(
          DeviceSharding.ref(system, view),
          DeviceProtocol.ReadNow::new,
          timeout,
          system.scheduler());
    }

    @Override
    public RecipientRef<DeviceProtocol.Request> ref(DeviceView view) {
      return DeviceSharding.ref(system, view);
    }

    @Override
    public CompletionStage<WebBackends.Stopped> stop(Optional<DeviceName> only, String who) {
      return stopping
          .stop(only, who)
          .thenApply(
              stopped ->
                  new WebBackends.Stopped(
                      stopped.devices(),
                      stopped.notConnected(),
                      stopped.notStopped(),
                      stopped.silent(),
                      stopped.nodes()));
    }

    private CompletionStage<DeviceProtocol.ReadReply> unknown(DeviceName name) {
      return CompletableFuture.completedFuture(
          new DeviceProtocol.NotRead(
              name,
              Refusal.of(
                  "unknown-device",
                  "device '" + name + "' is not known; see the list of devices")));
    }
  }
}
