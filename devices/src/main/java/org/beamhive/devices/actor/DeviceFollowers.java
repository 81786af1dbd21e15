package org.beamhive.devices.actor;

import akka.actor.typed.ActorRef;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.Follow;
import org.beamhive.protocol.device.DeviceProtocol.Update;
import org.beamhive.protocol.model.Reading;

/** Who follows the readings of a device, and when they are told. */
final class DeviceFollowers {
  /** A value has changed that its followers are waiting for. */
  enum ReadingsChanged implements DeviceProtocol.Internal {
    READINGS_CHANGED
  }

  /** Its followers may be told again. */
  enum UpdateDue implements DeviceProtocol.Internal {
    UPDATE_DUE
  }

  /** Who follows it and has not said so for this long is forgotten. */
  private static final Duration FOLLOWER_TIMEOUT = Duration.ofSeconds(15);

  private final DeviceParts parts;
  private final DeviceConnection connection;
  private final CommandsInHand commands;
  private final DeviceReports reports;
  private final DeviceHolder holder;
  // who follows it, and when they last said so
  private final Map<ActorRef<Update>, Long> followers = new LinkedHashMap<>();
  private long updated;

  DeviceFollowers(
      DeviceParts parts,
      DeviceConnection connection,
      CommandsInHand commands,
      DeviceReports reports,
      DeviceHolder holder) {
    this.parts = parts;
    this.connection = connection;
    this.commands = commands;
    this.reports = reports;
    this.holder = holder;
  }

  void add(Follow follow) {
    ActorRef<Update> follower = follow.replyTo();
    if (followers.put(follower, parts.nanos()) == null) {
      parts.context().watch(follower);
      update();
    }
  }

  void remove(ActorRef<?> gone) {
    followers.keySet().removeIf(follower -> follower.equals(gone));
  }

  /** Tells them, unless they have been told a moment ago: then when that moment is over. */
  void readingsChanged() {
    long left = parts.settings().updateInterval().toNanos() - (parts.nanos() - updated);
    if (left <= 0) {
      update();
    } else if (!parts.timers().isTimerActive(UpdateDue.UPDATE_DUE)) {
      parts.timers().startSingleTimer(UpdateDue.UPDATE_DUE, Duration.ofNanos(left));
    }
  }

  /** Costs nothing while nobody follows: the device is asked only then to tell of changes. */
  void update() {
    forgetSilent();
    if (followers.isEmpty()) {
      return;
    }
    updated = parts.nanos();
    if (!connection.isConnected()) {
      tell(List.of());
      return;
    }
    // first, so that a change while it is read is told of as well
    parts.device().tellNextChange();
    commands.beside(
        null,
        parts.device()::read,
        outcome -> tell(outcome.hasFailed() ? List.of() : outcome.value()));
  }

  private void forgetSilent() {
    long silent = parts.nanos() - FOLLOWER_TIMEOUT.toNanos();
    followers
        .entrySet()
        .removeIf(
            follower -> {
              boolean gone = follower.getValue() - silent < 0;
              if (gone) {
                parts.context().unwatch(follower.getKey());
              }
              return gone;
            });
  }

  private void tell(List<Reading> readings) {
    Update update = new Update(reports.view(), holder.shown(), readings);
    followers.keySet().forEach(follower -> follower.tell(update));
  }
}
