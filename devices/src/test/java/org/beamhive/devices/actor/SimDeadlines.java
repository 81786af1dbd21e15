package org.beamhive.devices.actor;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.beamhive.devices.backend.sim.SimClock;
import org.beamhive.devices.signal.Deadlines;
import org.beamhive.devices.type.DeviceTimeouts;

/** Deadlines by the clock of the simulation. */
record SimDeadlines(SimClock clock) implements Deadlines {
  @Override
  public long nanos() {
    return Math.round(clock.seconds() * 1e9);
  }

  @Override
  public <T> CompletableFuture<T> within(Duration timeout, CompletableFuture<T> promise) {
    clock.schedule(timeout, () -> promise.completeExceptionally(new TimeoutException()));
    return promise;
  }

  /** These settings, with this clock. */
  DevicesSettings on(DevicesSettings base) {
    return new DevicesSettings(
        base.channelAccess(),
        new DeviceTimeouts(base.timeouts().request(), base.timeouts().moveMargin(), this),
        base.reconnect(),
        base.restart(),
        base.waitingCommands(),
        base.ownerTimeout(),
        base.parkTimeout(),
        base.wakeInterval(),
        base.reportInterval(),
        base.reportDelay(),
        base.silence(),
        base.notifyInterval(),
        base.updateInterval());
  }
}
