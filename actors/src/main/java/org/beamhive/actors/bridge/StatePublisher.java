package org.beamhive.actors.bridge;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceDirectoryProtocol.Devices;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.queue.QueueStatus;
import org.beamhive.protocol.queue.ScanQueueProtocol;

/**
 * Shows the state of the queue and of the devices in Redis.
 *
 * <p>It subscribes to both and keeps only the newest state of each; one write is on its way at a
 * time, and what changes meanwhile is in the next. From time to time it subscribes anew, since the
 * queue may have moved, and writes all keys again, since Redis may have come back empty.
 */
final class StatePublisher {
  /** What it handles. */
  sealed interface Message {}

  private record QueueChanged(QueueStatus status) implements Message {}

  private record DevicesChanged(Devices devices) implements Message {}

  private record Shown(States states) implements Message {}

  private record NotShown(Throwable cause) implements Message {}

  private enum TryAgain implements Message {
    TRY_AGAIN
  }

  private enum Renew implements Message {
    RENEW
  }

  /** What is known or shown; null and empty if nothing is. */
  private record States(QueueStatus queue, Map<DeviceName, DeviceView> devices) {
    private static final States NONE = new States(null, Map.of());

    States with(QueueStatus status) {
      return new States(status, devices);
    }

    States with(Devices all) {
      Map<DeviceName, DeviceView> byName = new LinkedHashMap<>();
      all.devices().forEach(device -> byName.put(device.name(), device));
      return new States(queue, byName);
    }
  }

  /**
   * Where it stands.
   *
   * @param known the newest states
   * @param shown what was written and announced
   * @param rewrite whether all keys are to be written again, changed or not
   * @param busy whether a write is on its way or a wait for the next try
   * @param failures in a row
   * @param subscription gets the states
   */
  private record Standing(
      States known,
      States shown,
      boolean rewrite,
      boolean busy,
      int failures,
      ActorRef<Message> subscription) {
    Standing knowing(States states) {
      return new Standing(states, shown, rewrite, busy, failures, subscription);
    }

    Standing renewed(ActorRef<Message> next) {
      return new Standing(known, shown, true, busy, failures, next);
    }

    Standing writing() {
      return new Standing(known, shown, false, true, failures, subscription);
    }

    Standing written(States states) {
      return new Standing(known, states, rewrite, false, 0, subscription);
    }

    Standing failed() {
      return new Standing(known, shown, true, true, failures + 1, subscription);
    }

    Standing idle() {
      return new Standing(known, shown, rewrite, false, failures, subscription);
    }
  }

  /** Shows the states of a queue and a directory; either may be null. */
  static Behavior<Message> create(
      RedisOutlet outlet,
      BridgeSettings settings,
      ActorRef<ScanQueueProtocol.Request> queue,
      ActorRef<DeviceDirectoryProtocol.Request> directory) {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(StatePublisher.class);
          return Behaviors.withTimers(
              timers -> {
                timers.startTimerWithFixedDelay(Renew.RENEW, settings.renewInterval());
                StatePublisher publisher =
                    new StatePublisher(context, timers, outlet, settings, queue, directory);
                return publisher.showing(
                    new Standing(States.NONE, States.NONE, false, false, 0, publisher.subscribe()));
              });
        });
  }

  private final ActorContext<Message> context;
  private final TimerScheduler<Message> timers;
  private final RedisOutlet outlet;
  private final BridgeSettings settings;
  private final ActorRef<ScanQueueProtocol.Request> queue;
  private final ActorRef<DeviceDirectoryProtocol.Request> directory;

  private StatePublisher(
      ActorContext<Message> context,
      TimerScheduler<Message> timers,
      RedisOutlet outlet,
      BridgeSettings settings,
      ActorRef<ScanQueueProtocol.Request> queue,
      ActorRef<DeviceDirectoryProtocol.Request> directory) {
    this.context = context;
    this.timers = timers;
    this.outlet = outlet;
    this.settings = settings;
    this.queue = queue;
    this.directory = directory;
  }

  /** A subscriber of its own, so that ending it ends the subscriptions. */
  private ActorRef<Message> subscribe() {
    ActorRef<Message> self = context.getSelf();
    return context.spawnAnonymous(
        Behaviors.setup(
            subscriber -> {
              if (queue != null) {
                queue.tell(
                    new ScanQueueProtocol.SubscribeStatus(
                        subscriber.messageAdapter(QueueStatus.class, QueueChanged::new)));
              }
              if (directory != null) {
                directory.tell(
                    new DeviceDirectoryProtocol.Subscribe(
                        subscriber.messageAdapter(Devices.class, DevicesChanged::new)));
              }
              return Behaviors.receiveMessage(
                  message -> {
                    self.tell(message);
                    return Behaviors.same();
                  });
            }));
  }

  private Behavior<Message> showing(Standing at) {
    return Behaviors.receive(Message.class)
        .onMessage(QueueChanged.class, it -> show(at.knowing(at.known().with(it.status()))))
        .onMessage(DevicesChanged.class, it -> show(at.knowing(at.known().with(it.devices()))))
        .onMessage(Shown.class, it -> show(at.written(it.states())))
        .onMessage(NotShown.class, it -> onNotShown(at.failed()))
        .onMessage(TryAgain.class, again -> show(at.idle()))
        .onMessage(Renew.class, renew -> onRenew(at))
        .build();
  }

  private Behavior<Message> onRenew(Standing at) {
    context.stop(at.subscription());
    return show(at.renewed(subscribe()));
  }

  private Behavior<Message> onNotShown(Standing at) {
    timers.startSingleTimer(TryAgain.TRY_AGAIN, settings.retryAfter(at.failures()));
    return showing(at);
  }

  private Behavior<Message> show(Standing at) {
    if (at.busy()) {
      return showing(at);
    }
    List<RedisOutlet.Shown> changes = changes(at);
    if (changes.isEmpty()) {
      return showing(at);
    }
    States states = at.known();
    context.pipeToSelf(
        outlet.show(changes),
        (nothing, problem) -> problem == null ? new Shown(states) : new NotShown(problem));
    return showing(at.writing());
  }

  private static List<RedisOutlet.Shown> changes(Standing at) {
    List<RedisOutlet.Shown> changes = new ArrayList<>();
    States known = at.known();
    States shown = at.shown();
    boolean queueNews = known.queue() != null && !known.queue().equals(shown.queue());
    if (queueNews || (at.rewrite() && known.queue() != null)) {
      byte[] json = StateJson.queue(known.queue());
      changes.add(
          new RedisOutlet.Shown("queue:status", json, queueNews ? "queue:status" : null, json));
    }
    known
        .devices()
        .forEach(
            (name, device) -> {
              boolean news = !device.equals(shown.devices().get(name));
              if (news || at.rewrite()) {
                byte[] json = StateJson.device(device);
                changes.add(
                    new RedisOutlet.Shown("devices:" + name, json, news ? "devices" : null, json));
              }
            });
    for (DeviceName name : shown.devices().keySet()) {
      if (!known.devices().containsKey(name)) {
        changes.add(
            new RedisOutlet.Shown("devices:" + name, null, "devices", StateJson.removed(name)));
      }
    }
    return changes;
  }
}
