package org.beamhive.launcher.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;

/** Talks HTTP to the server; what it can't do is a {@link ClientException}. */
final class ApiClient {
  static final ObjectMapper JSON = new ObjectMapper();

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final String url;
  private final Optional<String> key;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .build();

  ApiClient(String url, Optional<String> key) {
    this.url = url.replaceAll("/+$", "");
    this.key = key;
    if (!this.url.matches("https?://.+")) {
      throw new ClientException(
          "--url must begin with http:// or https://, as http://127.0.0.1:60610 does, not " + url);
    }
  }

  static ObjectNode object() {
    return JSON.createObjectNode();
  }

  JsonNode get(String path) {
    return send(request(path).GET());
  }

  JsonNode post(String path, JsonNode body) {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString())));
  }

  JsonNode post(String path) {
    return post(path, object());
  }

  /** Opens a WebSocket. */
  WebSocket socket(String path, WebSocket.Listener listener) {
    WebSocket.Builder builder = http.newWebSocketBuilder().connectTimeout(CONNECT_TIMEOUT);
    key.ifPresent(secret -> builder.header("Authorization", "ApiKey " + secret));
    try {
      return builder.buildAsync(uri(url.replaceFirst("^http", "ws") + path), listener).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof WebSocketHandshakeException refused) {
        throw refusal(refused.getResponse().statusCode(), "");
      }
      throw unreachable(e.getCause());
    }
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(url + path)).timeout(TIMEOUT);
    key.ifPresent(secret -> request.header("Authorization", "ApiKey " + secret));
    return request;
  }

  private static URI uri(String text) {
    try {
      return URI.create(text);
    } catch (IllegalArgumentException e) {
      throw new ClientException("'" + text + "' is not a valid address: " + e.getMessage());
    }
  }

  private JsonNode send(HttpRequest.Builder request) {
    HttpResponse<String> response;
    try {
      response = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw unreachable(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClientException("Interrupted.");
    }
    if (response.statusCode() != 200) {
      throw refusal(response.statusCode(), response.body());
    }
    JsonNode answer = parsed(response.body());
    if (answer == null) {
      throw new ClientException("What answers at " + url + " is not Beamhive: it sends no JSON.");
    }
    if (answer.has("success") && !answer.get("success").asBoolean()) {
      // the server repeats the plan on lines of its own, which whoever has just typed it knows
      throw new ClientException("Refused: " + answer.path("msg").asText().split("\nPlan: ", 2)[0]);
    }
    return answer;
  }

  private ClientException refusal(int status, String body) {
    if (status == 401) {
      return new ClientException(
          key.isPresent()
              ? "The server at " + url + " does not accept this API key."
              : "The server at "
                  + url
                  + " wants an API key: give --api-key, set BEAMHIVE_API_KEY, or name the server's"
                  + " data folder with --data-dir.");
    }
    JsonNode answer = parsed(body);
    String detail = answer == null ? "" : answer.path("detail").asText();
    return new ClientException(
        detail.isEmpty()
            ? "The server at " + url + " answered with status " + status + "."
            : detail);
  }

  private ClientException unreachable(Throwable cause) {
    String reason = cause.getMessage() == null ? "" : " (" + cause.getMessage() + ")";
    return new ClientException(
        "No Beamhive answers at " + url + reason + ": is it running, and is --url right?");
  }

  private static JsonNode parsed(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      return null;
    }
  }
}
