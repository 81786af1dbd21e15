package org.beamhive.protocol.scan;

import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.beamhive.protocol.model.ItemUid;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.run.RunLogProtocol;
import org.beamhive.protocol.wire.CborSerializable;

/** What one says to the ScanWorker, which runs one plan, and what it reports. */
public final class ScanWorkerProtocol {
  private ScanWorkerProtocol() {}

  /** All that a worker handles. */
  public sealed interface Command permits Request, Internal {}

  /** What others may send; none is answered, {@link Report}s tell what came of it. */
  public sealed interface Request extends Command, CborSerializable
      permits Pause, Resume, Stop, Abort, Halt, Park {}

  /** What a worker tells itself. */
  public non-sealed interface Internal extends Command {}

  /** Pause: at the next checkpoint if deferred, else at once. */
  public record Pause(boolean deferred) implements Request {}

  /** Go on from the last checkpoint. */
  public enum Resume implements Request {
    RESUME
  }

  /** End in good order, as a success. */
  public enum Stop implements Request {
    STOP
  }

  /** End in good order, as aborted. */
  public record Abort(String reason) implements Request {}

  /**
   * End as aborted, without the plan's own clean-up; devices are stopped and the run is closed all
   * the same.
   */
  public enum Halt implements Request {
    HALT
  }

  /**
   * The node goes away: pause at the next checkpoint, or at once after a while, stop the devices,
   * write the log, and end. The run stays open and goes on at the next start. Answers with {@link
   * Parked}.
   */
  public record Park(ActorRef<Parked> replyTo) implements Request {}

  /** Devices are stopped and the log is written. */
  public enum Parked implements CborSerializable {
    PARKED
  }

  /** What a worker reports to the queue. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = StateChanged.class, name = "state"),
    @JsonSubTypes.Type(value = Waiting.class, name = "waiting"),
    @JsonSubTypes.Type(value = Superseded.class, name = "superseded"),
    @JsonSubTypes.Type(value = RunOpened.class, name = "run-opened"),
    @JsonSubTypes.Type(value = Ended.class, name = "ended")
  })
  public sealed interface Report extends CborSerializable
      permits StateChanged, Waiting, Superseded, RunOpened, Ended {
    /** Which item. */
    ItemUid item();
  }

  /** The worker's state changed, because ... */
  public record StateChanged(ItemUid item, WorkerState state, String because) implements Report {}

  /**
   * The plan stands, because a device is gone; it goes on by itself when the device is back, unless
   * it is paused or ended meanwhile.
   */
  public record Waiting(ItemUid item, String because) implements Report {}

  /**
   * The worker has ended without touching anything, since a newer worker is in charge of its
   * devices.
   */
  public record Superseded(ItemUid item, String because) implements Report {}

  /** A start document is durable; the run can be followed at this log. */
  public record RunOpened(
      ItemUid item, RunUid run, long scanId, ActorRef<RunLogProtocol.Request> log)
      implements Report {}

  /**
   * The plan has ended, its devices are stopped and its run is closed.
   *
   * @param item which item
   * @param exitStatus completed, failed, stopped, aborted or halted
   * @param message what went wrong, empty if nothing did
   * @param runs the runs it opened
   * @param scanIds their scan_ids
   */
  public record Ended(
      ItemUid item, String exitStatus, String message, List<RunUid> runs, List<Long> scanIds)
      implements Report {
    public Ended {
      runs = List.copyOf(runs);
      scanIds = List.copyOf(scanIds);
    }
  }

  /** The states of a worker, with Bluesky's words ({@code re_state}). */
  public enum WorkerState {
    RUNNING,
    PAUSING,
    PAUSED,
    STOPPING,
    ABORTING,
    HALTING
  }
}
