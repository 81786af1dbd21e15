package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "submit",
    description = "Adds a plan to the queue and starts the queue if it is idle.",
    footer = {
      "",
      "Arguments are numbers, true, false, none, names of devices, lists (a,b or [1,2.5]) and",
      "key=value for arguments by name. Options go before or after them.",
      "",
      "Examples:",
      "  beamhive submit count det num=5",
      "  beamhive submit scan det samx -5 5 101 --wait",
      "  beamhive submit grid_scan det1,det2 samy 0 1 11 samx -1 1 21 snake_axes=true",
      "  beamhive submit --file item.json --no-start"
    })
final class SubmitCommand extends ClientCommand {
  @Parameters(paramLabel = "PLAN [ARGUMENT...]", arity = "0..*", description = "What to run.")
  private List<String> words = List.of();

  @Option(
      names = "--file",
      paramLabel = "FILE",
      description = "A file with the item as JSON: name, args, kwargs, meta.")
  private Path file;

  @Option(
      names = "--md",
      paramLabel = "KEY=VALUE",
      description = "Adds to the metadata of the run; may be repeated.")
  private Map<String, String> metadata = Map.of();

  @Option(names = "--front", description = "Before all waiting items; default: behind them.")
  private boolean front;

  @Option(names = "--no-start", description = "Leaves the environment and the queue as they are.")
  private boolean noStart;

  @Option(names = "--wait", description = "Shows the data and waits for the end.")
  private boolean wait;

  @Override
  int run(ApiClient api) {
    refuseUnknownOptions(words);
    if (words.isEmpty() == (file == null)) {
      throw usage("Give either a plan or --file");
    }
    QueueClient queue = new QueueClient(api);
    ObjectNode body = ApiClient.object();
    body.set("item", item(api));
    if (front) {
      body.put("pos", "front");
    }
    LiveView view = new LiveView(out(), !json());
    try (DocumentSocket documents =
        wait && !json() ? DocumentSocket.fromNow(api, view) : DocumentSocket.NONE) {
      JsonNode answer = api.post("/api/queue/item/add", body);
      String uid = answer.at("/item/item_uid").asText();
      if (!json()) {
        out()
            .println(
                "Queued: "
                    + Show.call(answer.path("item"))
                    + " ("
                    + uid
                    + ", "
                    + answer.path("qsize").asText()
                    + " waiting)");
        int ahead = answer.path("qsize").asInt() - 1;
        if (ahead > 0 && !front && !noStart) {
          out()
              .println(
                  ahead
                      + (ahead == 1 ? " item runs" : " items run")
                      + " first: see beamhive queue.");
        }
        out().flush();
      }
      if (!noStart) {
        queue.openEnvironment();
        queue.startIfIdle();
      }
      if (!wait) {
        if (json()) {
          print(answer);
        }
        return 0;
      }
      return waitFor(queue, uid, documents);
    }
  }

  private int waitFor(QueueClient queue, String uid, DocumentSocket documents) {
    boolean[] saidPaused = {false};
    JsonNode entry =
        queue.ended(
            uid,
            !noStart,
            status -> {
              boolean paused = QueueClient.state(status).equals("paused");
              if (paused && !saidPaused[0]) {
                err().println("Paused: go on with resume, stop or abort.");
                err().flush();
              }
              saidPaused[0] = paused;
            });
    entry.at("/result/run_uids").forEach(run -> documents.awaitStop(run.asText()));
    if (json()) {
      print(entry);
    } else {
      out().println(Show.ended(entry));
      entry
          .at("/result/run_uids")
          .forEach(
              run -> queue.files(run.asText()).forEach(file -> out().println("File: " + file)));
    }
    return entry.at("/result/exit_status").asText().equals("completed") ? 0 : 1;
  }

  private ObjectNode item(ApiClient api) {
    ObjectNode item = file == null ? itemOfWords(api) : itemOfFile();
    if (!metadata.isEmpty()) {
      ObjectNode meta =
          item.path("meta").isObject() ? (ObjectNode) item.get("meta") : item.putObject("meta");
      metadata.forEach((key, word) -> meta.set(key, Words.value(word)));
    }
    return item;
  }

  private ObjectNode itemOfWords(ApiClient api) {
    String plan = words.get(0);
    JsonNode declaration = api.get("/api/plans/allowed").path("plans_allowed").path(plan);
    return PlanWords.item(plan, words.subList(1, words.size()), declaration);
  }

  private ObjectNode itemOfFile() {
    JsonNode read;
    try {
      read = ApiClient.JSON.readTree(file.toFile());
    } catch (IOException e) {
      throw new ClientException(
          file + " can't be read as JSON: " + e.getMessage().lines().findFirst().orElse(""));
    }
    if (!(read instanceof ObjectNode item)) {
      throw new ClientException(file + " must hold one JSON object with the item.");
    }
    if (!item.has("item_type")) {
      item.put("item_type", "plan");
    }
    return item;
  }
}
