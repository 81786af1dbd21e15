package org.beamhive.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class EndForCertainTest {
  @Test
  void aNodeThatHangsWhileItEndsIsHalted() throws Exception {
    ActorSystem<Void> system =
        ActorSystem.create(
            Behaviors.empty(), "hangs", ConfigFactory.parseString("akka.loglevel = OFF"));
    CountDownLatch halted = new CountDownLatch(1);
    CompletableFuture<Done> hangs = new CompletableFuture<>();
    CoordinatedShutdown.get(system)
        .addTask(CoordinatedShutdown.PhaseServiceStop(), "hangs", () -> hangs);
    EndForCertain.watch(system, Duration.ofMillis(100), halted::countDown);
    CoordinatedShutdown.get(system).runAll(CoordinatedShutdown.unknownReason());
    assertThat(halted.await(20, TimeUnit.SECONDS)).isTrue();
    hangs.complete(Done.getInstance());
    system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }
}
