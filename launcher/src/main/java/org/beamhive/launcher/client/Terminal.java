package org.beamhive.launcher.client;

import java.io.PrintWriter;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Lines that scroll above one progress bar, which stays at the bottom. */
final class Terminal {
  private static final int BAR_WIDTH = 79;
  private static final int REFRESH_MILLIS = 250;
  private static final String CLEAR_LINE = "\r\u001b[K";

  private final PrintWriter out;
  private final boolean interactive;
  private ProgressBar bar;
  private String shown = "";

  Terminal(PrintWriter out, boolean interactive) {
    this.out = out;
    this.interactive = interactive;
  }

  synchronized void line(String text) {
    out.println(shown.isEmpty() ? text : CLEAR_LINE + text);
    out.print(shown);
    out.flush();
  }

  /** Begins a bar; one that is there goes on. */
  synchronized void progress(String name, long points) {
    if (interactive && bar == null && points > 0) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(name)
              .setInitialMax(points)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(REFRESH_MILLIS)
              .setConsumer(new DelegatingProgressBarConsumer(this::show, BAR_WIDTH))
              .build();
    }
  }

  void at(long point) {
    ProgressBar current = current();
    if (current != null) {
      current.stepTo(point);
    }
  }

  void endProgress() {
    ProgressBar current = current();
    if (current != null) {
      // outside the lock: closing waits for the bar's thread, which draws once more
      current.close();
      clear();
    }
  }

  private synchronized ProgressBar current() {
    return bar;
  }

  private synchronized void clear() {
    bar = null;
    if (!shown.isEmpty()) {
      out.print(CLEAR_LINE);
      out.flush();
      shown = "";
    }
  }

  private synchronized void show(String text) {
    if (bar != null) {
      shown = text.strip();
      out.print(CLEAR_LINE + shown);
      out.flush();
    }
  }
}
