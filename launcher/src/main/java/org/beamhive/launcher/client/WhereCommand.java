package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "wm",
    description = "Where the motors are: all that can be moved, or those named.",
    footer = {"", "Examples:", "  beamhive wm", "  beamhive wm samx samy"})
final class WhereCommand extends ClientCommand {
  @Parameters(paramLabel = "DEVICE", arity = "0..*", description = "Default: all that can move.")
  private List<String> names = List.of();

  @Override
  int run(ApiClient api) {
    refuseUnknownOptions(names);
    Map<String, JsonNode> devices = new LinkedHashMap<>();
    for (JsonNode device : api.get("/api/devices").path("devices")) {
      devices.put(device.path("name").asText(), device);
    }
    for (String name : names) {
      if (!devices.containsKey(name)) {
        throw new ClientException(
            "There is no device '" + name + "'; beamhive devices shows them.");
      }
    }
    ArrayNode all = ApiClient.JSON.createArrayNode();
    List<List<String>> rows = new ArrayList<>();
    for (JsonNode device : devices.values()) {
      if (names.isEmpty() ? movable(device) : names.contains(device.path("name").asText())) {
        JsonNode read = readings(api, device);
        all.add(read);
        rows.add(row(device, read));
      }
    }
    if (json()) {
      print(all);
    } else {
      out()
          .println(
              rows.isEmpty()
                  ? "There is nothing that can be moved."
                  : Show.table(
                      List.of(
                          "device",
                          ">position",
                          ">setpoint",
                          ">low",
                          ">high",
                          "units",
                          "state",
                          "problem"),
                      rows));
    }
    return 0;
  }

  private static boolean movable(JsonNode device) {
    for (JsonNode ability : device.path("abilities")) {
      if (ability.asText().equals("movable")) {
        return true;
      }
    }
    return false;
  }

  private static JsonNode readings(ApiClient api, JsonNode device) {
    String name = device.path("name").asText();
    if (!device.path("connected").asBoolean()) {
      return ApiClient.object().put("device", name);
    }
    try {
      return api.get(DeviceCalls.path(name, "read"));
    } catch (ClientException gone) {
      return ApiClient.object().put("device", name).put("msg", gone.getMessage());
    }
  }

  private static List<String> row(JsonNode device, JsonNode read) {
    JsonNode limits = device.path("limits");
    String problem = device.path("problem").asText();
    return List.of(
        device.path("name").asText(),
        value(read, read.path("hints").path(0).asText()),
        setpoint(read, device.path("name").asText()),
        limits.isObject() ? Show.number(limits.path("low").asDouble(), null) : "",
        limits.isObject() ? Show.number(limits.path("high").asDouble(), null) : "",
        device.path("units").asText(),
        device.path("state").asText(),
        problem.isEmpty() ? read.path("msg").asText() : problem);
  }

  private static String setpoint(JsonNode read, String name) {
    for (String suffix : List.of("_setpoint", "_user_setpoint")) {
      if (read.path("readings").has(name + suffix)) {
        return value(read, name + suffix);
      }
    }
    return "";
  }

  private static String value(JsonNode read, String key) {
    JsonNode reading = read.path("readings").path(key);
    JsonNode value = reading.path("value");
    Integer precision =
        reading.path("precision").isNumber() ? reading.path("precision").asInt() : null;
    return value.isDouble() ? Show.number(value.asDouble(), precision) : Show.value(value);
  }
}
