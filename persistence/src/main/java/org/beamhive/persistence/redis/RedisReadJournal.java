package org.beamhive.persistence.redis;

import akka.NotUsed;
import akka.actor.ExtendedActorSystem;
import akka.japi.Pair;
import akka.persistence.Persistence;
import akka.persistence.PersistentRepr;
import akka.persistence.journal.EventAdapters;
import akka.persistence.query.EventEnvelope;
import akka.persistence.query.Offset;
import akka.persistence.query.javadsl.CurrentEventsByPersistenceIdQuery;
import akka.persistence.query.javadsl.CurrentPersistenceIdsQuery;
import akka.persistence.query.javadsl.ReadJournal;
import akka.stream.javadsl.Source;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Queries for Java: streams that fetch the next page only when the reader has taken the last one,
 * and that end at what was stored when they began.
 *
 * <p>The offset of an event is its sequence number. Event adapters of the journal are applied.
 */
public final class RedisReadJournal
    implements ReadJournal, CurrentEventsByPersistenceIdQuery, CurrentPersistenceIdsQuery {

  /** The plugin id, for {@code PersistenceQuery.getReadJournalFor}. */
  public static final String IDENTIFIER = RedisSettings.PATH + ".query";

  private final int page;
  private final Codec codec;
  private final RedisEventStore store;
  private final EventAdapters adapters;
  private final Executor dispatcher;

  RedisReadJournal(ExtendedActorSystem system) {
    RedisLinks links = RedisLinks.get(system);
    this.page = links.settings.replayPage();
    this.codec = links.codec;
    this.store = links.events;
    this.adapters = Persistence.get(system).adaptersFor(RedisSettings.PATH + ".journal");
    this.dispatcher = system.dispatchers().lookup(RedisSettings.PATH + ".dispatcher");
  }

  /** Where the next page begins and where the query ends. */
  private record Cursor(long next, long last) {}

  @Override
  public Source<EventEnvelope, NotUsed> currentEventsByPersistenceId(
      String persistenceId, long fromSequenceNr, long toSequenceNr) {
    return Source.lazyCompletionStage(() -> store.highest(persistenceId))
        .flatMapConcat(
            highest ->
                Source.unfoldAsync(
                    new Cursor(fromSequenceNr, Math.min(toSequenceNr, highest)),
                    cursor -> nextPage(persistenceId, cursor)))
        .mapConcat(events -> events)
        .mapMaterializedValue(x -> NotUsed.getInstance());
  }

  private CompletionStage<Optional<Pair<Cursor, List<EventEnvelope>>>> nextPage(
      String persistenceId, Cursor cursor) {
    return store
        .read(persistenceId, cursor.next, cursor.last, page)
        .thenApplyAsync(
            events -> {
              if (events.isEmpty()) {
                return Optional.empty();
              }
              long next = events.get(events.size() - 1).sequenceNr() + 1;
              List<EventEnvelope> envelopes =
                  events.stream().flatMap(event -> envelopes(persistenceId, event)).toList();
              return Optional.of(Pair.create(new Cursor(next, cursor.last), envelopes));
            },
            dispatcher);
  }

  /** An adapter may turn one stored event into several, or none. */
  private Stream<EventEnvelope> envelopes(String persistenceId, StoredEvent stored) {
    PersistentRepr event = codec.restore(persistenceId, stored);
    return CollectionConverters.asJava(
            adapters
                .get(event.payload().getClass())
                .fromJournal(event.payload(), event.manifest())
                .events())
        .stream()
        .map(
            adapted ->
                new EventEnvelope(
                    Offset.sequence(event.sequenceNr()),
                    persistenceId,
                    event.sequenceNr(),
                    adapted,
                    event.timestamp(),
                    event.metadata()));
  }

  @Override
  public Source<String, NotUsed> currentPersistenceIds() {
    return Source.unfoldAsync("", this::nextIds).mapConcat(ids -> ids);
  }

  private CompletionStage<Optional<Pair<String, List<String>>>> nextIds(String after) {
    return store
        .persistenceIds(after, page)
        .thenApply(
            ids ->
                ids.isEmpty()
                    ? Optional.empty()
                    : Optional.of(Pair.create(ids.get(ids.size() - 1), ids)));
  }
}
