package org.beamhive.persistence.redis;

import akka.actor.ExtendedActorSystem;
import akka.persistence.query.ReadJournalProvider;

/** Makes the read journals; named in the configuration and called by Akka. */
public final class RedisReadJournalProvider implements ReadJournalProvider {

  private final RedisReadJournal journal;

  /** Called by Akka. */
  public RedisReadJournalProvider(ExtendedActorSystem system) {
    this.journal = new RedisReadJournal(system);
  }

  @Override
  public ScalaRedisReadJournal scaladslReadJournal() {
    return new ScalaRedisReadJournal(journal);
  }

  @Override
  public RedisReadJournal javadslReadJournal() {
    return journal;
  }
}
