package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "call",
    description = "Calls a method of a device and waits for its end; without a method, lists them.",
    footer = {
      "",
      "Examples:",
      "  beamhive call samx",
      "  beamhive call samx home direction=forward"
    })
final class CallCommand extends ClientCommand {
  @Parameters(index = "0", paramLabel = "DEVICE", description = "The device.")
  private String device;

  @Parameters(index = "1", arity = "0..1", paramLabel = "METHOD", description = "What to call.")
  private String method;

  @Parameters(
      index = "2..*",
      paramLabel = "NAME=VALUE",
      description = "Its parameters; values as in submit.")
  private List<String> arguments = List.of();

  @Override
  int run(ApiClient api) {
    if (method == null) {
      return list(api);
    }
    ObjectNode body = ApiClient.object().put("method", method);
    ObjectNode given = body.putObject("arguments");
    for (String argument : arguments) {
      int at = argument.indexOf('=');
      if (at < 1) {
        throw usage("'" + argument + "' is no parameter: NAME=VALUE is needed.");
      }
      given.set(argument.substring(0, at), Words.value(argument.substring(at + 1)));
    }
    JsonNode answer = DeviceCalls.call(api, device, "call", body);
    if (json()) {
      print(answer);
    } else {
      JsonNode result = answer.path("result");
      out().println(result.isNull() ? "Done." : Show.value(result));
    }
    return 0;
  }

  private int list(ApiClient api) {
    JsonNode answer = api.get(DeviceCalls.path(device, "methods"));
    if (json()) {
      print(answer);
      return 0;
    }
    List<List<String>> rows = new ArrayList<>();
    for (JsonNode one : answer.path("methods")) {
      List<String> parameters = new ArrayList<>();
      for (JsonNode parameter : one.path("parameters")) {
        String shown = parameter.path("name").asText() + "=" + parameter.path("takes").asText();
        parameters.add(parameter.path("required").asBoolean() ? shown : "[" + shown + "]");
      }
      rows.add(
          List.of(
              one.path("name").asText(), String.join(" ", parameters), one.path("help").asText()));
    }
    out()
        .println(
            rows.isEmpty()
                ? "Nothing may be called on " + device + "."
                : Show.table(List.of("method", "parameters", "does"), rows));
    return 0;
  }
}
