package org.beamhive.actors.queue;

import java.util.List;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.queue.ItemResult;

/** What becomes of an item and of the queue when an item has ended: the queue server's rules. */
final class QueueRules {
  private QueueRules() {}

  /**
   * What is to happen.
   *
   * @param requeue a copy goes to the front
   * @param loop a copy goes to the back
   * @param active the queue goes on
   * @param autostartOff the queue does not start by itself any more
   */
  record Fate(boolean requeue, boolean loop, boolean active, boolean autostartOff) {}

  static Fate fate(QueueState state, String exitStatus) {
    if (state.running().immediate()) {
      return new Fate(false, false, false, false);
    }
    boolean goesOn = state.active() && !state.stopPending();
    return switch (exitStatus) {
      case "completed" -> new Fate(false, state.loop(), goesOn, state.stopPending());
      case "failed" ->
          state.ignoreFailures()
              ? new Fate(false, state.loop(), goesOn, state.stopPending())
              : new Fate(true, false, false, true);
      case "stopped" -> new Fate(false, state.loop(), false, true);
      default -> new Fate(true, false, false, true);
    };
  }

  /** A result as a requeued item carries it. */
  static Value.Fields shown(ItemResult result) {
    return Value.Fields.EMPTY
        .with("exit_status", Value.of(result.exitStatus()))
        .with(
            "run_uids", Value.of(result.runs().stream().map(run -> Value.of(run.value())).toList()))
        .with("scan_ids", Value.of(List.copyOf(result.scanIds()).stream().map(Value::of).toList()))
        .with("time_start", Value.of(result.timeStart()))
        .with("time_stop", Value.of(result.timeStop()))
        .with("msg", Value.of(result.msg()))
        .with("traceback", Value.of(""));
  }
}
