package org.beamhive.launcher.bench;

import akka.actor.typed.ActorRef;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * Entities that write at the same time, each its next event as soon as the last one is
 * acknowledged, against a bare client that appends the same entries as fast as Redis takes them.
 */
final class WritersCase implements MeasuredCase {
  private final JournalUnderTest journal;
  private final List<ActorRef<JournalEntity.Command>> writers;
  private final int each;
  private final int floorEvents;
  private final Map<String, byte[]> entry;

  /**
   * A case.
   *
   * @param events of all writers together, in one round
   * @param floorEvents of the bare client
   */
  WritersCase(JournalUnderTest journal, int writers, int events, int floorEvents) {
    this.journal = journal;
    this.writers =
        Stream.generate(() -> journal.ready(journal.newName(), Set.of())).limit(writers).toList();
    this.each = Math.max(1, events / writers);
    this.floorEvents = floorEvents;
    this.entry = journal.storedEntry();
  }

  @Override
  public List<Figure> round() {
    long begun = System.nanoTime();
    List<CompletableFuture<JournalEntity.Written>> written =
        writers.stream()
            .map(writer -> JournalEntity.write(writer, each, 1, Duration.ZERO))
            .toList();
    Latency latency = Latency.of(written.stream().map(one -> one.join().latency()).toList());
    double seconds = (System.nanoTime() - begun) / 1e9;
    double floor = journal.bare().appendsPerSecond(journal.newKey(), entry, floorEvents);
    return List.of(
        Figure.of("events_per_second", "1/s", (double) each * writers.size() / seconds)
            .against("bare pipelined XADD of the same entries", floor),
        Figure.of("persist_microseconds_median", "us", latency.medianMicros()),
        Figure.of("persist_microseconds_p99", "us", latency.p99Micros()));
  }
}
