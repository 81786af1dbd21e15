package org.beamhive.devices.signal;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The clock by which everything in the device layer is given up that takes too long. One for all,
 * so that a test can let hours pass without waiting for them.
 */
public interface Deadlines {
  /** The machine's own clock. */
  Deadlines SYSTEM =
      new Deadlines() {
        @Override
        public long nanos() {
          return System.nanoTime();
        }

        @Override
        public <T> CompletableFuture<T> within(Duration timeout, CompletableFuture<T> promise) {
          return promise.orTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS);
        }
      };

  /** Nanoseconds since some moment: only differences mean something. */
  long nanos();

  /**
   * Fails the promise with a {@link java.util.concurrent.TimeoutException} if it has not ended
   * within this time; gives it back.
   */
  <T> CompletableFuture<T> within(Duration timeout, CompletableFuture<T> promise);

  /** Ends after this time. */
  default CompletableFuture<Void> after(Duration time) {
    return within(time, new CompletableFuture<Void>()).exceptionally(over -> null);
  }
}
