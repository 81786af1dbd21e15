package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.persistence.redis.LeasesForTest.await;

import akka.coordination.lease.javadsl.Lease;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.beamhive.persistence.redis.LeasesForTest.Losses;
import org.beamhive.persistence.redis.UnreliableProxy.Moment;
import org.beamhive.persistence.redis.UnreliableProxy.Swallowed;
import org.junit.jupiter.api.Test;

/** Processes, Redis and the network fail, in real time. */
class RedisLeaseTroubleIT {

  // longer than a busy machine lets a process stand still
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  // a holder gives up a tenth earlier
  private static final Duration BELIEF = TIMEOUT.multipliedBy(9).dividedBy(10);

  private static final String[] QUICK = timeout(TIMEOUT);

  private static String[] timeout(Duration timeout) {
    return new String[] {
      LeasesForTest.SECTION + ".heartbeat-timeout = " + timeout.toMillis() + "ms",
      LeasesForTest.SECTION + ".heartbeat-interval = 100ms",
      // a child's first request comes before its code is warm, and the machine may be busy
      LeasesForTest.SECTION + ".lease-operation-timeout = 20s"
    };
  }

  private static String url(RedisServerForTest redis) {
    return "beamhive.persistence.redis.url = \"" + redis.url() + "\"";
  }

  /**
   * It is not told before it is asked: what it knows when it wakes up is the time alone. Its input
   * waits for it with the question, which may even be read before any timer has gone off.
   */
  @Test
  void aHolderThatWasFrozenKnowsAtOnceThatItsTimeIsOver() throws Exception {
    try (RedisServerForTest redis = RedisServerForTest.start();
        LeasesForTest other = new LeasesForTest("node-b", redis.config(QUICK));
        LeaseChild child =
            LeaseChild.start("node-a", "frozen", url(redis), String.join("\n", QUICK))) {
      Lease lease = other.lease("frozen");
      assertThat(child.ask("acquire")).isEqualTo("true");
      assertThat(child.ask("check")).isEqualTo("true");
      child.freeze();
      child.tell("check");
      assertThat(await(lease.acquire())).isTrue();
      child.thaw();
      List<String> said = new ArrayList<>(List.of(child.hear(), child.hear()));
      // The question and the callback come from two threads.
      assertThat(said).contains("false");
      said.remove("false");
      assertThat(said.get(0))
          .startsWith("Lease 'frozen': lost by 'node-a', because no renewal was confirmed for");
      assertThat(child.ask("acquire")).isEqualTo("false");
      assertThat(lease.checkLease()).isTrue();

      await(lease.release());
      assertThat(child.ask("acquire")).isEqualTo("true");
      child.kill();
      long start = System.nanoTime();
      assertThat(await(lease.acquire())).isTrue();
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          // it may have had no turn to renew it for a while before it died
          .isGreaterThan(TIMEOUT.minusSeconds(4));
    }
  }

  @Test
  void aHolderThatIsCutOffLosesItsLeaseInTimeAndIsTold() throws Exception {
    try (RedisServerForTest redis = RedisServerForTest.start();
        UnreliableProxy proxy = new UnreliableProxy(redis.port());
        LeasesForTest cutOff =
            new LeasesForTest("node-a", redis.config(proxy.config(), String.join("\n", QUICK)));
        LeasesForTest other = new LeasesForTest("node-b", redis.config(QUICK))) {
      Losses losses = new Losses();
      Lease held = cutOff.lease("cut-off");
      Lease wanted = other.lease("cut-off");
      assertThat(await(held.acquire(losses))).isTrue();
      proxy.swallow(Swallowed.ANSWERS);
      assertThat(losses.reason())
          .contains("no renewal was confirmed for %d ms".formatted(BELIEF.toMillis()));
      assertThat(held.checkLease()).isFalse();
      // Its next connection gets no further either.
      proxy.swallow(Swallowed.EVERYTHING);
      Eventually.is(() -> acquired(wanted), () -> "the other node has the lease");
      assertThat(losses.count()).isEqualTo(1);
    }
  }

  @Test
  void aShortPauseOfRedisLosesNothing() throws Exception {
    try (RedisServerForTest redis = RedisServerForTest.start();
        LeasesForTest node =
            new LeasesForTest(
                "node-a", redis.config(LeasesForTest.SECTION + ".heartbeat-timeout = 20s"))) {
      Losses losses = new Losses();
      Lease lease = node.lease("paused");
      assertThat(await(lease.acquire(losses))).isTrue();
      redis.pause();
      Thread.sleep(Duration.ofMillis(1200).toMillis());
      redis.resume();
      long renewals = redis.calls("hset");
      Eventually.is(() -> redis.calls("hset") > renewals + 1, () -> "it is renewed again");
      assertThat(losses.count()).isZero();
      assertThat(lease.checkLease()).isTrue();
    }
  }

  private static boolean acquired(Lease lease) {
    try {
      return await(lease.acquire());
    } catch (ExecutionException redisIsAway) {
      return false;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  // ---------------------------------------------------------------- everything at once

  private static final Duration LEAST_HOLD = Duration.ofMillis(150);

  @Test
  void twoNodesNeverHoldItTogetherWhileRedisAndTheNetworkFail() throws Exception {
    SplittableRandom random = new SplittableRandom(20_261_121);
    // so short that it is lost now and then
    String lost = String.join("\n", timeout(Duration.ofMillis(1500)));
    try (RedisServerForTest redis =
            RedisServerForTest.start("--appendonly", "yes", "--appendfsync", "everysec");
        UnreliableProxy before = new UnreliableProxy(redis.port());
        UnreliableProxy besides = new UnreliableProxy(redis.port());
        LeasesForTest a = new LeasesForTest("node-a", redis.config(before.config(), lost));
        LeasesForTest b = new LeasesForTest("node-b", redis.config(besides.config(), lost));
        LogForTest log = LogForTest.open()) {
      Worker one = new Worker(a.lease("hot"), random.split());
      Worker two = new Worker(b.lease("hot"), random.split());
      Watcher watcher = new Watcher(one.lease, two.lease);
      try (one;
          two;
          watcher) {
        for (int i = 0; i < 8; i++) {
          UnreliableProxy proxy = random.nextBoolean() ? before : besides;
          switch (i % 4) {
            case 0 -> {
              redis.pause();
              Thread.sleep(random.nextInt(100, 1800));
              redis.resume();
            }
            case 1 -> {
              int resets = proxy.resets();
              proxy.resetAt(Moment.values()[random.nextInt(Moment.values().length)]);
              Eventually.is(() -> proxy.resets() > resets, () -> "a connection is reset");
            }
            case 2 -> {
              proxy.swallow(random.nextBoolean() ? Swallowed.ANSWERS : Swallowed.EVERYTHING);
              Thread.sleep(random.nextInt(300, 1200));
              proxy.swallow(Swallowed.NOTHING);
            }
            default -> {
              redis.kill();
              redis.startAgain();
            }
          }
        }
        int ofOne = one.times;
        int ofTwo = two.times;
        Eventually.is(
            () -> one.times > ofOne + 1 && two.times > ofTwo + 1,
            () -> "both get it again: " + one.times + " " + two.times + "\n" + log.text());
      }
      assertThat(watcher.looks).isGreaterThan(100);
      assertThat(watcher.together).as("moments at which both held it").isZero();
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join(TimeUnit.SECONDS.toMillis(30));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    assertThat(thread.isAlive()).as(thread.getName() + " is alive").isFalse();
  }

  /** Takes the lease whenever it can, holds it for a while, gives it back or loses it. */
  private static final class Worker implements AutoCloseable {
    private final Lease lease;
    private final SplittableRandom random;
    private final Thread thread = new Thread(this::work, "lease-worker");
    private volatile boolean ended;
    private volatile int times;

    Worker(Lease lease, SplittableRandom random) {
      this.lease = lease;
      this.random = random;
      thread.start();
    }

    @SuppressWarnings("NonAtomicOperationOnVolatileField") // only this thread counts
    private void work() {
      try {
        while (!ended) {
          if (acquired(lease)) {
            times++;
            Thread.sleep(LEAST_HOLD.toMillis() + random.nextInt(300));
            release();
            // Otherwise it would be the first to ask again, each time.
            Thread.sleep(LEAST_HOLD.toMillis());
          }
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private void release() throws InterruptedException {
      try {
        lease.release().toCompletableFuture().get(30, TimeUnit.SECONDS);
      } catch (ExecutionException | java.util.concurrent.TimeoutException redisIsAway) {
        // It is given up all the same.
      }
    }

    @Override
    public void close() {
      ended = true;
      join(thread);
    }
  }

  /**
   * Looks at both without end. One that held it before and after it was seen with the other, within
   * less than a hold takes, has held it all the time.
   */
  private static final class Watcher implements AutoCloseable {
    private final Lease one;
    private final Lease other;
    private final Thread thread = new Thread(this::watch, "lease-watcher");
    private volatile boolean ended;
    private int looks;
    private int together;

    Watcher(Lease one, Lease other) {
      this.one = one;
      this.other = other;
      thread.start();
    }

    private void watch() {
      while (!ended) {
        long start = System.nanoTime();
        boolean both = one.checkLease() && other.checkLease() && one.checkLease();
        if (System.nanoTime() - start < LEAST_HOLD.toNanos() / 2) {
          looks++;
          together += both ? 1 : 0;
        }
        Thread.onSpinWait();
        java.util.concurrent.locks.LockSupport.parkNanos(200_000);
      }
    }

    @Override
    public void close() {
      ended = true;
      join(thread);
    }
  }
}
