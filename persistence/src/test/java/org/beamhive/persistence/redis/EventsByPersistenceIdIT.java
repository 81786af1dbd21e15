package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.persistence.redis.JournalForTest.together;

import akka.NotUsed;
import akka.actor.ActorSystem;
import akka.persistence.journal.Tagged;
import akka.persistence.query.EventEnvelope;
import akka.persistence.query.Offset;
import akka.persistence.query.PersistenceQuery;
import akka.stream.javadsl.Source;
import akka.testkit.javadsl.TestKit;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import scala.jdk.javaapi.OptionConverters;

/** What Akka's own read journals promise of the events of one persistence id. */
class EventsByPersistenceIdIT {

  private static final long ALL = Long.MAX_VALUE;

  private static final AtomicInteger ids = new AtomicInteger();
  private static RedisServerForTest redis;
  private static ActorSystem system;
  private static JournalForTest journal;
  private static RedisReadJournal queries;

  private final String pid = "events-" + ids.incrementAndGet();

  /** A live query that isn't told of news would have to wait for half an hour. */
  @BeforeAll
  static void start() {
    redis = RedisServerForTest.start();
    system =
        ActorSystem.create(
            "events-by-id",
            redis
                .config(
                    SampleSerializer.CONFIG,
                    """
                    beamhive.persistence.redis.query.refresh-interval = 30 minutes
                    small-pages = ${beamhive.persistence.redis} { replay-page = 2 }
                    adapting = ${beamhive.persistence.redis} {
                      journal {
                        event-adapters.note =
                          "org.beamhive.persistence.redis.EventContentIT$NoteAdapter"
                        event-adapter-bindings {
                          "org.beamhive.persistence.redis.EventContentIT$Note" = note
                          "org.beamhive.persistence.redis.Sample" = note
                        }
                      }
                      query.write-plugin = adapting.journal
                    }
                    """)
                .resolve());
    journal = new JournalForTest(system, "");
    queries = queries(RedisReadJournal.IDENTIFIER);
  }

  private static RedisReadJournal queries(String pluginId) {
    return PersistenceQuery.get(system).getReadJournalFor(RedisReadJournal.class, pluginId);
  }

  @AfterAll
  static void stop() {
    TestKit.shutdownActorSystem(system);
    redis.close();
  }

  private static List<Long> numbers(Source<EventEnvelope, NotUsed> events) {
    return StreamReader.all(events.map(EventEnvelope::sequenceNr), system);
  }

  private static StreamReader<Long> read(Source<EventEnvelope, NotUsed> events) {
    return StreamReader.of(events.map(EventEnvelope::sequenceNr), system);
  }

  @Nested
  class Current {

    @Test
    void findsWhatIsThere() {
      journal.writeSamples(pid, 1, 3);
      List<EventEnvelope> events =
          StreamReader.all(queries.currentEventsByPersistenceId(pid, 0, ALL), system);
      assertThat(events)
          .extracting(EventEnvelope::event)
          .containsExactly(new Sample("a-1"), new Sample("a-2"), new Sample("a-3"));
      assertThat(events)
          .extracting(EventEnvelope::offset)
          .containsExactly(Offset.sequence(1), Offset.sequence(2), Offset.sequence(3));
      assertThat(events).allMatch(event -> event.persistenceId().equals(pid));
    }

    @ParameterizedTest(name = "from {0} to {1}: {2}")
    @CsvSource({
      "0, all, 1 2 3 4 5",
      "1, all, 1 2 3 4 5",
      "0, 2, 1 2",
      "2, 4, 2 3 4",
      "3, 3, 3",
      "5, 5, 5",
      "5, all, 5",
      "6, all, ''",
      "4, 3, ''",
      "0, 0, ''",
      "-5, 1, 1",
      "1, 100, 1 2 3 4 5",
      "all, all, ''"
    })
    void keepsToItsLimits(String from, String to, String expected) {
      journal.writeSamples(pid, 1, 5);
      List<Long> numbers =
          Stream.of(expected.split(" ")).filter(n -> !n.isEmpty()).map(Long::valueOf).toList();
      for (RedisReadJournal each : List.of(queries, queries("small-pages.query"))) {
        assertThat(numbers(each.currentEventsByPersistenceId(pid, limit(from), limit(to))))
            .isEqualTo(numbers);
      }
    }

    private static long limit(String text) {
      return text.equals("all") ? ALL : Long.parseLong(text);
    }

    @Test
    void doesNotSeeWhatComesAfterItsBeginning() {
      journal.writeSamples(pid, 1, 3);
      StreamReader<Long> reader = read(queries.currentEventsByPersistenceId(pid, 0, ALL));
      assertThat(reader.next(2)).containsExactly(1L, 2L);
      journal.writeSamples(pid, 4, 4);
      assertThat(reader.next()).isEqualTo(3);
      reader.expectEnd();
    }

    @Test
    void endsAtOnceWhenThereIsNothing() {
      assertThat(numbers(queries.currentEventsByPersistenceId(pid, 0, ALL))).isEmpty();
      assertThat(numbers(queries.currentEventsByPersistenceId(pid, 0, 0))).isEmpty();
    }

    @Test
    void endsAtOnceWhenAllIsDeleted() {
      journal.writeSamples(pid, 1, 3);
      journal.deleteTo(pid, 3);
      assertThat(numbers(queries.currentEventsByPersistenceId(pid, 0, ALL))).isEmpty();
      assertThat(numbers(queries.currentEventsByPersistenceId(pid, 0, 0))).isEmpty();
      assertThat(numbers(queries.currentEventsByPersistenceId(pid, 2, 3))).isEmpty();
    }

    @Test
    void findsWhatIsLeftOfADeletion() {
      journal.writeSamples(pid, 1, 3);
      journal.deleteTo(pid, 2);
      assertThat(numbers(queries.currentEventsByPersistenceId(pid, 0, ALL))).containsExactly(3L);
      assertThat(numbers(queries.currentEventsByPersistenceId(pid, 2, 3))).containsExactly(3L);
    }

    @Test
    void endsWhenTheRestIsDeletedMeanwhile() {
      journal.writeSamples(pid, 1, 20);
      StreamReader<Long> reader =
          read(queries("small-pages.query").currentEventsByPersistenceId(pid, 0, ALL));
      assertThat(reader.next()).isEqualTo(1);
      journal.deleteTo(pid, 20);
      List<Long> rest = reader.rest();
      assertThat(rest)
          .isEqualTo(LongStream.rangeClosed(2, 1 + rest.size()).boxed().toList())
          .hasSizeLessThan(10);
    }

    /** Pages of two events each; Redis counts how many of them it has sent. */
    @Test
    void readsNoFurtherThanItIsAsked() {
      journal.writeSamples(pid, 1, 200);
      long before = pagesSent();
      try (StreamReader<Long> reader =
          read(queries("small-pages.query").currentEventsByPersistenceId(pid, 0, ALL))) {
        reader.next(3);
        long sent = Eventually.stays(this::pagesSent, Duration.ofSeconds(1)) - before;
        assertThat(sent).isBetween(2L, 6L);
        reader.next(20);
        assertThat(Eventually.stays(this::pagesSent, Duration.ofSeconds(1)) - before)
            .isBetween(sent + 9, sent + 11);
      }
    }

    private long pagesSent() {
      return redis.calls("xrange");
    }

    @Test
    void readsTheSameAgainWhenItIsRunAgain() {
      journal.writeSamples(pid, 1, 2);
      Source<EventEnvelope, NotUsed> events = queries.currentEventsByPersistenceId(pid, 0, ALL);
      assertThat(numbers(events)).containsExactly(1L, 2L);
      journal.writeSamples(pid, 3, 3);
      assertThat(numbers(events)).containsExactly(1L, 2L, 3L);
    }

    @Test
    void tellsTimeAndMetadata() {
      journal.write(
          together(
              journal.event(pid, 1, new Sample("a")).withTimestamp(1234),
              journal.event(pid, 2, new Sample("b")).withMetadata(new Sample("meta"))));
      List<EventEnvelope> events =
          StreamReader.all(queries.currentEventsByPersistenceId(pid, 0, ALL), system);
      assertThat(events.get(0).timestamp()).isEqualTo(1234);
      assertThat(events.get(1).timestamp()).isPositive();
      assertThat(events)
          .extracting(event -> OptionConverters.toJava(event.eventMetadata()))
          .containsExactly(Optional.empty(), Optional.of(new Sample("meta")));
    }

    @Test
    void takesTheTagsOff() {
      journal.writePayloads(pid, 1, new Tagged(new Sample("a"), Set.of("t")));
      assertThat(
              StreamReader.all(
                  queries.currentEventsByPersistenceId(pid, 0, ALL).map(EventEnvelope::event),
                  system))
          .containsExactly(new Sample("a"));
    }

    @Test
    void appliesTheEventAdaptersOfItsJournal() {
      new JournalForTest(system, "adapting.journal")
          .writePayloads(
              pid,
              1,
              new EventContentIT.Note("a+b", ""),
              new EventContentIT.Note("useless", ""),
              new EventContentIT.Note("c", ""));
      List<EventEnvelope> events =
          StreamReader.all(
              queries("adapting.query").currentEventsByPersistenceId(pid, 0, ALL), system);
      assertThat(events)
          .extracting(EventEnvelope::event)
          .containsExactly(
              new EventContentIT.Note("a", "note-2"),
              new EventContentIT.Note("b", "note-2"),
              new EventContentIT.Note("c", "note-2"));
      assertThat(events)
          .extracting(EventEnvelope::offset)
          .containsExactly(Offset.sequence(1), Offset.sequence(1), Offset.sequence(3));
      assertThat(numbers(queries.currentEventsByPersistenceId(pid, 0, ALL)))
          .containsExactly(1L, 2L, 3L);
    }

    @Test
    void findsLargeEventsInTheirOrder() {
      Object[] payloads =
          IntStream.range(0, 12)
              .mapToObj(n -> n % 2 == 0 ? "x".repeat(3_000_000) + n : "small " + n)
              .toArray();
      journal.writePayloads(pid, 1, payloads);
      assertThat(
              StreamReader.all(
                  queries.currentEventsByPersistenceId(pid, 0, ALL).map(EventEnvelope::event),
                  system))
          .extracting(event -> event.toString().replace("x", ""))
          .isEqualTo(
              IntStream.range(0, 12).mapToObj(n -> n % 2 == 0 ? "" + n : "small " + n).toList());
    }

    @Test
    void findsAnEventAsLargeAsAllowed() {
      String largest = "x".repeat(8 << 20);
      journal.writePayloads(pid, 1, largest);
      assertThat(
              StreamReader.all(
                      queries.currentEventsByPersistenceId(pid, 0, ALL).map(EventEnvelope::event),
                      system)
                  .equals(List.of(largest)))
          .isTrue();
    }
  }

  @Nested
  class Live {

    @Test
    void findsWhatIsThereAndThenWhatComes() {
      journal.writeSamples(pid, 1, 3);
      try (StreamReader<Long> reader = read(queries.eventsByPersistenceId(pid, 0, ALL))) {
        assertThat(reader.next(3)).containsExactly(1L, 2L, 3L);
        reader.expectNothingYet();
        journal.writeSamples(pid, 4, 5);
        assertThat(reader.next(2)).containsExactly(4L, 5L);
        journal.writeSamples(pid, 6, 6);
        assertThat(reader.next()).isEqualTo(6);
        reader.expectNothingYet();
      }
    }

    @Test
    void waitsForTheFirstEventOfAnUnknownPersistenceId() {
      try (StreamReader<Long> reader = read(queries.eventsByPersistenceId(pid, 0, ALL))) {
        reader.expectNothingYet();
        journal.writeSamples(pid, 1, 1);
        assertThat(reader.next()).isEqualTo(1);
      }
    }

    @Test
    void endsAtItsLastNumber() {
      journal.writeSamples(pid, 1, 3);
      StreamReader<Long> reader = read(queries.eventsByPersistenceId(pid, 0, 4));
      assertThat(reader.next(3)).containsExactly(1L, 2L, 3L);
      reader.expectNothingYet();
      journal.writeSamples(pid, 4, 5);
      assertThat(reader.next()).isEqualTo(4);
      reader.expectEnd();
    }

    @Test
    void endsAtItsLastNumberThatIsThereAlready() {
      journal.writeSamples(pid, 1, 5);
      assertThat(numbers(queries.eventsByPersistenceId(pid, 2, 4))).containsExactly(2L, 3L, 4L);
      assertThat(numbers(queries.eventsByPersistenceId(pid, 5, 5))).containsExactly(5L);
    }

    @Test
    void endsAtItsLastNumberAlsoIfThatWasDeleted() {
      journal.writeSamples(pid, 1, 5);
      journal.deleteTo(pid, 4);
      assertThat(numbers(queries.eventsByPersistenceId(pid, 0, 3))).isEmpty();
      assertThat(numbers(queries.eventsByPersistenceId(pid, 0, 4))).isEmpty();
      assertThat(numbers(queries.eventsByPersistenceId(pid, 0, 5))).containsExactly(5L);
    }

    @Test
    void endsAtItsLastNumberAlsoIfThatWasRejected() {
      journal.writeSamples(pid, 1, 2);
      StreamReader<Long> reader = read(queries.eventsByPersistenceId(pid, 0, 3));
      assertThat(reader.next(2)).containsExactly(1L, 2L);
      journal.write(
          together(journal.event(pid, 3, Sample.refused())),
          together(journal.event(pid, 4, new Sample("a-4"))));
      reader.expectEnd();
    }

    @Test
    void endsAtOnceIfNothingCanBeMeant() {
      assertThat(numbers(queries.eventsByPersistenceId(pid, 0, 0))).isEmpty();
      assertThat(numbers(queries.eventsByPersistenceId(pid, 4, 3))).isEmpty();
    }

    @Test
    void waitsWhenAllIsDeleted() {
      journal.writeSamples(pid, 1, 3);
      journal.deleteTo(pid, 3);
      try (StreamReader<Long> reader = read(queries.eventsByPersistenceId(pid, 0, ALL))) {
        reader.expectNothingYet();
        journal.writeSamples(pid, 4, 4);
        assertThat(reader.next()).isEqualTo(4);
      }
    }

    @Test
    void beginsAfterTheHighestNumber() {
      journal.writeSamples(pid, 1, 3);
      try (StreamReader<Long> reader = read(queries.eventsByPersistenceId(pid, 5, ALL))) {
        journal.writeSamples(pid, 4, 6);
        assertThat(reader.next(2)).containsExactly(5L, 6L);
      }
    }

    @Test
    void keepsWhatCameWhileNobodyAsked() {
      journal.writeSamples(pid, 1, 2);
      try (StreamReader<Long> reader =
          read(queries("small-pages.query").eventsByPersistenceId(pid, 0, ALL))) {
        assertThat(reader.next()).isEqualTo(1);
        journal.writeSamples(pid, 3, 40);
        assertThat(reader.next(39)).isEqualTo(LongStream.rangeClosed(2, 40).boxed().toList());
        reader.expectNothingYet();
      }
    }

    @Test
    void goesOnToEveryReader() {
      try (StreamReader<Long> one = read(queries.eventsByPersistenceId(pid, 0, ALL));
          StreamReader<Long> two = read(queries.eventsByPersistenceId(pid, 0, ALL))) {
        journal.writeSamples(pid, 1, 2);
        assertThat(one.next(2)).containsExactly(1L, 2L);
        assertThat(two.next(2)).containsExactly(1L, 2L);
        one.cancel();
        journal.writeSamples(pid, 3, 3);
        assertThat(two.next()).isEqualTo(3);
      }
    }

    @Test
    void tellsTimeAndOffset() {
      try (StreamReader<EventEnvelope> reader =
          StreamReader.of(queries.eventsByPersistenceId(pid, 0, ALL), system)) {
        long before = System.currentTimeMillis();
        journal.writeSamples(pid, 1, 1);
        EventEnvelope event = reader.next();
        assertThat(event.timestamp()).isBetween(before, System.currentTimeMillis());
        assertThat(event.offset()).isEqualTo(Offset.sequence(1));
        assertThat(event.event()).isEqualTo(new Sample("a-1"));
      }
    }
  }

  @Test
  void scalaAndJavaReadTheSameFromOneProvider() {
    journal.writeSamples(pid, 1, 3);
    ScalaRedisReadJournal scala =
        (ScalaRedisReadJournal)
            PersistenceQuery.get(system).readJournalFor(RedisReadJournal.IDENTIFIER);
    assertThat(numbers(scala.currentEventsByPersistenceId(pid, 2, ALL).asJava()))
        .containsExactly(2L, 3L);
    try (StreamReader<Long> reader = read(scala.eventsByPersistenceId(pid, 0, ALL).asJava())) {
      assertThat(reader.next(3)).containsExactly(1L, 2L, 3L);
      journal.writeSamples(pid, 4, 4);
      assertThat(reader.next()).isEqualTo(4);
    }
    assertThat(queries("beamhive.persistence.redis.query")).isSameAs(queries);
  }
}
