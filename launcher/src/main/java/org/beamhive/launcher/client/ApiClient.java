package org.beamhive.launcher.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.EOFException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import javax.net.ssl.SSLException;
import org.beamhive.cluster.tls.TrustedCa;

/** Talks HTTP to the server; what it can't do is a {@link ClientException}. */
final class ApiClient {
  static final ObjectMapper JSON = new ObjectMapper();

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private static final String HTTPS =
      " If it has beamhive.web.tls, its address begins with https://.";

  private final String url;
  private final Optional<String> key;
  private final HttpClient http;

  /**
   * A client.
   *
   * @param url where the server is
   * @param key its API key
   * @param ca the PEM file of the certificates to trust for HTTPS; empty for those that Java trusts
   */
  ApiClient(String url, Optional<String> key, Optional<Path> ca) {
    this.url = url.replaceAll("/+$", "");
    this.key = key;
    this.http = http(ca);
    if (!this.url.matches("https?://.+")) {
      throw new ClientException(
          "--url must begin with http:// or https://, as http://127.0.0.1:60610 does, not " + url);
    }
  }

  private static HttpClient http(Optional<Path> ca) {
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT);
    try {
      ca.ifPresent(file -> builder.sslContext(TrustedCa.clientContext(file)));
    } catch (IllegalArgumentException unusable) {
      throw new ClientException("--ca: " + unusable.getMessage());
    }
    return builder.build();
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
    if (cause instanceof SSLException) {
      return new ClientException(
          "The connection to "
              + url
              + " is not trusted ("
              + cause.getMessage()
              + "): give the PEM file of the CA that has signed the server's certificate with --ca"
              + " or BEAMHIVE_CA, and use a host name that is in the certificate; if the server"
              + " speaks plain HTTP, its address begins with http://.");
    }
    String reason = cause.getMessage() == null ? "" : " (" + cause.getMessage() + ")";
    return new ClientException(
        "No Beamhive answers at "
            + url
            + reason
            + ": is it running, and is --url right?"
            + (url.startsWith("http:") && cause instanceof EOFException ? HTTPS : ""));
  }

  private static JsonNode parsed(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      return null;
    }
  }
}
