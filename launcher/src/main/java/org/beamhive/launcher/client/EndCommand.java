package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Command;

/** Ends the running plan: pauses it at once, then stops or aborts it. */
abstract class EndCommand extends ClientCommand {
  private final String how;

  private EndCommand(String how) {
    this.how = how;
  }

  @Override
  final int run(ApiClient api) {
    JsonNode entry = new QueueClient(api).end(how);
    if (json()) {
      print(entry);
    } else {
      out().println(Show.ended(entry));
    }
    return 0;
  }

  @Command(
      name = "stop",
      description = "Ends the running plan in good order; what it measured counts as a success.",
      footer = {"", "Examples:", "  beamhive stop"})
  static final class Stop extends EndCommand {
    Stop() {
      super("stop");
    }
  }

  @Command(
      name = "abort",
      description = "Ends the running plan in good order, marked as aborted; it is queued again.",
      footer = {"", "Examples:", "  beamhive abort"})
  static final class Abort extends EndCommand {
    Abort() {
      super("abort");
    }
  }
}
