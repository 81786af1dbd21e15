package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.persistence.redis.OpenStore.await;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import org.beamhive.persistence.redis.RedisEventStore.Head;
import org.beamhive.persistence.redis.RedisEventStore.Listed;
import org.beamhive.persistence.redis.RedisEventStore.Page;
import org.beamhive.persistence.redis.RedisSnapshots.Limits;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Random sequences of everything that can be done with a store, each step compared with {@link
 * StoreModel}. Two nodes take turns, so that nothing depends on what one of them remembers.
 */
class StoreModelIT {

  private static final int SEEDS = 400;
  private static final int STEPS = 40;

  private static RedisServerForTest redis;
  private static RedisClient client;
  private static StatefulRedisConnection<String, String> console;
  private static OpenStore one;
  private static OpenStore two;

  @BeforeAll
  static void start() {
    redis = RedisServerForTest.start();
    client = RedisClient.create(redis.url());
    console = client.connect();
    one = OpenStore.of(redis.config());
    two = OpenStore.of(redis.config());
  }

  @AfterAll
  static void stop() {
    one.close();
    two.close();
    console.close();
    client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
    redis.close();
  }

  @Test
  void doesWhatTheModelDoes() throws Exception {
    for (long seed = 0; seed < SEEDS; seed++) {
      Run run = new Run(seed);
      for (int step = 0; step < STEPS; step++) {
        run.step(step);
      }
      console.sync().flushall();
    }
  }

  /** A part of the store, as one node sees it. */
  private record Node(RedisEventStore events, RedisSnapshots snapshots) {
    static Node of(OpenStore open, Keys keys) {
      return new Node(new RedisEventStore(open.link, keys), new RedisSnapshots(open.link, keys));
    }
  }

  /** One sequence. */
  private static final class Run {
    private static final List<String> IDS = List.of("a", "Scan|{x}%7B", "größe: 1:2 {}");

    private final long seed;
    private final RandomEvents random;
    private final List<Node> nodes;
    private final StoreModel model = new StoreModel();
    private final Map<String, List<List<StoredEvent>>> batches = new HashMap<>();
    private final Keys keys;
    private String doing = "";

    Run(long seed) {
      this.seed = seed;
      this.random = new RandomEvents(new Random(seed), Long.toString(seed));
      this.keys = new Keys("model-" + seed);
      this.nodes = List.of(Node.of(one, keys), Node.of(two, keys));
    }

    void step(int step) throws InterruptedException {
      try {
        act(random.oneOf(IDS), random.oneOf(nodes), random.number(0, 99));
      } catch (InterruptedException e) {
        throw e;
      } catch (Exception | AssertionError problem) {
        throw new AssertionError(
            "Seed %d, step %d, %s: %s".formatted(seed, step, doing, problem.getMessage()), problem);
      }
    }

    private void act(String id, Node node, long dice) throws Exception {
      if (dice < 30) {
        append(id, node);
      } else if (dice < 42) {
        appendAgain(id, node);
      } else if (dice < 50) {
        appendOther(id, node);
      } else if (dice < 57) {
        deleteTo(id, node);
      } else if (dice < 80) {
        read(id, node, dice);
      } else if (dice < 88) {
        readLists(node);
      } else if (dice < 98) {
        snapshots(id, node, dice);
      } else {
        doing = "forgetting the scripts";
        console.sync().scriptFlush();
      }
    }

    /** The next numbers, or, as after a rejected event, some behind them. */
    private void append(String id, Node node) throws Exception {
      long gap = random.chance(10) ? random.number(1, 5) : 0;
      long first = model.journal(id).highest + 1 + gap;
      store(id, node, random.batch(first, (int) random.number(1, 20)));
    }

    private void store(String id, Node node, List<StoredEvent> batch) throws Exception {
      doing =
          "appending %d to %d to '%s'"
              .formatted(batch.get(0).sequenceNr(), last(batch).sequenceNr(), id);
      if (model.append(id, batch)) {
        await(node.events.append(id, batch));
        batches.computeIfAbsent(id, name -> new ArrayList<>()).add(batch);
      } else {
        refuses(id, node, batch);
      }
      compareHead(id, node);
    }

    private static StoredEvent last(List<StoredEvent> batch) {
      return batch.get(batch.size() - 1);
    }

    private void refuses(String id, Node node, List<StoredEvent> batch) throws Exception {
      Throwable problem = null;
      try {
        await(node.events.append(id, batch));
      } catch (ExecutionException e) {
        problem = e.getCause();
      }
      assertThat(problem)
          .isInstanceOf(SequenceNumberTakenException.class)
          .hasMessageContaining("'" + id + "'")
          .hasMessageContaining("number " + batch.get(0).sequenceNr() + " ")
          .hasMessageContaining("gone on to " + model.journal(id).highest);
    }

    /** As when an answer was lost; also long afterwards, in part, or with more behind it. */
    private void appendAgain(String id, Node node) throws Exception {
      List<List<StoredEvent>> before = batches.getOrDefault(id, List.of());
      if (before.isEmpty()) {
        append(id, node);
        return;
      }
      List<StoredEvent> batch =
          random.chance(70) ? before.get(before.size() - 1) : random.oneOf(before);
      if (random.chance(20)) {
        batch = batch.subList(0, (int) random.number(1, batch.size()));
      } else if (random.chance(20)) {
        batch = new ArrayList<>(batch);
        batch.addAll(random.batch(last(batch).sequenceNr() + 1, 1));
      }
      store(id, node, batch);
    }

    /** A rival under numbers that are taken, or the same writer who has changed its mind. */
    private void appendOther(String id, Node node) throws Exception {
      long highest = model.journal(id).highest;
      if (highest == 0) {
        append(id, node);
        return;
      }
      long first = Math.max(1, highest - random.number(0, 10));
      List<StoredEvent> batch = random.batch(first, (int) random.number(1, 20));
      List<List<StoredEvent>> before = batches.getOrDefault(id, List.of());
      if (random.chance(30) && !before.isEmpty()) {
        batch = new ArrayList<>(before.get(before.size() - 1));
        int at = (int) random.number(0, batch.size() - 1);
        batch.set(at, slightlyOther(batch.get(at)));
      }
      store(id, node, batch);
    }

    private StoredEvent slightlyOther(StoredEvent event) {
      return new StoredEvent(
          event.sequenceNr(),
          event.payload(),
          event.adapterManifest(),
          event.writerUuid(),
          event.timestamp() + 1,
          event.metadata(),
          event.tags());
    }

    private void deleteTo(String id, Node node) throws Exception {
      long highest = model.journal(id).highest;
      long to = random.chance(10) ? Long.MAX_VALUE : random.number(-1, highest + 3);
      doing = "deleting '%s' to %d".formatted(id, to);
      await(node.events.deleteTo(id, to));
      model.deleteTo(id, to);
      compareHead(id, node);
    }

    private Head compareHead(String id, Node node) throws Exception {
      Head head = await(node.events.head(id));
      assertThat(head).isEqualTo(model.journal(id).head());
      return head;
    }

    private void read(String id, Node node, long dice) throws Exception {
      Head head = compareHead(id, node);
      long from = random.number(-2, head.highest() + 3);
      long to = random.chance(30) ? Long.MAX_VALUE : random.number(from - 2, head.highest() + 5);
      Page page = new Page((int) random.number(0, 15), random.number(1, 300_000));
      boolean large = head.large() || random.chance(30);
      doing = "reading '%s' from %d to %d by %s, large: %s".formatted(id, from, to, page, large);
      if (dice < 70) {
        compare(
            await(node.events.read(id, from, to, page, large)),
            model.read(id, from, to, page, large));
        return;
      }
      Page some = new Page(page.events() + 1, page.bytes());
      long max = random.chance(50) ? Long.MAX_VALUE : random.number(0, 20);
      doing = "replaying '%s' from %d to %d, %d by %s".formatted(id, from, to, max, some);
      List<StoredEvent> replayed = new ArrayList<>();
      PageReader<StoredEvent> reader =
          new PageReader<>(new StoredEvents(node.events, id, some), Math.max(0, from), to, null);
      Receiver nobody = new Receiver(List.of(), Duration.ofMinutes(1));
      await(new Replay(reader, nobody, replayed::add, Runnable::run).run(max));
      compare(replayed, model.journal(id).between(from, to).stream().limit(max).toList());
    }

    private static void compare(List<StoredEvent> found, List<StoredEvent> expected) {
      assertThat(StoreModel.facts(found)).isEqualTo(StoreModel.facts(expected));
    }

    private void readLists(Node node) throws Exception {
      String tag = random.oneOf(RandomEvents.TAGS);
      StoreModel.OrderedList expected = random.chance(20) ? model.ids() : model.tag(tag);
      Keys.Index index = expected == model.ids() ? keys.persistenceIds() : keys.tag(tag);
      doing = "reading " + index;
      assertThat(await(node.events.end(index))).isEqualTo(expected.end);
      long from = random.number(1, expected.end + 2);
      int count = (int) random.number(1, 5);
      List<Listed> found = new ArrayList<>();
      PageReader<Listed> reader =
          new PageReader<>(
              new StoredList(node.events, index, count), from, Long.MAX_VALUE - 1, null);
      Optional<List<Listed>> page = await(reader.next());
      while (page.isPresent()) {
        found.addAll(page.get());
        page = await(reader.next());
      }
      assertThat(found).isEqualTo(expected.between(from, Long.MAX_VALUE));
      if (expected != model.ids() && !found.isEmpty() && random.chance(30)) {
        String member = random.oneOf(found).member();
        doing = "removing '%s' from %s".formatted(member, index);
        assertThat(await(node.events.remove(index, member))).isEqualTo(1);
        expected.remove(member);
      }
    }

    private void snapshots(String id, Node node, long dice) throws Exception {
      if (dice < 92) {
        StoredSnapshot snapshot =
            random.snapshot(random.number(0, 12), random.chance(10) ? 0 : random.number(1, 5));
        doing = "saving snapshot %d of '%s'".formatted(snapshot.sequenceNr(), id);
        await(node.snapshots.save(id, snapshot));
        model.save(id, snapshot);
      } else if (dice < 94) {
        Limits limits = limits();
        doing = "deleting snapshots of '%s' within %s".formatted(id, limits);
        await(node.snapshots.delete(id, limits));
        model.delete(id, limits);
      }
      Limits limits = limits();
      doing = doing + ", then loading one of '%s' within %s".formatted(id, limits);
      assertThat(await(node.snapshots.load(id, limits)).map(StoreModel::facts))
          .isEqualTo(model.load(id, limits).map(StoreModel::facts));
    }

    private Limits limits() {
      return new Limits(
          random.chance(50) ? 0 : random.number(-1, 6),
          random.chance(50) ? Long.MAX_VALUE : random.number(0, 13),
          random.chance(70) ? 0 : random.number(0, 3),
          random.chance(70) ? Long.MAX_VALUE : random.number(0, 6));
    }
  }
}
