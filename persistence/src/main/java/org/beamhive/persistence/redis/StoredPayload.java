package org.beamhive.persistence.redis;

/** A serialized object with what Akka needs to read it back. */
record StoredPayload(int serializerId, String manifest, byte[] bytes) {}
