package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * What the demo asks of a node, over HTTP like any other client: two scans, shown while they run.
 */
public final class DemoClient {
  private static final List<String> DEVICES = List.of("det", "det2d", "samx", "samy");
  private static final Duration DEVICES_KNOWN = Duration.ofMinutes(2);
  private static final Duration LOOK = Duration.ofMillis(200);

  private final ApiClient api;
  private final PrintWriter out;

  /**
   * A client of the node at this address.
   *
   * @param ca the PEM file of the certificates to trust for HTTPS; empty for those that Java trusts
   */
  public DemoClient(String url, String apiKey, Optional<Path> ca, PrintWriter out) {
    this.api = new ApiClient(url, Optional.of(apiKey), ca);
    this.out = out;
  }

  /**
   * Runs a scan over a peak and a grid scan.
   *
   * @return the files they made
   * @throws ClientException if something is refused or a scan does not complete
   */
  public List<Path> run() {
    QueueClient queue = new QueueClient(api);
    queue.openEnvironment();
    awaitDevices();
    List<Path> files = new ArrayList<>();
    LiveView view = new LiveView(out, true);
    try (DocumentSocket documents = DocumentSocket.fromNow(api, view)) {
      String scan =
          submit("{\"name\":\"scan\",\"args\":[[\"det\"],\"samx\",-5,5],\"kwargs\":{\"num\":101}}");
      String grid =
          submit(
              "{\"name\":\"grid_scan\",\"args\":[[\"det2d\"],\"samy\",-2,2,11,\"samx\",-5,5,21],"
                  + "\"kwargs\":{\"snake_axes\":true}}");
      queue.startIfIdle();
      for (String item : List.of(scan, grid)) {
        files.addAll(await(queue, documents, item));
      }
    }
    return files;
  }

  /** Devices report in as they are made, on a busy machine well after the node is ready. */
  private void awaitDevices() {
    long deadline = System.nanoTime() + DEVICES_KNOWN.toNanos();
    while (!DEVICES.stream()
        .allMatch(api.get("/api/devices/allowed").path("devices_allowed")::has)) {
      if (System.nanoTime() > deadline) {
        throw new ClientException(
            "The devices %s are not all known after %d s."
                .formatted(DEVICES, DEVICES_KNOWN.toSeconds()));
      }
      LockSupport.parkNanos(LOOK.toNanos());
    }
  }

  private String submit(String plan) {
    try {
      ObjectNode item = (ObjectNode) ApiClient.JSON.readTree(plan);
      item.put("item_type", "plan");
      ObjectNode body = ApiClient.object();
      body.set("item", item);
      return api.post("/api/queue/item/add", body).at("/item/item_uid").asText();
    } catch (com.fasterxml.jackson.core.JsonProcessingException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private List<Path> await(QueueClient queue, DocumentSocket documents, String item) {
    JsonNode ended = queue.ended(item, true, status -> {});
    String status = ended.at("/result/exit_status").asText();
    if (!status.equals("completed")) {
      throw new ClientException(
          "A scan ended as " + status + ": " + ended.at("/result/msg").asText());
    }
    List<Path> files = new ArrayList<>();
    for (JsonNode run : ended.at("/result/run_uids")) {
      documents.awaitStop(run.asText());
      files.addAll(queue.files(run.asText()));
    }
    return files;
  }
}
