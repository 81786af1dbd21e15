package org.beamhive.launcher.system;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

/** A client of a node: plain HTTP and WebSocket. */
final class NodeClient {
  private static final ObjectMapper JSON = new ObjectMapper();
  private final HttpClient http = HttpClient.newHttpClient();
  private final String url;
  private final String key;

  NodeClient(String url, Path dataDir) {
    this.url = url;
    try {
      this.key = Files.readString(dataDir.resolve("api-key")).strip();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  JsonNode get(String path) {
    return send(HttpRequest.newBuilder(URI.create(url + path)).GET(), 200);
  }

  JsonNode post(String path, String body) {
    return send(
        HttpRequest.newBuilder(URI.create(url + path))
            .POST(HttpRequest.BodyPublishers.ofString(body)),
        200);
  }

  /** Posts what must be accepted. */
  JsonNode accepted(String path, String body) {
    JsonNode answer = post(path, body);
    if (!answer.path("success").asBoolean()) {
      throw new AssertionError(path + ": " + answer);
    }
    return answer;
  }

  private JsonNode send(HttpRequest.Builder request, int expected) {
    try {
      HttpResponse<String> response =
          http.send(
              request
                  .header("Authorization", "ApiKey " + key)
                  .header("Content-Type", "application/json")
                  .timeout(Duration.ofSeconds(30))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != expected) {
        throw new AssertionError(
            request.build().uri() + ": " + response.statusCode() + " " + response.body());
      }
      return JSON.readTree(response.body());
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(interrupted);
    }
  }

  /** Opens the environment and waits until it is. */
  void openEnvironment() {
    accepted("/api/environment/open", "{}");
    Await.that("the environment", Duration.ofSeconds(60), () -> state().equals("idle"));
  }

  String state() {
    return get("/api/status").path("manager_state").asText();
  }

  /** Waits until so many devices are there and ready. */
  void awaitDevices(int count) {
    Await.that(
        count + " devices",
        Duration.ofSeconds(120),
        () -> {
          int ready = 0;
          for (JsonNode device : get("/api/devices").path("devices")) {
            ready += device.path("state").asText().equals("ready") ? 1 : 0;
          }
          return ready >= count;
        });
  }

  /** Adds a plan to the queue, as soon as its devices are known; its item uid. */
  String submit(String item) {
    return Await.until(
        "devices for " + item,
        Duration.ofSeconds(120),
        () -> {
          JsonNode answer = post("/api/queue/item/add", "{\"item\": " + item + "}");
          if (answer.path("success").asBoolean()) {
            return answer.at("/item/item_uid").asText();
          }
          String why = answer.path("msg").asText();
          if (why.contains("not known") || why.contains("there is no device")) {
            return null;
          }
          throw new AssertionError(why);
        });
  }

  /** Waits for an item in the history. */
  JsonNode ended(String item, Duration atMost) {
    return Await.until(
        "the end of item " + item,
        atMost,
        () -> {
          for (JsonNode entry : get("/api/history/get").path("items")) {
            if (entry.path("item_uid").asText().equals(item)) {
              return entry.path("result");
            }
          }
          return null;
        });
  }

  /** The uid of the run that is going on. */
  String runningRun() {
    return Await.until(
        "a running run",
        Duration.ofSeconds(120),
        () -> {
          JsonNode runs = get("/api/re/runs/active").path("run_list");
          return runs.isEmpty() ? null : runs.get(0).path("uid").asText();
        });
  }

  /** The path of a run's complete file. */
  Path file(String run) {
    return Await.until(
        "the file of run " + run,
        Duration.ofSeconds(120),
        () -> {
          JsonNode files = get("/api/runs/" + run).at("/run/files");
          return files.isEmpty() ? null : Path.of(files.get(0).asText());
        });
  }

  /** The documents of a run from its start, as they come. */
  Documents documents(String run) {
    Documents documents = new Documents();
    http.newWebSocketBuilder()
        .header("Authorization", "ApiKey " + key)
        .buildAsync(
            URI.create(url.replace("http", "ws") + "/api/documents/ws?run=" + run), documents)
        .join();
    return documents;
  }

  /** Documents that came. */
  static final class Documents implements WebSocket.Listener {
    private final List<JsonNode> frames = new CopyOnWriteArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        try {
          frames.add(JSON.readTree(text.toString()));
        } catch (IOException wrong) {
          closed.completeExceptionally(wrong);
        }
        text.setLength(0);
      }
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
      closed.complete(null);
      return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable failure) {
      closed.completeExceptionally(failure);
    }

    List<JsonNode> all(String name) {
      return frames.stream()
          .filter(frame -> frame.path("name").asText().equals(name))
          .map(frame -> frame.path("doc"))
          .toList();
    }

    /** The seq_nums of a stream, in the order they came. */
    List<Long> seqNums(String stream) {
      List<String> descriptors =
          all("descriptor").stream()
              .filter(descriptor -> descriptor.path("name").asText().equals(stream))
              .map(descriptor -> descriptor.path("uid").asText())
              .toList();
      return all("event").stream()
          .filter(event -> descriptors.contains(event.path("descriptor").asText()))
          .map(event -> event.path("seq_num").asLong())
          .toList();
    }

    /** Waits until so many events of the stream are there. */
    Documents awaitEvents(String stream, int count) {
      Await.that(count + " events", Duration.ofSeconds(120), () -> seqNums(stream).size() >= count);
      return this;
    }

    /** Waits for a document of this name. */
    Documents await(String name) {
      Await.that("a " + name + " document", Duration.ofSeconds(120), () -> !all(name).isEmpty());
      return this;
    }
  }
}
