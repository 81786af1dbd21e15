package org.beamhive.launcher.bench;

import akka.actor.typed.ActorRef;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;

/**
 * The recovery of one entity with many small events, against a bare client that reads the same
 * stream in pages of the same size.
 */
final class ReplayCase implements MeasuredCase {
  private static final int WRITTEN_TOGETHER = 500;

  private final JournalUnderTest journal;
  private final String id;
  private final int events;
  private final boolean heap;

  /**
   * Stores the events.
   *
   * @param heap whether the used heap is measured too, in one more replay
   */
  ReplayCase(JournalUnderTest journal, int events, boolean heap) {
    this.journal = journal;
    this.id = journal.newName();
    this.events = events;
    this.heap = heap;
    ActorRef<JournalEntity.Command> writer = journal.ready(id, Set.of());
    JournalEntity.write(writer, events, WRITTEN_TOGETHER, Duration.ZERO).join();
    writer.tell(JournalEntity.Stop.INSTANCE);
  }

  @Override
  public List<Figure> round() {
    long begun = System.nanoTime();
    replay(count -> {});
    double seconds = (System.nanoTime() - begun) / 1e9;
    int page =
        journal.system().settings().config().getInt("beamhive.persistence.redis.replay-page");
    return List.of(
        Figure.of("events_per_second", "1/s", events / seconds)
            .against(
                "bare paged XRANGE of the same stream",
                journal.bare().readsPerSecond(journal.streamOf(id), page)));
  }

  private void replay(LongConsumer counter) {
    CompletableFuture<Long> recovered = new CompletableFuture<>();
    ActorRef<JournalEntity.Command> entity = journal.spawn(id, Set.of(), counter, recovered);
    long count = recovered.join();
    entity.tell(JournalEntity.Stop.INSTANCE);
    if (count != events) {
      throw new IllegalStateException(count + " events recovered, " + events + " expected");
    }
  }

  /** The used heap after a collection in the middle of the replay, several times on its way. */
  @Override
  public List<Figure> once() {
    if (!heap) {
      return List.of();
    }
    List<Figure> used = new ArrayList<>();
    replay(
        count -> {
          long tenths = 10 * count / events;
          if (tenths > 10 * (count - 1) / events) {
            used.add(
                Figure.of("heap_megabytes_at_%d_percent".formatted(10 * tenths), "MB", usedHeap()));
          }
        });
    double peak = used.stream().mapToDouble(Figure::value).max().orElseThrow();
    used.add(Figure.of("heap_megabytes_peak", "MB", peak));
    return used;
  }

  private static double usedHeap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return (runtime.totalMemory() - runtime.freeMemory()) / 1e6;
  }
}
