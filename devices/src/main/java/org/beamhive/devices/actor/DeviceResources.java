package org.beamhive.devices.actor;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Extension;
import akka.actor.typed.ExtensionId;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.beamhive.devices.backend.ca.CaLink;
import org.beamhive.devices.backend.sim.SimNamespace;
import org.beamhive.devices.backend.sim.SystemSimClock;
import org.beamhive.devices.type.DeviceBackends;

/**
 * What the devices of one node share, whichever hutch they belong to: made once, closed when the
 * devices have stopped.
 */
final class DeviceResources implements Extension {
  private static final Id ID = new Id();

  private final DevicesSettings settings;
  private final DeviceBackends backends;
  private final ReentrantLock opening = new ReentrantLock();
  private volatile CaLink link;

  private DeviceResources(ActorSystem<?> system) {
    settings = DevicesSettings.from(system.settings().config());
    SystemSimClock clock = new SystemSimClock();
    backends =
        new DeviceBackends(this::channelAccess, new SimNamespace(clock), settings.timeouts());
    CoordinatedShutdown.get(system)
        .addTask(
            CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
            "close-device-backends",
            () ->
                CompletableFuture.supplyAsync(
                    () -> {
                      clock.close();
                      close();
                      return Done.getInstance();
                    }));
  }

  /** Opened when the first device needs it: a node without such devices needs no network for it. */
  private CaLink channelAccess() {
    opening.lock();
    try {
      if (link == null) {
        link = new CaLink(settings.channelAccess());
      }
      return link;
    } finally {
      opening.unlock();
    }
  }

  private void close() {
    opening.lock();
    try {
      if (link != null) {
        link.close();
      }
    } finally {
      opening.unlock();
    }
  }

  static DeviceBackends of(ActorSystem<?> system) {
    return system.registerExtension(ID).backends;
  }

  static DeviceSharding.Channels channels(ActorSystem<?> system) {
    CaLink link = system.registerExtension(ID).link;
    if (link == null) {
      return new DeviceSharding.Channels(0, 0);
    }
    long all = link.channels();
    long connected = Math.min(all, link.connectedChannels());
    return new DeviceSharding.Channels(connected, all - connected);
  }

  private static final class Id extends ExtensionId<DeviceResources> {
    @Override
    public DeviceResources createExtension(ActorSystem<?> system) {
      return new DeviceResources(system);
    }
  }
}
