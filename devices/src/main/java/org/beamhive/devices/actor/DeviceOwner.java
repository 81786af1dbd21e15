package org.beamhive.devices.actor;

import akka.actor.typed.ActorRef;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.Attach;
import org.beamhive.protocol.device.DeviceProtocol.Reply;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.Refusal;

/**
 * The worker that has a device, for one run, and whether it is alive. Those that can't have it any
 * more are kept out by its {@link Fence}.
 */
final class DeviceOwner {
  /** Its worker has not been heard for too long. */
  enum OwnerSilent implements DeviceProtocol.Internal {
    OWNER_SILENT
  }

  /**
   * One worker's hold on the device.
   *
   * @param run in words for a person
   */
  private record Attachment(Epoch epoch, ActorRef<Reply> worker, String run) {}

  private final DeviceParts parts;
  private final Fence fence;
  private final Silence silence;
  private Attachment attachment;

  DeviceOwner(DeviceParts parts) {
    this.parts = parts;
    this.fence = new Fence(parts.name(), parts.watch().epochs());
    this.silence = new Silence(parts.deadlines(), parts.settings().ownerTimeout());
  }

  Fence fence() {
    return fence;
  }

  Silence silence() {
    return silence;
  }

  boolean isThere() {
    return attachment != null;
  }

  /** In words, which run it is; there must be one. */
  String run() {
    return attachment.run();
  }

  boolean isOf(Epoch epoch) {
    return attachment != null && attachment.epoch().equals(epoch);
  }

  boolean is(ActorRef<?> worker) {
    return attachment != null && attachment.worker().equals(worker);
  }

  /** The device is this worker's, and nobody else's. */
  void attach(Attach attach) {
    end();
    fence.forgetSilence();
    attachment = new Attachment(attach.epoch(), attach.worker(), shown(attach));
    parts.context().watch(attach.worker());
    heard();
  }

  private static String shown(Attach attach) {
    return attach.run() == null
        ? "the scan of epoch " + attach.epoch().value()
        : "scan %d (run %s)".formatted(attach.scanId(), attach.run());
  }

  /** It has said that it is alive. */
  void heard() {
    silence.heard();
    parts.timers().startSingleTimer(OwnerSilent.OWNER_SILENT, silence.atMost());
  }

  boolean isSilentForTooLong() {
    return attachment != null && silence.tooLong();
  }

  /** It has lost the device by its silence: nothing is done for it before it has taken it again. */
  void silenced() {
    fence.silence(attachment.epoch());
  }

  /** The device is nobody's. */
  void end() {
    if (attachment != null) {
      parts.timers().cancel(OwnerSilent.OWNER_SILENT);
      parts.context().unwatch(attachment.worker());
      attachment = null;
    }
  }

  /** Null unless the device is not this worker's, although it has no successor. */
  Refusal refusalOf(Epoch epoch) {
    Refusal silent = fence.refusalOfSilent(epoch);
    if (silent != null) {
      return silent;
    }
    return attachment == null || attachment.epoch().equals(epoch)
        ? null
        : Refusal.of(
            "locked",
            "%s is used by the scan of epoch %d."
                .formatted(parts.name(), attachment.epoch().value()));
  }
}
