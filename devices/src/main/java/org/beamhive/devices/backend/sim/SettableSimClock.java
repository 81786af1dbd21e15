package org.beamhive.devices.backend.sim;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;

/** A clock that stands still until it is told to go on: for tests and for replays. */
public final class SettableSimClock implements SimClock {
  private final PriorityQueue<Timer> timers =
      new PriorityQueue<>(
          Comparator.comparingDouble(Timer::due).thenComparingLong(Timer::sequence));
  private double now;
  private long sequence;

  private record Timer(double due, long sequence, Runnable action) {}

  /** A clock at a time in seconds since 1970. */
  public SettableSimClock(double now) {
    this.now = now;
  }

  @Override
  public synchronized double seconds() {
    return now;
  }

  @Override
  public synchronized void schedule(Duration delay, Runnable action) {
    timers.add(new Timer(now + delay.toNanos() * 1e-9, sequence++, action));
  }

  /** Goes on; what falls due on the way runs at its time, on the calling thread. */
  public void advance(Duration step) {
    double until = seconds() + step.toNanos() * 1e-9;
    for (Timer timer = nextUntil(until); timer != null; timer = nextUntil(until)) {
      timer.action().run();
    }
    synchronized (this) {
      now = until;
    }
  }

  private synchronized Timer nextUntil(double until) {
    Timer next = timers.peek();
    if (next == null || next.due() > until + 1e-9) {
      return null;
    }
    now = Math.max(now, next.due());
    return timers.poll();
  }
}
