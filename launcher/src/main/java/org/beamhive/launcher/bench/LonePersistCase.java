package org.beamhive.launcher.bench;

import akka.actor.typed.ActorRef;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One entity alone, from persist to its callback, against a bare client that appends the same entry
 * and waits for the answer.
 */
final class LonePersistCase implements MeasuredCase {
  private static final String BASELINE = "bare XADD round trip of the same entry";

  private final JournalUnderTest journal;
  private final int events;
  private final ActorRef<JournalEntity.Command> writer;
  private final Map<String, byte[]> entry;

  LonePersistCase(JournalUnderTest journal, int events) {
    this.journal = journal;
    this.events = events;
    this.writer = journal.ready(journal.newName(), Set.of());
    this.entry = journal.storedEntry();
  }

  @Override
  public List<Figure> round() {
    Latency persist = JournalEntity.write(writer, events, 1, Duration.ZERO).join().latency();
    Latency bare = journal.bare().roundTrips(journal.newKey(), entry, events);
    return List.of(
        Figure.of("persist_microseconds_median", "us", persist.medianMicros())
            .against(BASELINE, bare.medianMicros()),
        Figure.of("persist_microseconds_p99", "us", persist.p99Micros())
            .against(BASELINE, bare.p99Micros()));
  }
}
