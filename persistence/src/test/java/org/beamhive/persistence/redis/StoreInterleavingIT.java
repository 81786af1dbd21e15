package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.persistence.redis.OpenStore.await;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.beamhive.persistence.redis.RedisEventStore.Listed;
import org.beamhive.persistence.redis.RedisEventStore.Page;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Writers of different ids, rivals for one id and readers, all at once and on two nodes: readers
 * never see what is not so, and in the end the store holds what {@link StoreModel} holds.
 */
class StoreInterleavingIT {

  private static final int SEEDS = 12;
  private static final int WRITERS = 6;
  private static final int STEPS = 25;
  private static final String CONTESTED = "contested";

  private static RedisServerForTest redis;
  private static OpenStore one;
  private static OpenStore two;
  private static ExecutorService threads;

  @BeforeAll
  static void start() {
    redis = RedisServerForTest.start();
    one = OpenStore.of(redis.config());
    two = OpenStore.of(redis.config());
    threads = Executors.newCachedThreadPool();
  }

  @AfterAll
  static void stop() throws InterruptedException {
    threads.shutdownNow();
    assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    one.close();
    two.close();
    redis.close();
  }

  @Test
  void interleavedWritersAndReadersAgreeWithTheModel() throws Exception {
    for (long seed = 0; seed < SEEDS; seed++) {
      try {
        new Run(seed).run();
      } catch (ExecutionException | AssertionError problem) {
        throw new AssertionError("Seed " + seed + ": " + problem.getMessage(), problem);
      }
    }
  }

  /** All at once, once. */
  private static final class Run {
    private final long seed;
    private final Keys keys;
    private final List<RedisEventStore> nodes;
    private final List<Writer> writers = new ArrayList<>();
    private final List<Rival> rivals = new ArrayList<>();
    private volatile boolean written;

    Run(long seed) {
      this.seed = seed;
      this.keys = new Keys("interleaving-" + seed);
      this.nodes =
          List.of(new RedisEventStore(one.link, keys), new RedisEventStore(two.link, keys));
      for (int i = 0; i < WRITERS; i++) {
        writers.add(new Writer("id-" + i, nodes.get(i % 2), random("w" + i)));
      }
      for (int i = 0; i < 2; i++) {
        rivals.add(new Rival(nodes.get(i), random("r" + i)));
      }
    }

    private RandomEvents random(String name) {
      return new RandomEvents(new Random(31 * seed + name.hashCode()), seed + name);
    }

    void run() throws Exception {
      List<Future<List<List<Listed>>>> readings = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        RedisEventStore node = nodes.get(i);
        RandomEvents random = random("reader" + i);
        readings.add(threads.submit(() -> read(node, random)));
      }
      List<Callable<Void>> work = new ArrayList<>(writers);
      work.addAll(rivals);
      try {
        for (Future<Void> done : threads.invokeAll(work)) {
          done.get();
        }
      } finally {
        written = true;
      }
      compareJournals();
      List<Listed> tagged = compareTags();
      for (Future<List<List<Listed>>> reading : readings) {
        for (List<Listed> seen : reading.get()) {
          assertThat(seen).isEqualTo(tagged.subList(0, seen.size()));
        }
      }
    }

    /** Until all is written; returns what it saw of one tag. */
    private List<List<Listed>> read(RedisEventStore node, RandomEvents random) throws Exception {
      List<List<Listed>> seen = new ArrayList<>();
      while (!written) {
        random.oneOf(writers).checkWhatIsSeen(node, new Page((int) random.number(1, 30), 100_000));
        seen.add(list(node, RandomEvents.TAGS.get(0)));
      }
      return seen;
    }

    private List<Listed> list(RedisEventStore node, String tag) throws Exception {
      return all(
          new PageReader<>(new StoredList(node, keys.tag(tag), 7), 1, Long.MAX_VALUE - 1, null));
    }

    private void compareJournals() throws Exception {
      for (Writer writer : writers) {
        StoreModel.Journal expected = writer.model.journal(writer.id);
        assertThat(await(nodes.get(0).head(writer.id))).isEqualTo(expected.head());
        assertThat(StoreModel.facts(events(nodes.get(0), writer.id, new Page(50, 1 << 20))))
            .isEqualTo(StoreModel.facts(expected.between(0, Long.MAX_VALUE)));
      }
      List<StoredEvent> accepted =
          rivals.stream()
              .flatMap(rival -> rival.accepted.stream())
              .sorted(Comparator.comparing(StoredEvent::sequenceNr))
              .toList();
      assertThat(accepted)
          .extracting(StoredEvent::sequenceNr)
          .containsExactlyElementsOf(LongStream.rangeClosed(1, accepted.size()).boxed().toList());
      assertThat(StoreModel.facts(events(nodes.get(0), CONTESTED, new Page(50, 1 << 20))))
          .isEqualTo(StoreModel.facts(accepted));
      List<String> ids = new ArrayList<>(writers.stream().map(writer -> writer.id).toList());
      ids.add(CONTESTED);
      assertThat(await(nodes.get(0).members(keys.persistenceIds(), 1, 1000, 1000)))
          .extracting(Listed::member)
          .containsExactlyInAnyOrderElementsOf(ids);
    }

    /** Each event once, those of one id in their order; returns the list of the first tag. */
    private List<Listed> compareTags() throws Exception {
      for (String tag : RandomEvents.TAGS) {
        List<Listed> found = list(nodes.get(1), tag);
        assertThat(found)
            .extracting(Listed::position)
            .containsExactlyElementsOf(LongStream.rangeClosed(1, found.size()).boxed().toList());
        int compared = 0;
        for (Writer writer : writers) {
          List<String> expected =
              writer.model.tag(tag).between(1, Long.MAX_VALUE).stream()
                  .map(Listed::member)
                  .toList();
          assertThat(of(writer.id, found)).isEqualTo(expected);
          compared += expected.size();
        }
        List<String> expected =
            rivals.stream()
                .flatMap(rival -> rival.accepted.stream())
                .sorted(Comparator.comparing(StoredEvent::sequenceNr))
                .filter(event -> event.tags().contains(tag))
                .map(event -> TaggedEvent.member(event.sequenceNr(), CONTESTED))
                .toList();
        assertThat(of(CONTESTED, found)).isEqualTo(expected);
        assertThat(found).hasSize(compared + expected.size());
      }
      return list(nodes.get(1), RandomEvents.TAGS.get(0));
    }

    private static List<String> of(String id, List<Listed> listed) {
      return listed.stream().map(Listed::member).filter(m -> m.endsWith(":" + id)).toList();
    }
  }

  private static List<StoredEvent> events(RedisEventStore node, String id, Page page)
      throws Exception {
    return all(new PageReader<>(new StoredEvents(node, id, page), 0, Long.MAX_VALUE, null));
  }

  private static <E> List<E> all(PageReader<E> reader) throws Exception {
    List<E> found = new ArrayList<>();
    for (Optional<List<E>> page = await(reader.next());
        page.isPresent();
        page = await(reader.next())) {
      found.addAll(page.get());
    }
    return found;
  }

  /** The only writer of its id. */
  private static final class Writer implements Callable<Void> {
    private final String id;
    private final RedisEventStore node;
    private final RandomEvents random;
    private final StoreModel model = new StoreModel();

    /** What it has ever tried to store, for readers. */
    private final Map<Long, List<Object>> tried = new ConcurrentHashMap<>();

    private volatile long acknowledged;
    private volatile long deletedTo;

    Writer(String id, RedisEventStore node, RandomEvents random) {
      this.id = id;
      this.node = node;
      this.random = random;
    }

    @Override
    public Void call() throws Exception {
      List<StoredEvent> last = List.of();
      for (int step = 0; step < STEPS; step++) {
        if (random.chance(10)) {
          deletedTo = Math.max(deletedTo, random.number(0, acknowledged));
          await(node.deleteTo(id, deletedTo));
          model.deleteTo(id, deletedTo);
        } else if (random.chance(10) && !last.isEmpty() && last.get(0).sequenceNr() > deletedTo) {
          await(node.append(id, last));
        } else {
          last = random.batch(acknowledged + 1, (int) random.number(1, 10));
          last.forEach(event -> tried.put(event.sequenceNr(), StoreModel.facts(event)));
          await(node.append(id, last));
          assertThat(model.append(id, last)).isTrue();
          acknowledged += last.size();
        }
      }
      return null;
    }

    /** Nothing that is acknowledged is missing unless it is deleted; nothing is out of order. */
    void checkWhatIsSeen(RedisEventStore other, Page page) throws Exception {
      long acknowledgedBefore = acknowledged;
      List<StoredEvent> seen = events(other, id, page);
      long deletedAfter = deletedTo;
      long expected = 1;
      for (StoredEvent event : seen) {
        assertThat(StoreModel.facts(event)).isEqualTo(tried.get(event.sequenceNr()));
        if (event.sequenceNr() != expected) {
          assertThat(event.sequenceNr()).isBetween(expected, deletedAfter + 1);
        }
        expected = event.sequenceNr() + 1;
      }
      if (expected <= acknowledgedBefore) {
        assertThat(deletedAfter).isGreaterThanOrEqualTo(acknowledgedBefore);
      }
    }
  }

  /** One of two writers of the same id that don't know of each other. */
  private static final class Rival implements Callable<Void> {
    private final RedisEventStore node;
    private final RandomEvents random;
    private final List<StoredEvent> accepted = new ArrayList<>();

    Rival(RedisEventStore node, RandomEvents random) {
      this.node = node;
      this.random = random;
    }

    @Override
    public Void call() throws Exception {
      for (int step = 0; step < STEPS; step++) {
        long next = await(node.head(CONTESTED)).highest() + 1;
        List<StoredEvent> batch = random.batch(next, (int) random.number(1, 10));
        try {
          await(node.append(CONTESTED, batch));
          accepted.addAll(batch);
        } catch (ExecutionException refused) {
          assertThat(refused).hasCauseInstanceOf(SequenceNumberTakenException.class);
        }
      }
      return null;
    }
  }
}
