package org.beamhive.launcher;

import java.util.concurrent.atomic.AtomicBoolean;

/** Closes something when the process is told to end, in good order, once. */
public final class EndWithProcess {
  private EndWithProcess() {}

  /** Closes the part once: at the end of the process, or when the result is closed before. */
  public static AutoCloseable register(AutoCloseable part) {
    AtomicBoolean closed = new AtomicBoolean();
    AutoCloseable once =
        () -> {
          if (closed.compareAndSet(false, true)) {
            part.close();
          }
        };
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  try {
                    once.close();
                  } catch (Exception failed) {
                    System.err.println("ending: " + failed.getMessage());
                  }
                },
                "end-with-process"));
    return once;
  }
}
