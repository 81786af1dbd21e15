package org.beamhive.protocol.wire;

/**
 * Marks what the queue stores for ever: its events and its state. Bound to the serializer {@code
 * beamhive-queue}; a new component needs a default for data that was stored without it, a renamed
 * one a migration.
 */
public interface QueueStored {}
