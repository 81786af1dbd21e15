package org.beamhive.launcher.bench;

import java.util.List;
import java.util.Map;

/** What a bare client appends, pipelined, of the entries that the journal stores. */
final class FloorCase implements MeasuredCase {
  private final JournalUnderTest journal;
  private final int events;
  private final Map<String, byte[]> entry;

  FloorCase(JournalUnderTest journal, int events) {
    this.journal = journal;
    this.events = events;
    this.entry = journal.storedEntry();
  }

  @Override
  public List<Figure> round() {
    return List.of(
        Figure.of(
            "bare_events_per_second",
            "1/s",
            journal.bare().appendsPerSecond(journal.newKey(), entry, events)));
  }
}
