package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.persistence.redis.OpenStore.await;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.AskPattern;
import akka.persistence.query.EventEnvelope;
import akka.persistence.query.PersistenceQuery;
import akka.stream.javadsl.Sink;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Two actor systems that don't know of each other, as after a split brain, have the same persistent
 * actors: Redis takes each number from one of them, and the other is told and begins anew from what
 * is stored.
 */
class TwoWritersIT {

  private static final int IDS = 4;

  /** So long that the loser has a chance to be first with the next number. */
  private static final Duration PAUSE = Duration.ofMillis(200);

  private RedisServerForTest redis;
  private LoggedFailures failures;
  private Node left;
  private Node right;

  @BeforeEach
  void start() {
    redis = RedisServerForTest.start();
    failures = new LoggedFailures(Ledger.LOGGER);
    left = new Node("left");
    right = new Node("right");
  }

  @AfterEach
  void stop() {
    left.kit.shutdownTestKit();
    right.kit.shutdownTestKit();
    failures.close();
    redis.close();
  }

  /** One side. */
  private final class Node {
    private final String name;
    private final ActorTestKit kit;
    private final List<ActorRef<Ledger.Command>> ledgers = new ArrayList<>();
    private final List<List<LedgerClient>> clients = new ArrayList<>();

    Node(String name) {
      this.name = name;
      // Akka's circuit breaker takes ten refusals in a row for an outage.
      this.kit =
          ActorTestKit.create(
              name,
              redis.config(
                  "beamhive.persistence.redis.journal.circuit-breaker.reset-timeout = 100ms"));
      for (int i = 0; i < IDS; i++) {
        ledgers.add(kit.spawn(Ledger.create(id(i), i % 2 == 0 ? 0 : 10)));
        clients.add(new ArrayList<>());
      }
    }

    void startWriting() {
      for (int i = 0; i < IDS; i++) {
        client(i, "text", i < IDS / 2).start();
      }
    }

    private LedgerClient client(int ledger, String text, boolean careful) {
      LedgerClient client =
          new LedgerClient(
              name + "-" + text,
              kit.system(),
              ledgers.get(ledger),
              careful,
              PAUSE,
              ledger + name.length());
      clients.get(ledger).add(client);
      return client;
    }

    boolean hasStored(int writes) {
      return clients.stream().flatMap(List::stream).allMatch(c -> c.stored() >= writes);
    }

    int failed() {
      return clients.stream().flatMap(List::stream).mapToInt(LedgerClient::failed).sum();
    }

    void stopWriting() throws Exception {
      for (List<LedgerClient> ofOne : clients) {
        for (LedgerClient client : ofOne) {
          await(client.stop());
        }
      }
    }

    /** By this an actor that has been overtaken finds out, so that it must know all afterwards. */
    void writeOnce(int ledger, String text) throws Exception {
      await(client(ledger, text, true).start().stop());
    }

    List<String> read(int ledger) throws Exception {
      return await(
              AskPattern.<Ledger.Command, Ledger.Entries>ask(
                  ledgers.get(ledger), Ledger.Read::new, Duration.ofSeconds(30), kit.scheduler()))
          .texts();
    }

    List<EventEnvelope> journal(int ledger) throws Exception {
      return await(
          PersistenceQuery.get(kit.system())
              .getReadJournalFor(RedisReadJournal.class, RedisReadJournal.IDENTIFIER)
              .currentEventsByPersistenceId(id(ledger), 0, Long.MAX_VALUE)
              .runWith(Sink.seq(), kit.system()));
    }
  }

  private static String id(int ledger) {
    return "ledger-" + ledger;
  }

  @Test
  void redisTakesEachNumberFromOneOfThem() throws Exception {
    left.startWriting();
    right.startWriting();
    LedgerLoad.until(
        "both sides have written to each ledger", () -> left.hasStored(6) && right.hasStored(6));
    left.stopWriting();
    right.stopWriting();
    for (int i = 0; i < IDS; i++) {
      left.writeOnce(i, "last");
      right.writeOnce(i, "very last");
      assertThat(right.read(i)).isEqualTo(checked(i));
      left.writeOnce(i, "last of all");
      assertThat(left.read(i)).isEqualTo(checked(i));
    }
    assertThat(left.failed()).isPositive();
    assertThat(right.failed()).isPositive();
    checkFailures();
  }

  private List<String> checked(int ledger) throws Exception {
    List<LedgerClient> clients = new ArrayList<>(left.clients.get(ledger));
    clients.addAll(right.clients.get(ledger));
    return LedgerLoad.check(id(ledger), clients, left.journal(ledger));
  }

  /** Each loser was told whose and which number it has lost. */
  private void checkFailures() {
    Pattern taken =
        Pattern.compile(
            "sequence number \\[(\\d+)] for persistenceId \\[(ledger-\\d)](?s:.*)"
                + "SequenceNumberTakenException: Events of persistence id '\\2' from sequence"
                + " number \\1 on were refused: another writer has gone on to \\d+");
    List<String> lost =
        failures.texts().stream()
            .filter(text -> text.contains("Failed to persist"))
            .filter(text -> !text.contains("CircuitBreakerOpenException"))
            .toList();
    assertThat(lost).isNotEmpty().allSatisfy(text -> assertThat(text).containsPattern(taken));
    for (int i = 0; i < IDS; i++) {
      String id = id(i);
      assertThat(lost).anySatisfy(text -> assertThat(text).contains("'" + id + "'"));
    }
  }
}
