package org.beamhive.launcher.faults;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.beamhive.launcher.client.ApiClient;
import org.beamhive.launcher.client.ClientException;

/**
 * A user who submits scans without end, so that one runs and one waits, through whichever gateway
 * answers, and keeps the book of what was accepted.
 */
public final class ScanLoad implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(120);

  /** A scan that was accepted, and how many points it has. */
  public record Accepted(String item, String ticket, int points) {}

  private final ApiClient client;
  private final Random random;
  private final Map<String, Accepted> accepted = new LinkedHashMap<>();
  private final Thread thread = new Thread(this::run, "scan-load");
  private volatile boolean submitting = true;
  private volatile String failure = "";

  /**
   * Starts to submit.
   *
   * @param client of all gateways
   * @param random decides which scans
   */
  public ScanLoad(ApiClient client, Random random) {
    this.client = client;
    this.random = random;
    thread.setDaemon(true);
    thread.start();
  }

  /** What was accepted so far. */
  public synchronized List<Accepted> accepted() {
    return List.copyOf(accepted.values());
  }

  /** What went wrong with submitting, empty if nothing did. */
  public String failure() {
    return failure;
  }

  private void run() {
    long quiet = System.nanoTime();
    while (submitting) {
      try {
        JsonNode status = client.get("/api/status");
        if (status.path("items_in_queue").asInt() < 2) {
          submit();
        }
        if (status.path("manager_state").asText().equals("idle")
            && status.path("items_in_queue").asInt() > 0) {
          client.post("/api/queue/start");
        }
        quiet = System.nanoTime();
      } catch (ClientException notNow) {
        if (System.nanoTime() - quiet > PATIENCE.toNanos()) {
          failure = "nothing could be submitted for " + PATIENCE + ": " + notNow.getMessage();
          return;
        }
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
    }
  }

  private void submit() {
    String ticket = UUID.randomUUID().toString();
    int points = 20 + random.nextInt(60);
    ObjectNode item = scan(points, ticket);
    try {
      JsonNode answer = client.post("/api/queue/item/add", ApiClient.object().set("item", item));
      keep(answer.at("/item/item_uid").asText(), ticket, points);
    } catch (ClientException unknown) {
      // it may have been accepted: then it is in the queue under its ticket
      String found = find(ticket);
      if (found != null) {
        keep(found, ticket, points);
      }
    }
  }

  private synchronized void keep(String item, String ticket, int points) {
    accepted.put(item, new Accepted(item, ticket, points));
  }

  private String find(String ticket) {
    for (String list : List.of("/api/queue/get", "/api/history/get")) {
      JsonNode answer = client.get(list);
      for (JsonNode item : answer.path("items")) {
        if (item.at("/kwargs/md/ticket").asText().equals(ticket)) {
          return item.path("item_uid").asText();
        }
      }
      if (answer.at("/running_item/kwargs/md/ticket").asText().equals(ticket)) {
        return answer.at("/running_item/item_uid").asText();
      }
    }
    return null;
  }

  private ObjectNode scan(int points, String ticket) {
    ObjectNode item = ApiClient.object().put("item_type", "plan");
    double from = -20 + random.nextInt(20);
    double to = from + 1 + random.nextInt(30);
    switch (random.nextInt(4)) {
      case 0 -> {
        item.put("name", "count").putArray("args").addArray().add("det").add("i0");
        item.putObject("kwargs").put("num", points);
      }
      case 1 -> {
        item.put("name", "scan")
            .putArray("args")
            .add(names("det2d", "i0"))
            .add("samy")
            .add(from)
            .add(to);
        item.putObject("kwargs").put("num", points);
      }
      case 2 -> {
        item.put("name", "scan")
            .putArray("args")
            .add(names("det", "ring_current"))
            .add("mono")
            .add(from)
            .add(to)
            .add("samx")
            .add(-to)
            .add(-from);
        item.putObject("kwargs").put("num", points);
      }
      default -> {
        item.put("name", "scan").putArray("args").add(names("det")).add("samx").add(from).add(to);
        item.putObject("kwargs").put("num", points);
      }
    }
    ((ObjectNode) item.get("kwargs")).putObject("md").put("ticket", ticket);
    return item;
  }

  private static JsonNode names(String... devices) {
    com.fasterxml.jackson.databind.node.ArrayNode names = ApiClient.object().putArray("n");
    for (String device : devices) {
      names.add(device);
    }
    return names;
  }

  /** Submits nothing more. */
  public void stopSubmitting() {
    submitting = false;
    try {
      thread.join(TimeUnit.SECONDS.toMillis(60));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Submits nothing more and waits until all that was accepted has ended. */
  public void finish(Duration atMost) {
    stopSubmitting();
    BeamlineUnderTest.await(
        "all accepted scans have ended",
        atMost,
        () -> {
          JsonNode status = client.get("/api/status");
          if (status.path("manager_state").asText().equals("idle")
              && status.path("items_in_queue").asInt() > 0) {
            client.post("/api/queue/start");
          }
          return status.path("items_in_queue").asInt() == 0
              && !status.path("running_item_uid").isTextual();
        });
  }

  @Override
  public void close() {
    stopSubmitting();
  }
}
