package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.persistence.redis.JournalForTest.together;

import akka.actor.ActorSystem;
import akka.persistence.query.PersistenceQuery;
import akka.testkit.javadsl.TestKit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What Akka's own read journals promise of the persistence ids. */
class PersistenceIdsIT {

  private static final AtomicInteger prefixes = new AtomicInteger();
  private static RedisServerForTest redis;

  private ActorSystem system;
  private JournalForTest journal;
  private RedisReadJournal queries;

  @BeforeAll
  static void startRedis() {
    redis = RedisServerForTest.start();
  }

  @AfterAll
  static void stopRedis() {
    redis.close();
  }

  /** With keys of its own for each test. */
  @BeforeEach
  void start() {
    system =
        ActorSystem.create(
            "persistence-ids",
            redis.config(
                SampleSerializer.CONFIG,
                "beamhive.persistence.redis.key-prefix = ids-" + prefixes.incrementAndGet(),
                "beamhive.persistence.redis.replay-page = 3",
                "beamhive.persistence.redis.query.refresh-interval = 30 minutes"));
    journal = new JournalForTest(system, "");
    queries =
        PersistenceQuery.get(system)
            .getReadJournalFor(RedisReadJournal.class, RedisReadJournal.IDENTIFIER);
  }

  @AfterEach
  void stop() {
    TestKit.shutdownActorSystem(system);
  }

  @Test
  void currentOnesAreThereAndEnd() {
    for (String id : List.of("b", "a", "c", "d", "{odd}:ö")) {
      journal.writeSamples(id, 1, 2);
    }
    assertThat(StreamReader.all(queries.currentPersistenceIds(), system))
        .containsExactly("b", "a", "c", "d", "{odd}:ö");
  }

  @Test
  void currentOnesAreNoneAtTheBeginning() {
    assertThat(StreamReader.all(queries.currentPersistenceIds(), system)).isEmpty();
  }

  @Test
  void currentOnesAreThoseOfTheBeginningOfTheQuery() {
    for (int i = 0; i < 10; i++) {
      journal.writeSamples("id-" + i, 1, 1);
    }
    StreamReader<String> reader = StreamReader.of(queries.currentPersistenceIds(), system);
    reader.next();
    journal.writeSamples("late", 1, 1);
    assertThat(reader.rest()).isEqualTo(IntStream.range(1, 10).mapToObj(i -> "id-" + i).toList());
  }

  @Test
  void stayWhenTheirEventsAreDeleted() {
    journal.writeSamples("a", 1, 2);
    journal.deleteTo("a", 2);
    assertThat(StreamReader.all(queries.currentPersistenceIds(), system)).containsExactly("a");
  }

  @Test
  void areNotThoseWhoseOnlyEventWasRejectedOrThatOnlyRecovered() {
    journal.write(together(journal.event("rejected", 1, Sample.refused())));
    journal.replay("recovered");
    journal.deleteTo("deleted", 5);
    new SnapshotsForTest(system, "").save("snapshot", 1, new Sample("a"));
    assertThat(StreamReader.all(queries.currentPersistenceIds(), system)).isEmpty();
  }

  @Test
  void liveOnesAreThoseThatAreThereAndThenTheNewOnes() {
    journal.writeSamples("a", 1, 1);
    try (StreamReader<String> reader = StreamReader.of(queries.persistenceIds(), system)) {
      assertThat(reader.next()).isEqualTo("a");
      reader.expectNothingYet();
      journal.writeSamples("b", 1, 2);
      assertThat(reader.next()).isEqualTo("b");
      journal.writeSamples("a", 2, 2);
      journal.writeSamples("b", 3, 3);
      journal.writeSamples("c", 1, 1);
      assertThat(reader.next()).isEqualTo("c");
      reader.expectNothingYet();
    }
  }

  @Test
  void comeOnceEachWhileManyAreMade() {
    List<String> names = IntStream.range(0, 200).mapToObj(i -> "id-" + i).toList();
    try (StreamReader<String> early = StreamReader.of(queries.persistenceIds(), system)) {
      CompletableFuture<?>[] writers =
          IntStream.range(0, 4)
              .mapToObj(
                  w ->
                      CompletableFuture.runAsync(
                          () -> {
                            for (int i = w; i < names.size(); i += 4) {
                              journal.writeSamples(names.get(i), 1, 2);
                            }
                          }))
              .toArray(CompletableFuture<?>[]::new);
      List<String> seen = early.next(names.size());
      CompletableFuture.allOf(writers).join();
      assertThat(seen).containsExactlyInAnyOrderElementsOf(names);
      early.expectNothingYet();
      assertThat(StreamReader.all(queries.currentPersistenceIds(), system)).isEqualTo(seen);
    }
  }

  @Test
  void comeOnceEachAlsoIfAnotherActorSystemWritesThem() {
    ActorSystem other = ActorSystem.create("other", system.settings().config());
    try (StreamReader<String> reader = StreamReader.of(queries.persistenceIds(), system)) {
      journal.writeSamples("a", 1, 1);
      JournalForTest elsewhere = new JournalForTest(other, "");
      elsewhere.writeSamples("a", 2, 2);
      elsewhere.writeSamples("b", 1, 1);
      journal.writeSamples("b", 2, 2);
      assertThat(reader.next(2)).containsExactly("a", "b");
      reader.expectNothingYet();
    } finally {
      TestKit.shutdownActorSystem(other);
    }
  }

  @Test
  void scalaReadsTheSame() {
    journal.writeSamples("a", 1, 1);
    ScalaRedisReadJournal scala =
        (ScalaRedisReadJournal)
            PersistenceQuery.get(system).readJournalFor(RedisReadJournal.IDENTIFIER);
    assertThat(StreamReader.all(scala.currentPersistenceIds().asJava(), system))
        .containsExactly("a");
    try (StreamReader<String> reader = StreamReader.of(scala.persistenceIds().asJava(), system)) {
      assertThat(reader.next()).isEqualTo("a");
    }
  }
}
