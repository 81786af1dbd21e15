package org.beamhive.devices.backend.ca;

import gov.aps.jca.CAStatus;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.beamhive.devices.signal.DeviceFailure;

/**
 * A get or put under way. The library has no time-outs and doesn't always answer requests when the
 * circuit breaks, so each request stands in the tables of its channel and of the link until
 * somebody ends it; who comes later is ignored.
 */
final class CaRequest<T> {
  private final CompletableFuture<T> promise = new CompletableFuture<>();
  private final Set<CaRequest<?>> ofChannel;
  private final Set<CaRequest<?>> all;
  private final Duration timeout;
  private final long deadline;
  private final Supplier<String> what;

  /**
   * @param what was not done if the time runs out
   */
  CaRequest(CaLink link, Set<CaRequest<?>> ofChannel, Duration timeout, Supplier<String> what) {
    this.ofChannel = ofChannel;
    this.all = link.requests();
    this.timeout = timeout;
    this.deadline = System.nanoTime() + timeout.toNanos();
    this.what = what;
    ofChannel.add(this);
    all.add(this);
    if (link.closed()) {
      fail("closed", "Channel Access is closed: " + what.get() + ".");
    }
  }

  CompletableFuture<T> promise() {
    return promise;
  }

  boolean ended() {
    return promise.isDone();
  }

  /** Ends it if its time has run out. */
  void check(long now) {
    if (now - deadline >= 0) {
      fail("timeout", "%s within %s s.".formatted(what.get(), timeout.toMillis() / 1000.0));
    }
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
    ofChannel.remove(this);
    all.remove(this);
  }
}
