package org.beamhive.persistence.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.persistence.redis.OpenStore.await;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.LongStream;
import org.beamhive.persistence.redis.RedisEventStore.Listed;
import org.beamhive.persistence.redis.RedisEventStore.Page;
import org.beamhive.persistence.redis.UnreliableProxy.Moment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Redis dies in the middle of an answer: the half that has arrived must not count. */
class CutAnswerIT {

  private static final int TIMES = 10;

  private RedisServerForTest redis;
  private UnreliableProxy proxy;
  private OpenStore open;
  private RedisEventStore store;

  @BeforeEach
  void start() throws IOException {
    redis = RedisServerForTest.start();
    proxy = new UnreliableProxy(redis.port());
    open = OpenStore.of(redis.config(proxy.config()));
    store = open.events;
  }

  @AfterEach
  void stop() throws IOException {
    open.close();
    proxy.close();
    redis.close();
  }

  private static StoredEvent event(long sequenceNr, String tag) {
    return new StoredEvent(
        sequenceNr,
        new StoredPayload(1, "", ("event " + sequenceNr).getBytes(UTF_8)),
        "",
        "writer",
        1,
        Optional.empty(),
        tag.isEmpty() ? List.of() : List.of(tag));
  }

  private static List<StoredEvent> events(long from, long to, String tag) {
    return LongStream.rangeClosed(from, to).mapToObj(n -> event(n, tag)).toList();
  }

  private static List<Long> numbers(long from, long to) {
    return LongStream.rangeClosed(from, to).boxed().toList();
  }

  private void cutNext(int time) throws Exception {
    assertThat(proxy.resets()).isEqualTo(time);
    // The connection is there again, and nothing else is on it.
    await(store.head("nobody"));
    proxy.resetAt(Moment.AMID_ANSWER);
  }

  @Test
  void readsEachEventOnce() throws Exception {
    await(store.append("a", events(1, 2000, "")));
    for (boolean large : new boolean[] {false, true}) {
      for (int time = 0; time < TIMES; time++) {
        cutNext(time + (large ? TIMES : 0));
        assertThat(await(store.read("a", 1, 5000, new Page(5000, 1 << 20), large)))
            .extracting(StoredEvent::sequenceNr)
            .isEqualTo(numbers(1, 2000));
      }
    }
  }

  @Test
  void readsEachMemberOfAListOnce() throws Exception {
    await(store.append("a", events(1, 500, "red")));
    Keys.Index red = store.keys().tag("red");
    for (int time = 0; time < TIMES; time++) {
      cutNext(time);
      assertThat(await(store.members(red, 1, Long.MAX_VALUE, 1000)))
          .extracting(Listed::position)
          .isEqualTo(numbers(1, 500));
    }
  }

  @Test
  void givesEachOfManyWritesItsAnswer() throws Exception {
    for (String tag : new String[] {"", "red"}) {
      int first = tag.isEmpty() ? 1 : 1 + TIMES;
      for (int n = first; n < first + TIMES; n++) {
        cutNext(n - 1);
        List<CompletionStage<Void>> writes = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
          writes.add(store.append("id-" + i, List.of(event(n, tag))));
        }
        await(
            CompletableFuture.allOf(
                writes.stream()
                    .map(CompletionStage::toCompletableFuture)
                    .toArray(CompletableFuture<?>[]::new)));
      }
    }
    for (int i = 0; i < 50; i++) {
      assertThat(await(store.read("id-" + i, 1, 1000, new Page(1000, 1 << 20), false)))
          .extracting(StoredEvent::sequenceNr)
          .isEqualTo(numbers(1, 2L * TIMES));
    }
  }
}
