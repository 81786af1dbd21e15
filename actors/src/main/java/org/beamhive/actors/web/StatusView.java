package org.beamhive.actors.web;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import org.beamhive.protocol.queue.QueueStatus;
import org.beamhive.protocol.queue.ScanQueueProtocol;

/**
 * The server's {@code status}. Clients compare its uids with those they have seen and load a list
 * only if its uid has changed.
 */
final class StatusView {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS");

  private final Api api;
  private final String start = UUID.randomUUID().toString();
  private final String plansUid = UUID.randomUUID().toString();
  private final String taskResultsUid = UUID.randomUUID().toString();
  private final String lockInfoUid = UUID.randomUUID().toString();

  /** The version of the list of devices last seen: the status is told even if no device answers. */
  private final AtomicLong devicesVersion = new AtomicLong();

  StatusView(Api api) {
    this.api = api;
  }

  String plansUid() {
    return plansUid;
  }

  String lockInfoUid() {
    return lockInfoUid;
  }

  String devicesUid(long version) {
    return UUID.nameUUIDFromBytes((start + " " + version).getBytes(StandardCharsets.UTF_8))
        .toString();
  }

  CompletionStage<ObjectNode> now() {
    return api.queue(ScanQueueProtocol.GetStatus::new).thenCompose(this::of);
  }

  CompletionStage<ObjectNode> of(QueueStatus status) {
    return api.devices()
        .handle(
            (devices, failure) -> {
              if (devices != null) {
                devicesVersion.set(devices.version());
              }
              return json(status, devicesUid(devicesVersion.get()));
            });
  }

  private ObjectNode json(QueueStatus status, String devicesUid) {
    boolean environment = status.environmentExists();
    ObjectNode object =
        Json.object()
            .put("msg", "Beamhive v" + api.settings().version())
            .put("time", LocalDateTime.now().format(TIME))
            .put("items_in_queue", status.itemsInQueue())
            .put("items_in_history", status.itemsInHistory())
            .put(
                "running_item_uid",
                status.runningItem() == null ? null : status.runningItem().value())
            .put("manager_state", status.managerState())
            .put("queue_stop_pending", status.queueStopPending())
            .put("queue_autostart_enabled", status.queueAutostart())
            .put("worker_environment_exists", environment)
            .put("worker_environment_state", status.environmentState())
            .put("worker_background_tasks", 0)
            .put("re_state", status.reState())
            .put("ip_kernel_state", environment ? "disabled" : null)
            .put("ip_kernel_captured", environment ? Boolean.TRUE : null)
            .put("pause_pending", status.pausePending())
            .put("status_uid", status.statusUid())
            .put("run_list_uid", status.runListUid())
            .put("plan_queue_uid", status.planQueueUid())
            .put("plan_history_uid", status.planHistoryUid())
            .put("devices_existing_uid", devicesUid)
            .put("plans_existing_uid", plansUid)
            .put("devices_allowed_uid", devicesUid)
            .put("plans_allowed_uid", plansUid);
    object
        .putObject("plan_queue_mode")
        .put("loop", status.loop())
        .put("ignore_failures", status.ignoreFailures());
    object.put("task_results_uid", taskResultsUid).put("lock_info_uid", lockInfoUid);
    object.putObject("lock").put("environment", false).put("queue", false);
    // not the queue server's: last, so that it disturbs nobody who shows them in their order
    return object.put("paused_because", status.pausedBecause());
  }
}
