package org.beamhive.persistence.redis;

/**
 * Where an event of a tag is.
 *
 * @param position in the list of the tag
 */
record TaggedEvent(long position, long sequenceNr, String persistenceId) {

  static TaggedEvent of(RedisEventStore.Listed listed) {
    int end = listed.member().indexOf(':');
    return new TaggedEvent(
        listed.position(),
        Long.parseLong(listed.member().substring(0, end)),
        listed.member().substring(end + 1));
  }

  /** Its text in the list; {@code append.lua} makes the same. */
  static String member(long sequenceNr, String persistenceId) {
    return sequenceNr + ":" + persistenceId;
  }
}
