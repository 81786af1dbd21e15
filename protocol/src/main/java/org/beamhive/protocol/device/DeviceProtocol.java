package org.beamhive.protocol.device;

import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
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
 * refuses those of an older epoch than it was attached to, with the code {@code stale-epoch}. Each
 * command that takes time is answered once, with the token it came with.
 */
public final class DeviceProtocol {
  private DeviceProtocol() {}

  /** All that a device actor handles. */
  public sealed interface Command permits Request, Internal {}

  /** What others may send. */
  public sealed interface Request extends Command, CborSerializable
      permits Attach,
          Detach,
          Stage,
          Unstage,
          Set,
          Trigger,
          Read,
          Locate,
          Stop,
          ReadNow,
          GetView,
          Wake {}

  /** What a device actor tells itself. */
  public non-sealed interface Internal extends Command {}

  /**
   * A worker takes the device for a run. The device watches the worker and stops by itself if it
   * vanishes. Answers with an {@link AttachReply}.
   */
  public record Attach(Epoch epoch, ActorRef<Reply> worker, ActorRef<AttachReply> replyTo)
      implements Request {}

  /** The worker has done with the device. No answer. */
  public record Detach(Epoch epoch) implements Request {}

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

  /** Read outside any scan. Answers with a {@link ReadReply}. */
  public record ReadNow(ActorRef<ReadReply> replyTo) implements Request {}

  /** What is known of it. Answers with its {@link DeviceView} in a {@link View}. */
  public record GetView(ActorRef<View> replyTo) implements Request {}

  /** Start, if it isn't running. No answer. */
  public enum Wake implements Request {
    WAKE
  }

  /** The answer to a command that takes time. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Done.class, name = "done"),
    @JsonSubTypes.Type(value = Failed.class, name = "failed"),
    @JsonSubTypes.Type(value = Located.class, name = "located")
  })
  public sealed interface Reply extends CborSerializable permits Done, Failed, Located {
    /** Which device. */
    DeviceName device();

    /** The token of the command. */
    long token();
  }

  /** It is done. */
  public record Done(DeviceName device, long token) implements Reply {}

  /** It was refused or has failed. */
  public record Failed(DeviceName device, long token, Refusal problem) implements Reply {}

  /** Its setpoint and readback, in its units. */
  public record Located(DeviceName device, long token, Value setpoint, Value readback)
      implements Reply {}

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
