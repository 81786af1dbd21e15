package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.persistence.redis.JournalForTest.together;

import akka.actor.ActorSystem;
import akka.persistence.journal.Tagged;
import akka.persistence.query.EventEnvelope;
import akka.persistence.query.Offset;
import akka.persistence.query.PersistenceQuery;
import akka.testkit.javadsl.TestKit;
import io.lettuce.core.Range;
import io.lettuce.core.XAddArgs;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the errors say about data that others have written or damaged. */
class UnreadableDataIT {

  private static final AtomicInteger ids = new AtomicInteger();
  private static final Keys keys = new Keys("beamhive");
  private static RedisServerForTest redis;
  private static ActorSystem system;
  private static JournalForTest journal;
  private static RedisReadJournal queries;

  private final String pid = "Notebook|" + ids.incrementAndGet();

  @BeforeAll
  static void start() {
    redis = RedisServerForTest.start();
    system =
        ActorSystem.create(
            "unreadable-data", redis.config(SampleSerializer.CONFIG, "akka.loglevel = OFF"));
    journal = new JournalForTest(system, "");
    queries =
        PersistenceQuery.get(system)
            .getReadJournalFor(RedisReadJournal.class, RedisReadJournal.IDENTIFIER);
  }

  @AfterAll
  static void stop() {
    TestKit.shutdownActorSystem(system);
    redis.close();
  }

  /** Ways in which event 3 of three, the last one, can't be read. */
  private enum Damage {
    FIELDS_OF_ANOTHER_PROGRAM {
      @Override
      Map<String, String> entry(Map<String, String> good) {
        return Map.of("temperature", "21.5", "unit", "C");
      }
    },
    UNKNOWN_SERIALIZER {
      @Override
      Map<String, String> entry(Map<String, String> good) {
        good.put("h", good.get("h").replaceFirst("^\\d+", "424242"));
        return good;
      }
    },
    UNKNOWN_MANIFEST {
      @Override
      Map<String, String> entry(Map<String, String> good) {
        good.put("h", good.get("h").replace(SampleSerializer.MANIFEST, "sample-9"));
        return good;
      }
    },
    DAMAGED_HEADER {
      @Override
      Map<String, String> entry(Map<String, String> good) {
        good.put("h", "");
        return good;
      }
    },
    NO_PAYLOAD {
      @Override
      Map<String, String> entry(Map<String, String> good) {
        good.remove("p");
        return good;
      }
    };

    abstract Map<String, String> entry(Map<String, String> good);
  }

  /** Stores three events, and the third one as it is after the damage. */
  private void storeThree(Damage damage) {
    journal.writeSamples(pid, 1, 2);
    String model = pid + "-model";
    journal.writePayloads(model, 1, new Sample("a-3"));
    redis.ask(
        commands -> {
          Map<String, String> good =
              commands.xrange(keys.events(model), Range.unbounded()).get(0).getBody();
          return commands.xadd(keys.events(pid), new XAddArgs().id("3-0"), damage.entry(good));
        });
  }

  private void isNamed(Throwable problem, Object sequenceNr) {
    assertThat(problem)
        .isInstanceOf(UnreadableException.class)
        .hasMessageContaining("Event " + sequenceNr + " of persistence id '" + pid + "'");
  }

  @ParameterizedTest
  @EnumSource(Damage.class)
  void recoveryAndQueryNameTheEvent(Damage damage) {
    storeThree(damage);
    isNamed(journal.failureOfReplaying(pid), 3);
    isNamed(
        StreamReader.failure(
            queries.currentEventsByPersistenceId(pid, 0, Long.MAX_VALUE).drop(2), system),
        3);
    isNamed(
        StreamReader.failure(queries.eventsByPersistenceId(pid, 0, Long.MAX_VALUE).drop(2), system),
        3);
  }

  @Test
  void whatComesBeforeCanBeReplayedAndAllCanBeDeleted() {
    storeThree(Damage.FIELDS_OF_ANOTHER_PROGRAM);
    assertThat(journal.replay(pid, 1, 2, 10).sequenceNrs()).containsExactly(1L, 2L);
    assertThat(
            StreamReader.all(
                queries.currentEventsByPersistenceId(pid, 1, 2).map(EventEnvelope::sequenceNr),
                system))
        .containsExactly(1L, 2L);
    journal.deleteTo(pid, 3);
    assertThat(journal.replay(pid).highest()).isEqualTo(3);
    journal.writeSamples(pid, 4, 4);
    assertThat(journal.replay(pid).sequenceNrs()).containsExactly(4L);
  }

  /** An id that Redis makes by itself looks like a high sequence number. */
  @Test
  void recoveryNamesAnEntryWithAnIdOfRedis() {
    journal.writeSamples(pid, 1, 2);
    String id =
        redis.ask(commands -> commands.xadd(keys.events(pid), Map.of("temperature", "21.5")));
    isNamed(journal.failureOfReplaying(pid), id.substring(0, id.indexOf('-')));
  }

  @Test
  void recoveryNamesAnEntryWithAnIdThatIsNoSequenceNumber() {
    journal.writeSamples(pid, 1, 2);
    redis.ask(
        commands -> commands.xadd(keys.events(pid), new XAddArgs().id("2-7"), Map.of("t", "21.5")));
    journal.writeSamples(pid, 3, 3);
    Throwable problem = journal.failureOfReplaying(pid);
    isNamed(problem, 2);
    assertThat(problem).hasMessageContaining("2-7");
  }

  @Test
  void queryByTagNamesTheEvent() {
    String tag = "tag-" + pid;
    ActorSystem other = ActorSystem.create("other", redis.config("akka.loglevel = OFF"));
    try {
      journal.writePayloads(pid, 1, new Tagged(new Sample("a"), Set.of(tag)));
      RedisReadJournal without =
          PersistenceQuery.get(other)
              .getReadJournalFor(RedisReadJournal.class, RedisReadJournal.IDENTIFIER);
      isNamed(StreamReader.failure(without.currentEventsByTag(tag, Offset.noOffset()), other), 1);
    } finally {
      TestKit.shutdownActorSystem(other);
    }
  }

  @Test
  void anotherKindOfValueUnderTheKeyIsNamed() {
    redis.ask(commands -> commands.set(keys.events(pid), "mine"));
    for (Throwable problem :
        List.of(
            journal.failureOfReplaying(pid),
            journal.failureOfWriting(together(journal.event(pid, 1, new Sample("a")))),
            StreamReader.failure(
                queries.currentEventsByPersistenceId(pid, 0, Long.MAX_VALUE), system))) {
      assertThat(problem)
          .isInstanceOf(RedisStoreException.class)
          .hasMessageContaining("WRONGTYPE")
          .hasMessageContaining("'" + pid + "'")
          .hasMessageContaining("127.0.0.1:" + redis.port());
    }
    String kept = redis.ask(commands -> commands.get(keys.events(pid)));
    assertThat(kept).isEqualTo("mine");
  }

  @Test
  void bytesThatAreCutOffAreNamed() {
    journal.writePayloads(pid, 1, new Notebook.Line("good"), new Notebook.Line("cut off"));
    redis.ask(
        commands -> {
          Map<String, String> good =
              commands.xrange(keys.events(pid), Range.unbounded()).get(1).getBody();
          good.put("p", good.get("p").substring(0, 5));
          return commands.xadd(keys.events(pid), new XAddArgs().id("3-0"), good);
        });
    isNamed(journal.failureOfReplaying(pid), 3);
    assertThat(journal.replay(pid, 1, 2, 10).payloads())
        .containsExactly(new Notebook.Line("good"), new Notebook.Line("cut off"));
  }

  @Test
  void whatOthersPutIntoTheListOfATagIsNamed() {
    String tag = "tag-" + pid;
    journal.writePayloads(pid, 1, new Tagged(new Sample("a"), Set.of(tag)));
    Keys.Index list = keys.tag(tag);
    redis.ask(commands -> commands.zadd(list.members(), 2, "garbage"));
    redis.ask(commands -> commands.set(list.end(), "2"));
    assertThat(
            StreamReader.failure(
                queries.currentEventsByTag(tag, Offset.noOffset()).drop(1), system))
        .hasMessageContaining(tag)
        .hasMessageContaining("garbage");
  }

  @Test
  void anotherKindOfValueInPlaceOfAListLetsTheWriteFailAsAWhole() {
    String tag = "tag-" + pid;
    Keys.Index list = keys.tag(tag);
    for (String key : List.of(list.members(), list.end())) {
      redis.ask(commands -> commands.set(key, "mine"));
      Throwable problem =
          journal.failureOfWriting(
              together(
                  journal.event(pid, 1, new Sample("a")),
                  journal.event(pid, 2, new Tagged(new Sample("b"), Set.of("good", tag)))));
      assertThat(problem).isInstanceOf(RedisStoreException.class).hasMessageContaining(pid);
      assertThat(journal.replay(pid).highest()).isZero();
      redis.ask(commands -> commands.del(key));
    }
    journal.writePayloads(pid, 1, new Tagged(new Sample("a"), Set.of(tag)));
    assertThat(
            StreamReader.all(
                queries.currentEventsByTag(tag, Offset.noOffset()).map(EventEnvelope::sequenceNr),
                system))
        .containsExactly(1L);
  }
}
