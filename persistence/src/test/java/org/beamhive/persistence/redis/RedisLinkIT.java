package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class RedisLinkIT {

  private static <T> T await(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private static List<StoredEvent> events(long from, long to) {
    return LongStream.rangeClosed(from, to)
        .mapToObj(
            n ->
                new StoredEvent(
                    n,
                    new StoredPayload(1, "", "x".getBytes(StandardCharsets.UTF_8)),
                    "",
                    "writer",
                    1,
                    Optional.empty(),
                    List.of()))
        .toList();
  }

  @Test
  void saysInOneSentenceThatThePasswordIsWrong() {
    try (RedisServerForTest redis = RedisServerForTest.start("--requirepass", "right");
        OpenStore link =
            OpenStore.of(
                (redis.config(
                    "beamhive.persistence.redis.url = \"redis://:secret@127.0.0.1:%d\""
                        .formatted(redis.port()))))) {
      RedisEventStore store = link.events;
      assertThatThrownBy(() -> await(store.head("a")))
          .cause()
          .isInstanceOf(RedisStoreException.class)
          .hasMessageStartingWith(
              "Redis at 127.0.0.1:"
                  + redis.port()
                  + " refused the user name or password: WRONGPASS")
          .hasMessageNotContaining("secret");
    }
  }

  @Test
  void saysInOneSentenceThatNobodyIsThere() {
    int port = RedisProcess.freePort();
    String url = "beamhive.persistence.redis.url = \"redis://127.0.0.1:%d\"".formatted(port);
    try (OpenStore link =
        OpenStore.of(
            (ConfigFactory.parseString(url + "\nbeamhive.persistence.redis.connect-timeout = 500ms")
                .withFallback(ConfigFactory.load())))) {
      RedisEventStore store = link.events;
      assertThatThrownBy(() -> await(store.head("a")))
          .cause()
          .isInstanceOf(RedisStoreException.class)
          .hasMessageContaining(
              "Redis at 127.0.0.1:" + port + " can't be reached: Connection refused");
    }
  }

  @Test
  void waitsForARedisThatIsLoadingItsDataset() throws Exception {
    try (RedisServerForTest redis =
        RedisServerForTest.start(
            "--appendonly", "yes", "--appendfsync", "always", "--key-load-delay", "2000")) {
      Config config = redis.config();
      try (OpenStore link = OpenStore.of(config)) {
        RedisEventStore store = link.events;
        for (int i = 0; i < 1000; i++) {
          await(store.append("a" + i, events(1, 1)));
        }
        redis.saveAsSnapshotFile();
        redis.kill();
        redis.startAgainLoading();
        await(store.append("a5", events(2, 2)));
        assertThat(await(store.head("a5")).highest()).isEqualTo(2);
      }
      redis.kill();
      redis.startAgainLoading();
      try (OpenStore late = OpenStore.of(config)) {
        assertThat(await(late.events.head("a5")).highest()).isEqualTo(2);
      }
    }
  }

  @Test
  void givesUpAWriteAfterTheCallTimeoutAndWorksAgainAfterwards() throws Exception {
    try (RedisServerForTest redis =
            RedisServerForTest.start("--appendonly", "yes", "--appendfsync", "always");
        OpenStore link =
            OpenStore.of((redis.config("beamhive.persistence.redis.call-timeout = 4s")))) {
      RedisEventStore store = link.events;
      await(store.append("a", events(1, 1)));
      redis.kill();
      assertThatThrownBy(() -> await(store.append("a", events(2, 2))))
          .cause()
          .isInstanceOf(RedisStoreException.class)
          .hasMessageContaining("Redis at 127.0.0.1:" + redis.port() + " did not answer in time");
      redis.startAgain();
      assertThat(await(store.head("a")).highest()).isEqualTo(1);
      await(store.append("a", events(2, 2)));
      assertThat(await(store.head("a")).highest()).isEqualTo(2);
    }
  }

  @Test
  void storesOnceWhenTheConnectionBreaksBeforeTheAnswer() throws Exception {
    try (RedisServerForTest redis = RedisServerForTest.start();
        BreakingProxy proxy = new BreakingProxy(redis.port());
        OpenStore link =
            OpenStore.of(
                (redis.config(
                    "beamhive.persistence.redis.url = \"redis://127.0.0.1:%d\""
                        .formatted(proxy.port()))))) {
      RedisEventStore store = link.events;
      await(store.append("a", events(1, 2)));
      for (int n = 3; n < 20; n++) {
        proxy.breakAtNextAnswer();
        await(store.append("a", events(n, n)));
      }
      assertThat(proxy.broken()).isEqualTo(17);
      assertThat(await(store.read("a", 1, 100, new RedisEventStore.Page(100, 1000), false)))
          .extracting(StoredEvent::sequenceNr)
          .containsExactlyElementsOf(LongStream.range(1, 20).boxed().toList());
    }
  }
}
