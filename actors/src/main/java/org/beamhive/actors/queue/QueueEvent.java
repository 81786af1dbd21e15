package org.beamhive.actors.queue;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.List;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.ItemUid;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.queue.ItemResult;
import org.beamhive.protocol.queue.QueueItem;

/** What has happened to the queue. */
sealed interface QueueEvent extends QueueStored {
  /** Items were added before this index. */
  record ItemsAdded(List<QueueItem> items, int index) implements QueueEvent {}

  /** An item was changed in its place. */
  record ItemUpdated(ItemUid old, QueueItem item) implements QueueEvent {}

  /** Waiting items were removed. */
  record ItemsRemoved(List<ItemUid> items) implements QueueEvent {}

  /** Waiting items were moved: taken out, then put in before this index of the rest. */
  record ItemsMoved(List<ItemUid> items, int index) implements QueueEvent {}

  /** All but the newest items of the history were forgotten. */
  record HistoryCleared(int keep) implements QueueEvent {}

  /** Plans can run, or can't. */
  record EnvironmentSet(boolean open) implements QueueEvent {}

  /** The queue takes its next items by itself, or stops after this one. */
  record ActiveSet(boolean active, boolean stopPending) implements QueueEvent {}

  /** How the queue goes on. */
  record ModeSet(boolean loop, boolean ignoreFailures, boolean autostart) implements QueueEvent {}

  /**
   * An item was taken to be run.
   *
   * @param immediate whether it was not taken from the queue but is executed beside it
   * @param run the uid of the run that it opens
   */
  record ItemStarted(QueueItem item, boolean immediate, RunUid run, double time)
      implements QueueEvent {}

  /** A worker was started for the running item. */
  record WorkerStarted(Epoch epoch, double time) implements QueueEvent {}

  /** The running item has opened its run, which these must follow to its end. */
  record RunRecorded(RunUid run, long scanId, List<String> followers) implements QueueEvent {}

  /** The running item is paused for a reason, or goes on if the reason is empty. */
  record PauseRecorded(String because) implements QueueEvent {}

  /** The worker was at work at this time, seconds since 1970. */
  record Alive(double time) implements QueueEvent {}

  /**
   * The running item has ended.
   *
   * @param requeued a copy to put at the front, or null
   * @param looped a copy to put at the back, or null
   * @param active whether the queue goes on
   */
  record ItemEnded(ItemResult result, QueueItem requeued, QueueItem looped, boolean active)
      implements QueueEvent {}

  /**
   * A queue actor has taken over. After a split of the cluster there may be two, each of which
   * thinks that it is alone: the one that is named last is in charge.
   *
   * @param queue the uid of that actor
   */
  record InCharge(String queue) implements QueueEvent {}

  /** A follower has taken in a run to its end. */
  record RunFollowed(
      RunUid run,
      String follower,
      String result,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) List<String> files)
      implements QueueEvent {
    public RunFollowed {
      files = files == null ? List.of() : List.copyOf(files);
    }

    RunFollowed(RunUid run, String follower, String result) {
      this(run, follower, result, List.of());
    }

    /** All files of the run, its own first. */
    List<String> allFiles() {
      List<String> all = new ArrayList<>(files.size() + 1);
      all.add(result);
      all.addAll(files);
      return all;
    }
  }
}
