package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "history",
    description = "The ended items, the newest last.",
    footer = {"", "Examples:", "  beamhive history", "  beamhive history --last 50"})
final class HistoryCommand extends ClientCommand {
  @Option(
      names = "--last",
      paramLabel = "N",
      description = "How many items at most; default ${DEFAULT-VALUE}.",
      defaultValue = "20")
  private int last;

  @Override
  int run(ApiClient api) {
    if (last < 1) {
      throw usage("--last must be 1 or more, not " + last);
    }
    JsonNode history = api.get("/api/history/get");
    if (json()) {
      print(history);
      return 0;
    }
    JsonNode items = history.path("items");
    List<List<String>> rows = new ArrayList<>();
    for (int i = Math.max(0, items.size() - last); i < items.size(); i++) {
      JsonNode item = items.get(i);
      JsonNode result = item.path("result");
      rows.add(
          List.of(
              Show.time(result.path("time_start")),
              Show.value(result.path("scan_ids")),
              Show.call(item),
              result.path("exit_status").asText(),
              Show.duration(
                  result.path("time_stop").asDouble() - result.path("time_start").asDouble()),
              result.path("msg").asText()));
    }
    if (rows.isEmpty()) {
      out().println("Nothing has run yet.");
    } else {
      out()
          .println(
              Show.table(List.of("started", ">scan", "what", "ended", ">took", "because"), rows));
    }
    return 0;
  }
}
