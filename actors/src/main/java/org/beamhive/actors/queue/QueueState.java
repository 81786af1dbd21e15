package org.beamhive.actors.queue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.ItemUid;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.queue.ItemResult;
import org.beamhive.protocol.queue.QueueItem;
import org.beamhive.protocol.queue.ScanQueueProtocol.EndedItem;

/**
 * All that the queue remembers. Each transition gives the next state; there is no clock and no
 * randomness in them.
 *
 * @param items waiting, first to run first
 * @param running the item that runs, or null
 * @param history ended items, oldest first
 * @param historyLimit most items kept in the history
 * @param environment whether plans can run
 * @param active whether the queue takes its next items by itself
 * @param stopPending whether it stops after the running item
 * @param loop whether completed items go back to the end
 * @param ignoreFailures whether it goes on after a failed item
 * @param autostart whether it starts by itself when there is something to do
 * @param lastScanId the scan_id of the newest run
 * @param lastEpoch the epoch of the newest worker
 * @param lastAlive when the worker was last known to be at work, seconds since 1970
 * @param unfollowed runs that not every follower has taken in yet: who is missing
 * @param queueChanges counts changes of the queue and the running item
 * @param historyChanges counts changes of the history
 * @param runListChanges counts changes of the running item's runs
 * @param inCharge which queue actor has taken over last; empty if it was not recorded
 */
record QueueState(
    List<QueueItem> items,
    Running running,
    List<EndedItem> history,
    int historyLimit,
    boolean environment,
    boolean active,
    boolean stopPending,
    boolean loop,
    boolean ignoreFailures,
    boolean autostart,
    long lastScanId,
    long lastEpoch,
    double lastAlive,
    Map<String, List<String>> unfollowed,
    long queueChanges,
    long historyChanges,
    long runListChanges,
    String inCharge)
    implements QueueStored {

  /**
   * The item that runs.
   *
   * @param item what was asked for
   * @param immediate whether it is executed beside the queue
   * @param run the uid of the run that it opens
   * @param time when it began, seconds since 1970
   * @param opened whether it has opened its run
   * @param scanId the scan_id of its run
   * @param pausedBecause why it is paused, empty if it isn't
   * @param files of its run, complete already
   */
  record Running(
      QueueItem item,
      boolean immediate,
      RunUid run,
      double time,
      boolean opened,
      long scanId,
      String pausedBecause,
      List<String> files) {
    Running {
      files = files == null ? List.of() : List.copyOf(files);
    }

    Running withRun(long id) {
      return new Running(item, immediate, run, time, true, id, pausedBecause, files);
    }

    Running paused(String because) {
      return new Running(item, immediate, run, time, opened, scanId, because, files);
    }

    /** The file may be complete before the worker has reported the end. */
    Running withFiles(List<String> complete) {
      return new Running(item, immediate, run, time, opened, scanId, pausedBecause, complete);
    }
  }

  QueueState {
    items = List.copyOf(items);
    history = List.copyOf(history);
    unfollowed = Collections.unmodifiableMap(new LinkedHashMap<>(unfollowed));
    inCharge = inCharge == null ? "" : inCharge;
  }

  /** A new beamline's queue. */
  static QueueState empty(int historyLimit) {
    return new QueueState(
        List.of(),
        null,
        List.of(),
        historyLimit,
        false,
        false,
        false,
        false,
        false,
        false,
        0,
        0,
        0,
        Map.of(),
        0,
        0,
        0,
        "");
  }

  // ------------------------------------------------------------------ questions

  /** The index of a waiting item, -1 if there is none. */
  int indexOf(ItemUid uid) {
    return IntStream.range(0, items.size())
        .filter(i -> items.get(i).uid().equals(uid))
        .findFirst()
        .orElse(-1);
  }

  // ------------------------------------------------------------------ transitions

  QueueState on(QueueEvent event) {
    if (event instanceof QueueEvent.ItemsAdded added) {
      List<QueueItem> next = new ArrayList<>(items);
      next.addAll(added.index(), added.items());
      return edit().items(next).done();
    }
    if (event instanceof QueueEvent.ItemUpdated updated) {
      List<QueueItem> next = new ArrayList<>(items);
      next.set(indexOf(updated.old()), updated.item());
      return edit().items(next).done();
    }
    if (event instanceof QueueEvent.ItemsRemoved removed) {
      return edit().items(without(removed.items())).done();
    }
    if (event instanceof QueueEvent.ItemsMoved movedItems) {
      Map<ItemUid, QueueItem> byUid =
          items.stream().collect(Collectors.toMap(QueueItem::uid, item -> item));
      List<QueueItem> next = new ArrayList<>(without(movedItems.items()));
      next.addAll(movedItems.index(), movedItems.items().stream().map(byUid::get).toList());
      return edit().items(next).done();
    }
    if (event instanceof QueueEvent.HistoryCleared cleared) {
      int keep = Math.min(cleared.keep(), history.size());
      return edit().history(history.subList(history.size() - keep, history.size())).done();
    }
    if (event instanceof QueueEvent.EnvironmentSet set) {
      return edit().environment(set.open()).done();
    }
    if (event instanceof QueueEvent.ActiveSet set) {
      return edit().active(set.active(), set.stopPending()).done();
    }
    if (event instanceof QueueEvent.ModeSet set) {
      return edit().mode(set.loop(), set.ignoreFailures(), set.autostart()).done();
    }
    return onRunEvent(event);
  }

  private QueueState onRunEvent(QueueEvent event) {
    if (event instanceof QueueEvent.ItemStarted started) {
      return edit()
          .items(started.immediate() ? items : without(List.of(started.item().uid())))
          .running(
              new Running(
                  started.item(),
                  started.immediate(),
                  started.run(),
                  started.time(),
                  false,
                  0,
                  "",
                  List.of()))
          .alive(started.time())
          .done();
    }
    if (event instanceof QueueEvent.WorkerStarted started) {
      return edit().epoch(started.epoch()).alive(started.time()).done();
    }
    if (event instanceof QueueEvent.RunRecorded recorded) {
      return edit()
          .running(running.withRun(recorded.scanId()))
          .run(recorded.scanId(), recorded.run(), recorded.followers())
          .done();
    }
    if (event instanceof QueueEvent.PauseRecorded pause) {
      return edit().running(running.paused(pause.because())).done();
    }
    if (event instanceof QueueEvent.Alive alive) {
      return edit().alive(alive.time()).done();
    }
    if (event instanceof QueueEvent.ItemEnded ended) {
      return onEnded(ended);
    }
    if (event instanceof QueueEvent.RunFollowed followed) {
      return onFollowed(followed);
    }
    if (event instanceof QueueEvent.InCharge charge) {
      return edit().inCharge(charge.queue()).done();
    }
    throw new IllegalStateException("not an event of the queue: " + event);
  }

  private QueueState onEnded(QueueEvent.ItemEnded ended) {
    List<QueueItem> next = new ArrayList<>(items);
    if (ended.requeued() != null) {
      next.add(0, ended.requeued());
    }
    if (ended.looped() != null) {
      next.add(ended.looped());
    }
    List<EndedItem> past = new ArrayList<>(history);
    past.add(new EndedItem(running.item(), ended.result(), running.files()));
    return edit()
        .items(next)
        .running(null)
        .history(past.subList(Math.max(0, past.size() - historyLimit), past.size()))
        .active(ended.active(), ended.active() && stopPending)
        .done();
  }

  private QueueState onFollowed(QueueEvent.RunFollowed followed) {
    Map<String, List<String>> open = new LinkedHashMap<>(unfollowed);
    String run = followed.run().value();
    List<String> missing = new ArrayList<>(open.getOrDefault(run, List.of()));
    missing.remove(followed.follower());
    if (missing.isEmpty()) {
      open.remove(run);
    } else {
      open.put(run, missing);
    }
    boolean isFile = followed.follower().equals("file");
    if (isFile && running != null && running.run().equals(followed.run())) {
      return edit().unfollowed(open).runningAsIs(running.withFiles(followed.allFiles())).done();
    }
    List<EndedItem> past =
        isFile ? history.stream().map(item -> withFile(item, followed)).toList() : history;
    return edit().unfollowed(open).historyAsIs(past).done();
  }

  private static EndedItem withFile(EndedItem item, QueueEvent.RunFollowed followed) {
    if (!item.result().runs().contains(followed.run())
        || item.files().contains(followed.result())) {
      return item;
    }
    List<String> files = new ArrayList<>(item.files());
    files.addAll(followed.allFiles());
    return new EndedItem(item.item(), item.result(), files);
  }

  private List<QueueItem> without(List<ItemUid> uids) {
    Set<ItemUid> out = Set.copyOf(uids);
    return items.stream().filter(item -> !out.contains(item.uid())).toList();
  }

  /** The result of the running item, as the worker reported it. */
  ItemResult result(
      String exitStatus, String message, List<RunUid> runs, List<Long> scanIds, double time) {
    return new ItemResult(exitStatus, runs, scanIds, running.time(), time, message);
  }

  Edit edit() {
    return new Edit(this);
  }

  /**
   * The same, keeping so many ended items from now on: a stored state has the limit of its time.
   */
  QueueState keeping(int limit) {
    return limit == historyLimit ? this : edit().historyLimit(limit).done();
  }

  /** Builds the next state; a record of so many parts has no readable copy otherwise. */
  static final class Edit {
    private List<QueueItem> items;
    private Running running;
    private List<EndedItem> history;
    private int historyLimit;
    private boolean environment;
    private boolean active;
    private boolean stopPending;
    private boolean loop;
    private boolean ignoreFailures;
    private boolean autostart;
    private long lastScanId;
    private long lastEpoch;
    private double lastAlive;
    private Map<String, List<String>> unfollowed;
    private long queueChanges;
    private long historyChanges;
    private long runListChanges;
    private String inCharge;

    private Edit(QueueState old) {
      items = old.items;
      running = old.running;
      history = old.history;
      historyLimit = old.historyLimit;
      environment = old.environment;
      active = old.active;
      stopPending = old.stopPending;
      loop = old.loop;
      ignoreFailures = old.ignoreFailures;
      autostart = old.autostart;
      lastScanId = old.lastScanId;
      lastEpoch = old.lastEpoch;
      lastAlive = old.lastAlive;
      unfollowed = old.unfollowed;
      queueChanges = old.queueChanges;
      historyChanges = old.historyChanges;
      runListChanges = old.runListChanges;
      inCharge = old.inCharge;
    }

    Edit items(List<QueueItem> next) {
      items = next;
      queueChanges++;
      return this;
    }

    Edit running(Running next) {
      running = next;
      queueChanges++;
      runListChanges++;
      return this;
    }

    /** Something of the running item that clients of the queue server's API do not see. */
    Edit runningAsIs(Running next) {
      running = next;
      return this;
    }

    Edit history(List<EndedItem> next) {
      history = next;
      historyChanges++;
      return this;
    }

    /**
     * The files of ended items came to be known; clients of the queue server's API do not see them.
     */
    Edit historyAsIs(List<EndedItem> next) {
      history = next;
      return this;
    }

    Edit environment(boolean open) {
      environment = open;
      return this;
    }

    Edit active(boolean next, boolean stop) {
      active = next;
      stopPending = stop;
      return this;
    }

    Edit mode(boolean nextLoop, boolean nextIgnore, boolean nextAutostart) {
      loop = nextLoop;
      ignoreFailures = nextIgnore;
      autostart = nextAutostart;
      return this;
    }

    Edit epoch(Epoch epoch) {
      lastEpoch = epoch.value();
      return this;
    }

    Edit alive(double time) {
      lastAlive = time;
      return this;
    }

    Edit run(long scanId, RunUid run, List<String> followers) {
      lastScanId = Math.max(lastScanId, scanId);
      Map<String, List<String>> next = new LinkedHashMap<>(unfollowed);
      if (!followers.isEmpty()) {
        next.put(run.value(), followers);
      }
      unfollowed = next;
      return this;
    }

    Edit unfollowed(Map<String, List<String>> next) {
      unfollowed = next;
      return this;
    }

    private Edit historyLimit(int most) {
      historyLimit = most;
      return this;
    }

    Edit inCharge(String queue) {
      inCharge = queue;
      return this;
    }

    QueueState done() {
      return new QueueState(
          items,
          running,
          history,
          historyLimit,
          environment,
          active,
          stopPending,
          loop,
          ignoreFailures,
          autostart,
          lastScanId,
          lastEpoch,
          lastAlive,
          unfollowed,
          queueChanges,
          historyChanges,
          runListChanges,
          inCharge);
    }
  }
}
