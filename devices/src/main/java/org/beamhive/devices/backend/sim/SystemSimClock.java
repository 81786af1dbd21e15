package org.beamhive.devices.backend.sim;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** The real time. */
public final class SystemSimClock implements SimClock, AutoCloseable {
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "sim-clock");
            thread.setDaemon(true);
            return thread;
          });

  @Override
  public double seconds() {
    Instant now = Instant.now();
    return now.getEpochSecond() + now.getNano() * 1e-9;
  }

  @Override
  public void schedule(Duration delay, Runnable action) {
    try {
      timer.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException closed) {
      // the node is going down: nothing simulated goes on
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
