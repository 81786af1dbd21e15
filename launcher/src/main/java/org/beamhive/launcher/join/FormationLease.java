package org.beamhive.launcher.join;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.SelfRemoved;
import akka.cluster.typed.Subscribe;
import akka.coordination.lease.javadsl.Lease;
import java.time.Duration;
import java.util.Optional;

/**
 * The right to form the beamline's cluster, held by one node at most. The node that forms it takes
 * the lease, and as long as the cluster lives one of its members holds it: each tries to take it
 * over now and then. So a node that can't reach the others, since the network is split or they are
 * frozen, does not get it and can't form a second cluster.
 *
 * <p>The lease can be free for about the time between two tries after its holder has gone. In that
 * moment only the greeting protects.
 */
final class FormationLease {
  /** How often a member that does not hold it tries to take it. */
  static final Duration RETRY = Duration.ofSeconds(1);

  /** What it is told. */
  sealed interface Command {}

  /**
   * Take it, once.
   *
   * @param replyTo answered with the outcome
   */
  record Take(ActorRef<Outcome> replyTo) implements Command {}

  /** This node is a member now: hold it whenever it is free. */
  enum Hold implements Command {
    HOLD
  }

  /**
   * How a try ended.
   *
   * @param taken whether this node holds the lease
   * @param trouble why nobody could be asked, if that was so
   */
  record Outcome(boolean taken, Optional<String> trouble) {}

  private enum Internal implements Command {
    TRY,
    LOST,
    REMOVED
  }

  private record Tried(boolean taken, Throwable failure, Optional<ActorRef<Outcome>> replyTo)
      implements Command {}

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final Lease lease;
  private boolean held;
  private boolean troubled;

  private FormationLease(
      ActorContext<Command> context, TimerScheduler<Command> timers, Lease lease) {
    this.context = context;
    this.timers = timers;
    this.lease = lease;
  }

  /** The keeper of a lease; it gives the lease back when it stops. */
  static Behavior<Command> create(Lease lease) {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(FormationLease.class);
          return Behaviors.withTimers(
              timers -> new FormationLease(context, timers, lease).behavior());
        });
  }

  private Behavior<Command> behavior() {
    // a node that its cluster has removed may take long to end, and must not seem to be a cluster
    // meanwhile
    Cluster.get(context.getSystem())
        .subscriptions()
        .tell(
            Subscribe.create(
                context.messageAdapter(SelfRemoved.class, removed -> Internal.REMOVED),
                SelfRemoved.class));
    return Behaviors.receive(Command.class)
        .onMessage(Take.class, take -> attempt(Optional.of(take.replyTo())))
        .onMessageEquals(Hold.HOLD, this::onHold)
        .onMessageEquals(Internal.TRY, this::onTry)
        .onMessageEquals(Internal.LOST, this::onLost)
        .onMessageEquals(Internal.REMOVED, Behaviors::stopped)
        .onMessage(Tried.class, this::onTried)
        .onSignal(PostStop.class, stop -> onStop())
        .build();
  }

  private Behavior<Command> onHold() {
    timers.startTimerWithFixedDelay(Internal.TRY, RETRY);
    return Behaviors.same();
  }

  private Behavior<Command> onTry() {
    return held ? Behaviors.same() : attempt(Optional.empty());
  }

  private Behavior<Command> attempt(Optional<ActorRef<Outcome>> replyTo) {
    ActorRef<Command> self = context.getSelf();
    context.pipeToSelf(
        lease.acquire(why -> self.tell(Internal.LOST)),
        (taken, failure) -> new Tried(failure == null && taken, failure, replyTo));
    return Behaviors.same();
  }

  private Behavior<Command> onTried(Tried tried) {
    if (tried.taken() && !held) {
      context.getLog().info("This node holds the beamline's formation lease");
    }
    held = tried.taken();
    if (tried.failure() != null && !troubled) {
      context.getLog().warn("The formation lease can't be asked for: {}", words(tried.failure()));
    }
    troubled = tried.failure() != null;
    tried
        .replyTo()
        .ifPresent(
            asking ->
                asking.tell(
                    new Outcome(
                        tried.taken(),
                        Optional.ofNullable(tried.failure()).map(FormationLease::words))));
    return Behaviors.same();
  }

  private Behavior<Command> onLost() {
    if (held) {
      context.getLog().info("This node has lost the formation lease; a member takes it again");
    }
    held = false;
    return Behaviors.same();
  }

  private Behavior<Command> onStop() {
    if (held) {
      lease.release();
    }
    return Behaviors.same();
  }

  private static String words(Throwable failure) {
    return failure.getMessage() == null ? failure.toString() : failure.getMessage();
  }
}
