package org.beamhive.protocol.device;

import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Duration;
import java.util.List;
import org.beamhive.protocol.bundle.ScanBundlerProtocol;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.wire.CborSerializable;

/**
 * What one says to a device actor. Commands of a scan carry the worker's {@link Epoch}: a device
 * refuses those of an older epoch than it was attached to, with the code {@code stale-epoch}: who
 * is told so has a successor and must end without touching anything. Each command that takes time
 * is answered once, with the token it came with.
 */
public final class DeviceProtocol {
  private DeviceProtocol() {}

  /** All that a device actor handles. */
  public sealed interface Command permits Request, Internal {}

  /** What others may send. */
  public sealed interface Request extends Command, CborSerializable
      permits Attach,
          Detach,
          KeepAlive,
          Stage,
          Unstage,
          Set,
          Trigger,
          Kickoff,
          Complete,
          Collect,
          Read,
          Locate,
          Stop,
          StopAndTell,
          StopFor,
          ReadNow,
          GetView,
          Call,
          CallAlive,
          GetDetails,
          Follow,
          Reserve,
          Release,
          Wake {}

  /** What a device actor tells itself. */
  public non-sealed interface Internal extends Command {}

  /**
   * A worker takes the device for a run. From now on the worker must say {@link KeepAlive} all the
   * time: the device stops by itself if the worker vanishes or is silent for too long. Answers with
   * an {@link AttachReply}.
   *
   * @param run what the worker does with it; null if an older node does not say it
   * @param scanId the scan_id of that run, 0 if not said
   */
  public record Attach(
      Epoch epoch, ActorRef<Reply> worker, RunUid run, long scanId, ActorRef<AttachReply> replyTo)
      implements Request {
    /** For a run that is not named. */
    public Attach(Epoch epoch, ActorRef<Reply> worker, ActorRef<AttachReply> replyTo) {
      this(epoch, worker, null, 0, replyTo);
    }
  }

  /** The worker has done with the device, which stops if it still moves. No answer. */
  public record Detach(Epoch epoch) implements Request {}

  /**
   * The worker that the device is attached to is alive. Answers with {@link NotYours} if the device
   * is not, or not any more, attached to a worker of this epoch; otherwise not at all.
   */
  public record KeepAlive(Epoch epoch, ActorRef<Reply> replyTo) implements Request {}

  /** Prepare for a scan. Answers with a {@link Reply}. */
  public record Stage(Epoch epoch, long token, ActorRef<Reply> replyTo) implements Request {}

  /** Undo what staging did. Answers with a {@link Reply}. */
  public record Unstage(Epoch epoch, long token, ActorRef<Reply> replyTo) implements Request {}

  /**
   * Move to a setpoint, in the device's units. Answers with a {@link Reply} when it is there or
   * can't get there.
   */
  public record Set(Epoch epoch, Value setpoint, long token, ActorRef<Reply> replyTo)
      implements Request {}

  /** Take a measurement. Answers with a {@link Reply} when it is taken. */
  public record Trigger(Epoch epoch, long token, ActorRef<Reply> replyTo) implements Request {}

  /**
   * Begin a flight: what the device then does by itself. Answers with a {@link Reply} when it has
   * begun. Until {@link Complete} is done the device counts as moving: it stops if its worker
   * vanishes.
   *
   * @param settings of this flight; empty for those that it is configured with
   */
  public record Kickoff(Epoch epoch, Value.Fields settings, long token, ActorRef<Reply> replyTo)
      implements Request {
    public Kickoff {
      settings = settings == null ? Value.Fields.EMPTY : settings;
    }
  }

  /** Let the flight come to its end. Answers with a {@link Reply} when it has. */
  public record Complete(Epoch epoch, long token, ActorRef<Reply> replyTo) implements Request {}

  /**
   * Give what the flight has gathered. Answers the bundler with {@link
   * ScanBundlerProtocol.DeviceCollected}, page by page, or {@link ScanBundlerProtocol.ReadFailed}.
   *
   * @param point the number that the collection has among the points of the run
   */
  public record Collect(Epoch epoch, long point, ActorRef<ScanBundlerProtocol.Request> replyTo)
      implements Request {}

  /**
   * Read all data keys for a point. Answers the bundler with a {@link
   * ScanBundlerProtocol.DeviceRead} or {@link ScanBundlerProtocol.ReadFailed}. Commands that follow
   * wait until the readings are taken.
   */
  public record Read(Epoch epoch, long point, ActorRef<ScanBundlerProtocol.Request> replyTo)
      implements Request {}

  /** Where is it and where should it be? Answers with {@link Located} or {@link Failed}. */
  public record Locate(Epoch epoch, long token, ActorRef<Reply> replyTo) implements Request {}

  /**
   * Stop at once, whatever it does, whoever asks. Moves in progress fail with {@code stopped}. No
   * answer.
   */
  public enum Stop implements Request {
    STOP
  }

  /** The same as {@link Stop}, but it answers with {@link Stopped} when its stop has ended. */
  public record StopAndTell(ActorRef<Stopped> replyTo) implements Request {}

  /**
   * Stop at once what is done for a worker of this epoch. Nothing happens if a newer worker has the
   * device, so that one that was thought dead can't stop the moves of its successor. No answer.
   */
  public record StopFor(Epoch epoch) implements Request {}

  /** Read outside any scan. Answers with a {@link ReadReply}. */
  public record ReadNow(ActorRef<ReadReply> replyTo) implements Request {}

  /** What is known of it. Answers with its {@link DeviceView} in a {@link View}. */
  public record GetView(ActorRef<View> replyTo) implements Request {}

  /**
   * Do something outside any scan. The device checks whether it may be done now, keeps itself free
   * for this call and answers {@link CallAccepted}; it begins with the first {@link CallAlive}, so
   * that a message which was late can't move anything for a caller who has given up. From then on
   * it belongs to the caller as to a worker: it stops by itself if the caller vanishes or is
   * silent. Answers with {@link CallReply}s.
   *
   * @param id of this call, never used again
   * @param who asks, for the log and the history
   */
  public record Call(String id, String who, Operation operation, ActorRef<CallReply> replyTo)
      implements Request {}

  /**
   * The caller is alive, and wants it done. Answers with {@link CallAccepted} while the device is
   * at it, so that the caller knows that the device is alive, too; with {@link CallFailed} if it
   * does not, or not any more, do this call.
   */
  public record CallAlive(String id, ActorRef<CallReply> replyTo) implements Request {}

  /** All that it tells of itself. Answers with {@link DeviceDetails}, in each state. */
  public record GetDetails(ActorRef<DeviceDetails> replyTo) implements Request {}

  /**
   * Its readings and state now and whenever they change, at most so often as the device's settings
   * allow and always the newest. To be said again from time to time: a device forgets a follower
   * that is silent. Answers with {@link Update} again and again.
   */
  public record Follow(ActorRef<Update> replyTo) implements Request {}

  /**
   * Stay free, since your configuration is to be changed: for a while, or until it is released, no
   * worker can attach. Answers with a {@link ReserveReply}.
   *
   * @param change who wants it, for {@link Release}
   * @param atMost how long
   */
  public record Reserve(String change, Duration atMost, ActorRef<ReserveReply> replyTo)
      implements Request {}

  /** The configuration is not to be changed after all. No answer. */
  public record Release(String change) implements Request {}

  /**
   * Start, if it isn't running; look whether the configuration has changed, and tell the list of
   * devices. No answer.
   */
  public enum Wake implements Request {
    WAKE
  }

  /** The answer to a command that takes time, or to {@link KeepAlive}. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Done.class, name = "done"),
    @JsonSubTypes.Type(value = Failed.class, name = "failed"),
    @JsonSubTypes.Type(value = Located.class, name = "located"),
    @JsonSubTypes.Type(value = NotYours.class, name = "not-yours")
  })
  public sealed interface Reply extends CborSerializable permits Done, Failed, Located, NotYours {
    /** Which device. */
    DeviceName device();
  }

  /** It is done. */
  public record Done(DeviceName device, long token) implements Reply {}

  /** It was refused or has failed. */
  public record Failed(DeviceName device, long token, Refusal problem) implements Reply {}

  /** Its setpoint and readback, in its units. */
  public record Located(DeviceName device, long token, Value setpoint, Value readback)
      implements Reply {}

  /**
   * The device does nothing for the worker any more, whatever it was told: it has let go of a
   * worker that was silent, was started anew, or has a newer worker ({@code stale-epoch}).
   */
  public record NotYours(DeviceName device, Refusal problem) implements Reply {}

  /** The answer to {@link Attach}. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Attached.class, name = "attached"),
    @JsonSubTypes.Type(value = NotAttached.class, name = "not-attached")
  })
  public sealed interface AttachReply extends CborSerializable permits Attached, NotAttached {}

  /** The worker may talk to this ref directly until it stops or moves to another node. */
  public record Attached(ActorRef<Request> ref, DeviceView view, DeviceDescription description)
      implements AttachReply {}

  /** The device can't be used now. */
  public record NotAttached(DeviceName device, Refusal problem) implements AttachReply {}

  /** The answer to {@link Reserve}. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Reserved.class, name = "reserved"),
    @JsonSubTypes.Type(value = NotReserved.class, name = "not-reserved")
  })
  public sealed interface ReserveReply extends CborSerializable permits Reserved, NotReserved {
    /** Which device. */
    DeviceName device();
  }

  /** It is free and stays so for a while. */
  public record Reserved(DeviceName device) implements ReserveReply {}

  /** It is in use. */
  public record NotReserved(DeviceName device, Refusal problem) implements ReserveReply {}

  /** The answer to {@link ReadNow}. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = ReadDone.class, name = "read"),
    @JsonSubTypes.Type(value = NotRead.class, name = "not-read")
  })
  public sealed interface ReadReply extends CborSerializable permits ReadDone, NotRead {}

  /** The readings and what they are. */
  public record ReadDone(DeviceDescription description, List<Reading> readings)
      implements ReadReply {
    public ReadDone {
      readings = List.copyOf(readings);
    }
  }

  /** It can't be read now. */
  public record NotRead(DeviceName device, Refusal problem) implements ReadReply {}

  /**
   * The answer to {@link StopAndTell}.
   *
   * @param view how it was when it was told
   * @param problem why its stop has failed, so that it may go on; null if it has not
   */
  public record Stopped(DeviceView view, Refusal problem) implements CborSerializable {}

  /** The answer to {@link GetView}. */
  public record View(DeviceView view) implements CborSerializable {}

  /** The answer to {@link Call}. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = CallAccepted.class, name = "call-accepted"),
    @JsonSubTypes.Type(value = CallDone.class, name = "call-done"),
    @JsonSubTypes.Type(value = CallFailed.class, name = "call-failed")
  })
  public sealed interface CallReply extends CborSerializable
      permits CallAccepted, CallDone, CallFailed {
    /** Which call. */
    String id();
  }

  /** It may be done, and begins with the first {@link CallAlive}; or is being done. */
  public record CallAccepted(DeviceName device, String id) implements CallReply {}

  /** It is done, with what it returns. */
  public record CallDone(DeviceName device, String id, Value result) implements CallReply {}

  /** It was refused, has failed, or is not done for this caller any more. */
  public record CallFailed(DeviceName device, String id, Refusal problem) implements CallReply {}

  /**
   * How a device is now.
   *
   * @param heldBy who has it, in words for a person; empty if nobody has
   * @param readings the newest of all data keys, empty while it is not connected
   */
  public record Update(DeviceView view, String heldBy, List<Reading> readings)
      implements CborSerializable {
    public Update {
      readings = List.copyOf(readings);
    }
  }
}
