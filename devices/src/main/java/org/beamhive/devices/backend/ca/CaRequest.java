package org.beamhive.devices.backend.ca;

import gov.aps.jca.CAStatus;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.beamhive.devices.signal.DeviceFailure;

/**
 * A get or put under way. The library has no time-outs and doesn't answer requests when the circuit
 * breaks, so each request stands in its channel's table until somebody ends it; who comes later is
 * ignored.
 */
final class CaRequest<T> {
  private final CompletableFuture<T> promise = new CompletableFuture<>();
  private final Set<CaRequest<?>> table;
  private final ScheduledFuture<?> timer;

  /**
   * @param what was not done if the time runs out
   */
  CaRequest(
      Set<CaRequest<?>> table,
      ScheduledExecutorService timers,
      Duration timeout,
      Supplier<String> what) {
    this.table = table;
    table.add(this);
    timer = schedule(timers, timeout, what);
  }

  private ScheduledFuture<?> schedule(
      ScheduledExecutorService timers, Duration timeout, Supplier<String> what) {
    try {
      return timers.schedule(
          () ->
              fail("timeout", "%s within %s s.".formatted(what.get(), timeout.toMillis() / 1000.0)),
          timeout.toNanos(),
          TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException closed) {
      fail("closed", "Channel Access is closed: " + what.get() + ".");
      return null;
    }
  }

  CompletableFuture<T> promise() {
    return promise;
  }

  boolean ended() {
    return promise.isDone();
  }

  void succeed(T value) {
    end();
    promise.complete(value);
  }

  /** The IOC, or the library in its place, has not done it. */
  void fail(String name, String code, CAStatus status) {
    if (status == CAStatus.DISCONN || status == CAStatus.CHANDESTROY) {
      fail("disconnected", name + " has lost its connection.");
    } else {
      fail(code, name + ": " + status.getMessage() + ".");
    }
  }

  void fail(String code, String text) {
    fail(new DeviceFailure(code, text));
  }

  void fail(DeviceFailure failure) {
    end();
    promise.completeExceptionally(failure);
  }

  private void end() {
    table.remove(this);
    if (timer != null) {
      timer.cancel(false);
    }
  }
}
