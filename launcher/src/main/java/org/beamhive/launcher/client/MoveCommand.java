package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Moves motors directly, beside the queue; each device refuses while a scan holds it. */
abstract class MoveCommand extends ClientCommand {
  private final boolean relative;

  @Parameters(
      paramLabel = "MOTOR POSITION",
      arity = "2..*",
      description = "Motors, each with its position, or with its step for mvr.")
  private List<String> words;

  private MoveCommand(boolean relative) {
    this.relative = relative;
  }

  @Override
  int run(ApiClient api) {
    refuseUnknownOptions(words);
    if (words.size() % 2 != 0) {
      throw usage("Give a position for each motor: MOTOR POSITION [MOTOR POSITION...]");
    }
    Map<String, JsonNode> targets = new LinkedHashMap<>();
    for (int i = 0; i < words.size(); i += 2) {
      JsonNode value = Words.value(words.get(i + 1));
      if (!value.isNumber()) {
        throw usage(
            "'%s' is no position for %s: a number is needed; other values are given with: beamhive set"
                .formatted(words.get(i + 1), words.get(i)));
      }
      if (targets.put(words.get(i), value) != null) {
        throw usage(words.get(i) + " is given twice.");
      }
    }
    Map<String, JsonNode> answers = moveAll(api, targets);
    if (json()) {
      ArrayNode all = ApiClient.JSON.createArrayNode();
      answers.values().forEach(all::add);
      print(all);
    }
    List<String> problems = new ArrayList<>();
    for (JsonNode answer : answers.values()) {
      if (!answer.path("success").asBoolean()) {
        problems.add(answer.path("msg").asText());
      }
    }
    if (!problems.isEmpty()) {
      // without a server all say the same
      throw new ClientException(problems.stream().distinct().collect(Collectors.joining("\n")));
    }
    if (!json()) {
      out().println(ReadCommand.table(ReadCommand.read(api, List.copyOf(targets.keySet()))));
    }
    return 0;
  }

  /** All together; one that fails does not stop the others. */
  private Map<String, JsonNode> moveAll(ApiClient api, Map<String, JsonNode> targets) {
    Map<String, Double> ways = new LinkedHashMap<>();
    targets.forEach((name, value) -> ways.put(name, value.asDouble()));
    boolean watched = !json() && System.console() != null;
    ExecutorService waiting =
        Executors.newFixedThreadPool(
            targets.size(),
            task -> {
              Thread thread = new Thread(task, "move");
              thread.setDaemon(true);
              return thread;
            });
    try (MoveProgress progress = watched ? new MoveProgress(api, ways, relative) : null) {
      Map<String, CompletableFuture<JsonNode>> moves = new LinkedHashMap<>();
      targets.forEach(
          (name, value) ->
              moves.put(
                  name,
                  CompletableFuture.supplyAsync(
                      () -> {
                        JsonNode answer = move(api, name, value);
                        if (progress != null && answer.path("success").asBoolean()) {
                          progress.arrived(name);
                        }
                        return answer;
                      },
                      waiting)));
      Map<String, JsonNode> answers = new LinkedHashMap<>();
      moves.forEach((name, move) -> answers.put(name, ended(move)));
      return answers;
    } finally {
      waiting.shutdown();
    }
  }

  private JsonNode move(ApiClient api, String name, JsonNode value) {
    return api.ask(
        DeviceCalls.path(name, "set"),
        DeviceCalls.move(value, relative).put("user", System.getProperty("user.name")));
  }

  private static JsonNode ended(CompletableFuture<JsonNode> move) {
    try {
      return move.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof ClientException refused) {
        return ApiClient.object().put("success", false).put("msg", refused.getMessage());
      }
      throw e;
    }
  }

  @Command(
      name = "mv",
      description = {
        "Moves motors together, waits until they are there and prints where they are. Goes to the motors directly,",
        "not through the queue; a motor that a scan holds refuses. When this command ends, as with Ctrl-C, they stop."
      },
      footer = {"", "Examples:", "  beamhive mv samx -1.5", "  beamhive mv samx 1 samy 2.25"})
  static final class Absolute extends MoveCommand {
    Absolute() {
      super(false);
    }
  }

  @Command(
      name = "mvr",
      description = "As mv, by a step from the setpoint that each motor has.",
      footer = {"", "Examples:", "  beamhive mvr samx -0.1", "  beamhive mvr samx 1 samy -1"})
  static final class Relative extends MoveCommand {
    Relative() {
      super(true);
    }
  }
}
