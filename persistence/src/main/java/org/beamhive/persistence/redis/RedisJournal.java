package org.beamhive.persistence.redis;

import akka.persistence.AtomicWrite;
import akka.persistence.PersistentRepr;
import akka.persistence.journal.japi.AsyncWriteJournal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The journal plugin actor. It serializes, hands over to {@link RedisEventStore} and keeps nothing
 * but the writes that have no answer yet. Akka's persistent actors talk to it. An event that can't
 * be serialized or is too large is rejected: nothing of it was stored, and Akka tells the actor so
 * (a typed one gets an {@code EventRejectedException}, which stops it unless it is supervised). A
 * write that fails stops or restarts the actor that asked for it; this one goes on.
 */
public final class RedisJournal extends AsyncWriteJournal {

  /** Writes of one call go to Redis together up to this size, and one after the other beyond it. */
  private static final long TOGETHER = 4L << 20;

  private final RedisSettings settings;
  private final Codec codec;
  private final RedisEventStore store;
  private final Executor dispatcher;

  /** The last write of each persistence id that has one without answer. */
  private final Map<String, CompletionStage<Void>> writesInProgress = new ConcurrentHashMap<>();

  /** Called by Akka. */
  public RedisJournal() {
    RedisLinks links = RedisLinks.get(context().system());
    this.settings = links.settings;
    this.codec = links.codec;
    this.store = links.events;
    this.dispatcher = context().dispatcher();
  }

  @Override
  public Future<Iterable<Optional<Exception>>> doAsyncWriteMessages(
      Iterable<AtomicWrite> messages) {
    List<Optional<Exception>> results = new ArrayList<>();
    List<List<StoredEvent>> accepted = new ArrayList<>();
    String persistenceId = "";
    for (AtomicWrite write : messages) {
      persistenceId = write.persistenceId();
      try {
        accepted.add(store(write));
        results.add(Optional.empty());
      } catch (Exception rejection) {
        results.add(Optional.of(rejection));
      }
    }
    CompletionStage<Void> written = write(persistenceId, accepted);
    return Stages.toScala(written.thenApply(done -> results));
  }

  /** All writes of one call are of one persistence id: a persistent actor asks for itself only. */
  private CompletionStage<Void> write(String persistenceId, List<List<StoredEvent>> accepted) {
    CompletionStage<Void> written = CompletableFuture.completedStage(null);
    // One after the other, so that a failed one leaves no gap before a later one.
    for (List<StoredEvent> events : together(accepted)) {
      written =
          accepted.size() == 1
              ? store.append(persistenceId, events)
              : written.thenCompose(done -> store.append(persistenceId, events));
    }
    CompletionStage<Void> last = written;
    writesInProgress.put(persistenceId, last);
    last.whenComplete((done, problem) -> writesInProgress.remove(persistenceId, last));
    return last;
  }

  private List<StoredEvent> store(AtomicWrite write) {
    long now = System.currentTimeMillis();
    List<StoredEvent> events = new ArrayList<>(write.size());
    long size = 0;
    for (PersistentRepr event : CollectionConverters.asJava(write.payload())) {
      StoredEvent stored = codec.store(event, now);
      if (stored.size() > settings.maxPayloadBytes()) {
        throw tooLarge(
            "Event %d of '%s'".formatted(event.sequenceNr(), event.persistenceId()),
            stored.size(),
            settings.maxPayloadBytes(),
            "max-payload-bytes");
      }
      events.add(stored);
      size += stored.size();
    }
    if (size > settings.maxBatchBytes()) {
      throw tooLarge(
          "The batch of %d events of '%s'".formatted(events.size(), write.persistenceId()),
          size,
          settings.maxBatchBytes(),
          "max-batch-bytes");
    }
    return events;
  }

  static IllegalArgumentException tooLarge(String what, long size, long allowed, String key) {
    return new IllegalArgumentException(
        "%s takes %d bytes, more than the %d allowed by %s.%s"
            .formatted(what, size, allowed, RedisSettings.PATH, key));
  }

  private static List<List<StoredEvent>> together(List<List<StoredEvent>> writes) {
    if (writes.size() < 2) {
      return writes;
    }
    List<List<StoredEvent>> calls = new ArrayList<>();
    long size = TOGETHER;
    for (List<StoredEvent> write : writes) {
      long more = write.stream().mapToLong(StoredEvent::size).sum();
      if (size + more > TOGETHER) {
        calls.add(new ArrayList<>());
        size = 0;
      }
      calls.get(calls.size() - 1).addAll(write);
      size += more;
    }
    return calls;
  }

  @Override
  public Future<Void> doAsyncDeleteMessagesTo(String persistenceId, long toSequenceNr) {
    return Stages.toScala(store.deleteTo(persistenceId, toSequenceNr));
  }

  /**
   * Waits for a write in progress: an actor that was restarted during its write must not recover
   * without those events, or it would give their numbers away a second time.
   */
  @Override
  public Future<Long> doAsyncReadHighestSequenceNr(String persistenceId, long fromSequenceNr) {
    CompletionStage<Void> write = writesInProgress.get(persistenceId);
    return Stages.toScala(
        write == null
            ? store.highest(persistenceId)
            : write.handle((done, problem) -> done).thenCompose(x -> store.highest(persistenceId)));
  }

  @Override
  public Future<Void> doAsyncReplayMessages(
      String persistenceId,
      long fromSequenceNr,
      long toSequenceNr,
      long max,
      Consumer<PersistentRepr> replayCallback) {
    return Stages.toScala(replay(persistenceId, fromSequenceNr, toSequenceNr, max, replayCallback));
  }

  private CompletionStage<Void> replay(
      String persistenceId, long from, long to, long max, Consumer<PersistentRepr> callback) {
    int count = (int) Math.min(max, settings.replayPage());
    return store
        .read(persistenceId, from, to, count)
        .thenComposeAsync(
            page -> {
              page.forEach(event -> callback.accept(codec.restore(persistenceId, event)));
              return page.isEmpty() || page.size() < count
                  ? CompletableFuture.completedStage(null)
                  : replay(
                      persistenceId,
                      page.get(page.size() - 1).sequenceNr() + 1,
                      to,
                      max - page.size(),
                      callback);
            },
            dispatcher);
  }
}
