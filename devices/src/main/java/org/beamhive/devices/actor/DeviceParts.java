package org.beamhive.devices.actor;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.TimerScheduler;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.signal.Deadlines;
import org.beamhive.devices.type.Device;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol.Command;
import org.beamhive.protocol.device.HutchGuardProtocol;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.HutchName;
import org.slf4j.Logger;

/**
 * What the actor of a device is given, for it and for the classes that it is made of.
 *
 * @param madeFrom its configuration and those of the devices that it is made of
 * @param numbers one number after the other, never one twice as long as the device is here
 * @param watch who in the hutch must know that it moves, and what outlives the actor
 * @param measures is told how long its commands take
 */
record DeviceParts(
    ActorContext<Command> context,
    TimerScheduler<Command> timers,
    Logger log,
    DeviceConfig config,
    List<DeviceConfig> madeFrom,
    HutchName hutch,
    Device device,
    LongSupplier numbers,
    DevicesSettings settings,
    ActorRef<DeviceDirectoryProtocol.Request> directory,
    HutchWatch watch,
    DeviceMeasures.OfDevice measures) {

  DeviceName name() {
    return config.name();
  }

  ActorRef<Command> self() {
    return context.getSelf();
  }

  ActorRef<HutchGuardProtocol.Command> guard() {
    return watch.guard();
  }

  Deadlines deadlines() {
    return settings.timeouts().deadlines();
  }

  /** Nanoseconds by the device layer's clock. */
  long nanos() {
    return deadlines().nanos();
  }

  /** What others see of it may have changed. */
  void reportSoon() {
    if (!timers.isTimerActive(DeviceReports.ReportDue.REPORT_SOON)) {
      timers.startSingleTimer(DeviceReports.ReportDue.REPORT_SOON, settings.reportDelay());
    }
  }

  /** A device type with a defect fails its command, not the actor with all that waits in it. */
  <T> CompletionStage<Outcome<T>> outcomeOf(Supplier<CompletionStage<T>> command) {
    try {
      return command.get().handle(Outcome::new);
    } catch (RuntimeException defect) {
      log.error("{}: its type {} has a defect", name(), config.deviceClass(), defect);
      return CompletableFuture.completedStage(new Outcome<>(null, defect));
    }
  }
}
