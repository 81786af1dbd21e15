package org.beamhive.actors.engine;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.BehaviorInterceptor;
import akka.actor.typed.TypedActorContext;
import akka.actor.typed.javadsl.Behaviors;
import org.beamhive.actors.engine.WorkerMessage.AttachAnswered;
import org.beamhive.actors.engine.WorkerMessage.BundlerSaid;
import org.beamhive.actors.engine.WorkerMessage.DeviceAnswered;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.PointFailed;
import org.beamhive.protocol.device.DeviceProtocol.Failed;
import org.beamhive.protocol.device.DeviceProtocol.NotAttached;
import org.beamhive.protocol.device.DeviceProtocol.NotYours;
import org.beamhive.protocol.model.ItemUid;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Command;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Report;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Superseded;

/**
 * What holds in every state of a worker: it tells its devices that it is alive, and it ends at
 * once, without touching anything, when a device says that a newer worker is in charge.
 */
final class WorkerFence extends BehaviorInterceptor<Command, Command> {
  private static final String STALE = "stale-epoch";

  private final ItemUid item;
  private final DeviceLinks links;
  private final ActorRef<Report> queue;

  WorkerFence(ItemUid item, DeviceLinks links, ActorRef<Report> queue) {
    super(Command.class);
    this.item = item;
    this.links = links;
    this.queue = queue;
  }

  @Override
  public Behavior<Command> aroundReceive(
      TypedActorContext<Command> context, Command message, ReceiveTarget<Command> target) {
    if (message == WorkerMessage.Pulse.PULSE) {
      links.keepAlive();
      return Behaviors.same();
    }
    Refusal problem = problemOf(message);
    if (problem != null && problem.code().equals(STALE)) {
      context.asJava().getLog().warn("Ends at once, since it has a successor: {}", problem.text());
      queue.tell(new Superseded(item, problem.text()));
      return Behaviors.stopped();
    }
    return target.apply(context, message);
  }

  private static Refusal problemOf(Command message) {
    if (message instanceof AttachAnswered answer && answer.reply() instanceof NotAttached not) {
      return not.problem();
    }
    if (message instanceof DeviceAnswered answer) {
      return answer.reply() instanceof Failed failed
          ? failed.problem()
          : answer.reply() instanceof NotYours not ? not.problem() : null;
    }
    return message instanceof BundlerSaid said && said.reply() instanceof PointFailed failed
        ? failed.problem()
        : null;
  }
}
