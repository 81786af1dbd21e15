package org.beamhive.launcher.node;

import akka.actor.ActorIdentity;
import akka.actor.Identify;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.Props;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.ClusterEvent.MemberEvent;
import akka.cluster.ClusterEvent.MemberLeft;
import akka.cluster.ClusterEvent.MemberUp;
import akka.cluster.Member;
import akka.cluster.UniqueAddress;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.ClusterSingleton;
import akka.cluster.typed.ClusterSingletonSettings;
import akka.cluster.typed.SingletonActor;
import akka.cluster.typed.Subscribe;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;

/**
 * The way to a singleton, from every node: passes on what it is told, and keeps it while the
 * singleton is nowhere.
 *
 * <p>Akka's own proxy believes whoever was the last to say that the singleton is with it. A node
 * that was frozen answers, as soon as it goes on, all that it was asked meanwhile, although the
 * cluster has gone on without it; a proxy that was looking for the singleton at that time would
 * talk to nobody from then on. This one believes only the oldest member that there is now.
 */
final class SingletonProxy<M> {
  private static final int WAITING = 1000;

  private enum Own {
    LOOK
  }

  private record Changed(MemberEvent event) {}

  private final ActorContext<Object> context;
  private final TimerScheduler<Object> timers;
  private final String name;
  private final String role;
  private final Duration interval;
  private final Map<UniqueAddress, Member> members = new HashMap<>();
  private final Queue<M> waiting = new ArrayDeque<>();
  // null if there is no member with the role
  private Member oldest;
  // null if it is not known where the singleton is
  private ActorRef<M> singleton;

  private SingletonProxy(
      ActorContext<Object> context, TimerScheduler<Object> timers, String name, String role) {
    this.context = context;
    this.timers = timers;
    this.name = name;
    this.role = role;
    this.interval =
        context
            .getSystem()
            .settings()
            .config()
            .getDuration("akka.cluster.singleton-proxy.singleton-identification-interval");
  }

  /**
   * Starts a singleton on the oldest of the nodes with a role, of which this one need not be one.
   *
   * @return the way to it
   */
  static <M> ActorRef<M> start(ActorSystem<?> system, SingletonActor<M> actor, String role) {
    host(system, actor, role);
    return to(system, actor.name(), role);
  }

  /** The way to a singleton, to be made once; the singleton need not have been started yet. */
  static <M> ActorRef<M> to(ActorSystem<?> system, String name, String role) {
    return system.systemActorOf(create(name, role), "way-to-" + name, Props.empty());
  }

  /** Has this node run a singleton when it is its turn, if it has the role. */
  static void host(ActorSystem<?> system, SingletonActor<?> actor, String role) {
    if (Cluster.get(system).selfMember().hasRole(role)) {
      ClusterSingleton.get(system)
          .init(actor.withSettings(ClusterSingletonSettings.create(system).withRole(role)));
    }
  }

  private static <M> Behavior<M> create(String name, String role) {
    Behavior<Object> proxy =
        Behaviors.setup(
            context ->
                Behaviors.withTimers(
                    timers -> {
                      context.setLoggerName(SingletonProxy.class);
                      return new SingletonProxy<M>(context, timers, name, role).begin();
                    }));
    return Behaviors.supervise(proxy).onFailure(SupervisorStrategy.restart()).narrow();
  }

  private Behavior<Object> begin() {
    Cluster.get(context.getSystem())
        .subscriptions()
        .tell(
            Subscribe.create(
                context.messageAdapter(MemberEvent.class, Changed::new), MemberEvent.class));
    return Behaviors.receive(Object.class)
        .onMessage(Changed.class, changed -> onChanged(changed.event()))
        .onMessage(ActorIdentity.class, this::onIdentity)
        .onMessageEquals(Own.LOOK, this::onLook)
        .onAnyMessage(this::onMessage)
        .onSignal(Terminated.class, this::onEnded)
        .build();
  }

  // ---------------------------------------------------------------- where it is

  private Behavior<Object> onChanged(MemberEvent event) {
    Member member = event.member();
    // who leaves has the singleton until it exits
    if (member.hasRole(role) && (event instanceof MemberUp || event instanceof MemberLeft)) {
      members.put(member.uniqueAddress(), member);
    } else {
      members.remove(member.uniqueAddress());
    }
    Member next = members.values().stream().reduce((a, b) -> a.isOlderThan(b) ? a : b).orElse(null);
    if (next != null && (oldest == null || !next.uniqueAddress().equals(oldest.uniqueAddress()))) {
      look(next);
    } else if (next == null) {
      oldest = null;
      forget();
    }
    return Behaviors.same();
  }

  private void look(Member at) {
    oldest = at;
    forget();
    onLook();
  }

  private void forget() {
    if (singleton != null) {
      context.unwatch(singleton);
      singleton = null;
    }
  }

  private Behavior<Object> onLook() {
    if (oldest != null && singleton == null) {
      String path = oldest.address() + "/system/singletonManager" + name + "/" + name;
      Adapter.toClassic(context)
          .actorSelection(path)
          .tell(new Identify(question()), Adapter.toClassic(context.getSelf()));
      timers.startSingleTimer(Own.LOOK, interval);
    }
    return Behaviors.same();
  }

  /** What only the oldest member is asked, so that an answer of another one is known as such. */
  private String question() {
    UniqueAddress at = oldest.uniqueAddress();
    return at.address() + "#" + at.longUid();
  }

  private Behavior<Object> onIdentity(ActorIdentity identity) {
    if (oldest == null || singleton != null || !question().equals(identity.correlationId())) {
      return Behaviors.same();
    }
    identity.getActorRef().ifPresent(found -> found(Adapter.toTyped(found)));
    return Behaviors.same();
  }

  private void found(ActorRef<M> actor) {
    singleton = actor;
    context.watch(actor);
    context.getLog().info("{} is on {}", name, oldest.address());
    while (!waiting.isEmpty()) {
      actor.tell(waiting.poll());
    }
  }

  private Behavior<Object> onEnded(Terminated ended) {
    if (ended.getRef().equals(singleton)) {
      singleton = null;
      onLook();
    }
    return Behaviors.same();
  }

  // ---------------------------------------------------------------- what it is told

  @SuppressWarnings("unchecked") // others only know this as an actor of M
  private Behavior<Object> onMessage(Object message) {
    if (singleton != null) {
      singleton.tell((M) message);
      return Behaviors.same();
    }
    if (waiting.size() == WAITING) {
      context.getLog().warn("Dropped {}: too many wait for {}", waiting.poll().getClass(), name);
    }
    waiting.add((M) message);
    return Behaviors.same();
  }
}
