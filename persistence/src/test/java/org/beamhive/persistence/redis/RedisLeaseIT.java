package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.beamhive.persistence.redis.LeasesForTest.await;

import akka.coordination.lease.javadsl.Lease;
import com.typesafe.config.Config;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Map;
import java.util.stream.IntStream;
import org.beamhive.persistence.redis.LeasesForTest.Losses;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Akka's contract of a lease, and what lies in Redis. */
class RedisLeaseIT {

  private static final String A_WAY_AROUND = "archive";

  // longer than a busy machine lets a process stand still; the second one is waited out
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final Duration SHORT_TIMEOUT = Duration.ofSeconds(5);

  private static RedisServerForTest redis;
  private static LeasesForTest a;
  private static LeasesForTest b;

  @BeforeAll
  static void start() {
    redis = RedisServerForTest.start();
    a = new LeasesForTest("node-a", config());
    b = new LeasesForTest("node-b", config());
  }

  @AfterAll
  static void stop() {
    a.close();
    b.close();
    redis.close();
  }

  private static Config config(String... lines) {
    return config(redis, lines);
  }

  private static Config config(RedisServerForTest redis, String... lines) {
    return redis
        .config(
            heartbeatTimeout(TIMEOUT),
            LeasesForTest.SECTION + ".lease-operation-timeout = 25s",
            // So short that a refusal, which waits for a renewal, comes soon.
            LeasesForTest.SECTION + ".heartbeat-interval = 100ms",
            A_WAY_AROUND + " = ${beamhive.persistence.redis} {",
            "  key-prefix = archive, lease.connection = archive",
            "}",
            String.join("\n", lines))
        .resolve();
  }

  private static String heartbeatTimeout(Duration timeout) {
    return LeasesForTest.SECTION + ".heartbeat-timeout = " + timeout.toMillis() + "ms";
  }

  private static Map<String, String> entry(String name) {
    return redis.ask(commands -> commands.hgetall("beamhive:lease:{" + name + "}"));
  }

  /** Of its key, or -1 if it stays. */
  private static long timeToLive(String name) {
    return redis.ask(commands -> commands.pttl("beamhive:lease:{" + name + "}"));
  }

  // ---------------------------------------------------------------- the contract

  @Test
  void isHeldFromAcquireToRelease() throws Exception {
    Lease lease = a.lease("simple");
    assertThat(lease.checkLease()).isFalse();
    assertThat(await(lease.acquire())).isTrue();
    assertThat(lease.checkLease()).isTrue();
    assertThat(entry("simple")).containsEntry("owner", "node-a");
    assertThat(await(lease.release())).isTrue();
    assertThat(lease.checkLease()).isFalse();
    assertThat(entry("simple")).containsEntry("owner", "");
    assertThat(lease.getSettings().leaseName()).isEqualTo("simple");
  }

  @Test
  void isRefusedToAnotherOwnerUntilItIsReleased() throws Exception {
    Lease ofA = a.lease("contended");
    Lease ofB = b.lease("contended");
    assertThat(await(ofA.acquire())).isTrue();
    assertThat(await(ofB.acquire())).isFalse();
    assertThat(ofB.checkLease()).isFalse();
    assertThat(ofA.checkLease()).isTrue();
    await(ofA.release());
    assertThat(await(ofB.acquire())).isTrue();
    assertThat(ofB.checkLease()).isTrue();
    assertThat(await(ofA.acquire())).isFalse();
    await(ofB.release());
  }

  @Test
  void mayBeAcquiredAgainWhileItIsHeld() throws Exception {
    Lease lease = a.lease("again");
    assertThat(await(lease.acquire())).isTrue();
    assertThat(await(lease.acquire())).isTrue();
    await(lease.release());
    assertThat(lease.checkLease()).isFalse();
  }

  @Test
  void stillBelongsToAnotherAfterAReleaseByWhoDidNotHaveIt() throws Exception {
    Lease ofA = a.lease("not-yours");
    assertThat(await(ofA.acquire())).isTrue();
    assertThat(await(b.lease("not-yours").release())).isTrue();
    assertThat(ofA.checkLease()).isTrue();
    assertThat(entry("not-yours")).containsEntry("owner", "node-a");
    await(ofA.release());
  }

  @Test
  void isTakenAtOnceByANewProcessOfTheSameOwnerAndTheOldOneIsTold() throws Exception {
    Losses losses = new Losses();
    Lease old = a.lease("same-owner");
    assertThat(await(old.acquire(losses))).isTrue();
    try (LeasesForTest young = new LeasesForTest("node-a", config())) {
      long start = System.nanoTime();
      assertThat(await(young.lease("same-owner").acquire())).isTrue();
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(TIMEOUT);
      assertThat(losses.reason())
          .isEqualTo(
              "Lease 'same-owner': lost by 'node-a', because another process of the same name has"
                  + " acquired it");
      assertThat(old.checkLease()).isFalse();
    }
  }

  @Test
  void tellsItsUserOnceWhenRedisSaysThatAnotherHasIt() throws Exception {
    try (LeasesForTest node =
        new LeasesForTest("node-a", config(heartbeatTimeout(SHORT_TIMEOUT)))) {
      Losses losses = new Losses();
      Lease lease = node.lease("stolen");
      assertThat(await(lease.acquire(losses))).isTrue();
      redis.ask(
          commands ->
              commands.hset(
                  "beamhive:lease:{stolen}",
                  Map.of("owner", "node-x", "holder", "somebody", "version", "1")));
      assertThat(losses.reason())
          .isEqualTo("Lease 'stolen': lost by 'node-a', because it has been acquired by 'node-x'");
      assertThat(lease.checkLease()).isFalse();
      // Its holder is silent.
      assertThat(await(lease.acquire(losses))).isTrue();
      assertThat(losses.count()).isEqualTo(1);
      await(lease.release());
      assertThat(losses.count()).isEqualTo(1);
    }
  }

  @Test
  void isTakenFromADeadHolderByTheFirstQuestion() throws Exception {
    LeasesForTest dying = new LeasesForTest("node-c", config());
    assertThat(await(dying.lease("orphan").acquire())).isTrue();
    dying.close();
    try (LeasesForTest heir =
        new LeasesForTest("node-b", config(heartbeatTimeout(SHORT_TIMEOUT)))) {
      // Nobody has watched it before.
      assertThat(await(heir.lease("orphan").acquire())).isTrue();
      await(heir.lease("orphan").release());
    }
  }

  @Test
  void isNotHeldAnyMoreWhenTheActorSystemHasEnded() throws Exception {
    LeasesForTest ending = new LeasesForTest("node-d", config());
    Lease held = ending.lease("ending");
    assertThat(await(held.acquire())).isTrue();
    ending.lease("watched");
    ending.close();
    assertThat(held.checkLease()).isFalse();
    assertThat(entry("ending")).containsEntry("owner", "node-d");
  }

  @Test
  void isTakenByOneOfManyAtATime() throws Exception {
    Lease ofA = a.lease("hot");
    Lease ofB = b.lease("hot");
    for (int i = 0; i < 20; i++) {
      var first = ofA.acquire();
      var second = ofB.acquire();
      boolean isA = await(first);
      boolean isB = await(second);
      assertThat(isA).isNotEqualTo(isB);
      await((isA ? ofA : ofB).release());
    }
  }

  // ---------------------------------------------------------------- Redis

  @Test
  void manyLeasesShareOneConnection() throws Exception {
    int before = connections();
    try (LeasesForTest many = new LeasesForTest("node-e", config())) {
      for (int i = 0; i < 50; i++) {
        assertThat(await(many.lease("many-" + i).acquire())).isTrue();
      }
      assertThat(connections()).isEqualTo(before + 1);
    }
  }

  /** Without the one that asks. */
  private static int connections() {
    return (int)
        redis.ask(redis -> redis.clientList()).lines().filter(line -> !line.isBlank()).count();
  }

  @Test
  void comesBackForItsHolderWhenRedisIsEmptied() throws Exception {
    try (RedisServerForTest own = RedisServerForTest.start();
        LeasesForTest one = new LeasesForTest("node-a", config(own));
        LeasesForTest other = new LeasesForTest("node-b", config(own))) {
      Losses losses = new Losses();
      assertThat(await(one.lease("emptied").acquire(losses))).isTrue();
      assertThat(await(other.lease("emptied").acquire())).isFalse();
      own.ask(commands -> commands.flushall());
      assertThat(await(other.lease("emptied").acquire())).isFalse();
      assertThat(one.lease("emptied").checkLease()).isTrue();
      assertThat(losses.count()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"take-lease.lua", "renew-lease.lua", "release-lease.lua"})
  void noScriptKnowsTheTime(String script) throws IOException {
    try (InputStream in = RedisLease.class.getResourceAsStream(script)) {
      String body = new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
      assertThat(body.replaceAll("(?m)^--.*$", ""))
          .doesNotContainPattern("(?i)\\b(TIME|P?EXPIRE(AT)?|P?SETEX|PX|EX|P?TTL|os\\.)\\b")
          .containsPattern("redis.call\\('HMGET'");
    }
  }

  @Test
  void noLeaseExpires() throws Exception {
    assertThat(await(a.lease("lasting").acquire())).isTrue();
    assertThat(timeToLive("lasting")).isEqualTo(-1);
    await(a.lease("lasting").release());
    assertThat(timeToLive("lasting")).isEqualTo(-1);
  }

  @Test
  void failsInTimeWithASentenceWhenThereIsNoRedis() {
    int port = RedisProcess.freePort();
    try (LeasesForTest alone =
        new LeasesForTest(
            "node-a",
            redis.config(
                "beamhive.persistence.redis.url = \"redis://127.0.0.1:%d\"".formatted(port),
                LeasesForTest.SECTION + ".lease-operation-timeout = 500ms"))) {
      Lease lease = alone.lease("unreachable");
      for (var call : java.util.List.of(lease.acquire(), lease.release())) {
        assertThatThrownBy(() -> await(call))
            .hasCauseInstanceOf(RedisStoreException.class)
            .hasMessageContaining("Redis at 127.0.0.1:" + port + " can't be reached")
            .hasMessageContaining("the lease 'unreachable'");
      }
      assertThat(lease.checkLease()).isFalse();
    }
  }

  // ---------------------------------------------------------------- settings

  @Test
  void aCopyOfTheSectionHasItsOwnLeases() throws Exception {
    Lease copy = a.lease("twice", "archive.lease");
    assertThat(await(copy.acquire())).isTrue();
    assertThat(await(b.lease("twice").acquire())).isTrue();
    assertThat(redis.keys("archive:lease:*")).containsExactly("archive:lease:{twice}");
    await(copy.release());
    await(b.lease("twice").release());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "lease.heartbeat-interval = 1400ms | lease.heartbeat-timeout is 3000 ms, but must be at"
            + " least 3 times heartbeat-interval, which is 1400 ms",
        "lease.lease-operation-timeout = 2h | lease.lease-operation-timeout is 7200000 ms, but"
            + " must be from 10 ms to 60 minutes",
        "lease.connection = nowhere | lease.connection is 'nowhere', but must be the path of a"
            + " section like beamhive.persistence.redis, with a key-prefix",
        "url = localhost | url is not an address like redis://host:6379"
      })
  void aWrongSettingIsNamed(String line, String message) {
    try (LogForTest log = LogForTest.open();
        LeasesForTest wrong =
            new LeasesForTest("node-a", redis.config("beamhive.persistence.redis." + line))) {
      assertThatThrownBy(() -> wrong.lease("wrong"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(message);
      log.await("Invalid lease configuration", LeasesForTest.SECTION);
    }
  }

  @Test
  void namesOfLeasesMayHaveAnyCharacters() throws Exception {
    String name = "beam{line} 100% \u00e9-singleton";
    Lease lease = a.lease(name);
    assertThat(await(lease.acquire())).isTrue();
    assertThat(redis.keys("beamhive:lease:{beam*"))
        .containsExactly("beamhive:lease:{beam%7Bline%7D 100%25 \u00e9-singleton}");
    await(lease.release());
  }

  @Test
  void watchingEndsWithTheActorSystem() throws Exception {
    try (RedisServerForTest own = RedisServerForTest.start()) {
      LeasesForTest node = new LeasesForTest("node-a", own.config());
      IntStream.range(0, 5).forEach(i -> node.lease("watched-" + i));
      Eventually.is(() -> own.calls("hmget") >= 10, () -> "all five are looked at again and again");
      node.close();
      assertThat(Eventually.stays(() -> own.calls("hmget"), Duration.ofSeconds(1))).isPositive();
      assertThat(own.info("clients")).contains("connected_clients:1");
    }
  }
}
