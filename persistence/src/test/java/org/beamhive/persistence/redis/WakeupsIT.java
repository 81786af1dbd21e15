package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.persistence.redis.OpenStore.await;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WakeupsIT {

  private static final Duration LONG = Duration.ofSeconds(60);

  private static List<StoredEvent> event(long sequenceNr) {
    return List.of(
        new StoredEvent(
            sequenceNr,
            new StoredPayload(1, "", new byte[0]),
            "",
            "writer",
            1,
            Optional.empty(),
            List.of()));
  }

  private static void isTold(Wakeups.Wakeup wakeup) throws Exception {
    long start = System.nanoTime();
    await(wakeup.orAfter(LONG.minusSeconds(10)));
    assertThat(System.nanoTime() - start).isLessThan(LONG.minusSeconds(20).toNanos());
  }

  @Test
  void listensAgainAfterRedisWasGoneAlsoToWhatWasAskedForMeanwhile() throws Exception {
    try (RedisServerForTest redis = RedisServerForTest.start();
        OpenStore open = OpenStore.of(redis.config())) {
      Keys keys = open.events.keys();
      Wakeups.Wakeup before = open.events.wakeups().listen(keys.events("before"));
      isTold(before);
      redis.kill();
      Wakeups.Wakeup meanwhile = open.events.wakeups().listen(keys.events("meanwhile"));
      before.clear();
      redis.startAgain();
      isTold(before);
      isTold(meanwhile);
      for (Wakeups.Wakeup wakeup : List.of(before, meanwhile)) {
        wakeup.clear();
      }
      await(open.events.append("before", event(1)));
      await(open.events.append("meanwhile", event(1)));
      isTold(before);
      isTold(meanwhile);
    }
  }
}
