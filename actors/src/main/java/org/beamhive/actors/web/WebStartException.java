package org.beamhive.actors.web;

/** The HTTP server can't start; the message is one sentence for a person. */
public final class WebStartException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  WebStartException(String message, Throwable cause) {
    super(message, cause);
  }
}
