package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/** The queue as a client uses it: asks, waits and looks again. */
final class QueueClient {
  private static final long POLL_MILLIS = 200;
  private static final Duration OPEN_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration PAUSE_TIMEOUT = Duration.ofSeconds(60);
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
   * @param look sees each status while waiting
   * @return its entry
   */
  JsonNode ended(String itemUid, Predicate<JsonNode> look) {
    String seen = null;
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
      if (!look.test(status)) {
        throw new ClientException("Item " + itemUid + " is neither in the queue nor did it end.");
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
    return ended(uid, now -> true);
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
