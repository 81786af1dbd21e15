package org.beamhive.devices.actor;

import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.Release;
import org.beamhive.protocol.device.DeviceProtocol.Reserve;
import org.beamhive.protocol.model.Refusal;

/**
 * A change of a device's configuration: it is reserved for the change, so that nobody takes it
 * meanwhile, and starts anew with what it is to be as soon as nobody uses it.
 */
final class DeviceRenewal {
  /** Nobody has changed the configuration in time: anybody may use it again. */
  enum ReservationOver implements DeviceProtocol.Internal {
    RESERVATION_OVER
  }

  private final DeviceParts parts;
  private final DeviceHolder holder;
  // the change of its configuration for which nobody can attach; null if there is none
  private String reservedFor;
  // its configuration is not what it was made from: it starts anew as soon as nobody uses it
  private boolean outdated;
  private boolean renewing;

  DeviceRenewal(DeviceParts parts, DeviceHolder holder) {
    this.parts = parts;
    this.holder = holder;
  }

  /** Null if it may be taken. */
  Refusal refusalToTake() {
    return reservedFor == null && !renewing
        ? null
        : Refusal.of(
            "being-changed", parts.name() + " can't be used, its configuration is being changed.");
  }

  void reserve(Reserve reserve) {
    Refusal inUse = holder.inUse();
    if (inUse != null) {
      reserve.replyTo().tell(new DeviceProtocol.NotReserved(parts.name(), inUse));
      return;
    }
    reservedFor = reserve.change();
    parts.timers().startSingleTimer(ReservationOver.RESERVATION_OVER, reserve.atMost());
    reserve.replyTo().tell(new DeviceProtocol.Reserved(parts.name()));
  }

  void release(Release release) {
    if (release.change().equals(reservedFor)) {
      reservationOver();
    }
  }

  void reservationOver() {
    reservedFor = null;
    parts.timers().cancel(ReservationOver.RESERVATION_OVER);
  }

  void lookAtConfig() {
    HutchDevices devices = parts.watch().devices();
    if (devices.isKnown() && !parts.madeFrom().equals(devices.madeFrom(parts.name()))) {
      if (!outdated && holder.inUse() != null) {
        parts
            .log()
            .warn("{}: its configuration has changed, which counts when it is free", parts.name());
      }
      outdated = true;
    }
    beginIfFree();
  }

  /** What could not be made is made once more. */
  void makeAgain() {
    outdated = true;
    beginIfFree();
  }

  /** Ends it, to be started anew with its new configuration, or to vanish if it has none. */
  void beginIfFree() {
    if (outdated && !renewing && holder.inUse() == null) {
      renewing = true;
      parts.log().info("{}: ends, to start anew with its configuration as it is now", parts.name());
      parts.watch().renewal().begin(parts.self());
    }
  }

  /** Says once more that it is free, in case it was not heard the first time. */
  void remind() {
    if (renewing) {
      parts.watch().renewal().begin(parts.self());
    }
  }

  /** The actor has stopped. */
  void ended() {
    if (renewing) {
      parts.watch().renewal().ended();
    }
  }
}
