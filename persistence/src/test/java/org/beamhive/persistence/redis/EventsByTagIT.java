package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import scala.jdk.javaapi.OptionConverters;

/** What Akka's own read journals promise of the events of one tag. */
class EventsByTagIT {

  private static final AtomicInteger ids = new AtomicInteger();
  private static RedisServerForTest redis;
  private static ActorSystem system;
  private static JournalForTest journal;
  private static RedisReadJournal queries;

  /** Its list is read three members at a time. */
  private static RedisReadJournal smallPages;

  private final int number = ids.incrementAndGet();
  private final String pid = "tagged-" + number;
  private final String tag = "green-" + number;

  /** A live query that isn't told of news would have to wait for half an hour. */
  @BeforeAll
  static void start() {
    redis = RedisServerForTest.start();
    system =
        ActorSystem.create(
            "events-by-tag",
            redis
                .config(
                    SampleSerializer.CONFIG,
                    """
                    beamhive.persistence.redis.query.refresh-interval = 30 minutes
                    small-pages = ${beamhive.persistence.redis} { replay-page = 3 }
                    adapting = ${beamhive.persistence.redis} {
                      journal {
                        event-adapters {
                          note = "org.beamhive.persistence.redis.EventContentIT$NoteAdapter"
                          tag = "org.beamhive.persistence.redis.EventContentIT$TagAdapter"
                        }
                        event-adapter-bindings {
                          "org.beamhive.persistence.redis.Sample" = note
                          "java.lang.String" = tag
                        }
                      }
                      query.write-plugin = adapting.journal
                    }
                    """)
                .resolve());
    journal = new JournalForTest(system, "");
    queries = queries(RedisReadJournal.IDENTIFIER);
    smallPages = queries("small-pages.query");
  }

  private static RedisReadJournal queries(String pluginId) {
    return PersistenceQuery.get(system).getReadJournalFor(RedisReadJournal.class, pluginId);
  }

  @AfterAll
  static void stop() {
    TestKit.shutdownActorSystem(system);
    redis.close();
  }

  /** Stores "a-1", "a-2" and so on with the tag of this test. */
  private void write(String persistenceId, long from, long to) {
    journal.writePayloads(
        persistenceId,
        from,
        LongStream.rangeClosed(from, to).mapToObj(n -> tagged("a-" + n, tag)).toArray());
  }

  private static Tagged tagged(String text, String... tags) {
    return new Tagged(new Sample(text), Set.of(tags));
  }

  private static Object text(EventEnvelope event) {
    return ((Sample) event.event()).text();
  }

  private static List<Object> texts(Source<EventEnvelope, NotUsed> events) {
    return StreamReader.all(events.map(EventsByTagIT::text), system);
  }

  private static StreamReader<Object> read(Source<EventEnvelope, NotUsed> events) {
    return StreamReader.of(events.map(EventsByTagIT::text), system);
  }

  private static Object[] samples(long from, long to) {
    return LongStream.rangeClosed(from, to).mapToObj(n -> "a-" + n).toArray();
  }

  @Nested
  class Current {

    @Test
    void findsWhatIsThereAndEnds() {
      write(pid, 1, 3);
      List<EventEnvelope> events =
          StreamReader.all(queries.currentEventsByTag(tag, Offset.noOffset()), system);
      assertThat(events).extracting(EventsByTagIT::text).containsExactly(samples(1, 3));
      assertThat(events)
          .extracting(EventEnvelope::offset)
          .containsExactly(Offset.sequence(1), Offset.sequence(2), Offset.sequence(3));
      assertThat(events).extracting(EventEnvelope::sequenceNr).containsExactly(1L, 2L, 3L);
      assertThat(events).allMatch(event -> event.persistenceId().equals(pid));
      assertThat(events).allMatch(event -> event.timestamp() > 0);
    }

    @Test
    void endsAtOnceWhenThereIsNothing() {
      assertThat(texts(queries.currentEventsByTag(tag, Offset.noOffset()))).isEmpty();
      assertThat(texts(queries.currentEventsByTag(tag, Offset.sequence(5)))).isEmpty();
    }

    @Test
    void doesNotSeeWhatComesAfterItsBeginning() {
      write(pid, 1, 3);
      StreamReader<Object> reader = read(queries.currentEventsByTag(tag, Offset.noOffset()));
      assertThat(reader.next(2)).containsExactly(samples(1, 2));
      write(pid, 4, 4);
      assertThat(reader.next()).isEqualTo("a-3");
      reader.expectEnd();
    }

    @Test
    void tellsMetadata() {
      journal.write(together(journal.event(pid, 1, tagged("a", tag)).withMetadata("meta")));
      EventEnvelope event =
          StreamReader.all(queries.currentEventsByTag(tag, Offset.noOffset()), system).get(0);
      assertThat(OptionConverters.toJava(event.eventMetadata())).contains("meta");
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "a:b",
          "{braces}",
          "{}",
          "100%",
          "größe",
          "line\nbreak",
          "a,b",
          " ",
          "nul\0nul",
          "all"
        })
    void findsEveryTagAndPersistenceId(String odd) {
      journal.writePayloads(odd, 1, tagged("a", odd, tag), tagged("b", "other"));
      assertThat(texts(queries.currentEventsByTag(odd, Offset.noOffset()))).containsExactly("a");
      assertThat(
              StreamReader.all(
                  queries
                      .currentEventsByTag(tag, Offset.noOffset())
                      .map(EventEnvelope::persistenceId),
                  system))
          .containsExactly(odd);
      assertThat(journal.replay(odd).payloads()).containsExactly(new Sample("a"), new Sample("b"));
    }

    @Test
    void findsEachEventUnderEachOfItsTags() {
      String red = tag + "-red";
      journal.writePayloads(
          pid,
          1,
          tagged("both", tag, red),
          tagged("green", tag),
          new Sample("none"),
          tagged("red", red),
          new Tagged(new Sample("no tag"), Set.of()));
      assertThat(texts(queries.currentEventsByTag(tag, Offset.noOffset())))
          .containsExactly("both", "green");
      assertThat(texts(queries.currentEventsByTag(red, Offset.noOffset())))
          .containsExactly("both", "red");
    }

    @Test
    void findsTheEventsOfABatch() {
      journal.write(
          together(
              journal.event(pid, 1, tagged("a", tag)),
              journal.event(pid, 2, new Sample("b")),
              journal.event(pid, 3, tagged("c", tag))));
      assertThat(texts(queries.currentEventsByTag(tag, Offset.noOffset())))
          .containsExactly("a", "c");
    }

    @Test
    void findsNothingOfARejectedBatch() {
      journal.write(
          together(
              journal.event(pid, 1, tagged("a", tag)), journal.event(pid, 2, Sample.refused())),
          together(journal.event(pid, 3, tagged("c", tag))));
      assertThat(texts(queries.currentEventsByTag(tag, Offset.noOffset()))).containsExactly("c");
    }

    @Test
    void findsNothingOfAWriteThatFailed() {
      write(pid, 1, 2);
      JournalForTest rival = new JournalForTest(system, "");
      rival.failureOfWriting(together(rival.event(pid, 2, tagged("rival", tag))));
      assertThat(texts(queries.currentEventsByTag(tag, Offset.noOffset())))
          .containsExactly(samples(1, 2));
    }

    @Test
    void findsLargeEvents() {
      List<Object> payloads = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        payloads.add(new Tagged("x".repeat(2_000_000) + i, Set.of(tag)));
      }
      journal.writePayloads(pid, 1, payloads.toArray());
      assertThat(
              StreamReader.all(
                  queries
                      .currentEventsByTag(tag, Offset.noOffset())
                      .map(event -> event.event().toString().replace("x", "")),
                  system))
          .isEqualTo(IntStream.range(0, 20).mapToObj(Integer::toString).toList());
    }
  }

  @Nested
  class OfDeletedEvents {

    @Test
    void keepsSilentAndGoesOnWithLaterOnes() {
      write(pid, 1, 5);
      journal.deleteTo(pid, 3);
      for (int i = 0; i < 2; i++) {
        List<EventEnvelope> events =
            StreamReader.all(queries.currentEventsByTag(tag, Offset.noOffset()), system);
        assertThat(events).extracting(EventsByTagIT::text).containsExactly(samples(4, 5));
        assertThat(events)
            .extracting(EventEnvelope::offset)
            .containsExactly(Offset.sequence(4), Offset.sequence(5));
      }
      assertThat(texts(queries.currentEventsByTag(tag, Offset.sequence(2))))
          .containsExactly(samples(4, 5));
    }

    @Test
    void neverGivesAnOffsetTwice() {
      write(pid, 1, 3);
      journal.deleteTo(pid, 3);
      assertThat(texts(queries.currentEventsByTag(tag, Offset.noOffset()))).isEmpty();
      write(pid, 4, 5);
      List<EventEnvelope> events =
          StreamReader.all(queries.currentEventsByTag(tag, Offset.sequence(3)), system);
      assertThat(events)
          .extracting(EventEnvelope::offset)
          .containsExactly(Offset.sequence(4), Offset.sequence(5));
    }

    @Test
    void findsThoseOfOthersAmongThem() {
      String other = pid + "-other";
      for (int n = 1; n <= 10; n++) {
        write(pid, n, n);
        journal.writePayloads(other, n, tagged("b-" + n, tag));
      }
      journal.deleteTo(pid, 10);
      Object[] left = IntStream.rangeClosed(1, 10).mapToObj(n -> "b-" + n).toArray();
      assertThat(texts(smallPages.currentEventsByTag(tag, Offset.noOffset())))
          .containsExactly(left);
    }

    @Test
    void takesThemOffTheList() {
      write(pid, 1, 5);
      journal.deleteTo(pid, 3);
      texts(queries.currentEventsByTag(tag, Offset.noOffset()));
      String list = new Keys("beamhive").tag(tag).members();
      long left = redis.ask(commands -> commands.zcard(list));
      assertThat(left).isEqualTo(2);
    }

    @Test
    void goesOnLive() {
      write(pid, 1, 3);
      try (StreamReader<Object> reader = read(queries.eventsByTag(tag, Offset.noOffset()))) {
        assertThat(reader.next(3)).containsExactly(samples(1, 3));
        journal.deleteTo(pid, 3);
        write(pid, 4, 5);
        assertThat(reader.next(2)).containsExactly(samples(4, 5));
      }
    }
  }

  @Nested
  class Offsets {

    @Test
    void areExcluded() {
      write(pid, 1, 4);
      assertThat(texts(queries.currentEventsByTag(tag, Offset.sequence(2))))
          .containsExactly(samples(3, 4));
      assertThat(texts(queries.currentEventsByTag(tag, Offset.sequence(4)))).isEmpty();
      assertThat(texts(queries.currentEventsByTag(tag, Offset.sequence(0))))
          .containsExactly(samples(1, 4));
    }

    @ParameterizedTest
    @ValueSource(longs = {5, 1_000, Long.MAX_VALUE - 1, Long.MAX_VALUE})
    void beyondTheLastFindNothing(long offset) {
      write(pid, 1, 4);
      assertThat(texts(queries.currentEventsByTag(tag, Offset.sequence(offset)))).isEmpty();
    }

    /** Several writers at a time, pages of three, and a beginning at every place there is. */
    @Test
    void areWhereAReaderGoesOnWithoutGapOrRepetition() {
      Random random = new Random(7);
      long[] next = new long[4];
      for (int i = 0; i < 40; i++) {
        int writer = random.nextInt(next.length);
        int count = 1 + random.nextInt(3);
        write(pid + "-" + writer, next[writer] + 1, next[writer] + count);
        next[writer] += count;
      }
      journal.deleteTo(pid + "-0", next[0] / 2);
      List<EventEnvelope> all =
          StreamReader.all(queries.currentEventsByTag(tag, Offset.noOffset()), system);
      assertThat(all).hasSize((int) (LongStream.of(next).sum() - next[0] / 2));
      for (int i = 0; i < all.size(); i++) {
        assertThat(
                StreamReader.all(smallPages.currentEventsByTag(tag, all.get(i).offset()), system))
            .isEqualTo(all.subList(i + 1, all.size()));
      }
    }

    @Test
    void areTheSameForEveryReader() {
      for (int n = 1; n <= 5; n++) {
        write(pid + "-a", n, n);
        write(pid + "-b", n, n);
      }
      List<EventEnvelope> all =
          StreamReader.all(queries.currentEventsByTag(tag, Offset.noOffset()), system);
      try (StreamReader<EventEnvelope> live =
          StreamReader.of(smallPages.eventsByTag(tag, Offset.noOffset()), system)) {
        assertThat(live.next(10)).isEqualTo(all);
      }
    }

    @Test
    void ofAnotherKindAreRefusedInWords() {
      Offset other = Offset.timeBasedUUID(UUID.fromString("49225740-2019-11ea-a752-ffae2393b6e4"));
      assertThatThrownBy(() -> queries.currentEventsByTag(tag, other))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(other.toString())
          .hasMessageContaining("Offset.noOffset()")
          .hasMessageContaining("Offset.sequence(");
      assertThatThrownBy(() -> queries.eventsByTag(tag, other))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Nested
  class Live {

    @Test
    void findsWhatIsThereAndThenWhatComes() {
      write(pid, 1, 2);
      try (StreamReader<Object> reader = read(queries.eventsByTag(tag, Offset.noOffset()))) {
        assertThat(reader.next(2)).containsExactly(samples(1, 2));
        reader.expectNothingYet();
        journal.writePayloads(pid, 3, new Sample("without"), tagged("other", "other"));
        write(pid, 5, 6);
        assertThat(reader.next(2)).containsExactly(samples(5, 6));
        write(pid + "-new", 1, 1);
        assertThat(reader.next()).isEqualTo("a-1");
        reader.expectNothingYet();
      }
    }

    @Test
    void waitsForTheFirstEventOfATag() {
      try (StreamReader<Object> reader = read(queries.eventsByTag(tag, Offset.noOffset()))) {
        reader.expectNothingYet();
        write(pid, 1, 1);
        assertThat(reader.next()).isEqualTo("a-1");
      }
    }

    @Test
    void beginsAfterItsOffset() {
      write(pid, 1, 3);
      try (StreamReader<Object> reader = read(queries.eventsByTag(tag, Offset.sequence(2)))) {
        assertThat(reader.next()).isEqualTo("a-3");
        write(pid, 4, 4);
        assertThat(reader.next()).isEqualTo("a-4");
      }
    }

    @Test
    void keepsWhatCameWhileNobodyAsked() {
      write(pid, 1, 2);
      try (StreamReader<Object> reader = read(smallPages.eventsByTag(tag, Offset.noOffset()))) {
        assertThat(reader.next()).isEqualTo("a-1");
        write(pid, 3, 60);
        assertThat(reader.next(59)).containsExactly(samples(2, 60));
        reader.expectNothingYet();
      }
    }

    @Test
    void readsNoFurtherThanItIsAsked() {
      write(pid, 1, 300);
      int before = SampleSerializer.read();
      try (StreamReader<Object> reader = read(queries.eventsByTag(tag, Offset.noOffset()))) {
        reader.next(3);
        assertThat(Eventually.stays(SampleSerializer::read, Duration.ofMillis(200)) - before)
            .isBetween(3L, 40L);
      }
    }
  }

  @Nested
  class Adapters {

    @Test
    void giveTags() {
      new JournalForTest(system, "adapting.journal").writePayloads(pid, 1, "by adapter " + pid);
      assertThat(
              StreamReader.all(
                  queries
                      .currentEventsByTag("text", Offset.noOffset())
                      .map(EventEnvelope::event)
                      .filter(("BY ADAPTER " + pid.toUpperCase(Locale.ROOT))::equals),
                  system))
          .hasSize(1);
    }

    @Test
    void makeSeveralEventsOfOneOrNone() {
      journal.writePayloads(pid, 1, tagged("a+b", tag), tagged("useless", tag), tagged("c", tag));
      List<EventEnvelope> events =
          StreamReader.all(
              queries("adapting.query").currentEventsByTag(tag, Offset.noOffset()), system);
      assertThat(events)
          .extracting(EventEnvelope::event)
          .containsExactly(
              new EventContentIT.Note("a", ""),
              new EventContentIT.Note("b", ""),
              new EventContentIT.Note("c", ""));
      assertThat(events)
          .extracting(EventEnvelope::offset)
          .containsExactly(Offset.sequence(1), Offset.sequence(1), Offset.sequence(3));
    }
  }

  @Test
  void scalaReadsTheSame() {
    write(pid, 1, 3);
    ScalaRedisReadJournal scala =
        (ScalaRedisReadJournal)
            PersistenceQuery.get(system).readJournalFor(RedisReadJournal.IDENTIFIER);
    assertThat(texts(scala.currentEventsByTag(tag, Offset.sequence(1)).asJava()))
        .containsExactly(samples(2, 3));
    try (StreamReader<Object> reader = read(scala.eventsByTag(tag, Offset.sequence(2)).asJava())) {
      assertThat(reader.next()).isEqualTo("a-3");
    }
  }
}
