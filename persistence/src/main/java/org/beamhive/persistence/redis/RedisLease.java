package org.beamhive.persistence.redis;

import akka.actor.ClassicActorSystemProvider;
import akka.actor.ExtendedActorSystem;
import akka.coordination.lease.LeaseSettings;
import akka.coordination.lease.javadsl.Lease;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * A lease that lies in Redis, for whoever asks Akka's {@code LeaseProvider}: split brain resolver,
 * singletons, shards. At most one owner holds it at a time, as far as monotonic clocks go equally
 * fast; no wall clock is looked at, neither here nor in Redis.
 *
 * <p>{@link LeaseKeeper} says how. Callbacks and answers come on the actor system's dispatcher.
 */
public final class RedisLease extends Lease {

  private final LeaseSettings settings;
  private final LeaseKeeper keeper;
  private final Executor dispatcher;

  /**
   * Called by Akka, once for each name and owner.
   *
   * @throws IllegalArgumentException if a setting is wrong; the message names it
   */
  public RedisLease(LeaseSettings settings, ExtendedActorSystem system) {
    this.settings = settings;
    this.dispatcher = system.dispatcher();
    this.keeper = RedisLinks.get(system).keeper(settings, dispatcher);
  }

  /**
   * Who holds a lease that this actor system wants or holds, as it was last seen in Redis; empty if
   * nobody does, or if no lease of that name was asked for here. It may be out of date by {@code
   * heartbeat-interval}, and by {@code heartbeat-timeout} if the holder has died.
   *
   * @param name of the lease
   */
  public static Optional<String> ownerOf(ClassicActorSystemProvider system, String name) {
    return RedisLinks.get(system.classicSystem()).leaseOwner(name);
  }

  @Override
  public LeaseSettings getSettings() {
    return settings;
  }

  @Override
  public CompletionStage<Boolean> acquire() {
    return acquire(reason -> {});
  }

  /**
   * Answers true if the lease is held now, false if another owner holds it; fails with {@link
   * RedisStoreException} if Redis doesn't say within {@code lease-operation-timeout}. A false may
   * take a moment: a holder that has been silent is given time to show that it lives or to lose the
   * lease.
   *
   * @param whenLost called at most once, with the reason, if the lease is lost without being
   *     released
   */
  @Override
  public CompletionStage<Boolean> acquire(Consumer<Optional<Throwable>> whenLost) {
    return answer(keeper.acquire(whenLost));
  }

  /**
   * From this call on the lease isn't held here. Answers true; fails with {@link
   * RedisStoreException} if Redis can't be told within {@code lease-operation-timeout}, and then
   * others get the lease only after {@code heartbeat-timeout}.
   */
  @Override
  public CompletionStage<Boolean> release() {
    return answer(keeper.release());
  }

  /** Whether the lease is held at this moment; right also after the process was frozen. */
  @Override
  public boolean checkLease() {
    return keeper.isHeld();
  }

  /** What users do with an answer must not be done on the threads that renew leases. */
  private CompletionStage<Boolean> answer(CompletionStage<Boolean> stage) {
    CompletableFuture<Boolean> answer = new CompletableFuture<>();
    stage.whenCompleteAsync(
        (held, problem) -> {
          if (problem == null) {
            answer.complete(held);
          } else {
            answer.completeExceptionally(RedisLink.unwrap(problem));
          }
        },
        dispatcher);
    return answer;
  }
}
