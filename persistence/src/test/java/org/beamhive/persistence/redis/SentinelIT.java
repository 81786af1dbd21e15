package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.actor.typed.ActorRef;
import akka.persistence.query.EventEnvelope;
import com.typesafe.config.Config;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The plugin on a Redis whose master is named by a Sentinel. */
class SentinelIT {

  private static final int BEFORE = 50;

  private static StreamReader<String> live(NotebooksForTest books, String name) {
    return StreamReader.of(
        books
            .queries()
            .eventsByPersistenceId(Notebook.id(name), 0, Long.MAX_VALUE)
            .map(NotebooksForTest::text),
        books.system());
  }

  private static List<String> lines(int from, int to) {
    return IntStream.range(from, to).mapToObj(n -> n + ".0").toList();
  }

  /**
   * Redis sends its replicas what it has acknowledged already, so a last line may be lost with the
   * master: that is Redis' own doing, and then the line is nowhere.
   */
  @Test
  void goesOnWithTheReplicaByItselfWhenTheMasterIsKilledUnderLoad() {
    try (SentinelForTest servers = SentinelForTest.start("--appendonly", "yes")) {
      Config config = servers.config("beamhive.persistence.redis.call-timeout = 30s");
      try (NotebooksForTest books = NotebooksForTest.on(config);
          StreamReader<String> live = live(books, "a")) {
        ActorRef<Notebook.Command> book = books.open("a");
        List<CompletableFuture<Done>> stored = new ArrayList<>();
        for (int i = 0; i < 2 * BEFORE; i++) {
          stored.add(books.write(book, Integer.toString(i), 1));
        }
        stored.get(BEFORE / 2).join();
        servers.failOver();
        CompletableFuture.allOf(stored.toArray(CompletableFuture[]::new)).join();
        int end = 2 * BEFORE + 20;
        for (int i = 2 * BEFORE; i < end; i++) {
          books.write(book, Integer.toString(i));
        }
        List<String> seen = new ArrayList<>();
        do {
          seen.add(live.next());
        } while (!seen.get(seen.size() - 1).equals(lines(end - 1, end).get(0)));
        assertThat(seen)
            .doesNotHaveDuplicates()
            .endsWith(lines(2 * BEFORE, end).toArray(String[]::new));

        servers.startMasterAgain();
        books.write(book, Integer.toString(end));
        assertThat(live.next()).isEqualTo(end + ".0");
        // What it has of it came from its master: nobody has written to it.
        assertThat(servers.master().info("commandstats")).doesNotContain("cmdstat_eval");
        List<String> recovered = NotebooksForTest.recovered(config, "a");
        assertThat(lines(0, end + 1)).containsSubsequence(recovered);
        assertThat(recovered)
            .doesNotHaveDuplicates()
            .containsSubsequence(lines(2 * BEFORE, end + 1));
      }
    }
  }

  @Test
  void looksForTheNewMasterWhenItsOwnHasBecomeAReplica() {
    try (SentinelForTest servers = SentinelForTest.start()) {
      Config config = servers.config("beamhive.persistence.redis.call-timeout = 30s");
      try (NotebooksForTest books = NotebooksForTest.on(config);
          StreamReader<String> live = live(books, "a")) {
        ActorRef<Notebook.Command> book = books.open("a");
        ActorRef<Notebook.Command> other = books.open(Notebook.tagged("b", "green"));
        books.write(book, "0");
        books.write(other, "0");
        servers.changePlaces();
        CompletableFuture<Done> second = books.write(other, "1", 3);
        books.write(book, "1");
        second.join();
        assertThat(live.next(2)).isEqualTo(lines(0, 2));
        assertThat(books.tagged("green"))
            .extracting(EventEnvelope::sequenceNr)
            .containsExactly(1L, 2L, 3L, 4L);
      }
      assertThat(NotebooksForTest.recovered(config, "a")).isEqualTo(lines(0, 2));
    }
  }
}
