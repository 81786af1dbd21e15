package org.beamhive.devices.actor;

import akka.actor.typed.ActorRef;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.beamhive.devices.type.Device;
import org.beamhive.protocol.bundle.ScanBundlerProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.Collect;
import org.beamhive.protocol.device.DeviceProtocol.Complete;
import org.beamhive.protocol.device.DeviceProtocol.Kickoff;
import org.beamhive.protocol.device.DeviceProtocol.Locate;
import org.beamhive.protocol.device.DeviceProtocol.Read;
import org.beamhive.protocol.device.DeviceProtocol.Reply;
import org.beamhive.protocol.device.DeviceProtocol.Request;
import org.beamhive.protocol.device.DeviceProtocol.Set;
import org.beamhive.protocol.device.DeviceProtocol.Stage;
import org.beamhive.protocol.device.DeviceProtocol.Trigger;
import org.beamhive.protocol.device.DeviceProtocol.Unstage;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Refusal;

/**
 * What a worker can have a device do: what the device refuses whoever asks, what its type does, and
 * how that is answered.
 */
final class WorkerCommands {
  /** What a command is for the device's type, and what is done with its end. */
  record Work<T>(Supplier<CompletionStage<T>> command, Consumer<Outcome<T>> answer) {}

  private final DeviceName name;
  private final Device device;
  private final DeviceOperations operations;
  private final DeviceReadings readings;
  private final Motion motion;

  WorkerCommands(
      DeviceName name,
      Device device,
      DeviceOperations operations,
      DeviceReadings readings,
      Motion motion) {
    this.name = name;
    this.device = device;
    this.operations = operations;
    this.readings = readings;
    this.motion = motion;
  }

  /** Null if the device can do this now, for any worker. */
  Refusal refusalOf(Request request) {
    if (request instanceof Set set) {
      return operations.refusalToMove(set.setpoint());
    } else if (request instanceof Kickoff) {
      Refusal refusal = operations.refusalToChange();
      return refusal == null && motion.isFlying()
          ? Refusal.of("flying", name + " flies already: complete or stop it first.")
          : refusal;
    }
    return null;
  }

  /** Nothing of it has begun yet. */
  Work<?> of(Request request) {
    if (request instanceof Read read) {
      return read(read);
    } else if (request instanceof Set set) {
      return work(() -> device.set(set.setpoint()), set.token(), set.replyTo());
    } else if (request instanceof Trigger trigger) {
      return work(device::trigger, trigger.token(), trigger.replyTo());
    } else if (request instanceof Stage stage) {
      return work(device::stage, stage.token(), stage.replyTo());
    } else if (request instanceof Unstage unstage) {
      return work(device::unstage, unstage.token(), unstage.replyTo());
    } else if (request instanceof Kickoff kickoff) {
      return kickoff(kickoff);
    } else if (request instanceof Complete complete) {
      return complete(complete);
    } else if (request instanceof Collect collect) {
      return collect(collect);
    }
    throw new IllegalStateException("no command that can wait: " + request);
  }

  private Work<Void> work(
      Supplier<CompletionStage<Void>> command, long token, ActorRef<Reply> replyTo) {
    return new Work<>(
        command,
        outcome ->
            replyTo.tell(
                outcome.hasFailed()
                    ? new DeviceProtocol.Failed(name, token, outcome.refusal(name))
                    : new DeviceProtocol.Done(name, token)));
  }

  private <T> Work<T> workOrRefuse(
      Request request, Supplier<CompletionStage<T>> command, Consumer<T> answer) {
    return new Work<>(command, DeviceRequests.orRefuse(name, request, answer));
  }

  private Work<?> read(Read read) {
    return workOrRefuse(
        read,
        readings::read,
        values -> {
          readings.keep(values);
          read.replyTo()
              .tell(
                  new ScanBundlerProtocol.DeviceRead(name, read.point(), values, device.assets()));
        });
  }

  private Work<?> kickoff(Kickoff kickoff) {
    return work(
        () -> {
          motion.flightBegins();
          return device.kickoff(kickoff.settings());
        },
        kickoff.token(),
        kickoff.replyTo());
  }

  private Work<?> complete(Complete complete) {
    Work<Void> work = work(device::complete, complete.token(), complete.replyTo());
    return new Work<Void>(
        work.command(),
        outcome -> {
          if (!outcome.hasFailed()) {
            motion.flightEnded();
          }
          work.answer().accept(outcome);
        });
  }

  private Work<?> collect(Collect collect) {
    return workOrRefuse(
        collect,
        device::collect,
        events ->
            DeviceReadings.pages(name, collect.point(), events)
                .forEach(page -> collect.replyTo().tell(page)));
  }

  /** The only one that needs not wait for another. */
  Work<Device.Location> locate(Locate locate) {
    return workOrRefuse(
        locate,
        device::locate,
        at ->
            locate
                .replyTo()
                .tell(
                    new DeviceProtocol.Located(
                        name, locate.token(), at.setpoint(), at.readback())));
  }
}
