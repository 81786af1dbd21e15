package org.beamhive.persistence.redis;

import akka.actor.ActorSystem;
import akka.coordination.lease.javadsl.Lease;
import akka.coordination.lease.javadsl.LeaseProvider;
import akka.testkit.javadsl.TestKit;
import com.typesafe.config.Config;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A node that only has leases. */
final class LeasesForTest implements AutoCloseable {

  static final String SECTION = "beamhive.persistence.redis.lease";

  final ActorSystem system;
  private final String owner;

  LeasesForTest(String owner, Config config) {
    this.owner = owner;
    this.system = ActorSystem.create("leases", config);
  }

  Lease lease(String name) {
    return lease(name, SECTION);
  }

  Lease lease(String name, String section) {
    return LeaseProvider.get(system).getLease(name, section, owner);
  }

  /** What a lease's user is told when it is lost. */
  static final class Losses implements Consumer<Optional<Throwable>> {
    private final Queue<Throwable> reasons = new ConcurrentLinkedQueue<>();

    @Override
    public void accept(Optional<Throwable> reason) {
      reasons.add(reason.orElseThrow());
    }

    int count() {
      return reasons.size();
    }

    /** Waits for it. */
    String reason() {
      Eventually.is(() -> !reasons.isEmpty(), () -> "the lease is lost");
      return reasons.peek().getMessage();
    }
  }

  /** For an answer that must come by itself. */
  static <T> T await(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    TestKit.shutdownActorSystem(system);
  }
}
