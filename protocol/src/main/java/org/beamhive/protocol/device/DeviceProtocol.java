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
          Read,
          Locate,
          Stop,
          StopFor,
          ReadNow,
          GetView,
          Reserve,
          Release,
          Wake {}

  /** What a device actor tells itself. */
  public non-sealed interface Internal extends Command {}

  /**
   * A worker takes the device for a run. From now on the worker must say {@link KeepAlive} all the
   * time: the device stops by itself if the worker vanishes or is silent for too long. Answers with
   * an {@link AttachReply}.
   */
  public record Attach(Epoch epoch, ActorRef<Reply> worker, ActorRef<AttachReply> replyTo)
      implements Request {}

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

  /** The answer to {@link GetView}. */
  public record View(DeviceView view) implements CborSerializable {}
}
