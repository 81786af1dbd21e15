package org.beamhive.persistence.redis;

import akka.actor.ExtendedActorSystem;
import akka.persistence.query.ReadJournalProvider;
import com.typesafe.config.Config;

/** Makes the read journals; named in the configuration and called by Akka. */
public final class RedisReadJournalProvider implements ReadJournalProvider {

  private final RedisReadJournal journal;

  /**
   * Called by Akka.
   *
   * @param section of the read journal
   * @param path where that section sits
   */
  public RedisReadJournalProvider(ExtendedActorSystem system, Config section, String path) {
    this.journal = new RedisReadJournal(system, section, path);
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
