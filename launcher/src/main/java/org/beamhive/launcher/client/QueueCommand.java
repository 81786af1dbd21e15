package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "queue",
    description = "The running item and the waiting ones; removes waiting ones.",
    footer = {
      "",
      "Examples:",
      "  beamhive queue",
      "  beamhive queue --remove 700d976e-19fa-4148-b334-31a626b1bf97",
      "  beamhive queue --clear",
      "  beamhive queue --json | jq .items"
    })
final class QueueCommand extends ClientCommand {
  @Option(names = "--remove", paramLabel = "ITEM_UID", description = "Removes a waiting item.")
  private String remove;

  @Option(names = "--clear", description = "Removes all waiting items.")
  private boolean clear;

  @Override
  int run(ApiClient api) {
    if (remove != null) {
      api.post("/api/queue/item/remove", ApiClient.object().put("uid", remove));
    }
    if (clear) {
      api.post("/api/queue/clear");
    }
    JsonNode queue = api.get("/api/queue/get");
    if (json()) {
      print(queue);
      return 0;
    }
    List<List<String>> rows = new ArrayList<>();
    if (!queue.path("running_item").isEmpty()) {
      rows.add(row("runs", queue.get("running_item")));
    }
    int index = 0;
    for (JsonNode item : queue.path("items")) {
      rows.add(row(Integer.toString(index++), item));
    }
    if (rows.isEmpty()) {
      out().println("The queue is empty.");
    } else {
      out().println(Show.table(List.of(">pos", "what", "user", "item_uid"), rows));
    }
    return 0;
  }

  private static List<String> row(String place, JsonNode item) {
    return List.of(
        place, Show.call(item), item.path("user").asText(), item.path("item_uid").asText());
  }
}
