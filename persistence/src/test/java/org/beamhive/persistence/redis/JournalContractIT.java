package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.persistence.redis.JournalForTest.LONG;
import static org.beamhive.persistence.redis.JournalForTest.together;

import akka.actor.ActorSystem;
import akka.persistence.DeleteMessagesSuccess;
import akka.persistence.JournalProtocol;
import akka.persistence.PersistentEnvelope;
import akka.testkit.javadsl.TestKit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.beamhive.persistence.redis.JournalForTest.Replayed;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import scala.jdk.javaapi.CollectionConverters;

/** What Akka asks of a journal about the order, the limits and the deletion of events. */
class JournalContractIT {

  private static final AtomicInteger ids = new AtomicInteger();
  private static RedisServerForTest redis;
  private static ActorSystem system;
  private static JournalForTest journal;

  /** On the same events, but it reads two at a time. */
  private static JournalForTest smallPages;

  private final String pid = "contract-" + ids.incrementAndGet();

  @BeforeAll
  static void start() {
    redis = RedisServerForTest.start();
    system =
        ActorSystem.create(
            "journal-contract",
            redis
                .config(
                    SampleSerializer.CONFIG,
                    "small-pages = ${beamhive.persistence.redis.journal} { replay-page = 2 }",
                    "akka.persistence.publish-plugin-commands = on")
                .resolve());
    journal = new JournalForTest(system, "");
    smallPages = new JournalForTest(system, "small-pages");
  }

  @AfterAll
  static void stop() {
    TestKit.shutdownActorSystem(system);
    redis.close();
  }

  private static List<Object> samples(long from, long to) {
    return LongStream.rangeClosed(from, to).<Object>mapToObj(n -> new Sample("a-" + n)).toList();
  }

  /** Nobody waits for the answers. */
  private static void beginToWriteFive(String id) {
    List<PersistentEnvelope> writes = new ArrayList<>();
    for (int n = 1; n <= 5; n++) {
      writes.add(together(journal.event(id, n, "x".repeat(100_000))));
    }
    journal
        .ref()
        .tell(
            new JournalProtocol.WriteMessages(
                CollectionConverters.asScala(writes).toSeq(), system.deadLetters(), 1),
            system.deadLetters());
  }

  @Nested
  class Replay {

    @Test
    void bringsBackAllEventsInTheirOrder() {
      journal.writeSamples(pid, 1, 5);
      Replayed replayed = journal.replay(pid);
      assertThat(replayed.payloads()).isEqualTo(samples(1, 5));
      assertThat(replayed.sequenceNrs()).containsExactly(1L, 2L, 3L, 4L, 5L);
      assertThat(replayed.events()).allMatch(event -> event.persistenceId().equals(pid));
      assertThat(replayed.events()).noneMatch(event -> event.deleted());
      assertThat(replayed.highest()).isEqualTo(5);
    }

    @ParameterizedTest(name = "from {0} to {1}, at most {2}: {3}")
    @CsvSource({
      "0, all, all, 1 2 3 4 5",
      "1, all, all, 1 2 3 4 5",
      "3, all, all, 3 4 5",
      "5, all, all, 5",
      "6, all, all, ''",
      "100, all, all, ''",
      "all, all, all, ''",
      "0, 0, all, ''",
      "0, 3, all, 1 2 3",
      "1, 3, all, 1 2 3",
      "1, 5, all, 1 2 3 4 5",
      "1, 6, all, 1 2 3 4 5",
      "2, 3, all, 2 3",
      "2, 2, all, 2",
      "5, 5, all, 5",
      "6, 6, all, ''",
      "3, 2, all, ''",
      "5, 1, all, ''",
      "0, all, 0, ''",
      "0, all, 1, 1",
      "0, all, 2, 1 2",
      "0, all, 3, 1 2 3",
      "0, all, 4, 1 2 3 4",
      "0, all, 5, 1 2 3 4 5",
      "0, all, 6, 1 2 3 4 5",
      "2, 4, 1, 2",
      "2, 4, 2, 2 3",
      "2, 4, 3, 2 3 4",
      "2, 4, 4, 2 3 4",
      "2, 2, 0, ''",
      "5, all, 10, 5"
    })
    void keepsToItsLimits(String from, String to, String max, String expected) {
      journal.writeSamples(pid, 1, 5);
      List<Long> numbers =
          Stream.of(expected.split(" ")).filter(n -> !n.isEmpty()).map(Long::valueOf).toList();
      for (JournalForTest reader : List.of(journal, smallPages)) {
        Replayed replayed = reader.replay(pid, limit(from), limit(to), limit(max));
        assertThat(replayed.sequenceNrs()).isEqualTo(numbers);
        assertThat(replayed.highest()).isEqualTo(5);
      }
    }

    private static long limit(String text) {
      return text.equals("all") ? Long.MAX_VALUE : Long.parseLong(text);
    }

    @Test
    void ofAnUnknownPersistenceIdIsEmptyAndItsHighestNumberIs0() {
      assertThat(journal.replay(pid)).isEqualTo(new Replayed(List.of(), 0));
      assertThat(journal.replay(pid, 5, 9, 3)).isEqualTo(new Replayed(List.of(), 0));
    }

    @Test
    void tellsTheHighestNumberEvenIfNothingIsToBeReplayed() {
      journal.writeSamples(pid, 1, 3);
      assertThat(journal.replay(pid, 1, 0, 0)).isEqualTo(new Replayed(List.of(), 3));
    }

    @Test
    void findsWhatAnotherActorSystemHasWritten() {
      journal.writeSamples(pid, 1, 3);
      journal.deleteTo(pid, 1);
      ActorSystem other =
          ActorSystem.create("later", redis.config(SampleSerializer.CONFIG, "akka.loglevel = OFF"));
      try {
        Replayed replayed = new JournalForTest(other, "").replay(pid);
        assertThat(replayed.payloads()).isEqualTo(samples(2, 3));
        assertThat(replayed.highest()).isEqualTo(3);
      } finally {
        TestKit.shutdownActorSystem(other);
      }
    }

    /** As after the restart of an actor in the middle of a write. */
    @Test
    void waitsForTheWriteBeforeIt() {
      for (int round = 0; round < 20; round++) {
        String id = pid + "-" + round;
        beginToWriteFive(id);
        assertThat(journal.replay(id).sequenceNrs()).containsExactly(1L, 2L, 3L, 4L, 5L);
      }
    }

    @Test
    void toOneReceiverDoesNotDisturbThatToAnother() {
      journal.writeSamples(pid, 1, 50);
      int replays = 40;
      List<TestKit> receivers = Stream.generate(() -> new TestKit(system)).limit(replays).toList();
      receivers.forEach(
          receiver ->
              smallPages.askForReplay(pid, 0, Long.MAX_VALUE, Long.MAX_VALUE, receiver.getRef()));
      for (TestKit receiver : receivers) {
        for (int n = 1; n <= 50; n++) {
          assertThat(
                  receiver
                      .expectMsgClass(LONG, JournalProtocol.ReplayedMessage.class)
                      .persistent()
                      .sequenceNr())
              .isEqualTo(n);
        }
        receiver.expectMsg(LONG, new JournalProtocol.RecoverySuccess(50));
        system.stop(receiver.getRef());
      }
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "a:b",
          "{braces}",
          "{}",
          "}{",
          "100%",
          "%7B",
          "größe/ルビー",
          "with space",
          "*?[a]",
          "line\nbreak",
          "|",
          "all"
        })
    void keepsEveryPersistenceIdApart(String name) {
      journal.writePayloads(name, 1, new Sample(name), new Sample("second"));
      assertThat(journal.replay(name).payloads())
          .containsExactly(new Sample(name), new Sample("second"));
      journal.deleteTo(name, 1);
      assertThat(journal.replay(name).payloads()).containsExactly(new Sample("second"));
    }
  }

  @Nested
  class Deletion {

    @Test
    void takesTheEventsUpToAndWithTheNumber() {
      journal.writeSamples(pid, 1, 5);
      journal.deleteTo(pid, 3);
      assertThat(journal.replay(pid)).satisfies(is(samples(4, 5), 5));
      assertThat(journal.replay(pid, 1, 4, 10)).satisfies(is(samples(4, 4), 5));
      assertThat(smallPages.replay(pid, 2, 9, 1)).satisfies(is(samples(4, 4), 5));
    }

    @ParameterizedTest
    @ValueSource(longs = {5, 6, 1_000, Long.MAX_VALUE})
    void ofAllEventsKeepsTheHighestNumber(long to) {
      journal.writeSamples(pid, 1, 5);
      journal.deleteTo(pid, to);
      assertThat(journal.replay(pid)).isEqualTo(new Replayed(List.of(), 5));
      journal.writeSamples(pid, 6, 7);
      assertThat(journal.replay(pid)).satisfies(is(samples(6, 7), 7));
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, 0})
    void toANumberBeforeTheFirstDeletesNothing(long to) {
      journal.writeSamples(pid, 1, 3);
      journal.deleteTo(pid, to);
      assertThat(journal.replay(pid)).satisfies(is(samples(1, 3), 3));
    }

    @Test
    void ofWhatIsDeletedAlreadyChangesNothing() {
      journal.writeSamples(pid, 1, 5);
      journal.deleteTo(pid, 4);
      journal.deleteTo(pid, 4);
      journal.deleteTo(pid, 2);
      assertThat(journal.replay(pid)).satisfies(is(samples(5, 5), 5));
    }

    @Test
    void ofAnUnknownPersistenceIdSucceeds() {
      journal.deleteTo(pid, 10);
      assertThat(journal.replay(pid)).isEqualTo(new Replayed(List.of(), 0));
      journal.writeSamples(pid, 1, 1);
      assertThat(journal.replay(pid)).satisfies(is(samples(1, 1), 1));
    }

    @Test
    void cutsThroughABatch() {
      journal.write(
          together(
              journal.event(pid, 1, new Sample("a-1")),
              journal.event(pid, 2, new Sample("a-2")),
              journal.event(pid, 3, new Sample("a-3"))));
      journal.deleteTo(pid, 2);
      assertThat(journal.replay(pid)).satisfies(is(samples(3, 3), 3));
    }

    /** A persistent actor may ask for it while its write is on the way. */
    @Test
    void takesWhatWasBeingWrittenWhenItWasAskedFor() {
      for (int round = 0; round < 20; round++) {
        String id = pid + "-" + round;
        TestKit probe = new TestKit(system);
        beginToWriteFive(id);
        journal
            .ref()
            .tell(new JournalProtocol.DeleteMessagesTo(id, 5, probe.getRef()), probe.getRef());
        probe.expectMsg(LONG, new DeleteMessagesSuccess(5));
        assertThat(journal.replay(id)).isEqualTo(new Replayed(List.of(), 5));
        system.stop(probe.getRef());
      }
    }

    @Test
    void isPublishedForThoseWhoAskedForIt() {
      TestKit subscriber = new TestKit(system);
      system.eventStream().subscribe(subscriber.getRef(), JournalProtocol.DeleteMessagesTo.class);
      journal.writeSamples(pid, 1, 2);
      journal.deleteTo(pid, 1);
      JournalProtocol.DeleteMessagesTo published =
          subscriber.expectMsgClass(LONG, JournalProtocol.DeleteMessagesTo.class);
      assertThat(published.persistenceId()).isEqualTo(pid);
      assertThat(published.toSequenceNr()).isEqualTo(1);
      system.stop(subscriber.getRef());
    }

    private static Consumer<Replayed> is(List<Object> payloads, long highest) {
      return replayed -> {
        assertThat(replayed.payloads()).isEqualTo(payloads);
        assertThat(replayed.highest()).isEqualTo(highest);
      };
    }
  }
}
