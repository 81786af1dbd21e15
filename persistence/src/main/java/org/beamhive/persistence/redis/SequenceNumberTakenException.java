package org.beamhive.persistence.redis;

/**
 * Another writer has already stored events under these sequence numbers. Two actors with the same
 * persistence id are alive, or one has been replaced without knowing: it must not go on with the
 * state it has.
 */
public class SequenceNumberTakenException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  SequenceNumberTakenException(String persistenceId, long sequenceNr, long highest) {
    super(
        "Events of persistence id '%s' from sequence number %d on were refused: another writer has gone on to %d"
            .formatted(persistenceId, sequenceNr, highest));
  }
}
