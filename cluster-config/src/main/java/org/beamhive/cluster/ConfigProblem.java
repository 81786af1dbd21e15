package org.beamhive.cluster;

import java.util.List;

/** The configuration can't be used; the message names every mistake with its key and file. */
public final class ConfigProblem extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** One or more mistakes, a sentence each. */
  public ConfigProblem(List<String> mistakes) {
    super(String.join("\n", mistakes));
  }
}
