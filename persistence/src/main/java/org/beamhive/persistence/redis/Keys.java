package org.beamhive.persistence.redis;

/**
 * Names of the Redis keys. What belongs to one persistence id carries it as hash tag, so that Redis
 * Cluster keeps it on one node and one script may touch all of it.
 */
record Keys(String prefix) {

  /** Stream of events: entry id {@code <sequence number>-0}. */
  String events(String persistenceId) {
    return prefix + ":events:{" + persistenceId + "}";
  }

  /** Sorted set of the snapshots that exist. */
  String snapshotIndex(String persistenceId) {
    return prefix + ":snapshot-index:{" + persistenceId + "}";
  }

  /** Hash of the snapshots' contents. */
  String snapshots(String persistenceId) {
    return prefix + ":snapshots:{" + persistenceId + "}";
  }

  /** Sorted set, in the order of the alphabet, of all persistence ids that have a journal. */
  String persistenceIds() {
    return prefix + ":persistence-ids";
  }
}
