package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.persistence.redis.JournalForTest.together;

import akka.actor.ActorRef;
import akka.actor.ActorSystem;
import akka.persistence.NonPersistentRepr;
import akka.persistence.PersistentEnvelope;
import akka.testkit.javadsl.TestKit;
import java.io.NotSerializableException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.beamhive.persistence.redis.JournalForTest.Answer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Akka asks of a journal that is given events to store. */
class JournalWritesIT {

  /** The default of {@code max-payload-bytes}. */
  private static final int LARGEST = 8 << 20;

  private static final AtomicInteger ids = new AtomicInteger();
  private static RedisServerForTest redis;
  private static ActorSystem system;
  private static JournalForTest journal;

  /** On the same events, but with small limits. */
  private static JournalForTest narrow;

  private final String pid = "writes-" + ids.incrementAndGet();

  @BeforeAll
  static void start() {
    redis = RedisServerForTest.start();
    system =
        ActorSystem.create(
            "journal-writes",
            redis
                .config(
                    SampleSerializer.CONFIG,
                    """
                narrow = ${beamhive.persistence.redis.journal} {
                  max-payload-bytes = 100
                  max-batch-bytes = 250
                }
                """)
                .resolve());
    journal = new JournalForTest(system, "");
    narrow = new JournalForTest(system, "narrow");
  }

  @AfterAll
  static void stop() {
    TestKit.shutdownActorSystem(system);
    redis.close();
  }

  private List<Object> stored() {
    return journal.replay(pid).payloads();
  }

  private static List<Object> payloads(List<Answer> answers) {
    return answers.stream().map(Answer::payload).toList();
  }

  @Nested
  class Together {

    @Test
    void severalBatchesOfOneRequestAreStoredInTheirOrder() {
      List<Answer> answers =
          journal.write(
              together(journal.event(pid, 1, "a"), journal.event(pid, 2, "b")),
              together(journal.event(pid, 3, "c")),
              together(journal.event(pid, 4, "d"), journal.event(pid, 5, "e")));
      assertThat(answers).allMatch(Answer::stored);
      assertThat(payloads(answers)).containsExactly("a", "b", "c", "d", "e");
      assertThat(stored()).containsExactly("a", "b", "c", "d", "e");
    }

    @Test
    void everyAnswerComesFromTheSenderOfItsEvent() {
      TestKit one = new TestKit(system);
      TestKit two = new TestKit(system);
      List<Answer> answers =
          journal.write(
              together(journal.event(pid, 1, "a", one.getRef())),
              together(journal.event(pid, 2, Sample.refused(), two.getRef())),
              new NonPersistentRepr("deferred", one.getRef()));
      assertThat(answers)
          .extracting(Answer::sender)
          .containsExactly(one.getRef(), two.getRef(), one.getRef());
      assertThat(journal.replay(pid).events().get(0).sender()).isEqualTo(ActorRef.noSender());
    }

    @Test
    void whatIsNotToBeStoredIsAnsweredInItsPlace() {
      List<Answer> answers =
          journal.write(
              new NonPersistentRepr("before", ActorRef.noSender()),
              together(journal.event(pid, 1, "a")),
              new NonPersistentRepr("between", ActorRef.noSender()),
              together(journal.event(pid, 2, "b")),
              new NonPersistentRepr("after", ActorRef.noSender()));
      assertThat(payloads(answers)).containsExactly("before", "a", "between", "b", "after");
      assertThat(stored()).containsExactly("a", "b");
    }

    @Test
    void aRequestWithNothingToStoreSucceeds() {
      assertThat(payloads(journal.write(new NonPersistentRepr("alone", ActorRef.noSender()))))
          .containsExactly("alone");
      assertThat(journal.replay(pid).highest()).isZero();
    }

    @Test
    void aRequestOfManyMegabytesIsStoredAsAWhole() {
      PersistentEnvelope[] writes =
          IntStream.rangeClosed(1, 30)
              .mapToObj(n -> together(journal.event(pid, n, "x".repeat(400_000) + n)))
              .toArray(PersistentEnvelope[]::new);
      assertThat(journal.write(writes)).hasSize(30).allMatch(Answer::stored);
      assertThat(stored())
          .extracting(payload -> payload.toString().replace("x", ""))
          .isEqualTo(IntStream.rangeClosed(1, 30).mapToObj(Integer::toString).toList());
    }
  }

  @Nested
  class Rejection {

    @Test
    void ofOneEventLeavesTheOthersAlone() {
      List<Answer> answers =
          journal.write(
              together(journal.event(pid, 1, new Sample("a"))),
              together(journal.event(pid, 2, Sample.refused())),
              together(journal.event(pid, 3, new Sample("c"))));
      assertThat(answers).extracting(Answer::stored).containsExactly(true, false, true);
      assertThat(answers.get(1).payload()).isEqualTo(Sample.refused());
      assertThat(answers.get(1).sequenceNr()).isEqualTo(2);
      assertThat(answers.get(1).rejection())
          .isInstanceOf(NotSerializableException.class)
          .hasMessageContaining("not to be stored");
      assertThat(journal.replay(pid).sequenceNrs()).containsExactly(1L, 3L);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void ofOneEventIsThatOfItsWholeBatch(int bad) {
      List<Object> batch = new ArrayList<>(List.of("b", "c", "d"));
      batch.set(bad, Sample.refused());
      List<Answer> answers =
          journal.write(
              together(journal.event(pid, 1, "a")),
              together(
                  journal.event(pid, 2, batch.get(0)),
                  journal.event(pid, 3, batch.get(1)),
                  journal.event(pid, 4, batch.get(2))),
              together(journal.event(pid, 5, "e")));
      assertThat(answers)
          .extracting(Answer::stored)
          .containsExactly(true, false, false, false, true);
      assertThat(answers.get(1).rejection()).isSameAs(answers.get(3).rejection());
      assertThat(stored()).containsExactly("a", "e");
    }

    @Test
    void ofEverythingIsNoFailure() {
      List<Answer> answers =
          journal.write(
              together(journal.event(pid, 1, Sample.refused())),
              together(journal.event(pid, 2, Sample.refused())));
      assertThat(answers).hasSize(2).noneMatch(Answer::stored);
      assertThat(journal.replay(pid).highest()).isZero();
      journal.writePayloads(pid, 3, "c");
      assertThat(journal.replay(pid).sequenceNrs()).containsExactly(3L);
    }

    @Test
    void meetsWhatHasNoSerializerAtAll() {
      Answer answer = journal.write(together(journal.event(pid, 1, new Object()))).get(0);
      assertThat(answer.rejection()).hasMessageContaining("java.lang.Object");
      assertThat(stored()).isEmpty();
    }

    @Test
    void meetsAnEventWhoseSerializerBreaks() {
      List<Answer> answers =
          journal.write(
              together(journal.event(pid, 1, "a")),
              together(journal.event(pid, 2, new Sample(SampleSerializer.BROKEN))));
      assertThat(answers).extracting(Answer::stored).containsExactly(true, false);
      assertThat(answers.get(1).rejection()).hasStackTraceContaining("the serializer is broken");
      assertThat(stored()).containsExactly("a");
    }

    @Test
    void ofAnEventThatIsTooLargeNamesItAndTheSetting() {
      List<Answer> answers =
          narrow.write(
              together(narrow.event(pid, 1, "a")),
              together(narrow.event(pid, 2, "b".repeat(101))),
              together(narrow.event(pid, 3, "c".repeat(100))));
      assertThat(answers).extracting(Answer::stored).containsExactly(true, false, true);
      assertThat(answers.get(1).rejection())
          .hasMessageContaining("Event 2 of '" + pid + "'")
          .hasMessageContaining("101 bytes")
          .hasMessageContaining("100 allowed by narrow.max-payload-bytes");
      assertThat(journal.replay(pid).sequenceNrs()).containsExactly(1L, 3L);
    }

    @Test
    void ofABatchThatIsTooLargeNamesItAndTheSetting() {
      String text = "x".repeat(90);
      List<Answer> answers =
          narrow.write(
              together(
                  narrow.event(pid, 1, text),
                  narrow.event(pid, 2, text),
                  narrow.event(pid, 3, text)),
              together(narrow.event(pid, 4, text), narrow.event(pid, 5, text)));
      assertThat(answers)
          .extracting(Answer::stored)
          .containsExactly(false, false, false, true, true);
      assertThat(answers.get(0).rejection())
          .hasMessageContaining("batch of 3 events of '" + pid + "'")
          .hasMessageContaining("270 bytes")
          .hasMessageContaining("250 allowed by narrow.max-batch-bytes");
      assertThat(journal.replay(pid).sequenceNrs()).containsExactly(4L, 5L);
    }
  }

  @Nested
  class LargeEvents {

    @Test
    void areStoredAndReplayedUpToTheLimit() {
      List<Object> payloads =
          List.of("x".repeat(LARGEST), "y".repeat(LARGEST - 1), "small", "z".repeat(LARGEST));
      journal.writePayloads(pid, 1, payloads.toArray());
      assertThat(stored().equals(payloads)).isTrue();
    }

    @Test
    void areRejectedBeyondIt() {
      Answer answer =
          journal.write(together(journal.event(pid, 1, "x".repeat(LARGEST + 1)))).get(0);
      assertThat(answer.rejection())
          .hasMessageContaining("Event 1 of '" + pid + "'")
          .hasMessageContaining("beamhive.persistence.redis.max-payload-bytes");
      assertThat(journal.replay(pid).highest()).isZero();
    }
  }

  @Nested
  class Failure {

    @Test
    void isToldApartFromARejection() {
      journal.writePayloads(pid, 1, "a", "b");
      JournalForTest rival = new JournalForTest(system, "");
      Throwable cause =
          rival.failureOfWriting(
              together(rival.event(pid, 2, "x")), together(rival.event(pid, 3, "y")));
      assertThat(cause).isInstanceOf(SequenceNumberTakenException.class).hasMessageContaining(pid);
      assertThat(stored()).containsExactly("a", "b");
    }

    @Test
    void ofOnePersistenceIdLeavesTheJournalWorking() {
      journal.writePayloads(pid, 1, "a");
      for (int i = 0; i < 5; i++) {
        JournalForTest rival = new JournalForTest(system, "");
        rival.failureOfWriting(together(rival.event(pid, 1, "x")));
      }
      journal.writePayloads(pid, 2, "b");
      assertThat(stored()).containsExactly("a", "b");
    }
  }
}
