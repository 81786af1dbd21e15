package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/** The queue as a client uses it: asks, waits and looks again. */
final class QueueClient {
  private static final long POLL_MILLIS = 200;

  /**
   * So often in a row the queue must be idle to be at rest: between items it may be for a moment.
   */
  private static final int IDLE_POLLS = 10;

  private static final Duration OPEN_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration PAUSE_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration FILE_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration END_TIMEOUT = Duration.ofMinutes(10);
  private static final Set<String> RUNNING = Set.of("executing_queue", "starting_queue");

  private final ApiClient api;

  QueueClient(ApiClient api) {
    this.api = api;
  }

  JsonNode status() {
    return api.get("/api/status");
  }

  static String state(JsonNode status) {
    return status.path("manager_state").asText();
  }

  /** Opens the environment if it is closed and waits until it is open. */
  void openEnvironment() {
    JsonNode status = status();
    if (status.path("worker_environment_exists").asBoolean()) {
      return;
    }
    if (state(status).equals("idle")) {
      api.post("/api/environment/open");
    }
    until(
        OPEN_TIMEOUT,
        "the environment to open",
        now -> now.path("worker_environment_exists").asBoolean() && !opening(now));
  }

  private static boolean opening(JsonNode status) {
    return state(status).equals("creating_environment") || state(status).equals("initializing");
  }

  /** Starts the queue if it is idle; returns whether it did. */
  boolean startIfIdle() {
    if (!state(status()).equals("idle")) {
      return false;
    }
    api.post("/api/queue/start");
    return true;
  }

  /**
   * Waits until the item is in the history.
   *
   * @param running whether the queue is expected to run until then: if it comes to rest without the
   *     item, that is the end of the wait
   * @param look sees each status while waiting
   * @return its entry
   */
  JsonNode ended(String itemUid, boolean running, Consumer<JsonNode> look) {
    String seen = null;
    int idle = 0;
    while (true) {
      JsonNode status = status();
      String uid = status.path("plan_history_uid").asText();
      if (!uid.equals(seen)) {
        seen = uid;
        JsonNode entry = historyEntry(itemUid);
        if (entry != null) {
          return entry;
        }
      }
      look.accept(status);
      idle = state(status).equals("idle") ? idle + 1 : 0;
      if (running && idle >= IDLE_POLLS) {
        throw new ClientException(
            "The queue has stopped before item "
                + itemUid
                + " ran; see what stopped it with: beamhive history");
      }
      pause();
    }
  }

  /** The files of a run, complete a moment after its end. */
  List<Path> files(String run) {
    long end = System.nanoTime() + FILE_TIMEOUT.toNanos();
    while (true) {
      List<Path> files = new ArrayList<>();
      api.get("/api/runs/" + run)
          .at("/run/files")
          .forEach(path -> files.add(Path.of(path.asText())));
      if (!files.isEmpty()) {
        return files;
      }
      if (System.nanoTime() > end) {
        throw new ClientException(
            "The file of run "
                + run
                + " is not complete after "
                + FILE_TIMEOUT.toSeconds()
                + " s; see the node's log.");
      }
      pause();
    }
  }

  private JsonNode historyEntry(String itemUid) {
    JsonNode items = api.get("/api/history/get").path("items");
    for (int i = items.size() - 1; i >= 0; i--) {
      if (items.get(i).path("item_uid").asText().equals(itemUid)) {
        return items.get(i);
      }
    }
    return null;
  }

  /**
   * Ends the running plan: pauses it at once, waits, and tells it to end.
   *
   * @param how stop or abort
   * @return its entry in the history
   */
  JsonNode end(String how) {
    JsonNode status = status();
    JsonNode running = status.path("running_item_uid");
    if (running.isNull() || running.isMissingNode()) {
      throw new ClientException("Nothing is running.");
    }
    String uid = running.asText();
    if (RUNNING.contains(state(status))) {
      api.post("/api/re/pause", ApiClient.object().put("option", "immediate"));
      status =
          until(
              PAUSE_TIMEOUT,
              "the plan to pause",
              now ->
                  !now.path("running_item_uid").asText().equals(uid)
                      || state(now).equals("paused"));
    }
    // a plan that has ended by itself meanwhile has its entry, too
    if (status.path("running_item_uid").asText().equals(uid)) {
      api.post("/api/re/" + how);
    }
    until(
        END_TIMEOUT, "the plan to end", now -> !now.path("running_item_uid").asText().equals(uid));
    return ended(uid, true, now -> {});
  }

  /** Waits for a status. */
  private JsonNode until(Duration atMost, String what, Function<JsonNode, Boolean> holds) {
    long end = System.nanoTime() + atMost.toNanos();
    JsonNode status = status();
    while (!holds.apply(status)) {
      if (System.nanoTime() > end) {
        throw new ClientException(
            "Waited " + atMost.toSeconds() + " s for " + what + "; it is " + state(status) + ".");
      }
      pause();
      status = status();
    }
    return status;
  }

  private static void pause() {
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClientException("Interrupted.");
    }
  }
}
