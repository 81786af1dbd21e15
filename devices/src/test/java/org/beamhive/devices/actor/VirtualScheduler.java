package org.beamhive.devices.actor;

import akka.actor.AbstractScheduler;
import akka.actor.Cancellable;
import akka.event.LoggingAdapter;
import com.typesafe.config.Config;
import java.time.Duration;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import org.beamhive.devices.backend.sim.SettableSimClock;
import scala.concurrent.ExecutionContext;
import scala.concurrent.duration.FiniteDuration;

/**
 * Akka's timers on the clock of the simulation, so that there is one order in which everything
 * happens. Runs what is due on the thread that advances the clock.
 */
public final class VirtualScheduler extends AbstractScheduler {
  private volatile SettableSimClock clock = new SettableSimClock(0);

  /** Made by Akka. */
  public VirtualScheduler(Config config, LoggingAdapter log, ThreadFactory threads) {}

  /** From now on timers are set on this clock; those of another one are forgotten with it. */
  void use(SettableSimClock next) {
    clock = next;
  }

  private static final class Timer implements Cancellable {
    private final AtomicBoolean over = new AtomicBoolean();

    @Override
    public boolean cancel() {
      return over.compareAndSet(false, true);
    }

    @Override
    public boolean isCancelled() {
      return over.get();
    }
  }

  @Override
  @SuppressWarnings("deprecation") // only scheduleOnce is newer; all else is made of these two
  public Cancellable schedule(
      FiniteDuration first, FiniteDuration then, Runnable task, ExecutionContext executor) {
    Timer timer = new Timer();
    again(timer, first, then, task);
    return timer;
  }

  private void again(Timer timer, FiniteDuration wait, FiniteDuration then, Runnable task) {
    clock.schedule(
        Duration.ofNanos(wait.toNanos()),
        () -> {
          if (!timer.isCancelled()) {
            task.run();
            again(timer, then, then, task);
          }
        });
  }

  @Override
  public Cancellable scheduleOnce(FiniteDuration delay, Runnable task, ExecutionContext executor) {
    Timer timer = new Timer();
    clock.schedule(
        Duration.ofNanos(delay.toNanos()),
        () -> {
          if (timer.cancel()) {
            task.run();
          }
        });
    return timer;
  }

  @Override
  public double maxFrequency() {
    return 1e6;
  }
}
