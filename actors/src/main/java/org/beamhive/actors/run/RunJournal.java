package org.beamhive.actors.run;

import akka.actor.typed.ActorSystem;
import akka.persistence.query.PersistenceQuery;
import akka.persistence.query.javadsl.CurrentEventsByPersistenceIdQuery;
import akka.stream.javadsl.Sink;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.run.RunEntry;

/** Reads stored run logs, a page at a time. */
@FunctionalInterface
public interface RunJournal {
  /**
   * The entries of a run from a position on.
   *
   * @param run which run
   * @param from position of the first, from 1
   * @param max most entries to read
   * @return what is there now, empty if nothing; fails if the journal can't be reached
   */
  CompletionStage<List<RunEntry>> read(RunUid run, long from, int max);

  /** Reads through the read journal plugin of this id. */
  static RunJournal of(ActorSystem<?> system, String readJournal) {
    CurrentEventsByPersistenceIdQuery query =
        PersistenceQuery.get(system)
            .getReadJournalFor(CurrentEventsByPersistenceIdQuery.class, readJournal);
    return (run, from, max) ->
        query
            .currentEventsByPersistenceId(RunLog.persistenceId(run).id(), from, from + max - 1)
            .map(envelope -> (RunEntry) envelope.event())
            .runWith(Sink.seq(), system);
  }
}
