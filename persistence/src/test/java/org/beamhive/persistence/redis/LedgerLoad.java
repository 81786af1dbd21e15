package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.persistence.redis.OpenStore.await;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.AskPattern;
import akka.persistence.query.EventEnvelope;
import akka.persistence.query.Offset;
import akka.persistence.query.PersistenceQuery;
import akka.stream.javadsl.Sink;
import com.typesafe.config.Config;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** An actor system with many ledgers, each with a client that writes to it without end. */
final class LedgerLoad implements AutoCloseable {

  private static final Duration DEADLINE = Duration.ofSeconds(60);
  private static final Duration PAUSE = Duration.ofMillis(40);

  /** A ledger and who writes to it; of every four one is of each kind. */
  private record Written(String id, int snapshotEvery, LedgerClient client) {}

  private final ActorTestKit kit;
  private final List<Written> ledgers = new ArrayList<>();

  private LedgerLoad(ActorTestKit kit) {
    this.kit = kit;
  }

  /** Starts and waits until every ledger is written to; every second client is a careful one. */
  static LedgerLoad start(Config config, int ledgers, long seed) {
    return start(config, ledgers, seed, client -> client % 2 == 0);
  }

  /** As {@link #start(Config, int, long)}, with careful clients only. */
  static LedgerLoad startCareful(Config config, int ledgers, long seed) {
    return start(config, ledgers, seed, client -> true);
  }

  private static LedgerLoad start(Config config, int ledgers, long seed, IntPredicate careful) {
    LedgerLoad load = new LedgerLoad(ActorTestKit.create("load", config));
    for (int i = 0; i < ledgers; i++) {
      String id = "ledger-" + i;
      int snapshotEvery = i % 4 < 2 ? 0 : 20;
      ActorRef<Ledger.Command> ledger = load.kit.spawn(Ledger.create(id, snapshotEvery));
      LedgerClient client =
          new LedgerClient("text", load.kit.system(), ledger, careful.test(i), PAUSE, seed + i);
      load.ledgers.add(new Written(id, snapshotEvery, client.start()));
    }
    load.awaitMore(3);
    return load;
  }

  /** Waits until each client has written so much more. */
  void awaitMore(int writes) {
    Map<Written, Integer> before =
        ledgers.stream().collect(Collectors.toMap(l -> l, l -> l.client.stored()));
    until(
        "each client has stored " + writes + " more",
        () -> ledgers.stream().allMatch(l -> l.client.stored() >= before.get(l) + writes));
  }

  static void until(String what, BooleanSupplier condition) {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - start)
          .as("Nanoseconds until " + what)
          .isLessThan(DEADLINE.toNanos());
      LockSupport.parkNanos(5_000_000);
    }
  }

  int failed() {
    return ledgers.stream().mapToInt(l -> l.client.failed()).sum();
  }

  int found() {
    return ledgers.stream().mapToInt(l -> l.client.found()).sum();
  }

  Duration longestFailure() {
    return ledgers.stream()
        .map(l -> l.client.longestFailure())
        .max(Duration::compareTo)
        .orElseThrow();
  }

  /**
   * Ends the load and compares, in a new actor system, what the clients know with what the journal,
   * the list of the tag and recovered actors hold.
   *
   * @param config leads straight to Redis
   */
  void stopAndCheck(Config config) throws Exception {
    for (Written written : ledgers) {
      await(written.client.stop());
    }
    kit.shutdownTestKit();
    ActorTestKit fresh = ActorTestKit.create("check", config);
    try {
      RedisReadJournal journal =
          PersistenceQuery.get(fresh.system())
              .getReadJournalFor(RedisReadJournal.class, RedisReadJournal.IDENTIFIER);
      Map<String, List<EventEnvelope>> tagged =
          await(
                  journal
                      .currentEventsByTag(Ledger.TAG, Offset.noOffset())
                      .runWith(Sink.seq(), fresh.system()))
              .stream()
              .collect(Collectors.groupingBy(EventEnvelope::persistenceId));
      for (Written written : ledgers) {
        List<EventEnvelope> events =
            await(
                journal
                    .currentEventsByPersistenceId(written.id, 0, Long.MAX_VALUE)
                    .runWith(Sink.seq(), fresh.system()));
        List<String> texts = check(written.id, List.of(written.client), events);
        assertThat(tagged.get(written.id)).as(written.id + " by tag").hasSameSizeAs(events);
        check(written.id, List.of(written.client), tagged.get(written.id));
        assertThat(recovered(fresh, written)).as(written.id + " recovered").isEqualTo(texts);
      }
    } finally {
      fresh.shutdownTestKit();
    }
  }

  private static List<String> recovered(ActorTestKit fresh, Written written) throws Exception {
    ActorRef<Ledger.Command> ledger = fresh.spawn(Ledger.create(written.id, written.snapshotEvery));
    return await(
            AskPattern.<Ledger.Command, Ledger.Entries>ask(
                ledger, Ledger.Read::new, DEADLINE, fresh.scheduler()))
        .texts();
  }

  /**
   * Each number once; everything acknowledged once and in its order; nothing twice, and nothing
   * that nobody has written.
   */
  static List<String> check(String id, List<LedgerClient> clients, List<EventEnvelope> events) {
    assertThat(events)
        .as(id)
        .extracting(EventEnvelope::sequenceNr)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, events.size()).boxed().toList());
    List<String> texts =
        events.stream().map(envelope -> ((Ledger.Entry) envelope.event()).text()).toList();
    assertThat(texts).as(id).doesNotHaveDuplicates();
    List<String> known = new ArrayList<>();
    for (LedgerClient client : clients) {
      assertThat(texts).as(id).containsSubsequence(client.acknowledged());
      known.addAll(client.acknowledged());
      known.addAll(client.doubtful());
    }
    assertThat(known).as(id).containsAll(texts);
    return texts;
  }

  @Override
  public void close() {
    kit.shutdownTestKit();
  }
}
