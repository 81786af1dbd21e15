package org.beamhive.launcher.client;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "watch",
    description = "Shows the data as they are measured.",
    footer = {
      "",
      "Examples:",
      "  beamhive watch",
      "  beamhive watch --run 4ac7790b-62b2-4b49-84e2-2fab355957db",
      "  beamhive watch --json | jq 'select(.name == \"event\").doc.data'"
    })
final class WatchCommand extends ClientCommand {
  @Option(
      names = "--run",
      paramLabel = "UID",
      description = "This run from its start to its end; default: all runs from now on.")
  private String run;

  @Override
  int run(ApiClient api) {
    LiveView view = new LiveView(out(), !json());
    try (DocumentSocket documents =
        json()
            ? DocumentSocket.open(api, run, this::printFrame)
            : DocumentSocket.open(api, run, view)) {
      documents.awaitEnd();
      if (run == null) {
        throw new ClientException("The server has closed the connection.");
      }
    }
    return 0;
  }

  private void printFrame(String frame) {
    out().println(frame);
    out().flush();
  }
}
