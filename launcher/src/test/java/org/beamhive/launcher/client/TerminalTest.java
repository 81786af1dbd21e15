package org.beamhive.launcher.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class TerminalTest {
  private final StringWriter text = new StringWriter();

  @Test
  void keepsTheBarBelowTheLinesAndTakesItAway() throws Exception {
    Terminal terminal = new Terminal(new PrintWriter(text), true);
    terminal.progress("Scan 5", 20);
    for (int i = 1; i <= 10; i++) {
      terminal.at(i);
      terminal.line("row " + i);
      Thread.sleep(60);
    }
    terminal.endProgress();
    terminal.line("done");

    assertThat(text.toString()).contains("Scan 5").contains("row 10").endsWith("\r\u001b[Kdone\n");
  }

  @Test
  void printsLinesOnlyWhereNobodyLooks() {
    Terminal terminal = new Terminal(new PrintWriter(text), false);
    terminal.progress("Scan 5", 20);
    terminal.at(1);
    terminal.line("row");
    terminal.endProgress();
    assertThat(text.toString()).isEqualTo("row\n");
  }
}
