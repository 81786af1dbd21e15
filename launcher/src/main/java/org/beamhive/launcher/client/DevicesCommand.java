package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "devices",
    description = "The devices and how they are; below it, their configuration and its changes.",
    subcommands = {
      DeviceChanges.Config.class,
      DeviceChanges.Add.class,
      DeviceChanges.Update.class,
      DeviceChanges.Enable.class,
      DeviceChanges.Disable.class,
      DeviceChanges.Remove.class,
      DeviceChanges.Reload.class,
      DeviceChanges.History.class,
      DeviceChanges.Undo.class
    },
    footer = {
      "",
      "Examples:",
      "  beamhive devices",
      "  beamhive devices --tag sample",
      "  beamhive devices --all",
      "  beamhive devices disable samx",
      "  beamhive devices history"
    })
final class DevicesCommand extends ClientCommand {
  @Option(names = "--tag", paramLabel = "TAG", description = "Only those with this tag.")
  private String tag;

  @Option(names = "--all", description = "The disabled ones, too.")
  private boolean all;

  @Override
  int run(ApiClient api) {
    JsonNode answer = api.get("/api/devices");
    if (json()) {
      print(answer);
      return 0;
    }
    List<List<String>> rows = new ArrayList<>();
    for (JsonNode device : answer.path("devices")) {
      if (shown(device)) {
        JsonNode limits = device.path("limits");
        rows.add(
            List.of(
                device.path("name").asText(),
                device.path("device_class").asText(),
                device.path("hutch").asText(),
                device.path("state").asText(),
                Show.value(device.path("abilities")).replace(",", " "),
                limits.isObject()
                    ? Show.number(limits.path("low").asDouble(), null)
                        + " .. "
                        + Show.number(limits.path("high").asDouble(), null)
                    : "",
                device.path("units").asText(),
                Show.value(device.path("tags")).replace(",", " "),
                device.path("problem").asText()));
      }
    }
    if (rows.isEmpty()) {
      out().println("No such devices.");
    } else {
      out()
          .println(
              Show.table(
                  List.of(
                      "name", "class", "hutch", "state", "can be", "limits", "units", "tags",
                      "problem"),
                  rows));
    }
    return 0;
  }

  private boolean shown(JsonNode device) {
    if (!all && device.path("state").asText().equals("disabled")) {
      return false;
    }
    if (tag == null) {
      return true;
    }
    for (JsonNode has : device.path("tags")) {
      if (has.asText().equals(tag)) {
        return true;
      }
    }
    return false;
  }
}
