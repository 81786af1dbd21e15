package org.beamhive.launcher.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.beamhive.cluster.tls.TrustedCa;

/**
 * Talks HTTP to a gateway; what it can't do is a {@link ClientException}. With several gateways it
 * talks to one as long as that answers, then to the next. What is only asked is asked again there;
 * what is to change something is not sent twice, unless it certainly did not arrive.
 */
public final class ApiClient {
  static final ObjectMapper JSON = new ObjectMapper();

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private static final String HTTPS =
      " If it has beamhive.web.tls, its address begins with https://.";

  private final List<String> urls;
  private int current;
  private final Optional<String> key;
  private final HttpClient http;

  /**
   * A client.
   *
   * @param urls of one gateway, or of several with commas between them
   * @param key its API key
   * @param ca the PEM file of the certificates to trust for HTTPS; empty for those that Java trusts
   */
  public ApiClient(String urls, Optional<String> key, Optional<Path> ca) {
    this.http = http(ca);
    this.urls =
        Arrays.stream(urls.split(",")).map(url -> url.strip().replaceAll("/+$", "")).toList();
    this.key = key;
    for (String url : this.urls) {
      if (!url.matches("https?://.+")) {
        throw new ClientException(
            "--url must begin with http:// or https://, as http://127.0.0.1:60610 does, not "
                + url);
      }
    }
  }

  /** A client that trusts the CA in the environment's {@code BEAMHIVE_CA}, if that is set. */
  public ApiClient(String urls, Optional<String> key) {
    this(urls, key, environmentCa());
  }

  /** The PEM file that the environment's {@code BEAMHIVE_CA} names. */
  static Optional<Path> environmentCa() {
    return Optional.ofNullable(System.getenv("BEAMHIVE_CA"))
        .filter(file -> !file.isBlank())
        .map(file -> Path.of(file.strip()));
  }

  private static HttpClient http(Optional<Path> ca) {
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT);
    try {
      ca.ifPresent(file -> builder.sslContext(TrustedCa.clientContext(file)));
    } catch (IllegalArgumentException unusable) {
      throw new ClientException("the CA file (--ca, BEAMHIVE_CA) " + unusable.getMessage());
    }
    return builder.build();
  }

  private String url() {
    return urls.get(current);
  }

  /** An empty body. */
  public static ObjectNode object() {
    return JSON.createObjectNode();
  }

  /** What a resource answers. */
  public JsonNode get(String path) {
    return send(path, true, HttpRequest.Builder::GET);
  }

  /** Asks for something to be done. */
  public JsonNode post(String path, JsonNode body) {
    return send(
        path,
        false,
        request ->
            request
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString())));
  }

  /** The same, but a refusal is an answer like any other: {@code success} is false. */
  JsonNode ask(String path, JsonNode body) {
    return send(
        path,
        false,
        request ->
            request
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString())),
        this::received);
  }

  /** Asks for something to be done that needs no more words. */
  public JsonNode post(String path) {
    return post(path, object());
  }

  /** Opens a WebSocket. */
  WebSocket socket(String path, WebSocket.Listener listener) {
    for (int tried = 1; ; tried++) {
      WebSocket.Builder builder = http.newWebSocketBuilder().connectTimeout(CONNECT_TIMEOUT);
      key.ifPresent(secret -> builder.header("Authorization", "ApiKey " + secret));
      try {
        return builder.buildAsync(uri(url().replaceFirst("^http", "ws") + path), listener).join();
      } catch (CompletionException e) {
        if (e.getCause() instanceof WebSocketHandshakeException refused) {
          throw refusal(refused.getResponse().statusCode(), "");
        }
        if (!next(tried)) {
          throw unreachable(e.getCause());
        }
      }
    }
  }

  /**
   * All documents of a run that has ended, each as {@code {"name": ..., "doc": ...}}, from its
   * start to its stop.
   *
   * @throws ClientException if they don't come within the time
   */
  public List<JsonNode> documents(String run, Duration atMost) {
    List<JsonNode> found = new CopyOnWriteArrayList<>();
    CountDownLatch stopped = new CountDownLatch(1);
    try (DocumentSocket socket =
        DocumentSocket.open(
            this,
            run,
            frame -> {
              JsonNode document = parsed(frame);
              found.add(document);
              if (document.path("name").asText().equals("stop")) {
                stopped.countDown();
              }
            })) {
      if (!stopped.await(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new ClientException(
            "The documents of run " + run + " did not come to their end: " + found.size());
      }
      // anything that follows the stop document would be wrong, and seen
      socket.awaitEnd();
      return found;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClientException("Interrupted.");
    }
  }

  /** Following documents until it is closed. */
  @FunctionalInterface
  public interface Following extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Follows all runs from now on, as long as this gateway lives.
   *
   * @param documents takes each document as {@code {"name": ..., "doc": ...}}
   */
  public Following follow(Consumer<JsonNode> documents) {
    return DocumentSocket.open(this, null, frame -> documents.accept(parsed(frame)))::close;
  }

  /** Turns to the next gateway; false if each has been tried. */
  private boolean next(int tried) {
    current = (current + 1) % urls.size();
    return tried < urls.size();
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(url() + path)).timeout(TIMEOUT);
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

  private JsonNode send(
      String path, boolean repeatable, UnaryOperator<HttpRequest.Builder> complete) {
    return send(path, repeatable, complete, this::answer);
  }

  private JsonNode send(
      String path,
      boolean repeatable,
      UnaryOperator<HttpRequest.Builder> complete,
      Function<HttpResponse<String>, JsonNode> read) {
    for (int tried = 1; ; tried++) {
      try {
        return read.apply(
            http.send(complete.apply(request(path)).build(), HttpResponse.BodyHandlers.ofString()));
      } catch (IOException e) {
        boolean neverArrived =
            e instanceof ConnectException
                || e instanceof HttpConnectTimeoutException
                || e instanceof SSLHandshakeException;
        if (!repeatable && !neverArrived) {
          throw new ClientException(
              "The connection to "
                  + url()
                  + " broke before the answer came ("
                  + e.getMessage()
                  + "): whether it was done is not known. Look before you ask again.");
        }
        if (!next(tried)) {
          throw unreachable(e);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ClientException("Interrupted.");
      }
    }
  }

  private JsonNode received(HttpResponse<String> response) {
    if (response.statusCode() != 200) {
      throw refusal(response.statusCode(), response.body());
    }
    JsonNode answer = parsed(response.body());
    if (answer == null) {
      throw new ClientException("What answers at " + url() + " is not Beamhive: it sends no JSON.");
    }
    return answer;
  }

  private JsonNode answer(HttpResponse<String> response) {
    JsonNode answer = received(response);
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
              ? "The server at " + url() + " does not accept this API key."
              : "The server at "
                  + url()
                  + " wants an API key: give --api-key, set BEAMHIVE_API_KEY, or name the server's"
                  + " data folder with --data-dir.");
    }
    JsonNode answer = parsed(body);
    String detail = answer == null ? "" : answer.path("detail").asText();
    return new ClientException(
        detail.isEmpty()
            ? "The server at " + url() + " answered with status " + status + "."
            : detail);
  }

  private ClientException unreachable(Throwable cause) {
    if (cause instanceof SSLException) {
      return new ClientException(
          "The connection to "
              + url()
              + " is not trusted ("
              + cause.getMessage()
              + "): give the PEM file of the CA that has signed the server's certificate with --ca"
              + " or BEAMHIVE_CA, and use a host name that is in the certificate; if the server"
              + " speaks plain HTTP, its address begins with http://.");
    }
    String reason = cause.getMessage() == null ? "" : " (" + cause.getMessage() + ")";
    return new ClientException(
        "No Beamhive answers at "
            + String.join(" or ", urls)
            + reason
            + ": is it running, and is --url right?"
            + (url().startsWith("http:") && closedAtOnce(cause) ? HTTPS : ""));
  }

  /** What a server that speaks HTTPS does with plain HTTP. */
  private static boolean closedAtOnce(Throwable failure) {
    return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
        .anyMatch(EOFException.class::isInstance);
  }

  private static JsonNode parsed(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      return null;
    }
  }
}
