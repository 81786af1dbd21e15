package org.beamhive.persistence.redis;

import akka.persistence.SaveSnapshotFailure;
import akka.persistence.SelectedSnapshot;
import akka.persistence.SnapshotMetadata;
import akka.persistence.SnapshotSelectionCriteria;
import akka.persistence.snapshot.japi.SnapshotStore;
import com.typesafe.config.Config;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import scala.PartialFunction;
import scala.concurrent.Future;
import scala.runtime.BoxedUnit;

/**
 * The snapshot plugin actor: it serializes and hands over to {@link RedisSnapshots}. Akka's
 * persistent actors talk to it. A failed save or delete is reported to the actor, which goes on; a
 * failed load stops its recovery.
 */
public final class RedisSnapshotStore extends SnapshotStore {

  private final RedisSettings settings;
  private final Codec codec;
  private final RedisSnapshots store;
  private final Executor dispatcher;

  /** Whether the message being handled is that a save has failed. */
  private boolean saveFailed;

  /**
   * Called by Akka.
   *
   * @param section of the snapshot store
   * @param path where that section sits
   */
  public RedisSnapshotStore(Config section, String path) {
    RedisLinks.Plugin plugin = RedisLinks.get(context().system()).plugin(section, path);
    this.settings = plugin.settings();
    this.codec = plugin.codec();
    this.store = plugin.snapshots();
    this.dispatcher = context().dispatcher();
  }

  /**
   * Takes note of failed saves, because Akka then has everything of that number deleted. Here a
   * save is done as a whole or not at all, and what there is may be an older snapshot: the only one
   * of an actor whose events have been deleted.
   */
  @Override
  public void aroundReceive(PartialFunction<Object, BoxedUnit> receive, Object message) {
    saveFailed = message instanceof SaveSnapshotFailure;
    super.aroundReceive(receive, message);
  }

  @Override
  public Future<Optional<SelectedSnapshot>> doLoadAsync(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    return Stages.toScala(
        store
            .load(persistenceId, limits(criteria))
            .thenApplyAsync(
                found -> found.map(snapshot -> codec.restore(persistenceId, snapshot)),
                dispatcher));
  }

  @Override
  public Future<Void> doSaveAsync(SnapshotMetadata metadata, Object snapshot) {
    try {
      StoredSnapshot stored = codec.store(metadata, snapshot);
      long size = stored.payload().bytes().length;
      if (size > settings.maxSnapshotBytes()) {
        throw settings.tooLarge(
            "Snapshot %d of '%s'".formatted(metadata.sequenceNr(), metadata.persistenceId()),
            size,
            settings.maxSnapshotBytes(),
            "max-snapshot-bytes");
      }
      return Stages.toScala(store.save(metadata.persistenceId(), stored));
    } catch (Exception e) {
      return Stages.toScala(CompletableFuture.failedStage(e));
    }
  }

  /** Akka gives timestamp 0 when it doesn't know it: then the sequence number alone counts. */
  @Override
  public Future<Void> doDeleteAsync(SnapshotMetadata metadata) {
    if (saveFailed) {
      return Stages.toScala(CompletableFuture.completedStage(null));
    }
    long timestamp = metadata.timestamp();
    return Stages.toScala(
        store.delete(
            metadata.persistenceId(),
            new RedisSnapshots.Limits(
                metadata.sequenceNr(),
                metadata.sequenceNr(),
                timestamp,
                timestamp == 0 ? Long.MAX_VALUE : timestamp)));
  }

  @Override
  public Future<Void> doDeleteAsync(String persistenceId, SnapshotSelectionCriteria criteria) {
    return Stages.toScala(store.delete(persistenceId, limits(criteria)));
  }

  private static RedisSnapshots.Limits limits(SnapshotSelectionCriteria criteria) {
    return new RedisSnapshots.Limits(
        criteria.minSequenceNr(),
        criteria.maxSequenceNr(),
        criteria.minTimestamp(),
        criteria.maxTimestamp());
  }
}
