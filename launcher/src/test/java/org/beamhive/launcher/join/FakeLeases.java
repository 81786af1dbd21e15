package org.beamhive.launcher.join;

import akka.coordination.lease.LeaseSettings;
import akka.coordination.lease.javadsl.Lease;
import com.typesafe.config.ConfigFactory;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** One lease that several nodes of a test want. */
final class FakeLeases {
  private final AtomicReference<String> owner = new AtomicReference<>();

  /** Who has it. */
  Optional<String> owner() {
    return Optional.ofNullable(owner.get());
  }

  /** Gives it to somebody, or to nobody. */
  void give(String to) {
    owner.set(to);
  }

  /** The lease as a node sees it. */
  Lease of(String name) {
    return new Lease() {
      @Override
      public LeaseSettings getSettings() {
        return LeaseSettings.apply(
            ConfigFactory.load().getConfig("akka.coordination.lease"), "formation", name);
      }

      @Override
      public CompletionStage<Boolean> acquire() {
        owner.compareAndSet(null, name);
        return CompletableFuture.completedFuture(checkLease());
      }

      @Override
      public CompletionStage<Boolean> acquire(Consumer<Optional<Throwable>> lost) {
        return acquire();
      }

      @Override
      public CompletionStage<Boolean> release() {
        return CompletableFuture.completedFuture(owner.compareAndSet(name, null));
      }

      @Override
      public boolean checkLease() {
        return name.equals(owner.get());
      }
    };
  }
}
