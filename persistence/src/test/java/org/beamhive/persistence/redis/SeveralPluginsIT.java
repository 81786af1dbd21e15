package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.beamhive.persistence.redis.JournalForTest.together;

import akka.actor.ActorSystem;
import akka.persistence.SelectedSnapshot;
import akka.persistence.SnapshotSelectionCriteria;
import akka.persistence.journal.Tagged;
import akka.persistence.query.EventEnvelope;
import akka.persistence.query.Offset;
import akka.persistence.query.PersistenceQuery;
import akka.testkit.javadsl.TestKit;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The plugin under several ids in one actor system, configured in each way that there is. */
class SeveralPluginsIT {

  private static final String FIRST = "beamhive.persistence.redis";

  /** The whole section copied, one at the top and one deeper; single sections; another Redis. */
  private static final String SEVERAL =
      """
      second = ${beamhive.persistence.redis} {
        key-prefix = second
        max-payload-bytes = 100
        query.write-plugin = second.journal
      }
      deep.down.third = ${beamhive.persistence.redis} {
        key-prefix = third
        query.write-plugin = deep.down.third.journal
      }
      alone {
        journal = ${beamhive.persistence.redis.journal} { key-prefix = alone }
        snapshot = ${beamhive.persistence.redis.snapshot} { key-prefix = alone }
        query = ${beamhive.persistence.redis.query} {
          key-prefix = alone
          write-plugin = alone.journal
        }
      }
      other-journal = ${beamhive.persistence.redis.journal} {
        key-prefix = x
        replay-page = 2
        max-payload-bytes = 50
      }
      other-query = ${beamhive.persistence.redis.query} {
        key-prefix = x
        write-plugin = other-journal
      }
      elsewhere = ${beamhive.persistence.redis} { query.write-plugin = elsewhere.journal }
      """;

  private static RedisServerForTest redis;
  private static RedisServerForTest otherRedis;
  private static ActorSystem system;

  @BeforeAll
  static void start() {
    redis = RedisServerForTest.start();
    otherRedis = RedisServerForTest.start();
    system =
        ActorSystem.create(
            "several-plugins",
            redis
                .config(
                    SampleSerializer.CONFIG,
                    SEVERAL,
                    "elsewhere.url = \"" + otherRedis.url() + "\"")
                .resolve());
  }

  @AfterAll
  static void stop() {
    TestKit.shutdownActorSystem(system);
    redis.close();
    otherRedis.close();
  }

  private static JournalForTest journal(String section) {
    return new JournalForTest(system, section);
  }

  private static RedisReadJournal queries(String section) {
    return PersistenceQuery.get(system).getReadJournalFor(RedisReadJournal.class, section);
  }

  private static List<Object> events(String section, String pid) {
    return StreamReader.all(
        queries(section)
            .currentEventsByPersistenceId(pid, 0, Long.MAX_VALUE)
            .map(EventEnvelope::event),
        system);
  }

  @Test
  void journalsUnderSeveralIdsDoNotMix() {
    List<String> ids = List.of(FIRST, "second", "deep.down.third", "alone", "elsewhere");
    for (String id : ids) {
      journal(id + ".journal")
          .writePayloads("same", 1, new Tagged(new Sample("of " + id), Set.of("green")));
    }
    journal("second.journal").writeSamples("same", 2, 3);
    for (String id : ids) {
      assertThat(journal(id + ".journal").replay("same").payloads())
          .startsWith(new Sample("of " + id))
          .hasSize(id.equals("second") ? 3 : 1);
      assertThat(events(id + ".query", "same"))
          .startsWith(new Sample("of " + id))
          .hasSize(id.equals("second") ? 3 : 1);
      assertThat(
              StreamReader.all(
                  queries(id + ".query")
                      .currentEventsByTag("green", Offset.noOffset())
                      .map(EventEnvelope::event),
                  system))
          .containsExactly(new Sample("of " + id));
    }
    journal("second.journal").deleteTo("same", 3);
    assertThat(journal("second.journal").replay("same").events()).isEmpty();
    assertThat(journal("alone.journal").replay("same").events()).hasSize(1);
  }

  @Test
  void persistenceIdsUnderSeveralIdsDoNotMix() {
    journal("deep.down.third.journal").writeSamples("only third", 1, 1);
    journal("alone.journal").writeSamples("only alone", 1, 1);
    assertThat(StreamReader.all(queries("deep.down.third.query").currentPersistenceIds(), system))
        .contains("only third")
        .doesNotContain("only alone");
    assertThat(StreamReader.all(queries("alone.query").currentPersistenceIds(), system))
        .contains("only alone")
        .doesNotContain("only third");
  }

  @Test
  void snapshotStoresUnderSeveralIdsDoNotMix() {
    List<String> ids = List.of(FIRST, "second", "deep.down.third", "alone", "elsewhere");
    for (String id : ids) {
      new SnapshotsForTest(system, id + ".snapshot").save("same", 1, new Sample("of " + id));
    }
    SnapshotSelectionCriteria latest = SnapshotSelectionCriteria.latest();
    new SnapshotsForTest(system, "second.snapshot").delete("same", latest);
    for (String id : ids) {
      Optional<Object> found =
          new SnapshotsForTest(system, id + ".snapshot")
              .load("same", latest)
              .map(SelectedSnapshot::snapshot);
      assertThat(found)
          .isEqualTo(id.equals("second") ? Optional.empty() : Optional.of(new Sample("of " + id)));
    }
  }

  @Test
  void oneSectionAloneIsEnough() {
    journal("other-journal").writeSamples("other", 1, 5);
    assertThat(journal("other-journal").replay("other").sequenceNrs()).hasSize(5);
    assertThat(events("other-query", "other")).hasSize(5);
    assertThat(journal(FIRST + ".journal").replay("other").events()).isEmpty();
    String key = new Keys("x").events("other");
    assertThat(redis.ask(commands -> commands.exists(key)).longValue()).isEqualTo(1);
  }

  @Test
  void liveQueriesUnderSeveralIdsAreToldOfTheirOwn() {
    try (StreamReader<Object> second =
            StreamReader.of(
                queries("second.query")
                    .eventsByPersistenceId("live", 0, Long.MAX_VALUE)
                    .map(EventEnvelope::event),
                system);
        StreamReader<Object> elsewhere =
            StreamReader.of(
                queries("elsewhere.query")
                    .eventsByPersistenceId("live", 0, Long.MAX_VALUE)
                    .map(EventEnvelope::event),
                system)) {
      journal(FIRST + ".journal").writePayloads("live", 1, "first");
      journal("second.journal").writePayloads("live", 1, "second");
      assertThat(second.next()).isEqualTo("second");
      elsewhere.expectNothingYet();
      journal("elsewhere.journal").writePayloads("live", 1, "elsewhere");
      assertThat(elsewhere.next()).isEqualTo("elsewhere");
      second.expectNothingYet();
    }
  }

  /** A setting in the plugin's own section, one in the section around it, and one in ours. */
  @Test
  void limitsAreThoseOfTheNearestSection() {
    String text = "x".repeat(120);
    assertThat(
            journal("second.journal")
                .write(together(journal("second.journal").event("limits", 1, text)))
                .get(0)
                .rejection())
        .hasMessageContaining("120 bytes, more than the 100 allowed by second.max-payload-bytes");
    assertThat(
            journal("other-journal")
                .write(together(journal("other-journal").event("limits", 1, text)))
                .get(0)
                .rejection())
        .hasMessageContaining("120 bytes, more than the 50 allowed by other-journal.max-payload");
    journal("deep.down.third.journal").writePayloads("limits", 1, text);
  }

  /** What is wrong sits in the section named first. */
  @ParameterizedTest(name = "{0} = {1} for {2}")
  @CsvSource({
    "second.replay-page, 0, second.query",
    "second.query.replay-page, 0, second.query",
    "second.key-prefix, '', second.query",
    "second.query.refresh-interval, 0s, second.query",
    "deep.down.third.call-timeout, 31m, deep.down.third.query",
    "other-query.max-batch-bytes, 0, other-query",
    "other-query.url, nonsense, other-query",
    "beamhive.persistence.redis.replay-page, 0, beamhive.persistence.redis.query",
    "beamhive.persistence.redis.query.refresh-interval, 0s, beamhive.persistence.redis.query"
  })
  void aWrongSettingIsNamedByItsOwnPath(String key, String value, String pluginId) {
    Config config =
        ConfigFactory.parseString(key + " = \"" + value + "\"\nakka.loglevel = OFF")
            .withFallback(redis.config(SEVERAL).resolve());
    ActorSystem wrong = ActorSystem.create("wrong", config);
    try {
      assertThatThrownBy(
              () -> PersistenceQuery.get(wrong).getReadJournalFor(RedisReadJournal.class, pluginId))
          .hasStackTraceContaining(key + " ");
    } finally {
      TestKit.shutdownActorSystem(wrong);
    }
  }
}
