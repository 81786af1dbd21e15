package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Ends the running plan: pauses it at once, then stops or aborts it. */
abstract class EndCommand extends ClientCommand {
  private final String how;

  private EndCommand(String how) {
    this.how = how;
  }

  @Override
  int run(ApiClient api) {
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
      footer = {"", "Examples:", "  beamhive stop", "  beamhive stop --devices"})
  static final class Stop extends EndCommand {
    @Option(
        names = "--devices",
        description =
            "Stops every device at once instead, whatever the queue does; a plan that moves one fails.")
    private boolean devices;

    Stop() {
      super("stop");
    }

    @Override
    int run(ApiClient api) {
      if (!devices) {
        return super.run(api);
      }
      JsonNode answer = api.post("/api/devices/stop");
      if (json()) {
        print(answer);
      } else {
        out().println("Stopped " + answer.path("devices").size() + " devices.");
      }
      return 0;
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
