package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "read",
    description = "Reads devices now.",
    footer = {"", "Examples:", "  beamhive read samx samy"})
final class ReadCommand extends ClientCommand {
  @Parameters(paramLabel = "DEVICE", arity = "1..*", description = "The devices.")
  private List<String> devices;

  @Override
  int run(ApiClient api) {
    refuseUnknownOptions(devices);
    List<JsonNode> answers = read(api, devices);
    if (json()) {
      ArrayNode all = ApiClient.JSON.createArrayNode();
      answers.forEach(all::add);
      print(answers.size() == 1 ? answers.get(0) : all);
    } else {
      out().println(table(answers));
    }
    return 0;
  }

  static List<JsonNode> read(ApiClient api, List<String> devices) {
    List<JsonNode> answers = new ArrayList<>();
    for (String device : devices) {
      answers.add(api.get(DeviceCalls.path(device, "read")));
    }
    return answers;
  }

  static String table(List<JsonNode> answers) {
    List<List<String>> rows = new ArrayList<>();
    for (JsonNode answer : answers) {
      answer
          .path("readings")
          .properties()
          .forEach(field -> rows.add(row(field.getKey(), field.getValue())));
    }
    return Show.table(List.of("key", ">value", "units", "time", "alarm"), rows);
  }

  private static List<String> row(String key, JsonNode reading) {
    JsonNode value = reading.path("value");
    Integer precision =
        reading.path("precision").isNumber() ? reading.path("precision").asInt() : null;
    String alarm = reading.path("severity").asText();
    return List.of(
        key,
        value.isDouble() ? Show.number(value.asDouble(), precision) : Show.value(value),
        reading.path("units").isTextual() ? reading.path("units").asText() : "",
        Show.time(reading.path("timestamp")),
        alarm.equals("NO_ALARM") ? "" : alarm);
  }
}
