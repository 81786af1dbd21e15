package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "set",
    description = "Sets a device to a value of any kind and waits until it is there.",
    footer = {"", "Examples:", "  beamhive set shutter open", "  beamhive set samx -1.5"})
final class SetCommand extends ClientCommand {
  @Parameters(index = "0", paramLabel = "DEVICE", description = "The device.")
  private String device;

  @Parameters(
      index = "1",
      paramLabel = "VALUE",
      description = "A number, true, false, a list, JSON, else a text.")
  private String value;

  @Override
  int run(ApiClient api) {
    JsonNode answer =
        DeviceCalls.call(api, device, "set", DeviceCalls.move(Words.value(value), false));
    if (json()) {
      print(answer);
    } else {
      out().println(ReadCommand.table(ReadCommand.read(api, java.util.List.of(device))));
    }
    return 0;
  }
}
