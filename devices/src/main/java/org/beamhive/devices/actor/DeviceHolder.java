package org.beamhive.devices.actor;

import java.util.Map;
import org.beamhive.protocol.device.DeviceProtocol.Call;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Refusal;

/** Who or what keeps a device in use, in words for a person who would like to have it. */
final class DeviceHolder {
  private final DeviceName name;
  private final DeviceOwner owner;
  private final DeviceCalls calls;
  private final CommandsInHand commands;
  private final Motion motion;

  DeviceHolder(
      DeviceName name,
      DeviceOwner owner,
      DeviceCalls calls,
      CommandsInHand commands,
      Motion motion) {
    this.name = name;
    this.owner = owner;
    this.calls = calls;
    this.commands = commands;
    this.motion = motion;
  }

  /** A worker has it, or a person. */
  boolean isThere() {
    return owner.isThere() || calls.isAny();
  }

  /** Who has it, in words; empty if nobody has. */
  String shown() {
    if (owner.isThere()) {
      return owner.run();
    }
    Call call = calls.call();
    return call == null ? "" : "%s (%s)".formatted(call.who(), call.operation().shown());
  }

  /** Why nobody else gets it. */
  Refusal locked() {
    String holder = shown();
    return new Refusal(
        "locked",
        owner.isThere()
            ? "%s is held by %s: wait for its end, or end it.".formatted(name, holder)
            : "%s is used by %s: wait for its end, or stop it.".formatted(name, holder),
        Map.of("device", name.value(), "held_by", holder));
  }

  /** Nobody has it, and yet it is not free. */
  Refusal comingToRest() {
    return Refusal.of("busy", name + " is still coming to rest.");
  }

  /** Null if nobody uses it. */
  Refusal inUse() {
    if (isThere()) {
      return Refusal.of(
          "in-use", "%s is used by %s; try again when that has ended.".formatted(name, shown()));
    }
    return !commands.isBusy() && !commands.isAnyWaiting() && !motion.isFlying()
        ? null
        : Refusal.of("in-use", name + " is busy; try again when it is at rest.");
  }
}
