package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/** What one asks a device for: its addresses, and its answers turned into sentences. */
final class DeviceCalls {
  private DeviceCalls() {}

  /** The address of something of a device. */
  static String path(String device, String word) {
    String name = URLEncoder.encode(device, StandardCharsets.UTF_8).replace("+", "%20");
    return "/api/devices/" + name + (word.isEmpty() ? "" : "/" + word);
  }

  /** Has a device do something and waits for its end. */
  static JsonNode call(ApiClient api, String device, String word, ObjectNode body) {
    JsonNode answer =
        api.ask(path(device, word), body.put("user", System.getProperty("user.name")));
    if (!answer.path("success").asBoolean()) {
      throw new ClientException(answer.path("msg").asText());
    }
    return answer;
  }

  /** The body of a move. */
  static ObjectNode move(JsonNode value, boolean relative) {
    ObjectNode body = ApiClient.object();
    body.set("value", value);
    return relative ? body.put("relative", true) : body;
  }

  /** The value that a device is known by: its first hint, as a number; NaN if it has none. */
  static double position(JsonNode device) {
    JsonNode value =
        device.path("readings").path(device.path("hints").path(0).asText()).path("value");
    return value.isNumber() ? value.asDouble() : Double.NaN;
  }
}
