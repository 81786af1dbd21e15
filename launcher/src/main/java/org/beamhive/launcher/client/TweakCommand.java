package org.beamhive.launcher.client;

import java.io.IOException;
import org.jline.terminal.Attributes;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.NonBlockingReader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "tweak",
    description = {
      "Moves a motor step by step with the keys: right and left move it by a step up and down; up and down double and",
      "halve the step; a number and Enter set the step; s or the space bar stops it; q ends."
    },
    footer = {"", "Examples:", "  beamhive tweak samx", "  beamhive tweak samx 0.05"})
final class TweakCommand extends ClientCommand {
  @Parameters(index = "0", paramLabel = "MOTOR", description = "The motor.")
  private String motor;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "STEP",
      defaultValue = "0.1",
      description = "The first step, in its units; default ${DEFAULT-VALUE}.")
  private double step;

  @Override
  int run(ApiClient api) {
    if (!(step > 0) || Double.isInfinite(step)) {
      throw usage("STEP must be a number above 0, not " + step + ".");
    }
    try (Terminal terminal = TerminalBuilder.builder().system(true).dumb(true).build()) {
      Attributes before = terminal.enterRawMode();
      try (Tweak tweak = new Tweak(api, motor, step, terminal.writer())) {
        NonBlockingReader keys = terminal.reader();
        tweak.show();
        while (tweak.key(key(keys))) {
          // each key is done when it comes
        }
      } finally {
        terminal.setAttributes(before);
      }
      return 0;
    } catch (IOException e) {
      throw new ClientException("The terminal can't be used: " + e.getMessage());
    }
  }

  /** An arrow key is three characters: escape, a bracket or O, a letter. */
  static String key(NonBlockingReader keys) throws IOException {
    int c = keys.read();
    if (c != 27) {
      return c < 0 ? "" : Character.toString(c);
    }
    int next = keys.read(50);
    if (next != '[' && next != 'O') {
      return "escape";
    }
    return switch (keys.read(50)) {
      case 'A' -> "up";
      case 'B' -> "down";
      case 'C' -> "right";
      case 'D' -> "left";
      default -> "unknown";
    };
  }
}
