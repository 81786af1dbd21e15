package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.beamhive.persistence.redis.UnreliableProxy.Moment;
import org.beamhive.persistence.redis.UnreliableProxy.Swallowed;
import org.junit.jupiter.api.Test;

/**
 * Redis goes away while many actors write: whatever was acknowledged is there once and in order,
 * and afterwards everything works again by itself.
 */
class OutageIT {

  private static final int LEDGERS = 50;
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(2);
  private static final String ROOT = "beamhive.persistence.redis.";

  private static RedisServerForTest durableRedis() {
    return RedisServerForTest.start("--appendonly", "yes", "--appendfsync", "always");
  }

  @Test
  void waitsForARedisThatIsPausedForLongerThanACommandTakes() throws Exception {
    try (RedisServerForTest redis = durableRedis();
        LedgerLoad load =
            LedgerLoad.start(redis.config(ROOT + "command-timeout = 1s"), LEDGERS, 1)) {
      redis.pause();
      Thread.sleep(Duration.ofSeconds(3).toMillis());
      redis.resume();
      load.awaitMore(5);
      load.stopAndCheck(redis.config());
      assertThat(load.failed()).isZero();
    }
  }

  @Test
  void failsWritesInTimeAndRecoversWhenRedisIsPausedForLong() throws Exception {
    try (RedisServerForTest redis = durableRedis();
        LoggedFailures failures = new LoggedFailures(Ledger.LOGGER);
        LedgerLoad load = LedgerLoad.start(impatient(redis), LEDGERS, 2)) {
      redis.pause();
      Thread.sleep(2 * CALL_TIMEOUT.toMillis() + 1000);
      redis.resume();
      load.awaitMore(5);
      load.stopAndCheck(redis.config());
      checkFailures(load, failures);
    }
  }

  /** Only a careful client looks, and the answers that are lost may be those of a single one. */
  @Test
  void findsWhatWasStoredAlthoughItWasReportedAsFailed() throws Exception {
    try (RedisServerForTest redis = durableRedis();
        UnreliableProxy proxy = new UnreliableProxy(redis.port());
        LoggedFailures failures = new LoggedFailures(Ledger.LOGGER);
        LedgerLoad load = LedgerLoad.startCareful(impatient(redis, proxy.config()), LEDGERS, 6)) {
      proxy.swallow(Swallowed.ANSWERS);
      Thread.sleep(CALL_TIMEOUT.toMillis() + 1000);
      proxy.swallow(Swallowed.NOTHING);
      load.awaitMore(5);
      load.stopAndCheck(redis.config());
      checkFailures(load, failures);
      assertThat(load.found()).isPositive();
    }
  }

  private static Config impatient(RedisServerForTest redis, String... lines) {
    return redis.config(
        String.join("\n", lines),
        ROOT + "command-timeout = 1s",
        ROOT + "call-timeout = " + CALL_TIMEOUT.toMillis() + "ms",
        ROOT + "journal.circuit-breaker.reset-timeout = 1s",
        ROOT + "snapshot.circuit-breaker.reset-timeout = 1s");
  }

  /** Each actor was told of its failure in time, and what, where and why. */
  private static void checkFailures(LedgerLoad load, LoggedFailures failures) {
    assertThat(load.failed()).isGreaterThanOrEqualTo(LEDGERS);
    // of fifty actors, on a machine that may stand still for a while
    assertThat(load.longestFailure()).isLessThan(CALL_TIMEOUT.plusSeconds(8));
    List<String> writes =
        failures.texts().stream().filter(text -> text.contains("Failed to persist")).toList();
    assertThat(writes).hasSizeGreaterThanOrEqualTo(LEDGERS);
    assertThat(writes)
        .allSatisfy(
            text ->
                assertThat(text)
                    .containsPattern("sequence number \\[\\d+] for persistenceId \\[ledger-\\d+]")
                    .containsAnyOf(
                        "Redis at 127.0.0.1:",
                        "CircuitBreakerOpenException",
                        "SequenceNumberTakenException"));
  }

  @Test
  void keepsEverythingWhileRedisIsKilledAndStartedAgain() throws Exception {
    Random random = new Random(3);
    try (RedisServerForTest redis = durableRedis();
        LedgerLoad load = LedgerLoad.start(redis.config(), LEDGERS, 3)) {
      for (int kill = 0; kill < 4; kill++) {
        redis.kill();
        Thread.sleep(random.nextInt(500));
        redis.startAgain();
        load.awaitMore(1 + random.nextInt(8));
      }
      load.stopAndCheck(redis.config());
      assertThat(load.failed()).isZero();
    }
  }

  @Test
  void findsANewConnectionWhenTheNetworkSwallowsWhatIsSent() throws Exception {
    try (RedisServerForTest redis = durableRedis();
        UnreliableProxy proxy = new UnreliableProxy(redis.port());
        LedgerLoad load =
            LedgerLoad.start(
                redis.config(proxy.config(), ROOT + "command-timeout = 1s"), LEDGERS, 4)) {
      for (Swallowed what : new Swallowed[] {Swallowed.ANSWERS, Swallowed.EVERYTHING}) {
        proxy.swallow(what);
        Thread.sleep(Duration.ofMillis(2500).toMillis());
        proxy.swallow(Swallowed.NOTHING);
        load.awaitMore(5);
      }
      load.stopAndCheck(redis.config());
      assertThat(load.failed()).isZero();
    }
  }

  @Test
  void storesOnceWhenConnectionsAreResetAtAnyMoment() throws Exception {
    Random random = new Random(5);
    try (RedisServerForTest redis = durableRedis();
        UnreliableProxy proxy = new UnreliableProxy(redis.port());
        LedgerLoad load = LedgerLoad.start(redis.config(proxy.config()), LEDGERS, 5)) {
      for (int reset = 1; reset <= 30; reset++) {
        proxy.resetAt(Moment.values()[random.nextInt(Moment.values().length)]);
        int expected = reset;
        LedgerLoad.until("the connection is reset", () -> proxy.resets() == expected);
        if (random.nextInt(3) > 0) {
          load.awaitMore(1);
        }
      }
      load.stopAndCheck(redis.config());
      assertThat(load.failed()).isZero();
    }
  }
}
