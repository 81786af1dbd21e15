package org.beamhive.persistence.redis;

import akka.actor.ActorRef;
import akka.actor.ActorSystem;
import akka.persistence.DeleteSnapshotSuccess;
import akka.persistence.DeleteSnapshotsSuccess;
import akka.persistence.Persistence;
import akka.persistence.SaveSnapshotFailure;
import akka.persistence.SaveSnapshotSuccess;
import akka.persistence.SelectedSnapshot;
import akka.persistence.SnapshotMetadata;
import akka.persistence.SnapshotProtocol;
import akka.persistence.SnapshotSelectionCriteria;
import akka.testkit.javadsl.TestKit;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.Optional;
import scala.jdk.javaapi.OptionConverters;

/** Speaks to a snapshot store as persistent actors do, without being one. */
final class SnapshotsForTest {

  private static final Duration LONG = Duration.ofSeconds(30);

  private final ActorSystem system;
  private final ActorRef store;

  /**
   * @param pluginId empty for the default one
   */
  SnapshotsForTest(ActorSystem system, String pluginId) {
    this.system = system;
    this.store = Persistence.get(system).snapshotStoreFor(pluginId, ConfigFactory.empty());
  }

  /** Saves, and returns what the store says about the snapshot, with its timestamp. */
  SnapshotMetadata save(String persistenceId, long sequenceNr, Object snapshot) {
    return save(new SnapshotMetadata(persistenceId, sequenceNr, 0), snapshot);
  }

  SnapshotMetadata save(SnapshotMetadata metadata, Object snapshot) {
    return answer(new SnapshotProtocol.SaveSnapshot(metadata, snapshot), SaveSnapshotSuccess.class)
        .metadata();
  }

  Throwable failureOfSaving(String persistenceId, long sequenceNr, Object snapshot) {
    SnapshotMetadata metadata = new SnapshotMetadata(persistenceId, sequenceNr, 0);
    return answer(new SnapshotProtocol.SaveSnapshot(metadata, snapshot), SaveSnapshotFailure.class)
        .cause();
  }

  Optional<SelectedSnapshot> load(String persistenceId, SnapshotSelectionCriteria criteria) {
    return load(persistenceId, criteria, Long.MAX_VALUE);
  }

  Optional<SelectedSnapshot> load(
      String persistenceId, SnapshotSelectionCriteria criteria, long toSequenceNr) {
    return OptionConverters.toJava(
        answer(
                new SnapshotProtocol.LoadSnapshot(persistenceId, criteria, toSequenceNr),
                SnapshotProtocol.LoadSnapshotResult.class)
            .snapshot());
  }

  Throwable failureOfLoading(String persistenceId) {
    return answer(
            new SnapshotProtocol.LoadSnapshot(
                persistenceId, SnapshotSelectionCriteria.latest(), Long.MAX_VALUE),
            SnapshotProtocol.LoadSnapshotFailed.class)
        .cause();
  }

  void delete(SnapshotMetadata metadata) {
    answer(new SnapshotProtocol.DeleteSnapshot(metadata), DeleteSnapshotSuccess.class);
  }

  void delete(String persistenceId, SnapshotSelectionCriteria criteria) {
    answer(
        new SnapshotProtocol.DeleteSnapshots(persistenceId, criteria),
        DeleteSnapshotsSuccess.class);
  }

  private <T> T answer(Object request, Class<T> expected) {
    TestKit probe = new TestKit(system);
    try {
      store.tell(request, probe.getRef());
      return probe.expectMsgClass(LONG, expected);
    } finally {
      system.stop(probe.getRef());
    }
  }
}
