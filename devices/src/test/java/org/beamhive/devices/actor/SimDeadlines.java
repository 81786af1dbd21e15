package org.beamhive.devices.actor;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.beamhive.devices.backend.sim.SimClock;
import org.beamhive.devices.signal.Deadlines;

/** Deadlines by the clock of the simulation. */
record SimDeadlines(SimClock clock) implements Deadlines {
  @Override
  public long nanos() {
    return Math.round(clock.seconds() * 1e9);
  }

  @Override
  public <T> CompletableFuture<T> within(Duration timeout, CompletableFuture<T> promise) {
    clock.schedule(timeout, () -> promise.completeExceptionally(new TimeoutException()));
    return promise;
  }
}
