package org.beamhive.launcher.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.HashMap;
import java.util.Map;
import org.beamhive.protocol.document.Document;
import org.beamhive.protocol.document.DocumentJson;

/**
 * Shows runs as they happen: a header, a table that grows, a progress bar where somebody looks, and
 * a summary with the peaks at the end. Documents come in the order of the event model; several runs
 * may be open at once.
 */
public final class LiveView {
  private final Terminal terminal;
  private final Map<String, RunView> runs = new HashMap<>();
  private final Map<String, RunView> byDescriptor = new HashMap<>();

  /**
   * A view.
   *
   * @param out where to print
   * @param progress whether to show a progress bar if the program runs in a terminal
   */
  public LiveView(PrintWriter out, boolean progress) {
    this.terminal = new Terminal(out, progress && System.console() != null);
  }

  /** Shows a document. */
  public void accept(Document document) {
    try {
      accept(document.documentName(), ApiClient.JSON.readTree(DocumentJson.write(document)));
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Shows a document, given by its name and its JSON. */
  public synchronized void accept(String name, JsonNode document) {
    switch (name) {
      case "start" -> runs.put(document.path("uid").asText(), new RunView(document, terminal));
      case "descriptor" -> {
        RunView run = runs.get(document.path("run_start").asText());
        if (run != null && document.path("name").asText().equals("primary")) {
          byDescriptor.put(document.path("uid").asText(), run);
          run.described(document);
        }
      }
      case "event" -> {
        RunView run = byDescriptor.get(document.path("descriptor").asText());
        if (run != null) {
          run.measured(document);
        }
      }
      case "stop" -> {
        RunView run = runs.remove(document.path("run_start").asText());
        if (run != null) {
          byDescriptor.values().removeIf(run::equals);
          run.stopped(document);
        }
      }
      default -> {
        // datum documents and such have nothing to show
      }
    }
  }
}
