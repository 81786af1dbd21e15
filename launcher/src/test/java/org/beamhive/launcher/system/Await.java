package org.beamhive.launcher.system;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for conditions. */
final class Await {
  private Await() {}

  /** Waits until there is something. */
  static <T> T until(String what, Duration atMost, Supplier<T> look) {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (true) {
      T seen = look.get();
      if (seen != null) {
        return seen;
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not there after " + atMost + ": " + what);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  /** Waits until something holds. */
  static void that(String what, Duration atMost, BooleanSupplier holds) {
    until(what, atMost, () -> holds.getAsBoolean() ? Boolean.TRUE : null);
  }
}
