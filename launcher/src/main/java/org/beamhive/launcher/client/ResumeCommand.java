package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Command;

@Command(
    name = "resume",
    description = "Goes on with the paused plan.",
    footer = {"", "Examples:", "  beamhive resume"})
final class ResumeCommand extends ClientCommand {
  @Override
  int run(ApiClient api) {
    JsonNode answer = api.post("/api/re/resume");
    if (json()) {
      print(answer);
    } else {
      out().println("Resuming.");
    }
    return 0;
  }
}
