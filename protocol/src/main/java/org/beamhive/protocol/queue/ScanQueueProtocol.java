package org.beamhive.protocol.queue;

import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.beamhive.protocol.model.ItemUid;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.run.RunLogProtocol;
import org.beamhive.protocol.wire.CborSerializable;

/** What one says to the ScanQueue. Names and rules follow the Bluesky queue server. */
public final class ScanQueueProtocol {
  private ScanQueueProtocol() {}

  /** All that the queue handles. */
  public sealed interface Command permits Request, Internal {}

  /** What others may send. */
  public sealed interface Request extends Command, CborSerializable
      permits AddItems,
          UpdateItem,
          GetItem,
          RemoveItems,
          MoveItems,
          ExecuteItem,
          ClearQueue,
          GetQueue,
          GetHistory,
          ClearHistory,
          GetStatus,
          SetEnvironment,
          StartQueue,
          StopQueue,
          SetAutostart,
          SetMode,
          ControlRun,
          GetRuns,
          SubscribeStatus {}

  /** What the queue tells itself. */
  public non-sealed interface Internal extends Command {}

  // ------------------------------------------------------------------ places in the queue

  /** A place in the queue. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = At.class, name = "at"),
    @JsonSubTypes.Type(value = Before.class, name = "before"),
    @JsonSubTypes.Type(value = After.class, name = "after")
  })
  public sealed interface Place permits At, Before, After {}

  /** By index: 0 is the front, -1 the back, beyond either end counts as that end. */
  public record At(int index) implements Place {
    /** The front of the queue. */
    public static final At FRONT = new At(0);

    /** The back of the queue. */
    public static final At BACK = new At(-1);
  }

  /** Just before an item. */
  public record Before(ItemUid uid) implements Place {}

  /** Just after an item. */
  public record After(ItemUid uid) implements Place {}

  /** Which item. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = ByIndex.class, name = "index"),
    @JsonSubTypes.Type(value = ByUid.class, name = "uid")
  })
  public sealed interface Which permits ByIndex, ByUid {}

  /** By index; negative counts from the back. */
  public record ByIndex(int index) implements Which {}

  /** By uid. */
  public record ByUid(ItemUid uid) implements Which {}

  // ------------------------------------------------------------------ items

  /** Add items, all or none, each checked. Answers with an {@link ItemsReply}. */
  public record AddItems(List<Value.Fields> items, Place place, ActorRef<ItemsReply> replyTo)
      implements Request {
    public AddItems {
      items = List.copyOf(items);
    }
  }

  /**
   * Change an item in its place; {@code replace} gives it a new uid. Answers with an {@link
   * ItemsReply}.
   */
  public record UpdateItem(
      ItemUid uid, Value.Fields item, boolean replace, ActorRef<ItemsReply> replyTo)
      implements Request {}

  /** One item. Answers with an {@link ItemsReply}. */
  public record GetItem(Which which, ActorRef<ItemsReply> replyTo) implements Request {}

  /** Remove items. Answers with an {@link ItemsReply}. */
  public record RemoveItems(List<Which> which, boolean ignoreMissing, ActorRef<ItemsReply> replyTo)
      implements Request {
    public RemoveItems {
      which = List.copyOf(which);
    }
  }

  /**
   * Move items to a place, in the order given or, with {@code reorder}, in that of the queue.
   * Answers with an {@link ItemsReply}.
   */
  public record MoveItems(
      List<Which> which, Place place, boolean reorder, ActorRef<ItemsReply> replyTo)
      implements Request {
    public MoveItems {
      which = List.copyOf(which);
    }
  }

  /** Run this now, beside the queue; only while it is idle. Answers with an {@link ItemsReply}. */
  public record ExecuteItem(Value.Fields item, ActorRef<ItemsReply> replyTo) implements Request {}

  /** Remove all waiting items. Answers with a {@link Reply}. */
  public record ClearQueue(ActorRef<Reply> replyTo) implements Request {}

  /** The waiting items and the running one. Answers with a {@link QueueView}. */
  public record GetQueue(ActorRef<QueueView> replyTo) implements Request {}

  /** The ended items. Answers with a {@link HistoryView}. */
  public record GetHistory(ActorRef<HistoryView> replyTo) implements Request {}

  /** Forget the history; {@code keep} newest items stay. Answers with a {@link Reply}. */
  public record ClearHistory(int keep, ActorRef<Reply> replyTo) implements Request {}

  // ------------------------------------------------------------------ control

  /** Answers with the {@link QueueStatus}. */
  public record GetStatus(ActorRef<QueueStatus> replyTo) implements Request {}

  /** The {@link QueueStatus} now and at each change, until the subscriber stops. */
  public record SubscribeStatus(ActorRef<QueueStatus> replyTo) implements Request {}

  /**
   * Open, close or destroy the environment: whether plans can run. Answers with a {@link Reply}.
   */
  public record SetEnvironment(EnvironmentChange change, ActorRef<Reply> replyTo)
      implements Request {}

  /** What to do with the environment. */
  public enum EnvironmentChange {
    OPEN,
    CLOSE,
    /**
     * Close it whatever runs: a running plan is aborted, its devices are stopped and its run is
     * closed.
     */
    DESTROY
  }

  /** Run the items one after the other. Answers with a {@link Reply}. */
  public record StartQueue(ActorRef<Reply> replyTo) implements Request {}

  /** Stop after the running item, or take that back. Answers with a {@link Reply}. */
  public record StopQueue(boolean cancel, ActorRef<Reply> replyTo) implements Request {}

  /** Start by itself whenever there is something to do. Answers with a {@link Reply}. */
  public record SetAutostart(boolean enable, ActorRef<Reply> replyTo) implements Request {}

  /** How the queue goes on; null leaves a setting. Answers with a {@link Reply}. */
  public record SetMode(Boolean loop, Boolean ignoreFailures, ActorRef<Reply> replyTo)
      implements Request {}

  /** Pause, resume or end the running plan. Answers with a {@link Reply}. */
  public record ControlRun(RunControl control, ActorRef<Reply> replyTo) implements Request {}

  /** What to do with the running plan; all but the pauses need a paused one. */
  public enum RunControl {
    PAUSE_DEFERRED,
    PAUSE_IMMEDIATE,
    RESUME,
    STOP,
    ABORT,
    HALT
  }

  /** The runs of the running item. Answers with a {@link RunsView}. */
  public record GetRuns(ActorRef<RunsView> replyTo) implements Request {}

  // ------------------------------------------------------------------ answers

  /** The answer to a request without items. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Accepted.class, name = "accepted"),
    @JsonSubTypes.Type(value = Refused.class, name = "refused")
  })
  public sealed interface Reply extends CborSerializable permits Accepted, Refused {}

  /** It is done, durably, or begun if it takes time. */
  public enum Accepted implements Reply {
    ACCEPTED
  }

  /** It is not done. */
  public record Refused(Refusal refusal) implements Reply, ItemsReply {}

  /** The answer to a request about items. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Items.class, name = "items"),
    @JsonSubTypes.Type(value = Refused.class, name = "refused"),
    @JsonSubTypes.Type(value = NotAllAdded.class, name = "not-all-added")
  })
  public sealed interface ItemsReply extends CborSerializable permits Items, Refused, NotAllAdded {}

  /** The items concerned, as they are now, and the number of waiting items. */
  public record Items(int queueSize, List<QueueItem> items) implements ItemsReply {
    public Items {
      items = List.copyOf(items);
    }
  }

  /** None was added; one answer per item, empty text if that item alone would do. */
  public record NotAllAdded(List<String> problems) implements ItemsReply {
    public NotAllAdded {
      problems = List.copyOf(problems);
    }
  }

  /** The queue. */
  public record QueueView(List<QueueItem> items, QueueItem running, String planQueueUid)
      implements CborSerializable {
    public QueueView {
      items = List.copyOf(items);
    }
  }

  /** The history, oldest first. */
  public record HistoryView(List<EndedItem> items, String planHistoryUid)
      implements CborSerializable {
    public HistoryView {
      items = List.copyOf(items);
    }
  }

  /**
   * An ended item.
   *
   * @param item what was asked for
   * @param result how it ended
   * @param files the files of its runs, as far as they are complete
   */
  public record EndedItem(QueueItem item, ItemResult result, List<String> files) {
    public EndedItem {
      files = List.copyOf(files);
    }
  }

  /** The runs of the running item. */
  public record RunsView(List<RunView> runs, String runListUid) implements CborSerializable {
    public RunsView {
      runs = List.copyOf(runs);
    }
  }

  /**
   * A run of the running item.
   *
   * @param run its uid
   * @param scanId its scan_id
   * @param open whether it has no stop document yet
   * @param exitStatus of its stop document, or null
   * @param log its live log
   */
  public record RunView(
      RunUid run,
      long scanId,
      boolean open,
      String exitStatus,
      ActorRef<RunLogProtocol.Request> log) {}
}
