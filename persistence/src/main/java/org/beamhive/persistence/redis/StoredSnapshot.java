package org.beamhive.persistence.redis;

import java.util.Optional;

/** A snapshot as it lies in Redis. */
record StoredSnapshot(
    long sequenceNr, long timestamp, StoredPayload payload, Optional<StoredPayload> metadata) {}
