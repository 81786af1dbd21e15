package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.ActorRef;
import akka.actor.ActorSystem;
import akka.actor.Props;
import akka.persistence.AbstractPersistentActor;
import akka.persistence.RecoveryCompleted;
import akka.testkit.javadsl.TestKit;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A long replay goes no faster than its actor takes it. */
class ReplayFlowIT {

  private static final int PAGE = 200;
  private static final int EVENTS = 3000;

  /** By then whatever isn't held back would have come. */
  private static final Duration QUIET = Duration.ofMillis(250);

  private static RedisServerForTest redis;
  private static ActorSystem system;

  @BeforeAll
  static void start() {
    redis = RedisServerForTest.start();
    system =
        ActorSystem.create(
            "replay-flow",
            redis
                .config(
                    SampleSerializer.CONFIG,
                    "beamhive.persistence.redis.replay-page = " + PAGE,
                    """
                    filtered = ${beamhive.persistence.redis.journal} {
                      replay-filter.mode = repair-by-discard-old
                    }
                    unfiltered = ${beamhive.persistence.redis.journal} { replay-filter.mode = off }
                    impatient = ${beamhive.persistence.redis.journal} {
                      replay-stall-timeout = 300ms
                    }
                    akka.loglevel = OFF
                    """)
                .resolve());
    new JournalForTest(system, "").writeSamples("long", 1, EVENTS);
  }

  @AfterAll
  static void stop() {
    TestKit.shutdownActorSystem(system);
    redis.close();
  }

  /** Recovers slowly: at some events it waits until nothing is read any more. */
  private static final class Slow extends AbstractPersistentActor {

    private final String journal;
    private final Set<Integer> pauses;
    private final int stopAt;
    private final ActorRef observer;
    private final int readBefore = SampleSerializer.read();
    private int handled;
    private long most;

    Slow(String journal, Set<Integer> pauses, int stopAt, ActorRef observer) {
      this.journal = journal;
      this.pauses = pauses;
      this.stopAt = stopAt;
      this.observer = observer;
    }

    @Override
    public String persistenceId() {
      return "long";
    }

    @Override
    public String journalPluginId() {
      return journal;
    }

    @Override
    public Receive createReceiveRecover() {
      return receiveBuilder()
          .match(Sample.class, this::handle)
          .match(
              RecoveryCompleted.class, done -> observer.tell(new Recovered(handled, most), self()))
          .build();
    }

    private void handle(Sample sample) {
      handled++;
      assertThat(sample.text()).isEqualTo("a-" + handled);
      if (pauses.contains(handled)) {
        Eventually.stays(SampleSerializer::read, QUIET);
      }
      most = Math.max(most, SampleSerializer.read() - readBefore - handled);
      if (handled == stopAt) {
        getContext().stop(self());
      }
    }

    @Override
    public void onRecoveryFailure(Throwable cause, scala.Option<Object> event) {
      observer.tell(cause, self());
    }

    @Override
    public Receive createReceive() {
      return emptyBehavior();
    }
  }

  /**
   * At the end.
   *
   * @param most events that were read and not yet handled at any time
   */
  private record Recovered(int handled, long most) {}

  /** An actor that recovers, and who is told of its end. */
  private record Recovery(ActorRef actor, TestKit observer) {

    static Recovery of(String journal, Set<Integer> pauses, int stopAt) {
      TestKit observer = new TestKit(system);
      ActorRef actor =
          system.actorOf(
              Props.create(Slow.class, () -> new Slow(journal, pauses, stopAt, observer.getRef())));
      observer.watch(actor);
      return new Recovery(actor, observer);
    }

    <T> T end(Class<T> expected) {
      return observer.expectMsgClass(JournalForTest.LONG, expected);
    }

    void expectTerminated() {
      observer.expectTerminated(JournalForTest.LONG, actor);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"filtered", "unfiltered"})
  void holdsAtMostFourPagesForASlowActor(String journal) {
    Recovered recovered =
        Recovery.of(journal, Set.of(1, 500, 1000, 2000, 2500), 0).end(Recovered.class);
    assertThat(recovered.handled).isEqualTo(EVENTS);
    assertThat(recovered.most).isBetween(1L, 4L * PAGE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"filtered", "unfiltered"})
  void endsWhenItsActorStops(String journal) {
    int before = SampleSerializer.read();
    Recovery.of(journal, Set.of(), PAGE / 2).expectTerminated();
    long read = Eventually.stays(SampleSerializer::read, QUIET) - before;
    assertThat(read).isLessThanOrEqualTo(PAGE / 2 + 4 * PAGE);
    Eventually.stays(() -> redis.calls("xrange"), QUIET);

    Recovered again = Recovery.of(journal, Set.of(), 0).end(Recovered.class);
    assertThat(again.handled).isEqualTo(EVENTS);
  }

  @Test
  void isGivenUpWhenItsActorTakesTooLong() {
    Recovery recovery = Recovery.of("impatient", Set.of(1, 50, 100, 150), 0);
    assertThat(recovery.end(Throwable.class)).hasStackTraceContaining("300");
    recovery.expectTerminated();
  }
}
