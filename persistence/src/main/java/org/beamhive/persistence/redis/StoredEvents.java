package org.beamhive.persistence.redis;

import java.util.List;
import java.util.concurrent.CompletionStage;

/** The events of one persistence id, as a {@link PageReader} reads them. */
final class StoredEvents implements PageReader.Pages<StoredEvent> {

  private final RedisEventStore store;
  private final String persistenceId;
  private final RedisEventStore.Page page;
  private volatile boolean large;

  StoredEvents(RedisEventStore store, String persistenceId, RedisEventStore.Page page) {
    this(store, persistenceId, page, false);
  }

  /**
   * For a reader that doesn't ask for the end.
   *
   * @param large as {@link RedisEventStore#head} has said
   */
  StoredEvents(
      RedisEventStore store, String persistenceId, RedisEventStore.Page page, boolean large) {
    this.store = store;
    this.persistenceId = persistenceId;
    this.page = page;
    this.large = large;
  }

  @Override
  public CompletionStage<Long> end() {
    return store
        .head(persistenceId)
        .thenApply(
            head -> {
              large = head.large();
              return head.highest();
            });
  }

  @Override
  public CompletionStage<List<StoredEvent>> read(long from, long to) {
    return store.read(persistenceId, from, to, page, large);
  }

  @Override
  public long position(StoredEvent event) {
    return event.sequenceNr();
  }
}
