package org.beamhive.actors.engine;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.RecipientRef;
import java.time.Clock;
import java.util.function.Function;
import org.beamhive.actors.scans.plan.PlanRegistry;
import org.beamhive.protocol.bundle.ScanBundlerProtocol;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.run.RunLogProtocol;
import org.beamhive.protocol.run.RunProgress;

/**
 * What a worker works with, given by the launcher.
 *
 * @param settings of the engine
 * @param plans the plans of this beamline
 * @param directory the list of devices
 * @param devices finds a device's entity, on whatever node
 * @param runLog makes the log of a run
 * @param bundler makes its bundler
 * @param clock the time in documents
 */
public record WorkerParts(
    EngineSettings settings,
    PlanRegistry plans,
    ActorRef<DeviceDirectoryProtocol.Request> directory,
    Function<DeviceView, RecipientRef<DeviceProtocol.Request>> devices,
    Function<RunUid, Behavior<RunLogProtocol.Request>> runLog,
    BundlerFactory bundler,
    Clock clock) {
  /** Makes the bundler of a run. */
  @FunctionalInterface
  public interface BundlerFactory {
    /** A bundler that goes on where the log ends and reports to the worker. */
    Behavior<ScanBundlerProtocol.Request> create(
        RunUid run,
        RunProgress progress,
        ActorRef<RunLogProtocol.Request> log,
        ActorRef<ScanBundlerProtocol.Reply> worker);
  }
}
