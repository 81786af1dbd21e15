package org.beamhive.persistence.redis;

import akka.Done;
import akka.NotUsed;
import akka.actor.ExtendedActorSystem;
import akka.persistence.Persistence;
import akka.persistence.PersistentRepr;
import akka.persistence.journal.EventAdapters;
import akka.persistence.query.EventEnvelope;
import akka.persistence.query.Offset;
import akka.persistence.query.Sequence;
import akka.persistence.query.javadsl.CurrentEventsByPersistenceIdQuery;
import akka.persistence.query.javadsl.CurrentEventsByTagQuery;
import akka.persistence.query.javadsl.CurrentPersistenceIdsQuery;
import akka.persistence.query.javadsl.EventsByPersistenceIdQuery;
import akka.persistence.query.javadsl.EventsByTagQuery;
import akka.persistence.query.javadsl.PersistenceIdsQuery;
import akka.persistence.query.javadsl.ReadJournal;
import akka.stream.Attributes;
import akka.stream.javadsl.Source;
import com.typesafe.config.Config;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.beamhive.persistence.redis.PageReader.Live;
import org.beamhive.persistence.redis.RedisEventStore.Listed;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Queries for Java. Each is a stream that fetches the next page only when the reader has taken the
 * last one. Those called {@code current...} end at what was stored when they began. The others go
 * on: Redis tells them when there is more. A query fails when Redis can't be reached for {@code
 * call-timeout}, and can then be begun again where it was.
 *
 * <p>The offset of an event by persistence id is its sequence number; that of an event by tag is
 * its position in the list of the tag, from 1 on. Events of one tag come in the order in which they
 * were written, on which all readers agree. Event adapters of the journal are applied: where one
 * makes several events of one, these share their offset.
 */
public final class RedisReadJournal
    implements ReadJournal,
        CurrentEventsByPersistenceIdQuery,
        EventsByPersistenceIdQuery,
        CurrentPersistenceIdsQuery,
        PersistenceIdsQuery,
        CurrentEventsByTagQuery,
        EventsByTagQuery {

  /** The plugin id, for {@code PersistenceQuery.getReadJournalFor}. */
  public static final String IDENTIFIER = Section.ROOT + ".query";

  /** Events of a tag that are fetched at a time: each may be as large as allowed. */
  private static final int FETCHES = 16;

  /** Akka runs a source of this kind apart, and would let 16 pages pile up behind it. */
  private static final Attributes ONE_PAGE = Attributes.inputBuffer(1, 1);

  private final RedisSettings settings;
  private final Duration refresh;
  private final Codec codec;
  private final RedisEventStore store;
  private final EventAdapters adapters;
  private final Executor dispatcher;

  RedisReadJournal(ExtendedActorSystem system, Config section, String path) {
    RedisLinks.Plugin plugin = RedisLinks.get(system).plugin(section, path);
    this.settings = plugin.settings();
    this.codec = plugin.codec();
    this.store = plugin.events();
    this.refresh =
        Section.of(section, path, system.settings().config()).duration("refresh-interval");
    this.adapters = Persistence.get(system).adaptersFor(section.getString("write-plugin"));
    this.dispatcher = system.dispatchers().lookup(section.getString("plugin-dispatcher"));
  }

  @Override
  public Source<EventEnvelope, NotUsed> currentEventsByPersistenceId(
      String persistenceId, long fromSequenceNr, long toSequenceNr) {
    return events(persistenceId, fromSequenceNr, toSequenceNr, false);
  }

  /** Ends when it has come to {@code toSequenceNr}. */
  @Override
  public Source<EventEnvelope, NotUsed> eventsByPersistenceId(
      String persistenceId, long fromSequenceNr, long toSequenceNr) {
    return events(persistenceId, fromSequenceNr, toSequenceNr, true);
  }

  private Source<EventEnvelope, NotUsed> events(
      String persistenceId, long from, long to, boolean live) {
    return pages(
            store.keys().events(persistenceId),
            live,
            wakeup ->
                new PageReader<>(
                    new StoredEvents(store, persistenceId, settings.page()),
                    Math.max(0, from),
                    to,
                    wakeup))
        .mapAsync(
            1,
            page ->
                CompletableFuture.supplyAsync(
                    () ->
                        page.stream()
                            .flatMap(
                                event ->
                                    envelopes(
                                        persistenceId, event, Offset.sequence(event.sequenceNr()))
                                        .stream())
                            .toList(),
                    dispatcher))
        .mapConcat(envelopes -> envelopes)
        .addAttributes(ONE_PAGE);
  }

  /**
   * In the order in which their first event was written. An id stays in the list when its events
   * are deleted.
   */
  @Override
  public Source<String, NotUsed> currentPersistenceIds() {
    return ids(false);
  }

  /** As {@link #currentPersistenceIds}, and then each new one when it is there. */
  @Override
  public Source<String, NotUsed> persistenceIds() {
    return ids(true);
  }

  private Source<String, NotUsed> ids(boolean live) {
    return members(store.keys().persistenceIds(), 1, live).map(Listed::member);
  }

  @Override
  public Source<EventEnvelope, NotUsed> currentEventsByTag(String tag, Offset offset) {
    return tagged(tag, offset, false);
  }

  @Override
  public Source<EventEnvelope, NotUsed> eventsByTag(String tag, Offset offset) {
    return tagged(tag, offset, true);
  }

  private Source<EventEnvelope, NotUsed> tagged(String tag, Offset offset, boolean live) {
    Keys.Index index = store.keys().tag(tag);
    return members(index, after(offset), live)
        .mapAsync(FETCHES, listed -> fetch(index, listed))
        .mapConcat(envelopes -> envelopes);
  }

  private static long after(Offset offset) {
    if (offset.equals(Offset.noOffset())) {
      return 1;
    }
    if (offset instanceof Sequence sequence) {
      return Math.max(0, Math.min(sequence.value(), Long.MAX_VALUE - 1)) + 1;
    }
    throw new IllegalArgumentException(
        "The offset "
            + offset
            + " is not one of this journal's: events by tag begin at Offset.noOffset() or"
            + " Offset.sequence(the last one seen)");
  }

  private CompletionStage<List<EventEnvelope>> fetch(Keys.Index index, Listed listed) {
    TaggedEvent tagged = TaggedEvent.of(index, listed);
    return store
        .read(
            tagged.persistenceId(),
            tagged.sequenceNr(),
            tagged.sequenceNr(),
            RedisEventStore.ONE,
            false)
        .thenComposeAsync(
            found ->
                found.isEmpty()
                    // It has been deleted since.
                    ? store.remove(index, listed.member()).thenApply(gone -> List.of())
                    : CompletableFuture.completedStage(
                        envelopes(
                            tagged.persistenceId(),
                            found.get(0),
                            Offset.sequence(tagged.position()))),
            dispatcher);
  }

  private Source<Listed, NotUsed> members(Keys.Index index, long from, boolean live) {
    return pages(
            index.members(),
            live,
            wakeup ->
                new PageReader<>(
                    new StoredList(store, index, settings.replayPage()),
                    from,
                    Long.MAX_VALUE - 1,
                    wakeup))
        .mapConcat(page -> page)
        .addAttributes(ONE_PAGE);
  }

  private record Reading<E>(PageReader<E> reader, Wakeups.Wakeup wakeup) {}

  /**
   * @param channel where a live query hears of news
   */
  private <E> Source<List<E>, NotUsed> pages(
      String channel, boolean live, Function<Live, PageReader<E>> reader) {
    return Source.<List<E>, Reading<E>>unfoldResourceAsync(
        () -> {
          Wakeups.Wakeup wakeup = live ? store.wakeups().listen(channel) : null;
          return CompletableFuture.completedStage(
              new Reading<>(reader.apply(live ? new Live(wakeup, refresh) : null), wakeup));
        },
        reading -> reading.reader.next(),
        reading -> {
          reading.reader.stop();
          if (live) {
            store.wakeups().stop(reading.wakeup);
          }
          return CompletableFuture.completedStage(Done.getInstance());
        });
  }

  /** An adapter may turn one stored event into several, or none. */
  private List<EventEnvelope> envelopes(String persistenceId, StoredEvent stored, Offset offset) {
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
                    offset,
                    persistenceId,
                    event.sequenceNr(),
                    adapted,
                    event.timestamp(),
                    event.metadata()))
        .toList();
  }
}
