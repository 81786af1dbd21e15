package org.beamhive.launcher.bench;

import akka.NotUsed;
import akka.actor.typed.ActorRef;
import akka.persistence.query.EventEnvelope;
import akka.stream.javadsl.Source;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * How long after the beginning of its persist an event arrives in a live query, against the time
 * until the persist's own callback is called. The writer makes a pause after each event.
 */
final class LiveCase implements MeasuredCase {
  private static final String BASELINE = "the persist's own callback";
  private static final Duration PAUSE = Duration.ofMillis(5);
  private static final Duration LONGEST = Duration.ofMinutes(2);

  /** A live query. */
  interface Query {
    /** The events of an id, or of a tag that only they have, from the first on. */
    Source<EventEnvelope, NotUsed> events(String persistenceId, String tag);
  }

  private final JournalUnderTest journal;
  private final int events;
  private final boolean tagged;
  private final Query query;

  LiveCase(JournalUnderTest journal, int events, boolean tagged, Query query) {
    this.journal = journal;
    this.events = events;
    this.tagged = tagged;
    this.query = query;
  }

  @Override
  public List<Figure> round() {
    String id = journal.newName();
    String tag = journal.newName();
    ActorRef<JournalEntity.Command> writer = journal.ready(id, tagged ? Set.of(tag) : Set.of());
    long[] arrived = new long[events + 1];
    CompletableFuture<Void> live = new CompletableFuture<>();
    CompletionStage<?> all =
        query
            .events(id, tag)
            .take(arrived.length)
            .completionTimeout(LONGEST)
            .runForeach(
                envelope -> {
                  arrived[(int) envelope.sequenceNr() - 1] = System.nanoTime();
                  live.complete(null);
                },
                journal.system());
    all.whenComplete(
        (done, problem) -> {
          if (problem != null) {
            live.completeExceptionally(problem);
          }
        });
    // the query has caught up when it has the first, which is not measured
    JournalEntity.write(writer, 1, 1, PAUSE).join();
    live.join();
    JournalEntity.Written written = JournalEntity.write(writer, events, 1, PAUSE).join();
    all.toCompletableFuture().join();
    writer.tell(JournalEntity.Stop.INSTANCE);
    long[] nanos = new long[events];
    for (int i = 0; i < events; i++) {
      nanos[i] = arrived[i + 1] - written.begun(i);
    }
    Latency latency = Latency.ofNanos(nanos);
    Latency persist = written.latency();
    return List.of(
        Figure.of("arrival_milliseconds_median", "ms", latency.medianMicros() / 1000)
            .against(BASELINE, persist.medianMicros() / 1000),
        Figure.of("arrival_milliseconds_p99", "ms", latency.p99Micros() / 1000)
            .against(BASELINE, persist.p99Micros() / 1000));
  }
}
