package org.beamhive.launcher;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that a node which has begun to end does end, also if a part of it hangs: its cluster
 * goes on without it, but nobody starts it again as long as its process lives.
 */
final class EndForCertain {
  private static final Logger LOG = LoggerFactory.getLogger(EndForCertain.class);
  private static final Duration MARGIN = Duration.ofSeconds(10);

  private EndForCertain() {}

  /** The process is halted when its end takes longer than all phases of it may take together. */
  static void watch(ActorSystem<?> system) {
    Duration phases = Duration.ofMillis(CoordinatedShutdown.get(system).totalTimeout().toMillis());
    watch(system, phases.plus(MARGIN), () -> Runtime.getRuntime().halt(1));
  }

  static void watch(ActorSystem<?> system, Duration limit, Runnable halt) {
    CoordinatedShutdown.get(system)
        .addTask(
            CoordinatedShutdown.PhaseBeforeServiceUnbind(),
            "end-for-certain",
            () -> {
              Thread thread = new Thread(() -> await(system, limit, halt), "end-for-certain");
              thread.setDaemon(true);
              thread.start();
              return CompletableFuture.completedStage(Done.getInstance());
            });
  }

  private static void await(ActorSystem<?> system, Duration limit, Runnable halt) {
    try {
      system.getWhenTerminated().toCompletableFuture().get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException hangs) {
      LOG.error("The node has not ended within {} s: its process is halted", limit.toSeconds());
      halt.run();
    } catch (InterruptedException | ExecutionException ended) {
      LOG.debug("ended", ended);
    }
  }
}
