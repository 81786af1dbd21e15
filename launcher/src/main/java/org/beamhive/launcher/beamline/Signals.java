package org.beamhive.launcher.beamline;

import java.io.IOException;
import java.io.UncheckedIOException;

/** Sends signals that Java has no method for. */
public final class Signals {
  private Signals() {}

  /**
   * Sends a signal, as kill(1) does.
   *
   * @param signal its name without SIG, as {@code STOP}
   * @param pid of the process
   */
  public static void send(String signal, long pid) {
    try {
      new ProcessBuilder("kill", "-" + signal, Long.toString(pid)).start().waitFor();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(interrupted);
    }
  }
}
