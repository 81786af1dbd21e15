package org.beamhive.actors.queue;

import akka.Done;
import akka.actor.typed.ActorRef;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.queue.ScanQueueProtocol.Internal;
import org.beamhive.protocol.run.RunFollowerProtocol;
import org.beamhive.protocol.scan.ScanWorkerProtocol;

/** What happens inside the queue. */
sealed interface QueueMessage extends Internal {
  /** The queue is read from the journal. */
  enum Recovered implements QueueMessage {
    RECOVERED
  }

  /** The queue that is in charge instead of this one may have fallen silent. */
  enum TakeCharge implements QueueMessage {
    TAKE_CHARGE
  }

  /** The queue goes on with its next item. */
  enum TakeNext implements QueueMessage {
    TAKE
  }

  record DevicesChanged(DeviceDirectoryProtocol.Devices devices) implements QueueMessage {}

  record WorkerReported(ScanWorkerProtocol.Report report) implements QueueMessage {}

  record WorkerGone(Epoch epoch) implements QueueMessage {}

  record WorkerParked() implements QueueMessage {}

  record RunTakenIn(RunFollowerProtocol.Followed followed) implements QueueMessage {}

  /** Start the worker of the running item again. */
  enum RestartWorker implements QueueMessage {
    RESTART
  }

  /** What the environment was asked to become has come to be. */
  record EnvironmentReached(boolean open) implements QueueMessage {}

  enum RecordAlive implements QueueMessage {
    RECORD
  }

  enum Announce implements QueueMessage {
    ANNOUNCE
  }

  record SubscriberGone(ActorRef<?> subscriber) implements QueueMessage {}

  /** The node goes away: leave the running plan in good order. */
  record NodeLeaves(ActorRef<Done> replyTo) implements QueueMessage {}
}
