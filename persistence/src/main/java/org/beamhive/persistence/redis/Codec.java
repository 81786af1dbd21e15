package org.beamhive.persistence.redis;

import akka.actor.ActorSystem;
import akka.persistence.PersistentRepr;
import akka.persistence.SelectedSnapshot;
import akka.persistence.SnapshotMetadata;
import akka.persistence.journal.Tagged;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import akka.serialization.Serializer;
import akka.serialization.Serializers;
import java.util.List;
import java.util.Optional;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.OptionConverters;

/**
 * Between Akka's objects and what is stored. Uses the actor system's serializers, so an event is
 * stored by the serializer that it is bound to, and {@code ActorRef}s in it get the address of this
 * system.
 */
final class Codec {

  private final Serialization serialization;

  Codec(ActorSystem system) {
    this.serialization = SerializationExtension.get(system);
  }

  /**
   * Throws what the serializer throws, if the event can't be stored.
   *
   * @param now the time of an event that has none yet, in milliseconds since 1970
   */
  StoredEvent store(PersistentRepr event, long now) {
    Object payload = event.payload();
    List<String> tags = List.of();
    if (payload instanceof Tagged tagged) {
      payload = tagged.payload();
      tags = CollectionConverters.asJava(tagged.tags()).stream().sorted().toList();
    }
    return new StoredEvent(
        event.sequenceNr(),
        serialize(payload),
        event.manifest() == null ? "" : event.manifest(),
        event.writerUuid(),
        event.timestamp() == 0 ? now : event.timestamp(),
        metadata(event.metadata()),
        tags);
  }

  /**
   * The event as Akka knows it.
   *
   * @throws UnreadableException if no serializer of this actor system can read it
   */
  PersistentRepr restore(String persistenceId, StoredEvent event) {
    try {
      return repr(persistenceId, event);
    } catch (Exception e) {
      throw UnreadableException.event(persistenceId, event.sequenceNr(), e);
    }
  }

  private PersistentRepr repr(String persistenceId, StoredEvent event) {
    PersistentRepr restored =
        PersistentRepr.apply(
                deserialize(event.payload()),
                event.sequenceNr(),
                persistenceId,
                event.adapterManifest(),
                false,
                null,
                event.writerUuid())
            .withTimestamp(event.timestamp());
    return event.metadata().isEmpty()
        ? restored
        : restored.withMetadata(deserialize(event.metadata().get()));
  }

  StoredSnapshot store(SnapshotMetadata metadata, Object snapshot) {
    return new StoredSnapshot(
        metadata.sequenceNr(),
        metadata.timestamp(),
        serialize(snapshot),
        metadata(metadata.metadata()));
  }

  /**
   * The snapshot as Akka knows it.
   *
   * @throws UnreadableException if no serializer of this actor system can read it
   */
  SelectedSnapshot restore(String persistenceId, StoredSnapshot snapshot) {
    try {
      return selected(persistenceId, snapshot);
    } catch (Exception e) {
      throw UnreadableException.snapshot(persistenceId, snapshot.sequenceNr(), e);
    }
  }

  private SelectedSnapshot selected(String persistenceId, StoredSnapshot snapshot) {
    SnapshotMetadata metadata =
        new SnapshotMetadata(persistenceId, snapshot.sequenceNr(), snapshot.timestamp());
    if (snapshot.metadata().isPresent()) {
      metadata = metadata.withMetadata(deserialize(snapshot.metadata().get()));
    }
    return SelectedSnapshot.create(metadata, deserialize(snapshot.payload()));
  }

  private Optional<StoredPayload> metadata(Option<Object> metadata) {
    return OptionConverters.toJava(metadata).map(this::serialize);
  }

  private StoredPayload serialize(Object payload) {
    Serializer serializer = serialization.findSerializerFor(payload);
    return new StoredPayload(
        serializer.identifier(),
        Serializers.manifestFor(serializer, payload),
        serialization.serialize(payload).get());
  }

  private Object deserialize(StoredPayload stored) {
    return serialization
        .deserialize(stored.bytes(), stored.serializerId(), stored.manifest())
        .get();
  }
}
