package org.beamhive.persistence.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class RedisEventStoreIT {

  private static final AtomicInteger ids = new AtomicInteger();
  private static RedisServerForTest redis;
  private static OpenStore open;
  private static RedisEventStore store;

  private final String pid = "Entity|" + ids.incrementAndGet();
  private final String writer = UUID.randomUUID().toString();

  @BeforeAll
  static void start() {
    redis = RedisServerForTest.start();
    open = OpenStore.of(redis.config("beamhive.persistence.redis.key-prefix = test"));
    store = open.events;
  }

  @AfterAll
  static void stop() {
    open.close();
    redis.close();
  }

  private static <T> T await(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private static StoredEvent event(long sequenceNr, String text, String writer) {
    return new StoredEvent(
        sequenceNr,
        new StoredPayload(7, "text", text.getBytes(UTF_8)),
        "",
        writer,
        1000 + sequenceNr,
        Optional.empty(),
        List.of());
  }

  private List<StoredEvent> events(long from, long to) {
    return LongStream.rangeClosed(from, to).mapToObj(n -> event(n, "e" + n, writer)).toList();
  }

  private static RedisEventStore.Page page(int events) {
    return new RedisEventStore.Page(events, 1_000_000);
  }

  private List<String> texts() throws Exception {
    return await(store.read(pid, 0, Long.MAX_VALUE, page(Integer.MAX_VALUE), false)).stream()
        .map(event -> new String(event.payload().bytes(), UTF_8))
        .toList();
  }

  private String command(Function<StatefulRedisConnection<String, String>, String> call) {
    try (RedisClient client = RedisClient.create(redis.url());
        StatefulRedisConnection<String, String> connection = client.connect()) {
      return call.apply(connection);
    }
  }

  @Test
  void storesABatchOnceWhenItsAnswerWasLostAndItIsSentAgain() throws Exception {
    await(store.append(pid, events(1, 3)));
    await(store.append(pid, events(1, 3)));
    assertThat(texts()).containsExactly("e1", "e2", "e3");
    await(store.append(pid, events(4, 4)));
    await(store.append(pid, events(1, 3)));
    assertThat(texts()).containsExactly("e1", "e2", "e3", "e4");
  }

  @Test
  void refusesASecondWriterOfTheSameNumbersAndNamesThem() throws Exception {
    await(store.append(pid, events(1, 3)));
    List<StoredEvent> rival = List.of(event(3, "e3", "rival"), event(4, "e4", "rival"));
    assertThatThrownBy(() -> await(store.append(pid, rival)))
        .cause()
        .isInstanceOf(SequenceNumberTakenException.class)
        .hasMessageContaining(pid)
        .hasMessageContaining("sequence number 3 ");
    assertThat(texts()).containsExactly("e1", "e2", "e3");
  }

  @Test
  void refusesOtherEventsOfTheSameWriterUnderTakenNumbers() throws Exception {
    await(store.append(pid, events(1, 2)));
    assertThatThrownBy(
            () -> await(store.append(pid, List.of(event(1, "e1", writer), event(2, "X", writer)))))
        .hasCauseInstanceOf(SequenceNumberTakenException.class);
    assertThat(texts()).containsExactly("e1", "e2");
  }

  @Test
  void refusesABatchOfWhichOnlyTheBeginningIsStored() throws Exception {
    await(store.append(pid, events(1, 2)));
    assertThatThrownBy(() -> await(store.append(pid, events(1, 3))))
        .hasCauseInstanceOf(SequenceNumberTakenException.class);
    assertThat(texts()).containsExactly("e1", "e2");
  }

  @Test
  void allowsAGapAsAkkaLeavesOneAfterARejection() throws Exception {
    await(store.append(pid, events(1, 2)));
    await(store.append(pid, events(5, 6)));
    assertThat(texts()).containsExactly("e1", "e2", "e5", "e6");
  }

  @Test
  void storesThousandsOfEventsInOneBatch() throws Exception {
    await(store.append(pid, events(1, 20_000)));
    assertThat(texts()).hasSize(20_000).endsWith("e20000");
  }

  @Test
  void readsWhatLiesBetweenTheLimitsAndNotMoreThanAsked() throws Exception {
    await(store.append(pid, events(1, 10)));
    assertThat(await(store.read(pid, 3, 8, page(4), false)))
        .extracting(StoredEvent::sequenceNr)
        .containsExactly(3L, 4L, 5L, 6L);
    assertThat(await(store.read(pid, 7, 8, page(4), false)))
        .extracting(StoredEvent::sequenceNr)
        .containsExactly(7L, 8L);
    assertThat(await(store.read(pid, 8, 7, page(4), false))).isEmpty();
    assertThat(await(store.read(pid, 11, Long.MAX_VALUE, page(4), false))).isEmpty();
  }

  @Test
  void keepsTheHighestNumberWhenEventsAreDeleted() throws Exception {
    assertThat(await(store.head(pid)).highest()).isZero();
    await(store.append(pid, events(1, 45_000)));
    await(store.deleteTo(pid, 44_998));
    assertThat(texts()).containsExactly("e44999", "e45000");
    await(store.deleteTo(pid, Long.MAX_VALUE));
    assertThat(texts()).isEmpty();
    assertThat(await(store.head(pid)).highest()).isEqualTo(45_000);
    assertThatThrownBy(() -> await(store.append(pid, events(45_000, 45_001))))
        .hasCauseInstanceOf(SequenceNumberTakenException.class);
    await(store.append(pid, events(45_001, 45_001)));
    assertThat(texts()).containsExactly("e45001");
  }

  @Test
  void deletingWhatWasNeverStoredDoesNothing() throws Exception {
    await(store.deleteTo(pid, 10));
    assertThat(await(store.head(pid)).highest()).isZero();
  }

  @Test
  void bringsBackEveryField() throws Exception {
    List<StoredEvent> stored =
        List.of(
            new StoredEvent(
                1,
                new StoredPayload(-5, "größe", new byte[] {0, -1, 10}),
                "adapter",
                "not a uuid",
                123_456_789L,
                Optional.of(new StoredPayload(9, "", new byte[0])),
                List.of("green", "größer")),
            event(2, "", UUID.randomUUID().toString().toUpperCase(Locale.ROOT)),
            event(3, "plain", ""));
    await(store.append(pid, stored));
    assertThat(await(store.read(pid, 1, 3, page(10), false)))
        .usingRecursiveComparison()
        .isEqualTo(stored);
  }

  @Test
  void sendsTheScriptAgainWhenRedisForgotIt() throws Exception {
    await(store.append(pid, events(1, 1)));
    command(connection -> connection.sync().scriptFlush());
    await(store.append(pid, events(2, 2)));
    assertThat(texts()).containsExactly("e1", "e2");
  }

  @Test
  void writesNothingWhenTheMemoryIsFull() throws Exception {
    await(store.append(pid, events(1, 1)));
    command(connection -> connection.sync().configSet("maxmemory", "1"));
    try {
      assertThatThrownBy(() -> await(store.append(pid, events(2, 3))))
          .cause()
          .isInstanceOf(RedisStoreException.class)
          .hasMessageContaining("127.0.0.1:" + redis.port())
          .hasMessageContaining("maxmemory")
          .hasMessageContaining(pid);
      StoredSnapshot snapshot =
          new StoredSnapshot(1, 1, new StoredPayload(7, "text", new byte[9]), Optional.empty());
      assertThatThrownBy(() -> await(open.snapshots.save(pid, snapshot)))
          .cause()
          .isInstanceOf(RedisStoreException.class)
          .hasMessageContaining("maxmemory");
    } finally {
      command(connection -> connection.sync().configSet("maxmemory", "0"));
    }
    assertThat(texts()).containsExactly("e1");
    assertThat(await(open.snapshots.load(pid, new RedisSnapshots.Limits(0, 9, 0, 9)))).isEmpty();
    await(store.append(pid, events(2, 3)));
    assertThat(texts()).containsExactly("e1", "e2", "e3");
  }

  @Test
  void listsPersistenceIdsInTheOrderOfTheirFirstEvent() throws Exception {
    try (OpenStore other =
        OpenStore.of(redis.config("beamhive.persistence.redis.key-prefix = listing"))) {
      for (String id : List.of("b", "a", "c", "a", "b")) {
        long next = await(other.events.head(id)).highest() + 1;
        await(other.events.append(id, events(next, next)));
      }
      Keys.Index ids = new Keys("listing").persistenceIds();
      assertThat(await(other.events.members(ids, 1, 100, 2)))
          .containsExactly(new RedisEventStore.Listed(1, "b"), new RedisEventStore.Listed(2, "a"));
      assertThat(await(other.events.members(ids, 3, 100, 2)))
          .containsExactly(new RedisEventStore.Listed(3, "c"));
      assertThat(await(other.events.end(ids))).isEqualTo(3);
    }
  }
}
