package org.beamhive.persistence.redis;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.beamhive.persistence.redis.RedisEventStore.Listed;

/** An ordered list, as a {@link PageReader} reads it. */
final class StoredList implements PageReader.Pages<Listed> {

  private final RedisEventStore store;
  private final Keys.Index index;
  private final int count;

  StoredList(RedisEventStore store, Keys.Index index, int count) {
    this.store = store;
    this.index = index;
    this.count = count;
  }

  @Override
  public CompletionStage<Long> end() {
    return index.equals(store.keys().persistenceIds())
        ? store.end(index)
        : store.clusterTags().settleOld().thenCompose(done -> store.end(index));
  }

  @Override
  public CompletionStage<List<Listed>> read(long from, long to) {
    return store.members(index, from, to, count);
  }

  @Override
  public long position(Listed member) {
    return member.position();
  }
}
