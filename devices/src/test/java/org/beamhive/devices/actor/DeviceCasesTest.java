package org.beamhive.devices.actor;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.beamhive.devices.backend.sim.SettableSimClock;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * Ten thousand {@link DeviceCase}s in virtual time. A case that fails is played once more, with all
 * that happened; {@code -Dbeamhive.case=SEED} plays it alone, {@code -Dbeamhive.cases=N} more or
 * fewer of them.
 */
class DeviceCasesTest {
  private static final Config CONFIG =
      ConfigFactory.parseString(
              """
              akka.scheduler.implementation = "org.beamhive.devices.actor.VirtualScheduler"
              akka.loglevel = "OFF"
              akka.stdout-loglevel = "OFF"
              akka.log-dead-letters = off
              akka.logger-startup-timeout = 2 m
              # short waits, so that a case ends soon
              beamhive.devices.reconnect { min = 500 ms, max = 4 s }
              beamhive.devices.restart { min = 200 ms, max = 1 s }
              # what the list of devices is told is not looked at here
              beamhive.devices.report { interval = 60 s, delay = 1 s }
              beamhive.devices.directory.silence = 100 s
              """)
          .withFallback(ConfigFactory.load());
  private static final ActorTestKit KIT = ActorTestKit.create("cases", CONFIG);
  static final DevicesSettings SETTINGS = DevicesSettings.from(CONFIG);
  private static final Logger LOG =
      (Logger) LoggerFactory.getLogger("org.beamhive.devices.actor.DeviceActor");
  static final DeviceCase.Stage STAGE = new OnThisThread();

  @BeforeAll
  static void beQuiet() {
    LOG.setLevel(Level.OFF);
  }

  @AfterAll
  static void close() {
    LOG.setLevel(null);
    KIT.shutdownTestKit();
  }

  /** Actors whose messages are handled by the thread that tells them. */
  private static final class OnThisThread implements DeviceCase.Stage {
    private final DispatcherSelector here =
        DispatcherSelector.fromConfig("akka.test.calling-thread-dispatcher");
    private final ActorRef<Consumer<ActorContext<?>>> parent =
        KIT.spawn(
            Behaviors.<Consumer<ActorContext<?>>>setup(
                context ->
                    Behaviors.receiveMessage(
                        what -> {
                          what.accept(context);
                          return Behaviors.same();
                        })),
            "stage",
            here);

    @Override
    public <T> ActorRef<T> spawn(Behavior<T> behavior) {
      AtomicReference<ActorRef<T>> spawned = new AtomicReference<>();
      parent.tell(context -> spawned.set(context.spawnAnonymous(behavior, here)));
      return spawned.get();
    }

    @Override
    public void stop(ActorRef<?> actor) {
      parent.tell(context -> context.stop(actor));
    }

    @Override
    public void use(SettableSimClock clock) {
      ((VirtualScheduler) KIT.system().classicSystem().scheduler()).use(clock);
    }
  }

  @Test
  void everyCommandIsAnsweredNothingIsDoneThatIsNotAndAStopIsAlwaysServed() {
    Long alone = Long.getLong("beamhive.case");
    if (alone != null) {
      fail(alone);
      return;
    }
    int cases = Integer.getInteger("beamhive.cases", 10_000);
    for (long seed = 1; seed <= cases; seed++) {
      if (!new DeviceCase(seed, SETTINGS, STAGE, line -> {}).play().isEmpty()) {
        fail(seed);
      }
    }
  }

  private static void fail(long seed) {
    List<String> trace = new ArrayList<>();
    List<String> violations = new DeviceCase(seed, SETTINGS, STAGE, trace::add).play();
    assertThat(violations)
        .as("case %d (alone: -Dbeamhive.case=%d)%n%s", seed, seed, String.join("\n", trace))
        .isEmpty();
  }
}
