package org.beamhive.devices.actor;

import akka.actor.typed.ActorRef;
import java.util.function.Consumer;
import org.beamhive.protocol.bundle.ScanBundlerProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.Attach;
import org.beamhive.protocol.device.DeviceProtocol.Call;
import org.beamhive.protocol.device.DeviceProtocol.Collect;
import org.beamhive.protocol.device.DeviceProtocol.Complete;
import org.beamhive.protocol.device.DeviceProtocol.Kickoff;
import org.beamhive.protocol.device.DeviceProtocol.Locate;
import org.beamhive.protocol.device.DeviceProtocol.Read;
import org.beamhive.protocol.device.DeviceProtocol.ReadNow;
import org.beamhive.protocol.device.DeviceProtocol.Reply;
import org.beamhive.protocol.device.DeviceProtocol.Request;
import org.beamhive.protocol.device.DeviceProtocol.Reserve;
import org.beamhive.protocol.device.DeviceProtocol.Set;
import org.beamhive.protocol.device.DeviceProtocol.Stage;
import org.beamhive.protocol.device.DeviceProtocol.Trigger;
import org.beamhive.protocol.device.DeviceProtocol.Unstage;
import org.beamhive.protocol.device.Operation;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.Refusal;

/** What the requests to a device have in common: who asks, what they do to it, how to refuse. */
final class DeviceRequests {
  private DeviceRequests() {}

  /** What a worker asks with a token to tell its answers apart. */
  private record Tokened(long token, ActorRef<Reply> replyTo) {}

  /** Of the worker that asks; null if it is no worker's request. */
  static Epoch epochOf(Request request) {
    if (request instanceof Attach attach) {
      return attach.epoch();
    } else if (request instanceof Set set) {
      return set.epoch();
    } else if (request instanceof Trigger trigger) {
      return trigger.epoch();
    } else if (request instanceof Stage stage) {
      return stage.epoch();
    } else if (request instanceof Unstage unstage) {
      return unstage.epoch();
    } else if (request instanceof Kickoff kickoff) {
      return kickoff.epoch();
    } else if (request instanceof Complete complete) {
      return complete.epoch();
    } else if (request instanceof Collect collect) {
      return collect.epoch();
    } else if (request instanceof Read read) {
      return read.epoch();
    } else if (request instanceof Locate locate) {
      return locate.epoch();
    }
    return null;
  }

  /** A worker's command that ends when the device is stopped. */
  static boolean canBeStopped(Request request) {
    return request instanceof Set
        || request instanceof Trigger
        || request instanceof Kickoff
        || request instanceof Complete;
  }

  /** A method may move it, too: nobody but its type knows. */
  static boolean moves(Request request) {
    return request instanceof Set
        || request instanceof Call call
            && (call.operation() instanceof Operation.MoveTo
                || call.operation() instanceof Operation.MoveBy
                || call.operation() instanceof Operation.CallMethod);
  }

  /** Anybody's command that ends when the device is stopped. */
  static boolean isInterruptible(Request request) {
    return canBeStopped(request)
        || moves(request)
        || request instanceof Call call
            && call.operation() instanceof Operation.Perform perform
            && perform.action() == Operation.Action.TRIGGER;
  }

  /** Tells who asked. */
  static void refuse(DeviceName name, Request request, Refusal why) {
    Tokened tokened = tokened(request);
    if (tokened != null) {
      tokened.replyTo().tell(new DeviceProtocol.Failed(name, tokened.token(), why));
    } else if (request instanceof Attach attach) {
      attach.replyTo().tell(new DeviceProtocol.NotAttached(name, why));
    } else if (request instanceof Collect collect) {
      collect.replyTo().tell(new ScanBundlerProtocol.ReadFailed(name, collect.point(), why));
    } else if (request instanceof Read read) {
      read.replyTo().tell(new ScanBundlerProtocol.ReadFailed(name, read.point(), why));
    } else if (request instanceof ReadNow readNow) {
      readNow.replyTo().tell(new DeviceProtocol.NotRead(name, why));
    } else if (request instanceof Call call) {
      call.replyTo().tell(new DeviceProtocol.CallFailed(name, call.id(), why));
    } else if (request instanceof Reserve reserve) {
      reserve.replyTo().tell(new DeviceProtocol.NotReserved(name, why));
    }
  }

  /** Gives the value if all went well, else refuses the request. */
  static <T> Consumer<Outcome<T>> orRefuse(DeviceName name, Request request, Consumer<T> answer) {
    return outcome -> {
      if (outcome.hasFailed()) {
        refuse(name, request, outcome.refusal(name));
      } else {
        answer.accept(outcome.value());
      }
    };
  }

  private static Tokened tokened(Request request) {
    if (request instanceof Set set) {
      return new Tokened(set.token(), set.replyTo());
    } else if (request instanceof Trigger trigger) {
      return new Tokened(trigger.token(), trigger.replyTo());
    } else if (request instanceof Stage stage) {
      return new Tokened(stage.token(), stage.replyTo());
    } else if (request instanceof Unstage unstage) {
      return new Tokened(unstage.token(), unstage.replyTo());
    } else if (request instanceof Kickoff kickoff) {
      return new Tokened(kickoff.token(), kickoff.replyTo());
    } else if (request instanceof Complete complete) {
      return new Tokened(complete.token(), complete.replyTo());
    } else if (request instanceof Locate locate) {
      return new Tokened(locate.token(), locate.replyTo());
    }
    return null;
  }
}
