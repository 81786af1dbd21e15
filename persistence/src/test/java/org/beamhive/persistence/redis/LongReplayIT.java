package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.persistence.redis.OpenStore.await;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.persistence.PersistentRepr;
import akka.persistence.journal.Tagged;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A history that is larger than the memory is read page by page, in every way. */
@Tag("faults")
class LongReplayIT {

  private static final int SMALL_EVENTS = 200_000;
  private static final int SMALL = 400;
  private static final int LARGE_EVENTS = 60;
  private static final int LARGE = 4 << 20;

  private static RedisServerForTest redis;

  @BeforeAll
  static void store() throws Exception {
    redis = RedisServerForTest.start();
    ActorTestKit kit = ActorTestKit.create("store", redis.config());
    try (OpenStore open = OpenStore.of(redis.config())) {
      Codec codec = new Codec(kit.system().classicSystem());
      store(codec, open.events, "small", SMALL_EVENTS, SMALL, 2000);
      store(codec, open.events, "large", LARGE_EVENTS, LARGE, 1);
    } finally {
      kit.shutdownTestKit();
    }
  }

  @AfterAll
  static void stop() {
    redis.close();
  }

  /** The id of the large ones is their tag too. */
  private static void store(
      Codec codec, RedisEventStore store, String id, int count, int size, int together)
      throws Exception {
    String writer = UUID.randomUUID().toString();
    CompletionStage<Void> stored = null;
    for (int first = 1; first <= count; first += together) {
      List<StoredEvent> batch = new ArrayList<>();
      for (int n = first; n < first + together; n++) {
        Object entry = SmallReader.entry(n, size);
        batch.add(
            codec.store(
                PersistentRepr.apply(
                    size == LARGE ? new Tagged(entry, Set.of(id)) : entry,
                    n,
                    id,
                    "",
                    false,
                    null,
                    writer),
                1));
      }
      if (stored != null) {
        await(stored);
      }
      stored = store.append(id, batch);
    }
    await(stored);
  }

  /** Ends it in any case: by its own process id. */
  private static String read(String memory, int events, String... ways)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Xmx" + memory,
                "-XX:+ExitOnOutOfMemoryError",
                // Needs no room to move about in, and starts soon.
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                SmallReader.class.getName(),
                redis.url(),
                Integer.toString(events)));
    command.addAll(List.of(ways));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(output).isZero();
      return output;
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void manySmallEventsTakeNoMoreMemoryThanFew() throws Exception {
    assertThat((long) SMALL_EVENTS * SMALL).isGreaterThan(64L << 20);
    assertThat(read("64m", SMALL_EVENTS, "recovery:small", "events:small"))
        .contains("read recovery:small")
        .contains("read events:small");
  }

  @Test
  void largeEventsTakeNoMoreMemoryThanOnePageOfThem() throws Exception {
    assertThat((long) LARGE_EVENTS * LARGE).isGreaterThan(208L << 20);
    assertThat(read("112m", LARGE_EVENTS, "recovery:large", "events:large"))
        .contains("read recovery:large")
        .contains("read events:large");
    // Events of a tag are fetched up to 16 at a time.
    assertThat(read("208m", LARGE_EVENTS, "tag:large")).contains("read tag:large");
  }
}
