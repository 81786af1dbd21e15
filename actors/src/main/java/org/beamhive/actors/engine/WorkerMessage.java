package org.beamhive.actors.engine;

import akka.actor.typed.ActorRef;
import org.beamhive.protocol.bundle.ScanBundlerProtocol;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.run.RunProgress;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Internal;

/** What happens inside a worker. */
sealed interface WorkerMessage extends Internal {
  record LogHolds(RunProgress progress) implements WorkerMessage {}

  record DevicesKnown(DeviceDirectoryProtocol.Devices devices) implements WorkerMessage {}

  record AttachAnswered(DeviceProtocol.AttachReply reply) implements WorkerMessage {}

  record DeviceAnswered(DeviceProtocol.Reply reply) implements WorkerMessage {}

  record BundlerSaid(ScanBundlerProtocol.Reply reply) implements WorkerMessage {}

  record DeviceGone(DeviceName device, ActorRef<DeviceProtocol.Request> ref)
      implements WorkerMessage {}

  record SleepOver(long token) implements WorkerMessage {}

  /** It is time to tell the devices that the worker is alive. */
  enum Pulse implements WorkerMessage {
    PULSE
  }

  /** Looks after what takes too long. */
  enum Tick implements WorkerMessage {
    TICK
  }

  /** What was asked has not been answered: ask again. */
  enum AskAgain implements WorkerMessage {
    ASK_AGAIN
  }

  /** The time for the present step of an orderly end is over. */
  enum TimeIsUp implements WorkerMessage {
    TIME_IS_UP
  }

  /** The next checkpoint was not reached before the node goes away. */
  enum ParkNow implements WorkerMessage {
    PARK_NOW
  }
}
