package org.beamhive.launcher.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "watch",
    description = {
      "Shows the data as they are measured; or, with names of devices, these devices as they change."
    },
    footer = {
      "",
      "Examples:",
      "  beamhive watch",
      "  beamhive watch samx samy",
      "  beamhive watch --run 4ac7790b-62b2-4b49-84e2-2fab355957db",
      "  beamhive watch --json | jq 'select(.name == \"event\").doc.data'"
    })
final class WatchCommand extends ClientCommand {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.S");

  @Option(
      names = "--run",
      paramLabel = "UID",
      description = "This run from its start to its end; default: all runs from now on.")
  private String run;

  @Parameters(paramLabel = "DEVICE", arity = "0..*", description = "Devices instead of runs.")
  private List<String> devices = List.of();

  private final Map<String, String> shown = new HashMap<>();

  @Override
  int run(ApiClient api) {
    refuseUnknownOptions(devices);
    if (!devices.isEmpty()) {
      return watchDevices(api);
    }
    LiveView view = new LiveView(out(), !json());
    try (DocumentSocket documents =
        json()
            ? DocumentSocket.open(api, run, this::printFrame)
            : DocumentSocket.open(api, run, view)) {
      documents.awaitEnd();
      if (run == null) {
        throw new ClientException("The server has closed the connection.");
      }
    }
    return 0;
  }

  private int watchDevices(ApiClient api) {
    if (run != null) {
      throw usage("Give --run or devices, not both.");
    }
    for (String device : devices) {
      // a name that is wrong gets a sentence, which a socket can't give
      api.get(DeviceCalls.path(device, ""));
    }
    try (DocumentSocket updates =
        DocumentSocket.at(
            api, devicesPath(devices), json() ? this::printFrame : this::showDevice)) {
      updates.awaitEnd();
      throw new ClientException("The server has closed the connection.");
    }
  }

  /** The address of the socket that follows devices. */
  static String devicesPath(List<String> devices) {
    return "/api/devices/ws?names="
        + URLEncoder.encode(String.join(",", devices), StandardCharsets.UTF_8);
  }

  private void showDevice(String frame) {
    JsonNode device;
    try {
      device = ApiClient.JSON.readTree(frame);
    } catch (JsonProcessingException e) {
      throw new ClientException("The server sent an update that is no JSON.");
    }
    String line = line(device);
    if (!line.equals(shown.put(device.path("name").asText(), line))) {
      printFrame(LocalTime.now().format(TIME) + "  " + line);
    }
  }

  /** Its readings, how it is, and who has it. */
  static String line(JsonNode device) {
    List<String> parts = new ArrayList<>();
    device
        .path("readings")
        .properties()
        .forEach(
            field -> {
              JsonNode value = field.getValue().path("value");
              parts.add(
                  field.getKey()
                      + " "
                      + (value.isDouble()
                          ? Show.number(value.asDouble(), device.path("precision").asInt())
                          : Show.value(value)));
            });
    if (!device.path("units").asText().isEmpty() && !parts.isEmpty()) {
      parts.set(0, parts.get(0) + " " + device.path("units").asText());
    }
    parts.add(device.path("state").asText());
    for (String more : List.of("held_by", "problem")) {
      if (!device.path(more).asText().isEmpty()) {
        parts.add(device.path(more).asText());
      }
    }
    return device.path("name").asText() + ":  " + String.join(",  ", parts);
  }

  private void printFrame(String frame) {
    out().println(frame);
    out().flush();
  }
}
