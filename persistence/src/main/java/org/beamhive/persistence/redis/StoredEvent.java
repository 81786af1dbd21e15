package org.beamhive.persistence.redis;

import java.util.List;
import java.util.Optional;

/**
 * An event as it lies in its stream.
 *
 * @param adapterManifest what an event adapter gave as manifest, or empty
 * @param timestamp milliseconds since 1970, when it was written
 * @param tags in the order of the alphabet
 */
record StoredEvent(
    long sequenceNr,
    StoredPayload payload,
    String adapterManifest,
    String writerUuid,
    long timestamp,
    Optional<StoredPayload> metadata,
    List<String> tags) {

  /** Serialized bytes, which is what the limits of the settings are about. */
  long size() {
    return payload.bytes().length + metadata.map(m -> m.bytes().length).orElse(0);
  }
}
