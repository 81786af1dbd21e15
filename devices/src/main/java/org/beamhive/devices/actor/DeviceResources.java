package org.beamhive.devices.actor;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Extension;
import akka.actor.typed.ExtensionId;
import java.util.concurrent.CompletableFuture;
import org.beamhive.devices.backend.sim.SimNamespace;
import org.beamhive.devices.backend.sim.SystemSimClock;
import org.beamhive.devices.type.DeviceBackends;

/**
 * What the devices of one node share, whichever hutch they belong to: made once, closed when the
 * devices have stopped.
 */
final class DeviceResources implements Extension {
  private static final Id ID = new Id();

  private final DeviceBackends backends;

  private DeviceResources(ActorSystem<?> system) {
    DevicesSettings settings = DevicesSettings.from(system.settings().config());
    SystemSimClock clock = new SystemSimClock();
    backends =
        new DeviceBackends(
            () -> {
              throw new IllegalStateException("Channel Access is not there yet");
            },
            new SimNamespace(clock),
            settings.timeouts());
    CoordinatedShutdown.get(system)
        .addTask(
            CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
            "close-device-backends",
            () -> {
              clock.close();
              return CompletableFuture.completedStage(Done.getInstance());
            });
  }

  static DeviceBackends of(ActorSystem<?> system) {
    return system.registerExtension(ID).backends;
  }

  private static final class Id extends ExtensionId<DeviceResources> {
    @Override
    public DeviceResources createExtension(ActorSystem<?> system) {
      return new DeviceResources(system);
    }
  }
}
