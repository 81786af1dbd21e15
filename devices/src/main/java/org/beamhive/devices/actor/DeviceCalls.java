package org.beamhive.devices.actor;

import akka.actor.typed.ActorRef;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.Call;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;

/**
 * The one call from outside any scan that a device accepts at a time, from its acceptance to its
 * end, and whether its caller is alive.
 */
final class DeviceCalls {
  /** Who has called it has not been heard for too long. */
  enum CallerSilent implements DeviceProtocol.Internal {
    CALLER_SILENT
  }

  private final DeviceParts parts;
  private final CallBook book;
  private final Silence silence;
  // null if nobody has called it
  private Call call;
  private boolean begun;

  DeviceCalls(DeviceParts parts, CallBook book) {
    this.parts = parts;
    this.book = book;
    this.silence = new Silence(parts.deadlines(), parts.settings().ownerTimeout());
  }

  Silence silence() {
    return silence;
  }

  boolean isAny() {
    return call != null;
  }

  /** Null if nobody has called it. */
  Call call() {
    return call;
  }

  /**
   * Whether it is being done; if not, it waits for its caller to say once more that he is there.
   */
  boolean hasBegun() {
    return begun;
  }

  boolean is(String id) {
    return call != null && call.id().equals(id);
  }

  boolean isOf(ActorRef<?> caller) {
    return call != null && call.replyTo().equals(caller);
  }

  /** The device is this caller's until the call has ended. */
  void accept(Call accepted) {
    call = accepted;
    begun = false;
    parts.context().watch(call.replyTo());
    heard();
    call.replyTo().tell(new DeviceProtocol.CallAccepted(parts.name(), call.id()));
  }

  /** The caller has said that he is alive. */
  void heard() {
    silence.heard();
    parts.timers().startSingleTimer(CallerSilent.CALLER_SILENT, silence.atMost());
  }

  boolean isSilentForTooLong() {
    return call != null && silence.tooLong();
  }

  /** It is done from now on. */
  Call begin() {
    begun = true;
    book.began(call, System.currentTimeMillis() / 1000.0);
    parts.log().info("{}: {}, as {} has asked", parts.name(), call.operation().shown(), call.who());
    return call;
  }

  /** Tells its caller, unless that has been done because the call was stopped. */
  void end(Outcome<Value> outcome) {
    if (call == null) {
      return;
    }
    Call ended = call;
    call = null;
    parts.timers().cancel(CallerSilent.CALLER_SILENT);
    parts.context().unwatch(ended.replyTo());
    Refusal problem = outcome.hasFailed() ? outcome.refusal(parts.name()) : null;
    Value result = problem == null && outcome.value() != null ? outcome.value() : Value.None.NONE;
    if (begun) {
      book.ended(System.currentTimeMillis() / 1000.0, result, problem);
    }
    ended
        .replyTo()
        .tell(
            problem == null
                ? new DeviceProtocol.CallDone(parts.name(), ended.id(), result)
                : new DeviceProtocol.CallFailed(parts.name(), ended.id(), problem));
    parts.reportSoon();
  }
}
