package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "pause",
    description = "Pauses the running plan.",
    footer = {
      "",
      "Examples:",
      "  beamhive pause",
      "  beamhive pause --immediate",
      "  beamhive resume"
    })
final class PauseCommand extends ClientCommand {
  @Option(
      names = "--immediate",
      description = "At once, going back to the last checkpoint; default: at the next checkpoint.")
  private boolean immediate;

  @Override
  int run(ApiClient api) {
    JsonNode answer =
        api.post(
            "/api/re/pause",
            ApiClient.object().put("option", immediate ? "immediate" : "deferred"));
    if (json()) {
      print(answer);
    } else {
      out().println(immediate ? "Pausing." : "Pausing at the next checkpoint.");
    }
    return 0;
  }
}
