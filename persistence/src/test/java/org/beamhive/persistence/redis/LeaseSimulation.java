package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Nodes that compete for one lease in a real Redis, over a bad network, in a time of its own: each
 * step is at one moment that all of them share, so that "two at the same moment" can be seen
 * exactly. What Redis does is really done, by the scripts; only when it is done is invented.
 *
 * <p>Calls are late, lost, done twice or done though their answer is lost; nodes freeze, die and
 * come back, and their clocks go a percent too fast or too slow; Redis stands still.
 */
final class LeaseSimulation {

  static final LeaseTimes TIMES =
      new LeaseTimes(Duration.ofSeconds(3), Duration.ofMillis(500), Duration.ofSeconds(5));

  /** For what is really done, on a machine that may be busy. */
  private static final Duration LONG = Duration.ofMinutes(1);

  private static final long MILLI = 1_000_000;

  /** Something at a moment of the time that all share. */
  private record Event(long at, long number, Runnable action) {}

  private final SplittableRandom random;
  private final Supplier<LeaseStore> redis;
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingLong(Event::at).thenComparingLong(Event::number));
  private final List<Node> nodes = new ArrayList<>();
  private long now;
  private long number;
  private boolean bad;
  private long redisStandsStillUntil;

  int acquired;
  int lost;
  int takenFromTheDead;

  /**
   * @param redis the lease in Redis; every node has its own connection to it
   */
  LeaseSimulation(int count, Supplier<LeaseStore> redis, long seed) {
    this.random = new SplittableRandom(seed);
    this.redis = redis;
    for (int i = 0; i < count; i++) {
      nodes.add(new Node(i));
    }
  }

  /** Runs with all faults for some time. */
  void run(Duration time) {
    bad = true;
    nodes.forEach(Node::live);
    trouble();
    until(now + time.toNanos(), () -> false);
  }

  /** Without faults a node that is left alone gets the lease, however things stand. */
  void heals() {
    bad = false;
    redisStandsStillUntil = now;
    nodes.forEach(Node::thaw);
    Node last = nodes.get(0);
    nodes.stream().skip(1).forEach(Node::end);
    until(now + Duration.ofSeconds(10).toNanos(), () -> last.keeper.isHeld());
    assertThat(last.keeper.isHeld()).as("the lease can be had when all is well again").isTrue();
  }

  private void until(long end, Supplier<Boolean> enough) {
    while (!enough.get() && events.peek().at <= end) {
      Event next = events.poll();
      now = next.at;
      check("before");
      next.action.run();
      check("after");
    }
  }

  private void check(String when) {
    List<String> holders =
        nodes.stream().filter(node -> node.keeper.isHeld()).map(node -> node.owner).toList();
    assertThat(holders).as("holders at %d ms, %s", now / MILLI, when).hasSizeLessThanOrEqualTo(1);
  }

  private void at(long delay, Runnable action) {
    events.add(new Event(now + Math.max(0, delay), number++, action));
  }

  private boolean chance(int percent) {
    return bad && random.nextInt(100) < percent;
  }

  private long millis(int least, int most) {
    return random.nextLong(least * MILLI, most * MILLI + 1);
  }

  /** From time to time something happens to all or to one. */
  private void trouble() {
    if (bad) {
      Node one = nodes.get(random.nextInt(nodes.size()));
      switch (random.nextInt(6)) {
        case 0 -> redisStandsStillUntil = now + millis(100, 6_000);
        case 1 -> one.cutOffUntil = now + millis(500, 8_000);
        case 2, 3 -> one.freeze(millis(100, 8_000));
        case 4 -> one.die();
        default -> {
          // A quiet time.
        }
      }
      at(millis(500, 4_000), this::trouble);
    }
  }

  private final class Node {
    private final int index;
    private String owner;
    private LeaseKeeper keeper;
    private LeaseStore store;
    private double rate;
    private long offset;
    private long frozenUntil;
    private long cutOffUntil;
    private int life;

    Node(int index) {
      this.index = index;
      this.store = redis.get();
      begin();
    }

    private void begin() {
      owner = "node-%d-%d".formatted(index, life);
      rate = 0.99 + random.nextDouble() * 0.02;
      offset = random.nextLong();
      keeper =
          new LeaseKeeper(
                  "simulated", owner, TIMES, new BadNetwork(this), clock(life), Runnable::run)
              .start();
    }

    private LeaseKeeper.Clock clock(int ofLife) {
      return new LeaseKeeper.Clock() {
        @Override
        public long now() {
          return offset + (long) (now * rate);
        }

        @Override
        public void after(Duration delay, Runnable action) {
          at((long) (delay.toNanos() / rate) + 1, () -> alive(ofLife, action));
        }
      };
    }

    /** Does something here, when the node isn't frozen, if it is still the same process. */
    void alive(int ofLife, Runnable action) {
      if (frozenUntil > now) {
        at(frozenUntil - now, () -> alive(ofLife, action));
      } else if (ofLife == life) {
        action.run();
      }
    }

    void freeze(long time) {
      frozenUntil = now + time;
    }

    void thaw() {
      frozenUntil = now;
      cutOffUntil = now;
    }

    /** As by SIGKILL, and started again under another name. */
    void die() {
      if (keeper.isHeld()) {
        takenFromTheDead++;
      }
      end();
      begin();
      live();
    }

    void end() {
      keeper.end();
      life++;
    }

    void live() {
      int ofLife = life;
      at(millis(0, 1_000), () -> alive(ofLife, this::want));
    }

    private void want() {
      int ofLife = life;
      keeper
          .acquire(reason -> lost++)
          .whenComplete(
              (held, problem) -> {
                boolean has = problem == null && held;
                if (has) {
                  acquired++;
                }
                at(
                    has ? millis(0, 6_000) : millis(0, 1_000),
                    () -> alive(ofLife, has ? this::giveBack : this::want));
              });
      if (chance(3)) {
        // While it is still being acquired: nothing forbids that.
        keeper.release();
      }
    }

    private void giveBack() {
      if (random.nextBoolean()) {
        int ofLife = life;
        keeper
            .release()
            .whenComplete(
                (released, problem) -> at(millis(0, 500), () -> alive(ofLife, this::want)));
      } else {
        live();
      }
    }
  }

  /** Between one process and Redis. */
  private final class BadNetwork implements LeaseStore {
    private final Node node;
    private final int life;

    BadNetwork(Node node) {
      this.node = node;
      this.life = node.life;
    }

    @Override
    public CompletionStage<LeaseEntry> look(Duration within) {
      return send(() -> node.store.look(LONG), within);
    }

    @Override
    public CompletionStage<LeaseEntry> take(LeaseEntry own, LeaseEntry seen, Duration within) {
      return send(() -> node.store.take(own, seen, LONG), within);
    }

    @Override
    public CompletionStage<LeaseEntry> renew(LeaseEntry own, Duration within) {
      return send(() -> node.store.renew(own, LONG), within);
    }

    @Override
    public CompletionStage<LeaseEntry> release(LeaseEntry own, Duration within) {
      return send(() -> node.store.release(own, LONG), within);
    }

    private CompletionStage<LeaseEntry> send(
        Supplier<CompletionStage<LeaseEntry>> call, Duration within) {
      CompletableFuture<LeaseEntry> answer = new CompletableFuture<>();
      at(
          within.toNanos(),
          () -> node.alive(life, () -> answer.completeExceptionally(new TimeoutException())));
      if (!chance(3)) {
        at(latency(), () -> execute(call, answer));
      }
      if (chance(5)) {
        at(latency() + millis(0, 4_000), () -> execute(call, answer));
      }
      return answer;
    }

    private long latency() {
      return chance(10) ? millis(1, 4_000) : millis(0, 3);
    }

    private void execute(
        Supplier<CompletionStage<LeaseEntry>> call, CompletableFuture<LeaseEntry> answer) {
      if (redisStandsStillUntil > now) {
        at(redisStandsStillUntil - now + millis(0, 2), () -> execute(call, answer));
      } else if (node.cutOffUntil > now) {
        // Held by the network, or swallowed.
        if (random.nextBoolean()) {
          at(node.cutOffUntil - now + millis(0, 500), () -> execute(call, answer));
        }
      } else {
        LeaseEntry entry = call.get().toCompletableFuture().join();
        if (!chance(3)) {
          at(latency(), () -> node.alive(life, () -> answer.complete(entry)));
        }
      }
    }
  }
}
