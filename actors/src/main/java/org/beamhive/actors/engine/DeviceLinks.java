package org.beamhive.actors.engine;

import akka.actor.typed.ActorRef;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.javadsl.ActorContext;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.beamhive.protocol.device.DeviceProtocol.Attach;
import org.beamhive.protocol.device.DeviceProtocol.AttachReply;
import org.beamhive.protocol.device.DeviceProtocol.Attached;
import org.beamhive.protocol.device.DeviceProtocol.Detach;
import org.beamhive.protocol.device.DeviceProtocol.KeepAlive;
import org.beamhive.protocol.device.DeviceProtocol.NotAttached;
import org.beamhive.protocol.device.DeviceProtocol.Reply;
import org.beamhive.protocol.device.DeviceProtocol.Request;
import org.beamhive.protocol.device.DeviceProtocol.StopFor;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.scan.ScanJob;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Command;

/**
 * The devices of one plan: found by name, attached once, then talked to directly; watched, told
 * that their worker is alive, and attached again when they were lost.
 */
final class DeviceLinks {
  private final ActorContext<Command> context;
  private final ScanJob job;
  private final Epoch epoch;
  private final Function<DeviceView, RecipientRef<Request>> resolve;
  private final ActorRef<AttachReply> attachReplies;
  private final ActorRef<Reply> replies;
  private final Map<DeviceName, DeviceView> views = new LinkedHashMap<>();
  private final Map<DeviceName, ActorRef<Request>> refs = new LinkedHashMap<>();
  private final Map<DeviceName, DeviceDescription> descriptions = new LinkedHashMap<>();
  private final Map<DeviceName, String> problems = new LinkedHashMap<>();

  DeviceLinks(
      ActorContext<Command> context,
      ScanJob job,
      Function<DeviceView, RecipientRef<Request>> resolve) {
    this.context = context;
    this.job = job;
    this.epoch = job.epoch();
    this.resolve = resolve;
    this.attachReplies =
        context.messageAdapter(AttachReply.class, WorkerMessage.AttachAnswered::new);
    this.replies = context.messageAdapter(Reply.class, WorkerMessage.DeviceAnswered::new);
  }

  /** These are the devices of the plan. */
  void use(Collection<DeviceName> devices, Collection<DeviceView> known) {
    for (DeviceView view : known) {
      if (devices.contains(view.name())) {
        views.put(view.name(), view);
      }
    }
  }

  /** Asks every device that is not attached. */
  void attachMissing() {
    for (DeviceName name : missing()) {
      resolve
          .apply(views.get(name))
          .tell(new Attach(epoch, replies, job.run(), job.scanId(), attachReplies));
    }
  }

  void onAnswer(AttachReply reply) {
    if (reply instanceof Attached attached) {
      DeviceName name = attached.view().name();
      ActorRef<Request> old = refs.put(name, attached.ref());
      if (!attached.ref().equals(old)) {
        context.watchWith(attached.ref(), new WorkerMessage.DeviceGone(name, attached.ref()));
      }
      views.put(name, attached.view());
      descriptions.put(name, attached.description());
      problems.remove(name);
    } else if (reply instanceof NotAttached refused) {
      problems.put(refused.device(), refused.problem().text());
    }
  }

  /** True if it was the ref in use, which then is no more. */
  boolean onGone(WorkerMessage.DeviceGone gone) {
    problems.remove(gone.device());
    return refs.remove(gone.device(), gone.ref());
  }

  /** The device does nothing for this worker any more until it is attached again. */
  void forget(DeviceName device, String problem) {
    ActorRef<Request> ref = refs.remove(device);
    if (ref != null) {
      context.unwatch(ref);
    }
    problems.put(device, problem);
  }

  /** Tells each attached device that its worker is alive. */
  void keepAlive() {
    KeepAlive alive = new KeepAlive(epoch, replies);
    refs.values().forEach(ref -> ref.tell(alive));
  }

  Set<DeviceName> missing() {
    Set<DeviceName> missing = new LinkedHashSet<>(views.keySet());
    missing.removeAll(refs.keySet());
    return missing;
  }

  /** Why devices are missing, for people. */
  String missingBecause() {
    return missing().stream()
        .map(
            name ->
                problems.getOrDefault(
                    name,
                    "device '%s' does not answer: is a node of hutch '%s' up?"
                        .formatted(name, views.get(name).hutch())))
        .collect(Collectors.joining("; "));
  }

  List<DeviceDescription> descriptions() {
    return new ArrayList<>(descriptions.values());
  }

  /** Where to send the device's commands, or null if it is gone. */
  ActorRef<Request> ref(DeviceName device) {
    return refs.get(device);
  }

  /** To whom devices answer. */
  ActorRef<Reply> replies() {
    return replies;
  }

  Epoch epoch() {
    return epoch;
  }

  /** Stops a device, attached or not, unless a newer worker has it. */
  void stop(DeviceName device) {
    ActorRef<Request> ref = refs.get(device);
    if (ref != null) {
      ref.tell(new StopFor(epoch));
    } else if (views.containsKey(device)) {
      resolve.apply(views.get(device)).tell(new StopFor(epoch));
    }
  }

  void stopAll() {
    views.keySet().forEach(this::stop);
  }

  void detachAll() {
    refs.values().forEach(ref -> ref.tell(new Detach(epoch)));
  }
}
