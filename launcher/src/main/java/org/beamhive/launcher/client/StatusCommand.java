package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;

@Command(
    name = "status",
    description = "What the beamline is doing.",
    footer = {"", "Examples:", "  beamhive status", "  beamhive status --json | jq .manager_state"})
final class StatusCommand extends ClientCommand {
  @Override
  int run(ApiClient api) {
    JsonNode status = api.get("/api/status");
    if (json()) {
      print(status);
      return 0;
    }
    List<String> switches = new ArrayList<>();
    addIf(switches, status.path("queue_stop_pending").asBoolean(), "stops after this item");
    addIf(switches, status.path("queue_autostart_enabled").asBoolean(), "autostart");
    addIf(switches, status.path("pause_pending").asBoolean(), "pauses at the next checkpoint");
    addIf(switches, status.at("/plan_queue_mode/loop").asBoolean(), "loop");
    addIf(switches, status.at("/plan_queue_mode/ignore_failures").asBoolean(), "ignores failures");
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("server", status.path("msg").asText()));
    rows.add(List.of("state", status.path("manager_state").asText()));
    rows.add(List.of("environment", status.path("worker_environment_state").asText()));
    rows.add(List.of("plan", orNone(status.path("re_state"))));
    rows.add(List.of("running item", orNone(status.path("running_item_uid"))));
    rows.add(List.of("waiting items", status.path("items_in_queue").asText()));
    rows.add(List.of("ended items", status.path("items_in_history").asText()));
    rows.add(List.of("queue", switches.isEmpty() ? "normal" : String.join(", ", switches)));
    if (status.path("manager_state").asText().equals("paused")) {
      rows.add(List.of("paused because", pausedBecause(api)));
    }
    out().println(Show.table(List.of("what", "is"), rows));
    return 0;
  }

  private static String pausedBecause(ApiClient api) {
    for (JsonNode run : api.get("/api/re/runs/active").path("run_list")) {
      return api.get("/api/runs/" + run.path("uid").asText()).at("/run/paused_because").asText();
    }
    return "the plan has no open run";
  }

  private static String orNone(JsonNode value) {
    return value.isTextual() ? value.asText() : "none";
  }

  private static void addIf(List<String> words, boolean holds, String word) {
    if (holds) {
      words.add(word);
    }
  }
}
