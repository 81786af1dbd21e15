package org.beamhive.persistence.redis;

/**
 * Redis could not be reached or did not do what it was asked. The message is one sentence that
 * names the address.
 */
public class RedisStoreException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  RedisStoreException(String message, Throwable cause) {
    super(message, Diagnosis.harmless(cause));
  }
}
