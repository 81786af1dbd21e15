package org.beamhive.devices.signal;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;

/**
 * Keeps what is told of a fast signal to so many times a second. A short burst goes through at
 * once, so that a flag that drops and rises is told without delay; of what lasts longer only the
 * newest is told at each turn, and the last always is.
 */
final class Pace {
  /** What may go through at once after a rest. */
  private static final double BURST_SECONDS = 0.1;

  private static final double NANOS = 1e9;

  private final double perSecond;
  private final double burst;
  private final Runnable told;
  private final LongSupplier clock;
  private final LongFunction<Executor> after;
  private double free;
  private long seen;
  private boolean waiting;

  /**
   * @param perSecond at most; 0 for no limit
   * @param told tells it; must be quick
   * @param clock in nanoseconds
   * @param after runs something after so many nanoseconds
   */
  Pace(double perSecond, Runnable told, LongSupplier clock, LongFunction<Executor> after) {
    this.perSecond = perSecond;
    this.burst = Math.max(1, perSecond * BURST_SECONDS);
    this.told = told;
    this.clock = clock;
    this.after = after;
    this.free = burst;
    this.seen = clock.getAsLong();
  }

  /** In real time. */
  static Pace of(double perSecond, Runnable told) {
    return new Pace(
        perSecond,
        told,
        System::nanoTime,
        nanos -> CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS, Runnable::run));
  }

  /** Something has changed; from any thread. */
  void changed() {
    if (perSecond == 0 || mayGo()) {
      told.run();
    }
  }

  private boolean mayGo() {
    long wait;
    synchronized (this) {
      if (waiting) {
        return false;
      }
      long now = clock.getAsLong();
      free = Math.min(burst, free + (now - seen) * perSecond / NANOS);
      seen = now;
      if (free >= 1) {
        free--;
        return true;
      }
      waiting = true;
      wait = (long) Math.ceil((1 - free) * NANOS / perSecond);
    }
    after.apply(wait).execute(this::turn);
    return false;
  }

  private void turn() {
    synchronized (this) {
      waiting = false;
      // this turn was waited for
      free = 0;
      seen = clock.getAsLong();
    }
    told.run();
  }
}
