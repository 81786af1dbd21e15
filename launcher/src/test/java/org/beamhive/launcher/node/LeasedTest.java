package org.beamhive.launcher.node;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.Behaviors;
import akka.coordination.lease.LeaseSettings;
import akka.coordination.lease.javadsl.Lease;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An actor that runs only while its node holds the lease; the lease itself is Redis's affair. */
class LeasedTest {
  private final ActorTestKit kit =
      ActorTestKit.create("leased", ConfigFactory.parseString("akka.actor.provider = local"));
  private final TestProbe<String> trace = kit.createTestProbe();
  private final SwitchedLease lease = new SwitchedLease();

  /** A lease that the test gives and takes away. */
  private static final class SwitchedLease extends Lease {
    private volatile boolean free;
    private volatile boolean held;
    private volatile Consumer<Optional<Throwable>> whenLost = reason -> {};

    void lose() {
      free = false;
      held = false;
      whenLost.accept(Optional.empty());
    }

    @Override
    public LeaseSettings getSettings() {
      return LeaseSettings.apply(
          ConfigFactory.load().getConfig("akka.coordination.lease"), "lease", "owner");
    }

    @Override
    public CompletionStage<Boolean> acquire() {
      held = free;
      return CompletableFuture.completedFuture(free);
    }

    @Override
    public CompletionStage<Boolean> acquire(Consumer<Optional<Throwable>> lost) {
      whenLost = lost;
      return acquire();
    }

    @Override
    public CompletionStage<Boolean> release() {
      held = false;
      return CompletableFuture.completedFuture(true);
    }

    @Override
    public boolean checkLease() {
      return held;
    }
  }

  @AfterEach
  void end() {
    kit.shutdownTestKit();
  }

  private Behavior<String> echo() {
    return Behaviors.setup(
        context -> {
          trace.ref().tell("starts");
          return Behaviors.receive(String.class)
              .onMessage(
                  String.class,
                  text -> {
                    trace.ref().tell(text);
                    return Behaviors.same();
                  })
              .onSignal(
                  PostStop.class,
                  stop -> {
                    trace.ref().tell("stops");
                    return Behaviors.same();
                  })
              .build();
        });
  }

  private ActorRef<String> spawn() {
    return kit.spawn(
        Leased.create(echo(), lease, Duration.ofMillis(10), () -> trace.ref().tell("ended")));
  }

  @Test
  void waitsForTheLeaseAndLosesNoMessageMeanwhile() {
    ActorRef<String> actor = spawn();
    actor.tell("one");
    actor.tell("two");
    trace.expectNoMessage(Duration.ofMillis(50));
    lease.free = true;
    trace.expectMessage("starts");
    trace.expectMessage("one");
    trace.expectMessage("two");
  }

  @Test
  void stopsWhenTheLeaseIsLostAndStartsAnewUnderTheSameRef() {
    lease.free = true;
    ActorRef<String> actor = spawn();
    trace.expectMessage("starts");
    lease.lose();
    trace.expectMessage("stops");
    actor.tell("later");
    lease.free = true;
    trace.expectMessage("starts");
    trace.expectMessage("later");
  }

  @Test
  void aProcessThatWasFrozenHandlesNothingBeforeItKnowsThatTheLeaseIsGone() {
    lease.free = true;
    ActorRef<String> actor = spawn();
    trace.expectMessage("starts");
    // its time is over, and nobody has been able to say so yet
    lease.held = false;
    lease.free = false;
    actor.tell("late");
    trace.expectMessage("stops");
    lease.free = true;
    trace.expectMessage("starts");
    trace.expectMessage("late");
  }

  @Test
  void givesTheLeaseBackAndSaysSoWhenItStops() {
    lease.free = true;
    ActorRef<String> actor = spawn();
    trace.expectMessage("starts");
    kit.stop(actor);
    trace.expectMessage("stops");
    trace.expectMessage("ended");
    trace.awaitAssert(
        () -> {
          if (lease.held) {
            throw new AssertionError("still held");
          }
          return null;
        });
  }
}
