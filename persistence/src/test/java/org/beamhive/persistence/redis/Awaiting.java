package org.beamhive.persistence.redis;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/** Waits for conditions that nobody reports. */
final class Awaiting {

  private static final Duration LONGEST = Duration.ofSeconds(30);
  private static final Duration STEP = Duration.ofMillis(10);

  private Awaiting() {}

  static void until(String what, BooleanSupplier condition) {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - start > LONGEST.toNanos()) {
        throw new AssertionError("Waited in vain until " + what);
      }
      LockSupport.parkNanos(STEP.toNanos());
    }
  }

  /** Until a number has stayed the same for some time. */
  static long untilItStays(LongSupplier number, Duration time) {
    long start = System.nanoTime();
    long since = start;
    long last = number.getAsLong();
    while (System.nanoTime() - since < time.toNanos()) {
      LockSupport.parkNanos(STEP.toNanos());
      long now = number.getAsLong();
      if (now != last) {
        since = System.nanoTime();
        last = now;
      }
      if (System.nanoTime() - start > LONGEST.toNanos()) {
        throw new AssertionError("It went on changing: " + last);
      }
    }
    return last;
  }
}
