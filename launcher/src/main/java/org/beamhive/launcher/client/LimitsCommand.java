package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "limits",
    description = {
      "Shows the limits of a device, or sets our own ones beside those of its record; a setpoint must lie within both."
    },
    footer = {
      "",
      "Examples:",
      "  beamhive limits samx",
      "  beamhive limits samx -5 5",
      "  beamhive limits samx --clear"
    })
final class LimitsCommand extends ClientCommand {
  @Parameters(index = "0", paramLabel = "DEVICE", description = "The device.")
  private String device;

  @Parameters(index = "1..*", paramLabel = "LOW HIGH", description = "Its new limits.")
  private List<String> limits = List.of();

  @Option(names = "--clear", description = "Takes our own limits away.")
  private boolean clear;

  @Override
  int run(ApiClient api) {
    if (clear ? !limits.isEmpty() : limits.size() != 2 && !limits.isEmpty()) {
      throw usage("Give LOW and HIGH, or --clear, or neither to see the limits.");
    }
    for (String word : limits) {
      if (!Words.number(word)) {
        throw usage("'" + word + "' is no limit: a number is needed.");
      }
    }
    if (clear || !limits.isEmpty()) {
      ObjectNode body = ApiClient.object();
      body.set("low", clear ? null : Words.value(limits.get(0)));
      body.set("high", clear ? null : Words.value(limits.get(1)));
      DeviceCalls.call(api, device, "limits", body);
    }
    JsonNode now = api.get(DeviceCalls.path(device, "limits"));
    if (json()) {
      print(now);
      return 0;
    }
    out().println(device + ": " + shown(now.path("effective")) + " " + now.path("units").asText());
    List<List<String>> rows = new ArrayList<>();
    for (JsonNode change : now.path("changes")) {
      rows.add(
          List.of(
              Show.time(change.path("time")),
              change.path("user").asText(),
              shown(change.path("before")),
              shown(change.path("after"))));
    }
    out()
        .println(
            "of its record or device file: "
                + shown(now.path("device_limits"))
                + "; set at run time: "
                + shown(now.path("soft_limits")));
    if (!rows.isEmpty()) {
      out().println(Show.table(List.of("changed", "by", "from", "to"), rows));
    }
    return 0;
  }

  private static String shown(JsonNode limits) {
    return limits.isObject()
        ? Show.number(limits.path("low").asDouble(), null)
            + " .. "
            + Show.number(limits.path("high").asDouble(), null)
        : "none";
  }
}
