package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "mv",
    description = "Moves motors together, waits until they are there and prints where they are.",
    footer = {"", "Examples:", "  beamhive mv samx -1.5", "  beamhive mv samx 1 samy 2.25"})
final class MoveCommand extends ClientCommand {
  @Parameters(
      paramLabel = "MOTOR POSITION",
      arity = "2..*",
      description = "Motors, each with its position.")
  private List<String> words;

  @Override
  int run(ApiClient api) {
    refuseUnknownOptions(words);
    if (words.size() % 2 != 0) {
      throw usage("Give a position for each motor: MOTOR POSITION [MOTOR POSITION...]");
    }
    ObjectNode item = ApiClient.object().put("item_type", "plan").put("name", "mv");
    ArrayNode args = item.putArray("args");
    List<String> motors = new ArrayList<>();
    for (int i = 0; i < words.size(); i += 2) {
      motors.add(words.get(i));
      args.add(words.get(i)).add(Words.value(words.get(i + 1)));
    }
    QueueClient queue = new QueueClient(api);
    queue.openEnvironment();
    ObjectNode body = ApiClient.object();
    body.set("item", item);
    JsonNode answer = api.post("/api/queue/item/execute", body);
    JsonNode entry = queue.ended(answer.at("/item/item_uid").asText(), true, status -> {});
    if (json()) {
      print(entry);
    }
    if (!entry.at("/result/exit_status").asText().equals("completed")) {
      throw new ClientException(Show.ended(entry));
    }
    if (!json()) {
      out().println(ReadCommand.table(ReadCommand.read(api, motors)));
    }
    return 0;
  }
}
