package org.beamhive.launcher.client;

/** A command can't be done: one sentence for the person who gave it. */
public final class ClientException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ClientException(String message) {
    super(message, null, false, false);
  }
}
