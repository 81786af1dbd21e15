package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.ActorSystem;
import akka.persistence.journal.Tagged;
import akka.persistence.query.EventEnvelope;
import akka.persistence.query.Offset;
import akka.persistence.query.PersistenceQuery;
import akka.testkit.javadsl.TestKit;
import io.lettuce.core.AclSetuserArgs;
import io.lettuce.core.KillArgs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Live queries when Redis or its connections break, and when nobody reads them any more. */
class LiveQueryIT {

  private static final long ALL = Long.MAX_VALUE;
  private static final String TAG = "green";

  private RedisServerForTest redis;
  private ActorSystem system;
  private JournalForTest journal;
  private RedisReadJournal queries;

  @BeforeEach
  void start() {
    redis = RedisServerForTest.start("--appendonly", "yes", "--appendfsync", "always");
  }

  /**
   * @param refresh how often a query looks for news that it wasn't told of
   */
  private void startReading(String refresh) {
    system =
        ActorSystem.create(
            "live-query",
            redis.config(
                SampleSerializer.CONFIG,
                "beamhive.persistence.redis.replay-page = 10",
                "beamhive.persistence.redis.query.refresh-interval = " + refresh));
    journal = new JournalForTest(system, "");
    queries =
        PersistenceQuery.get(system)
            .getReadJournalFor(RedisReadJournal.class, RedisReadJournal.IDENTIFIER);
  }

  @AfterEach
  void stop() {
    TestKit.shutdownActorSystem(system);
    redis.close();
  }

  private void write(String persistenceId, long sequenceNr) {
    journal.writePayloads(
        persistenceId, sequenceNr, new Tagged(new Sample("a-" + sequenceNr), Set.of(TAG)));
  }

  private StreamReader<Long> events(String persistenceId) {
    return StreamReader.of(
        queries.eventsByPersistenceId(persistenceId, 0, ALL).map(EventEnvelope::sequenceNr),
        system);
  }

  private StreamReader<Long> tagged() {
    return StreamReader.of(
        queries
            .eventsByTag(TAG, Offset.noOffset())
            .filter(event -> event.persistenceId().equals("a"))
            .map(EventEnvelope::sequenceNr),
        system);
  }

  /** Channels to which somebody listens. */
  private int listeners() {
    return redis.ask(commands -> commands.pubsubChannels().size());
  }

  /** The writers go on while Redis is away: their calls wait. */
  @Test
  void missNothingAndRepeatNothingWhenRedisIsKilled() {
    startReading("30 minutes");
    int ids = 40;
    long last = 200;
    try (StreamReader<Long> events = events("a");
        StreamReader<Long> tagged = tagged();
        StreamReader<String> names = StreamReader.of(queries.persistenceIds(), system)) {
      AtomicInteger written = new AtomicInteger();
      CompletableFuture<Void> writer =
          CompletableFuture.runAsync(
              () -> {
                for (int n = 1; n <= last; n++) {
                  write("a", n);
                  if (n % (last / ids) == 0) {
                    write("id-" + n, 1);
                  }
                  written.set(n);
                }
              });
      for (int killAt : new int[] {50, 130}) {
        Eventually.is(() -> written.get() >= killAt, () -> "events are written");
        redis.kill();
        redis.startAgain();
      }
      List<Long> all = LongStream.rangeClosed(1, last).boxed().toList();
      assertThat(events.next((int) last)).isEqualTo(all);
      assertThat(tagged.next((int) last)).isEqualTo(all);
      List<String> allNames = new ArrayList<>(List.of("a"));
      IntStream.rangeClosed(1, ids).forEach(i -> allNames.add("id-" + i * (last / ids)));
      assertThat(names.next(ids + 1)).isEqualTo(allNames);
      writer.join();
      events.expectNothingYet();
      tagged.expectNothingYet();
      names.expectNothingYet();
    }
  }

  @Test
  void areToldAgainWhenTheirConnectionWasCut() {
    startReading("30 minutes");
    try (StreamReader<Long> events = events("a");
        StreamReader<Long> tagged = tagged()) {
      long next = 1;
      for (int i = 0; i < 5; i++) {
        write("a", next);
        assertThat(events.next()).isEqualTo(next);
        assertThat(tagged.next()).isEqualTo(next);
        Eventually.is(() -> listeners() == 2, () -> "both listen");
        long killed = redis.ask(commands -> commands.clientKill(KillArgs.Builder.typePubsub()));
        assertThat(killed).isEqualTo(1);
        // Written while nobody listens, perhaps.
        write("a", next + 1);
        assertThat(events.next()).isEqualTo(next + 1);
        assertThat(tagged.next()).isEqualTo(next + 1);
        next += 2;
      }
      events.expectNothingYet();
      tagged.expectNothingYet();
    }
  }

  /** As if every message was lost. */
  @Test
  void lookForThemselvesFromTimeToTime() {
    startReading("50ms");
    try (StreamReader<Long> events = events("a");
        StreamReader<Long> tagged = tagged();
        StreamReader<String> names = StreamReader.of(queries.persistenceIds(), system)) {
      Eventually.is(() -> listeners() == 3, () -> "all listen");
      redis.ask(commands -> commands.aclSetuser("default", noChannels()));
      redis.ask(commands -> commands.clientKill(KillArgs.Builder.typePubsub()));
      Eventually.is(() -> listeners() == 0, () -> "nobody listens");
      write("a", 1);
      assertThat(events.next()).isEqualTo(1);
      assertThat(tagged.next()).isEqualTo(1);
      assertThat(names.next()).isEqualTo("a");
      assertThat(listeners()).isZero();
    }
  }

  private static AclSetuserArgs noChannels() {
    return AclSetuserArgs.Builder.resetChannels();
  }

  @Test
  void listenNoMoreWhenTheyAreCancelled() {
    startReading("30 minutes");
    write("a", 1);
    List<StreamReader<?>> readers =
        List.of(
            events("a"),
            events("a"),
            events("nobody"),
            tagged(),
            StreamReader.of(queries.persistenceIds(), system));
    Eventually.is(() -> listeners() == 4, () -> "all listen");
    readers.get(0).cancel();
    readers.get(3).cancel();
    Eventually.is(() -> listeners() == 3, () -> "three channels are left");
    readers.forEach(StreamReader::cancel);
    Eventually.is(() -> listeners() == 0, () -> "nobody listens");

    try (StreamReader<Long> again = events("a")) {
      assertThat(again.next()).isEqualTo(1);
      write("a", 2);
      assertThat(again.next()).isEqualTo(2);
    }
    Eventually.is(() -> listeners() == 0, () -> "nobody listens");
  }

  @Test
  void listenNoMoreWhenTheyHaveComeToTheirEnd() {
    startReading("30 minutes");
    write("a", 1);
    StreamReader<Long> reader =
        StreamReader.of(
            queries.eventsByPersistenceId("a", 0, 2).map(EventEnvelope::sequenceNr), system);
    assertThat(reader.next()).isEqualTo(1);
    Eventually.is(() -> listeners() == 1, () -> "it listens");
    write("a", 2);
    assertThat(reader.rest()).containsExactly(2L);
    Eventually.is(() -> listeners() == 0, () -> "nobody listens");
  }

  @Test
  void listenNoMoreWhenTheyFail() {
    startReading("30 minutes");
    StreamReader<Long> reader = events("a");
    Eventually.is(() -> listeners() == 1, () -> "it listens");
    redis.ask(commands -> commands.xadd(new Keys("beamhive").events("a"), Map.of("not", "ours")));
    write("b", 1);
    redis.ask(commands -> commands.publish(new Keys("beamhive").events("a"), "1"));
    assertThat(reader.failure()).isInstanceOf(UnreadableException.class);
    Eventually.is(() -> listeners() == 0, () -> "nobody listens");
  }

  @Test
  void doNotHinderTheEndOfTheActorSystem() {
    startReading("20ms");
    write("a", 1);
    StreamReader<Long> events = events("a");
    StreamReader<Long> tagged = tagged();
    events.next();
    tagged.next();
    StreamReader.of(queries.persistenceIds(), system);
    TestKit.shutdownActorSystem(system, true);
    long clients =
        redis.ask(commands -> commands.clientList().lines().filter(l -> !l.isBlank()).count());
    assertThat(clients).isEqualTo(1);
  }

  @Test
  void lookNoMoreWhenTheyAreCancelled() {
    startReading("20ms");
    write("a", 1);
    for (Function<LiveQueryIT, StreamReader<?>> query :
        List.<Function<LiveQueryIT, StreamReader<?>>>of(
            test -> test.events("a"),
            test -> test.events("nobody"),
            LiveQueryIT::tagged,
            test -> StreamReader.of(test.queries.persistenceIds(), test.system))) {
      StreamReader<?> reader = query.apply(this);
      Eventually.is(() -> listeners() == 1, () -> "it listens");
      long looks = looks();
      Eventually.is(() -> looks() > looks + 3, () -> "it looks");
      reader.cancel();
      Eventually.is(() -> listeners() == 0, () -> "it listens no more");
      Eventually.stays(this::looks, Duration.ofMillis(200));
    }
  }

  /** Asks for the end of a stream and for that of a list. */
  private long looks() {
    return redis.calls("evalsha") + redis.calls("get");
  }
}
