package org.beamhive.launcher.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** What the server sends as it comes; the next is asked for when the last has been shown. */
class DocumentSocket implements AutoCloseable {
  /** No documents at all. */
  static final DocumentSocket NONE = new DocumentSocket();

  private static final int STOP_TIMEOUT_MILLIS = 3000;

  private final CompletableFuture<Void> end = new CompletableFuture<>();
  private final Set<String> stopped = ConcurrentHashMap.newKeySet();
  private WebSocket socket;

  private DocumentSocket() {}

  /** The documents of all runs from now on. */
  static DocumentSocket fromNow(ApiClient api, LiveView view) {
    return open(api, null, view);
  }

  static DocumentSocket open(ApiClient api, String run, LiveView view) {
    DocumentSocket documents = new DocumentSocket();
    documents.connect(api, run, frame -> documents.show(frame, view));
    return documents;
  }

  static DocumentSocket open(ApiClient api, String run, Consumer<String> frames) {
    DocumentSocket documents = new DocumentSocket();
    documents.connect(api, run, frames);
    return documents;
  }

  /** Any other socket of the server. */
  static DocumentSocket at(ApiClient api, String path, Consumer<String> frames) {
    DocumentSocket followed = new DocumentSocket();
    followed.socket = api.socket(path, followed.new Frames(frames));
    return followed;
  }

  private void connect(ApiClient api, String run, Consumer<String> frames) {
    String query = run == null ? "" : "?run=" + URLEncoder.encode(run, StandardCharsets.UTF_8);
    socket = api.socket("/api/documents/ws" + query, new Frames(frames));
  }

  private void show(String frame, LiveView view) {
    JsonNode document;
    try {
      document = ApiClient.JSON.readTree(frame);
    } catch (JsonProcessingException e) {
      throw new ClientException("The server sent a document that is no JSON.");
    }
    if (document.has("detail")) {
      throw new ClientException(document.get("detail").asText());
    }
    view.accept(document.path("name").asText(), document.path("doc"));
    if (document.path("name").asText().equals("stop")) {
      stopped.add(document.at("/doc/run_start").asText());
    }
  }

  /** Waits a little until this run's stop document has been shown. */
  void awaitStop(String run) {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(STOP_TIMEOUT_MILLIS);
    while (socket != null && !stopped.contains(run) && !end.isDone() && System.nanoTime() < until) {
      try {
        end.get(50, TimeUnit.MILLISECONDS);
      } catch (TimeoutException notYet) {
        continue;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (java.util.concurrent.ExecutionException lost) {
        return;
      }
    }
  }

  /** Waits until the server closes the connection. */
  void awaitEnd() {
    try {
      end.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof ClientException refused) {
        throw refused;
      }
      throw new ClientException(
          "The connection to the server was lost: " + e.getCause().getMessage());
    }
  }

  @Override
  public void close() {
    if (socket != null) {
      socket.abort();
    }
  }

  private final class Frames implements WebSocket.Listener {
    private final Consumer<String> frames;
    private final StringBuilder text = new StringBuilder();

    Frames(Consumer<String> frames) {
      this.frames = frames;
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        String frame = text.toString();
        text.setLength(0);
        try {
          frames.accept(frame);
        } catch (RuntimeException e) {
          end.completeExceptionally(e);
          from.abort();
          return null;
        }
      }
      from.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      end.complete(null);
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable failure) {
      end.completeExceptionally(failure);
    }
  }
}
