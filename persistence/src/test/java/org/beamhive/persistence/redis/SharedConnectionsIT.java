package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;

import akka.persistence.query.EventEnvelope;
import akka.persistence.query.Offset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** All plugins of an actor system go through the same connections. */
class SharedConnectionsIT {

  private static final String SECOND =
      """
      second = ${beamhive.persistence.redis} {
        key-prefix = second
        query.write-plugin = second.journal
      }
      """;

  /** Of others than the one who asks. */
  private static List<String> clients(RedisServerForTest redis) {
    return redis
        .ask(commands -> commands.clientList())
        .lines()
        .filter(line -> !line.contains("cmd=client"))
        .toList();
  }

  @Test
  void anActorSystemOpensThreeConnectionsHoweverMuchItDoes() {
    try (RedisServerForTest redis = RedisServerForTest.start()) {
      List<StreamReader<?>> readers = new ArrayList<>();
      try (NotebooksForTest books = NotebooksForTest.on(redis.config(SECOND))) {
        for (String id : List.of(RedisReadJournal.IDENTIFIER, "second.query")) {
          for (int i = 0; i < 20; i++) {
            RedisReadJournal queries = books.queries(id);
            readers.add(
                StreamReader.of(
                    queries.eventsByPersistenceId(Notebook.id("a" + i), 0, Long.MAX_VALUE),
                    books.system()));
            readers.add(
                StreamReader.of(queries.eventsByTag("tag" + i, Offset.noOffset()), books.system()));
          }
        }
        for (int i = 0; i < 20; i++) {
          books.write(books.open(Notebook.withSnapshots("a" + i)), "x", 6).join();
        }
        for (int i = 0; i < 20; i++) {
          assertThat(NotebooksForTest.text((EventEnvelope) readers.get(2 * i).next()))
              .isEqualTo("x.0");
        }
        new JournalForTest(books.system().classicSystem(), "second.journal")
            .writePayloads("a", 1, new Notebook.Line("x"));
        assertThat(clients(redis)).hasSize(3);
        readers.forEach(StreamReader::cancel);
      }
      Eventually.is(() -> clients(redis).isEmpty(), () -> "all are closed " + clients(redis));
    }
  }

  /** Or else it would be missing from the queries for ever, because writers remember. */
  @Test
  void anIdIsListedAgainWhenRedisHasForgottenIt() {
    try (RedisServerForTest redis = RedisServerForTest.start();
        NotebooksForTest books = NotebooksForTest.on(redis.config())) {
      var book = books.open("a");
      books.write(book, "x");
      redis.kill();
      redis.startAgain();
      books.write(book, "y");
      books.write(book, "z");
      assertThat(StreamReader.all(books.queries().currentPersistenceIds(), books.system()))
          .containsExactly(Notebook.id("a"));
    }
  }
}
