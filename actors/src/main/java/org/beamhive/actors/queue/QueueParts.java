package org.beamhive.actors.queue;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import java.time.Clock;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.plan.PlanCheck;
import org.beamhive.protocol.run.RunFollowerProtocol.Follow;
import org.beamhive.protocol.scan.ScanJob;
import org.beamhive.protocol.scan.ScanWorkerProtocol;

/**
 * What the queue works with, given by the launcher.
 *
 * @param settings of the queue
 * @param check checks what is submitted
 * @param directory the list of devices
 * @param worker makes a worker
 * @param followers by name, how to tell each of those who must follow every run to its end
 * @param announceInterval how often a run is announced to a follower that has not confirmed its end
 * @param clock the time in events
 * @param uids makes uids
 * @param measures is told what the queue does
 */
public record QueueParts(
    QueueSettings settings,
    PlanCheck check,
    ActorRef<DeviceDirectoryProtocol.Request> directory,
    WorkerFactory worker,
    Map<String, Consumer<Follow>> followers,
    Duration announceInterval,
    Clock clock,
    Supplier<String> uids,
    QueueMeasures measures) {
  public QueueParts {
    followers = Collections.unmodifiableMap(new LinkedHashMap<>(followers));
  }

  /** The parts of a queue that nobody measures. */
  public QueueParts(
      QueueSettings settings,
      PlanCheck check,
      ActorRef<DeviceDirectoryProtocol.Request> directory,
      WorkerFactory worker,
      Map<String, Consumer<Follow>> followers,
      Duration announceInterval,
      Clock clock,
      Supplier<String> uids) {
    this(
        settings,
        check,
        directory,
        worker,
        followers,
        announceInterval,
        clock,
        uids,
        QueueMeasures.NONE);
  }

  /** Makes the worker of a job. */
  @FunctionalInterface
  public interface WorkerFactory {
    /** A worker that reports to the queue. */
    Behavior<ScanWorkerProtocol.Request> create(
        ScanJob job, ActorRef<ScanWorkerProtocol.Report> queue);
  }
}
