package org.beamhive.launcher.join;

/** The node can't come into its cluster; the message is one sentence for who started it. */
public final class JoinFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  JoinFailure(String sentence) {
    super(sentence, null, false, false);
  }
}
