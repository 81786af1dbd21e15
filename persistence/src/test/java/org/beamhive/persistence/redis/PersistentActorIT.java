package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.LoggingTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The plugin under real persistent actors. */
class PersistentActorIT {

  private static final Duration LONG = Duration.ofSeconds(60);

  private static <T> T await(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private static CompletionStage<Done> write(
      ActorTestKit kit, ActorRef<Notebook.Command> book, String text, int copies) {
    return AskPattern.ask(
        book, replyTo -> new Notebook.Write(text, copies, replyTo), LONG, kit.scheduler());
  }

  private static List<String> read(ActorTestKit kit, ActorRef<Notebook.Command> book)
      throws Exception {
    CompletionStage<Notebook.Lines> lines =
        AskPattern.ask(book, Notebook.Read::new, LONG, kit.scheduler());
    return await(lines).texts();
  }

  private static ActorTestKit kit(Config config) {
    return ActorTestKit.create("persistent-actor", config);
  }

  private static List<String> readAfterRestart(Config config, String name) throws Exception {
    ActorTestKit kit = kit(config);
    try {
      return read(kit, kit.spawn(Notebook.create(name)));
    } finally {
      kit.shutdownTestKit();
    }
  }

  @Test
  void survivesARestartOfTheActorSystem() throws Exception {
    try (RedisServerForTest redis = RedisServerForTest.start()) {
      ActorTestKit kit = kit(redis.config());
      await(write(kit, kit.spawn(Notebook.create("a")), "x", 3));
      kit.shutdownTestKit();
      assertThat(readAfterRestart(redis.config(), "a")).containsExactly("x.0", "x.1", "x.2");
    }
  }

  @Test
  void recoversFromASnapshotAfterItsEventsAreDeleted() throws Exception {
    try (RedisServerForTest redis = RedisServerForTest.start()) {
      ActorTestKit kit = kit(redis.config());
      ActorRef<Notebook.Command> book = kit.spawn(Notebook.withSnapshots("a"));
      for (int i = 0; i < 12; i++) {
        await(write(kit, book, Integer.toString(i), 1));
      }
      kit.shutdownTestKit();
      List<String> all = IntStream.range(0, 12).mapToObj(i -> i + ".0").toList();
      assertThat(readAfterRestart(redis.config(), "a")).isEqualTo(all);
    }
  }

  @Test
  void keepsEveryAcknowledgedEventOnceWhileRedisIsKilledAndStartedAgain() throws Exception {
    int writes = 300;
    int copies = 10;
    try (RedisServerForTest redis =
        RedisServerForTest.start("--appendonly", "yes", "--appendfsync", "always")) {
      ActorTestKit kit = kit(redis.config());
      ActorRef<Notebook.Command> book = kit.spawn(Notebook.create("a"));
      CountDownLatch firstKill = new CountDownLatch(40);
      CountDownLatch secondKill = new CountDownLatch(150);
      List<CompletableFuture<Done>> acknowledged = new ArrayList<>();
      for (int i = 0; i < writes; i++) {
        acknowledged.add(
            write(kit, book, Integer.toString(i), copies)
                .whenComplete(
                    (done, problem) -> {
                      firstKill.countDown();
                      secondKill.countDown();
                    })
                .toCompletableFuture());
      }
      for (CountDownLatch latch : List.of(firstKill, secondKill)) {
        assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        redis.kill();
        redis.startAgain();
      }
      await(CompletableFuture.allOf(acknowledged.toArray(new CompletableFuture<?>[0])));
      kit.shutdownTestKit();

      List<String> all =
          IntStream.range(0, writes * copies).mapToObj(n -> n / copies + "." + n % copies).toList();
      assertThat(readAfterRestart(redis.config(), "a")).isEqualTo(all);
    }
  }

  @Test
  void replaysPageByPage() throws Exception {
    try (RedisServerForTest redis = RedisServerForTest.start()) {
      Config config = redis.config("beamhive.persistence.redis.replay-page = 4");
      ActorTestKit kit = kit(config);
      await(write(kit, kit.spawn(Notebook.create("a")), "x", 12));
      await(write(kit, kit.spawn(Notebook.create("b")), "x", 13));
      kit.shutdownTestKit();
      assertThat(readAfterRestart(config, "a")).hasSize(12).endsWith("x.11");
      assertThat(readAfterRestart(config, "b")).hasSize(13).endsWith("x.12");
    }
  }

  @Test
  void queriesPageByPage() throws Exception {
    try (RedisServerForTest redis = RedisServerForTest.start()) {
      ActorTestKit kit = kit(redis.config("beamhive.persistence.redis.replay-page = 4"));
      try {
        for (String name : List.of("c", "a", "b", "d", "e")) {
          await(write(kit, kit.spawn(Notebook.create(name)), "x", 10));
        }
        RedisReadJournal journal =
            PersistenceQuery.get(kit.system())
                .getReadJournalFor(RedisReadJournal.class, RedisReadJournal.IDENTIFIER);
        assertThat(await(journal.currentPersistenceIds().runWith(Sink.seq(), kit.system())))
            .containsExactly("Notebook|c", "Notebook|a", "Notebook|b", "Notebook|d", "Notebook|e");
        List<EventEnvelope> events =
            await(
                journal
                    .currentEventsByPersistenceId("Notebook|a", 2, 9)
                    .runWith(Sink.seq(), kit.system()));
        assertThat(events)
            .extracting(EventEnvelope::sequenceNr)
            .containsExactly(2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
        assertThat(events.get(0).event()).isEqualTo(new Notebook.Line("x.1"));
        assertThat(events.get(0).offset()).isEqualTo(Offset.sequence(2));
        assertThat(events.get(0).timestamp()).isPositive();
        assertThat(
                await(
                    journal
                        .currentEventsByPersistenceId("nobody", 0, Long.MAX_VALUE)
                        .runWith(Sink.seq(), kit.system())))
            .isEmpty();
        ScalaRedisReadJournal scala =
            (ScalaRedisReadJournal)
                PersistenceQuery.get(kit.system()).readJournalFor(RedisReadJournal.IDENTIFIER);
        assertThat(
                await(
                    scala
                        .currentEventsByPersistenceId("Notebook|b", 0, Long.MAX_VALUE)
                        .asJava()
                        .runWith(Sink.seq(), kit.system())))
            .hasSize(10);
      } finally {
        kit.shutdownTestKit();
      }
    }
  }

  @Test
  void rejectsAnEventThatIsTooLarge() throws Exception {
    try (RedisServerForTest redis = RedisServerForTest.start()) {
      ActorTestKit kit = kit(redis.config("beamhive.persistence.redis.max-payload-bytes = 1000"));
      try {
        ActorRef<Notebook.Command> book = kit.spawn(Notebook.create("a"));
        await(write(kit, book, "x", 1));
        TestProbe<Done> nobody = kit.createTestProbe(Done.class);
        LoggingTestKit.empty()
            .withCustom(
                event ->
                    event.getThrowable().isPresent()
                        && causes(event.getThrowable().get())
                            .contains("beamhive.persistence.redis.max-payload-bytes"))
            .expect(
                kit.system(),
                () -> {
                  book.tell(new Notebook.Write("y".repeat(2000), 1, nobody.ref()));
                  return null;
                });
        nobody.expectTerminated(book);
        ActorRef<Notebook.Command> again = kit.spawn(Notebook.create("a"));
        await(write(kit, again, "z", 1));
        assertThat(read(kit, again)).containsExactly("x.0", "z.0");
      } finally {
        kit.shutdownTestKit();
      }
    }
  }

  @Test
  void actorFailsWithTheAddressWhenRedisIsNotThere() {
    int port = RedisProcess.freePort();
    try (RedisServerForTest other = RedisServerForTest.start()) {
      ActorTestKit kit =
          kit(
              other.config(
                  "beamhive.persistence.redis.url = \"redis://127.0.0.1:%d\"".formatted(port),
                  "beamhive.persistence.redis.connect-timeout = 300ms"));
      try {
        LoggingTestKit.empty()
            .withCustom(
                event ->
                    event.getThrowable().isPresent()
                        && causes(event.getThrowable().get())
                            .contains("Redis at 127.0.0.1:" + port + " can't be reached"))
            .expect(kit.system(), () -> kit.spawn(Notebook.create("a")));
      } finally {
        kit.shutdownTestKit();
      }
    }
  }

  private static String causes(Throwable problem) {
    StringBuilder text = new StringBuilder();
    for (Throwable t = problem; t != null; t = t.getCause()) {
      text.append(t.getMessage()).append('\n');
    }
    return text.toString();
  }
}
