package org.beamhive.persistence.redis;

/**
 * Names of the Redis keys. What belongs to one persistence id carries it as hash tag, so that Redis
 * Cluster keeps it on one node and one script may touch all of it. So does what belongs to one tag,
 * and a lease.
 *
 * <p>The names of the keys that can be listened to are also the names of the channels.
 */
record Keys(String prefix) {

  /** Stream of events: entry id {@code <sequence number>-0}. */
  String events(String persistenceId) {
    return key("events", persistenceId);
  }

  /** Exists if the stream has had an event above {@link RedisEventStore#LARGE}. */
  String large(String persistenceId) {
    return key("large", persistenceId);
  }

  /** Sorted set of the snapshots that exist. */
  String snapshotIndex(String persistenceId) {
    return key("snapshot-index", persistenceId);
  }

  /** Hash of the snapshots' contents. */
  String snapshots(String persistenceId) {
    return key("snapshots", persistenceId);
  }

  /** All persistence ids that have a journal. */
  Index persistenceIds() {
    return new Index(key("ids", "all"), key("ids-end", "all"));
  }

  /** The events of one tag. */
  Index tag(String tag) {
    return new Index(key("tag", tag), key("tag-end", tag));
  }

  /** Sorted set of writes in a cluster whose tags may not be indexed yet. */
  String untagged() {
    return key("untagged", "all");
  }

  /** Hash of one lease. */
  String lease(String name) {
    return key("lease", name);
  }

  /**
   * An ordered list that only grows at its end.
   *
   * @param members sorted set: the score is the position, from 1 on, never used twice
   * @param end the last position given
   */
  record Index(String members, String end) {}

  private String key(String kind, String of) {
    return prefix + ":" + kind + ":{" + escaped(of) + "}";
  }

  /** A brace would end the hash tag early, and an empty hash tag is none. */
  private static String escaped(String text) {
    if (text.isEmpty()) {
      return "%";
    }
    return text.indexOf('{') < 0 && text.indexOf('}') < 0 && text.indexOf('%') < 0
        ? text
        : text.replace("%", "%25").replace("{", "%7B").replace("}", "%7D");
  }
}
