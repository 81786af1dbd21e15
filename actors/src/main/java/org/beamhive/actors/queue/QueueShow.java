package org.beamhive.actors.queue;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.queue.QueueStatus;
import org.beamhive.protocol.queue.ScanQueueProtocol.EnvironmentChange;
import org.beamhive.protocol.queue.ScanQueueProtocol.RunControl;
import org.beamhive.protocol.scan.ScanJob.Mode;
import org.beamhive.protocol.scan.ScanWorkerProtocol.WorkerState;

/**
 * The queue's state in the queue server's words, and what can be done in which state. Holds what is
 * not stored: where the worker and the environment are just now.
 */
final class QueueShow {
  private WorkerState workerState;
  private String workerBecause = "";
  private boolean pausePending;
  // it stands for want of a device, and goes on by itself
  private boolean waits;
  private EnvironmentChange environmentChange;

  // ------------------------------------------------------------------ what happened

  void workerStarts(Mode mode, String because) {
    workerState = mode == Mode.RESUME_PAUSED ? WorkerState.PAUSED : WorkerState.RUNNING;
    workerBecause = because;
    pausePending = false;
    waits = false;
  }

  /** To people it is a pause: nothing moves, and it can be resumed or ended. */
  void workerWaits(String because) {
    workerIs(WorkerState.PAUSED, because);
    waits = true;
  }

  void workerIs(WorkerState state, String because) {
    waits = false;
    workerState = state;
    workerBecause = because;
    if (state != WorkerState.RUNNING) {
      pausePending = false;
    }
  }

  void workerEnded() {
    workerState = null;
    workerBecause = "";
    pausePending = false;
    waits = false;
  }

  void controlled(RunControl control) {
    switch (control) {
      case PAUSE_DEFERRED -> pausePending = true;
      case PAUSE_IMMEDIATE -> workerState = WorkerState.PAUSING;
      case RESUME -> workerState = WorkerState.RUNNING;
      case STOP -> workerState = WorkerState.STOPPING;
      case ABORT -> workerState = WorkerState.ABORTING;
      case HALT -> workerState = WorkerState.HALTING;
    }
  }

  void environmentChanges(EnvironmentChange change) {
    environmentChange = change;
  }

  void environmentSettled() {
    environmentChange = null;
  }

  Optional<EnvironmentChange> environmentChange() {
    return Optional.ofNullable(environmentChange);
  }

  /** Whether the end of the plan was asked for. */
  boolean ending() {
    return workerState == WorkerState.STOPPING
        || workerState == WorkerState.ABORTING
        || workerState == WorkerState.HALTING;
  }

  /** Whether a pause was asked for that has not been reached. */
  boolean pausing() {
    return pausePending || workerState == WorkerState.PAUSING;
  }

  boolean destroying() {
    return environmentChange == EnvironmentChange.DESTROY;
  }

  // ------------------------------------------------------------------ what is allowed

  Optional<Refusal> notIdle(QueueState state) {
    if (!state.environment() || environmentChange == EnvironmentChange.OPEN) {
      return Optional.of(Refusal.of("no-environment", "RE Worker environment does not exist."));
    }
    if (!managerState(state).equals("idle")) {
      return Optional.of(
          Refusal.of(
              "not-idle", "RE Manager is busy. Manager state: '" + managerState(state) + "'"));
    }
    return Optional.empty();
  }

  Optional<Refusal> refuseEnvironment(QueueState state, EnvironmentChange change) {
    String manager = managerState(state);
    switch (change) {
      case OPEN -> {
        if (state.environment()) {
          return Optional.of(
              Refusal.of("environment-exists", "RE Worker environment already exists."));
        }
      }
      case CLOSE -> {
        if (!state.environment()) {
          return Optional.of(Refusal.of("no-environment", "RE Worker environment does not exist."));
        }
      }
      case DESTROY -> {
        return state.environment()
            ? Optional.empty()
            : Optional.of(Refusal.of("no-environment", "RE Worker environment does not exist."));
      }
    }
    return manager.equals("idle")
        ? Optional.empty()
        : Optional.of(
            Refusal.of("not-idle", "RE Manager is not idle. Manager state: '" + manager + "'"));
  }

  Optional<Refusal> refuseControl(QueueState state, RunControl control) {
    String manager = managerState(state);
    boolean pause = control == RunControl.PAUSE_DEFERRED || control == RunControl.PAUSE_IMMEDIATE;
    if (pause && (state.running() == null || workerState != WorkerState.RUNNING && !waits)) {
      return Optional.of(
          Refusal.of(
              "not-running",
              "No plan is running that could be paused. Manager state: '" + manager + "'"));
    }
    if (!pause && !manager.equals("paused")) {
      return Optional.of(
          Refusal.of("not-paused", "RE Manager is not paused. Manager state: '" + manager + "'"));
    }
    return Optional.empty();
  }

  // ------------------------------------------------------------------ what is shown

  String managerState(QueueState state) {
    if (environmentChange != null) {
      return switch (environmentChange) {
        case OPEN -> "creating_environment";
        case CLOSE -> "closing_environment";
        case DESTROY -> "destroying_environment";
      };
    }
    if (state.running() != null) {
      return workerState == WorkerState.PAUSED ? "paused" : "executing_queue";
    }
    return state.active() ? "executing_queue" : "idle";
  }

  private String environmentState(QueueState state) {
    if (environmentChange == EnvironmentChange.OPEN) {
      return "initializing";
    }
    if (!state.environment()) {
      return "closed";
    }
    if (environmentChange != null) {
      return "closing";
    }
    return state.running() != null && workerState != WorkerState.PAUSED ? "executing_plan" : "idle";
  }

  private String reState(QueueState state) {
    if (!state.environment()) {
      return null;
    }
    if (state.running() == null || workerState == null) {
      return "idle";
    }
    return workerState.name().toLowerCase(java.util.Locale.ROOT);
  }

  QueueStatus status(QueueState state) {
    QueueState.Running running = state.running();
    QueueStatus status =
        new QueueStatus(
            state.items().size(),
            state.history().size(),
            running == null ? null : running.item().uid(),
            running == null || !running.opened() ? null : running.run(),
            managerState(state),
            state.stopPending(),
            state.autostart(),
            state.environment(),
            environmentState(state),
            reState(state),
            pausePending,
            workerState == WorkerState.PAUSED ? workerBecause : "",
            state.loop(),
            state.ignoreFailures(),
            "",
            runListUid(state),
            queueUid(state),
            historyUid(state));
    return new QueueStatus(
        status.itemsInQueue(),
        status.itemsInHistory(),
        status.runningItem(),
        status.runningRun(),
        status.managerState(),
        status.queueStopPending(),
        status.queueAutostart(),
        status.environmentExists(),
        status.environmentState(),
        status.reState(),
        status.pausePending(),
        status.pausedBecause(),
        status.loop(),
        status.ignoreFailures(),
        uid("status", status.toString()),
        status.runListUid(),
        status.planQueueUid(),
        status.planHistoryUid());
  }

  String queueUid(QueueState state) {
    return uid("plan_queue", Long.toString(state.queueChanges()));
  }

  String historyUid(QueueState state) {
    return uid("plan_history", Long.toString(state.historyChanges()));
  }

  String runListUid(QueueState state) {
    return uid("run_list", Long.toString(state.runListChanges()));
  }

  /** The same content has the same uid, on whatever node and after whatever restart. */
  private static String uid(String what, String content) {
    return UUID.nameUUIDFromBytes((what + " " + content).getBytes(StandardCharsets.UTF_8))
        .toString();
  }
}
