package org.beamhive.launcher.node;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.StashBuffer;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.coordination.lease.javadsl.Lease;
import java.time.Duration;

/**
 * Lets an actor run only while this node holds a lease, so that it runs once whatever the cluster
 * thinks. When the lease is lost it is stopped; when the lease is held again it is started anew.
 * Messages that come in between wait.
 *
 * <p>Akka's own lease of a singleton does not do here: proxies of the singleton wait for a change
 * of the cluster after it has been stopped, so one that is started again on the same node would
 * stay unreachable. This actor stays; only its child comes and goes.
 */
final class Leased<M> {
  private static final int WAITING = 10_000;

  private enum Own {
    TRY,
    LOST
  }

  private record Tried(boolean taken, Throwable failure) {}

  private final ActorContext<Object> context;
  private final TimerScheduler<Object> timers;
  private final StashBuffer<Object> waiting;
  private final Behavior<M> behavior;
  private final Lease lease;
  private final Duration retry;
  private final Runnable ended;
  private String trouble = "";

  private Leased(
      ActorContext<Object> context,
      TimerScheduler<Object> timers,
      StashBuffer<Object> waiting,
      Behavior<M> behavior,
      Lease lease,
      Duration retry,
      Runnable ended) {
    this.context = context;
    this.timers = timers;
    this.waiting = waiting;
    this.behavior = behavior;
    this.lease = lease;
    this.retry = retry;
    this.ended = ended;
  }

  /**
   * An actor that runs while the lease is held.
   *
   * @param behavior what it does
   * @param lease given back when it stops
   * @param retry wait before the lease is asked for again
   * @param ended is run when it has ended, for whatever reason
   */
  static <M> Behavior<M> create(Behavior<M> behavior, Lease lease, Duration retry, Runnable ended) {
    return Behaviors.<Object>setup(
            context ->
                Behaviors.withTimers(
                    timers ->
                        Behaviors.withStash(
                            WAITING,
                            stash -> {
                              context.setLoggerName(Leased.class);
                              return new Leased<>(
                                      context, timers, stash, behavior, lease, retry, ended)
                                  .acquiring();
                            })))
        .narrow();
  }

  private Behavior<Object> acquiring() {
    ActorRef<Object> self = context.getSelf();
    context.pipeToSelf(lease.acquire(why -> self.tell(Own.LOST)), Leased::tried);
    return Behaviors.receive(Object.class)
        .onMessage(Tried.class, this::onTried)
        .onMessageEquals(Own.TRY, this::acquiring)
        .onMessageEquals(Own.LOST, Behaviors::same)
        .onAnyMessage(this::onEarly)
        .onSignal(PostStop.class, stop -> onStop())
        .build();
  }

  private static Object tried(Boolean taken, Throwable failure) {
    return new Tried(failure == null && taken, failure);
  }

  private Behavior<Object> onEarly(Object message) {
    if (waiting.isFull()) {
      context.getLog().warn("Dropped {}: too many wait for the lease", message.getClass());
    } else {
      waiting.stash(message);
    }
    return Behaviors.same();
  }

  private Behavior<Object> onTried(Tried tried) {
    if (tried.taken()) {
      trouble = "";
      context.getLog().info("{} runs here", context.getSelf().path().name());
      ActorRef<M> child = context.spawnAnonymous(behavior);
      context.watch(child);
      return waiting.unstashAll(running(child));
    }
    String problem = tried.failure() == null ? "" : String.valueOf(tried.failure().getMessage());
    if (!problem.equals(trouble) && !problem.isEmpty()) {
      context.getLog().warn("{} waits for its lease: {}", context.getSelf().path().name(), problem);
    }
    trouble = problem;
    timers.startSingleTimer(Own.TRY, retry);
    return Behaviors.same();
  }

  private Behavior<Object> running(ActorRef<M> child) {
    return Behaviors.receive(Object.class)
        .onMessageEquals(Own.LOST, () -> stopping(child))
        .onMessage(Tried.class, late -> Behaviors.same())
        .onMessageEquals(Own.TRY, Behaviors::same)
        .onAnyMessage(message -> pass(child, message))
        .onSignal(Terminated.class, ended -> Behaviors.stopped())
        .onSignal(PostStop.class, stop -> onStop())
        .build();
  }

  @SuppressWarnings("unchecked") // others only know it as an actor of M
  private Behavior<Object> pass(ActorRef<M> child, Object message) {
    // a process that was frozen finds out here, before it does anything
    if (!lease.checkLease()) {
      onEarly(message);
      return stopping(child);
    }
    child.tell((M) message);
    return Behaviors.same();
  }

  private Behavior<Object> stopping(ActorRef<M> child) {
    context.getLog().warn("{} stops here: its lease is lost", context.getSelf().path().name());
    context.stop(child);
    return Behaviors.receive(Object.class)
        .onSignal(Terminated.class, ended -> acquiring())
        .onMessageEquals(Own.LOST, Behaviors::same)
        .onMessage(Tried.class, late -> Behaviors.same())
        .onAnyMessage(this::onEarly)
        .onSignal(PostStop.class, stop -> onStop())
        .build();
  }

  private Behavior<Object> onStop() {
    lease.release();
    ended.run();
    return Behaviors.same();
  }
}
