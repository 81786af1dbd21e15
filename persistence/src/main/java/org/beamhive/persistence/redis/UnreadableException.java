package org.beamhive.persistence.redis;

/**
 * Something stored can't be read back: written by another program, damaged, or of a class or
 * serializer that this program doesn't know. The message names the persistence id and the sequence
 * number, or the key.
 */
public class UnreadableException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private UnreadableException(String message, Throwable cause) {
    super(message, cause);
  }

  static UnreadableException event(String persistenceId, Object sequenceNr, Throwable cause) {
    return new UnreadableException(
        "Event %s of persistence id '%s' can't be read: %s"
            .formatted(sequenceNr, persistenceId, cause.getMessage()),
        cause);
  }

  static UnreadableException snapshot(String persistenceId, long sequenceNr, Throwable cause) {
    return new UnreadableException(
        "The snapshot at sequence number %d of persistence id '%s' can't be read: %s"
            .formatted(sequenceNr, persistenceId, cause.getMessage()),
        cause);
  }

  static UnreadableException listed(String list, String member, Throwable cause) {
    return new UnreadableException(
        "'%s' in the list '%s' is no event, so another program has put it there"
            .formatted(member, list),
        cause);
  }
}
