package org.beamhive.persistence.redis;

import akka.NotUsed;
import akka.persistence.query.EventEnvelope;
import akka.persistence.query.Offset;
import akka.persistence.query.scaladsl.CurrentEventsByPersistenceIdQuery;
import akka.persistence.query.scaladsl.CurrentEventsByTagQuery;
import akka.persistence.query.scaladsl.CurrentPersistenceIdsQuery;
import akka.persistence.query.scaladsl.EventsByPersistenceIdQuery;
import akka.persistence.query.scaladsl.EventsByTagQuery;
import akka.persistence.query.scaladsl.PersistenceIdsQuery;
import akka.persistence.query.scaladsl.ReadJournal;
import akka.stream.scaladsl.Source;

/** The queries of {@link RedisReadJournal} for Scala. */
public final class ScalaRedisReadJournal
    implements ReadJournal,
        CurrentEventsByPersistenceIdQuery,
        EventsByPersistenceIdQuery,
        CurrentPersistenceIdsQuery,
        PersistenceIdsQuery,
        CurrentEventsByTagQuery,
        EventsByTagQuery {

  private final RedisReadJournal journal;

  ScalaRedisReadJournal(RedisReadJournal journal) {
    this.journal = journal;
  }

  @Override
  public Source<EventEnvelope, NotUsed> currentEventsByPersistenceId(
      String persistenceId, long fromSequenceNr, long toSequenceNr) {
    return journal
        .currentEventsByPersistenceId(persistenceId, fromSequenceNr, toSequenceNr)
        .asScala();
  }

  @Override
  public Source<EventEnvelope, NotUsed> eventsByPersistenceId(
      String persistenceId, long fromSequenceNr, long toSequenceNr) {
    return journal.eventsByPersistenceId(persistenceId, fromSequenceNr, toSequenceNr).asScala();
  }

  @Override
  public Source<String, NotUsed> currentPersistenceIds() {
    return journal.currentPersistenceIds().asScala();
  }

  @Override
  public Source<String, NotUsed> persistenceIds() {
    return journal.persistenceIds().asScala();
  }

  @Override
  public Source<EventEnvelope, NotUsed> currentEventsByTag(String tag, Offset offset) {
    return journal.currentEventsByTag(tag, offset).asScala();
  }

  @Override
  public Source<EventEnvelope, NotUsed> eventsByTag(String tag, Offset offset) {
    return journal.eventsByTag(tag, offset).asScala();
  }
}
