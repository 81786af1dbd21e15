package org.beamhive.persistence.redis;

import io.lettuce.core.RedisException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Waits for what another process does in its own time. */
final class Eventually {

  private static final long DEADLINE = TimeUnit.SECONDS.toNanos(60);
  private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(20);

  private Eventually() {}

  /**
   * Returns as soon as it is so. A server that can't be asked has not come so far: a Sentinel, for
   * one, cuts all connections of a server that it makes a master or a replica.
   *
   * @param facts for the message if it never is
   */
  static void is(BooleanSupplier condition, Supplier<String> facts) {
    long start = System.nanoTime();
    while (true) {
      RedisException notAsked = null;
      try {
        if (condition.getAsBoolean()) {
          return;
        }
      } catch (RedisException e) {
        notAsked = e;
      }
      if (System.nanoTime() - start > DEADLINE) {
        throw new AssertionError("Not within a minute: " + facts.get(), notAsked);
      }
      LockSupport.parkNanos(PAUSE);
    }
  }

  /** Returns a number as soon as it has been the same for some time. */
  static long stays(LongSupplier number, Duration time) {
    long start = System.nanoTime();
    long since = start;
    long last = number.getAsLong();
    while (System.nanoTime() - since < time.toNanos()) {
      LockSupport.parkNanos(PAUSE);
      long now = number.getAsLong();
      if (now != last) {
        since = System.nanoTime();
        last = now;
      }
      if (System.nanoTime() - start > DEADLINE) {
        throw new AssertionError("It went on changing for a minute: " + last);
      }
    }
    return last;
  }
}
