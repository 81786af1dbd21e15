package org.beamhive.persistence.redis;

import java.util.Optional;

/**
 * An event as it lies in its stream.
 *
 * @param adapterManifest what an event adapter gave as manifest, or empty
 * @param timestamp milliseconds since 1970, when it was written
 */
record StoredEvent(
    long sequenceNr,
    StoredPayload payload,
    String adapterManifest,
    String writerUuid,
    long timestamp,
    Optional<StoredPayload> metadata) {

  /** Serialized bytes, which is what the limits of the settings are about. */
  long size() {
    return payload.bytes().length + metadata.map(m -> m.bytes().length).orElse(0);
  }
}
