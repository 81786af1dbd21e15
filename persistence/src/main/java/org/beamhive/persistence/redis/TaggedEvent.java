package org.beamhive.persistence.redis;

/**
 * Where an event of a tag is.
 *
 * @param position in the list of the tag
 */
record TaggedEvent(long position, long sequenceNr, String persistenceId) {

  /**
   * An event as it was found in a list.
   *
   * @throws UnreadableException if it isn't one
   */
  static TaggedEvent of(Keys.Index index, RedisEventStore.Listed listed) {
    String member = listed.member();
    try {
      int end = member.indexOf(':');
      return new TaggedEvent(
          listed.position(), Long.parseLong(member.substring(0, end)), member.substring(end + 1));
    } catch (IndexOutOfBoundsException | NumberFormatException e) {
      throw UnreadableException.listed(index.members(), member, e);
    }
  }

  /** Its text in the list; {@code append.lua} makes the same. */
  static String member(long sequenceNr, String persistenceId) {
    return sequenceNr + ":" + persistenceId;
  }
}
