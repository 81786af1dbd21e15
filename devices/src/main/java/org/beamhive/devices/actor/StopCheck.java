package org.beamhive.devices.actor;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.StopAndTell;
import org.beamhive.protocol.device.DeviceProtocol.Stopped;
import org.beamhive.protocol.device.HutchStopProtocol.NotStopped;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Refusal;

/**
 * Tells devices to stop, and finds out which of them may go on: those that are not connected, whose
 * stop has failed or that don't answer. One actor for one stop; it ends when all have answered or
 * its time is up.
 */
final class StopCheck {
  private enum TimeIsUp {
    TIME_IS_UP
  }

  private static final Set<Ability> STOPPED =
      Set.of(Ability.MOVABLE, Ability.TRIGGERABLE, Ability.FLYABLE);

  /**
   * What came of it.
   *
   * @param told all that were told
   * @param notConnected those of them that may go on, because they are not connected
   * @param notStopped those of them that may go on although they are connected
   */
  record Told(List<DeviceName> told, List<DeviceName> notConnected, List<NotStopped> notStopped) {}

  private final Duration patience;
  private final Consumer<Told> done;
  // those that have not answered yet
  private final Map<String, ActorRef<DeviceProtocol.Command>> asked;
  private final Set<String> told;
  private final Set<String> notConnected = new TreeSet<>();
  private final Map<String, String> notStopped = new TreeMap<>();

  private StopCheck(
      Map<String, ActorRef<DeviceProtocol.Command>> devices,
      Duration patience,
      Consumer<Told> done) {
    this.patience = patience;
    this.asked = new TreeMap<>(devices);
    this.told = new TreeSet<>(devices.keySet());
    this.done = done;
  }

  /**
   * The stop of these devices.
   *
   * @param patience how long a device may take to say that it has stopped
   * @param done is told once
   */
  static Behavior<Void> create(
      Map<String, ActorRef<DeviceProtocol.Command>> devices,
      Duration patience,
      Consumer<Told> done) {
    return Behaviors.<Object>setup(
            context ->
                Behaviors.withTimers(
                    timers -> new StopCheck(devices, patience, done).begin(context, timers)))
        .narrow();
  }

  private Behavior<Object> begin(ActorContext<Object> context, TimerScheduler<Object> timers) {
    ActorRef<Stopped> self = context.getSelf().narrow();
    asked.values().forEach(device -> device.tell(new StopAndTell(self)));
    asked.values().forEach(context::watch);
    timers.startSingleTimer(TimeIsUp.TIME_IS_UP, patience);
    return asked.isEmpty() ? end() : waiting();
  }

  private Behavior<Object> waiting() {
    return Behaviors.receive(Object.class)
        .onMessage(Stopped.class, this::onStopped)
        .onMessage(TimeIsUp.class, time -> onTimeIsUp())
        .onSignal(Terminated.class, this::onEnded)
        .build();
  }

  private Behavior<Object> onStopped(Stopped stopped) {
    String name = stopped.view().name().value();
    if (asked.remove(name) != null) {
      note(name, stopped.view(), stopped.problem());
    }
    return asked.isEmpty() ? end() : Behaviors.same();
  }

  private void note(String name, DeviceView view, Refusal problem) {
    if (view.notMade()) {
      notConnected.add(name);
    } else if (view.abilities().stream().noneMatch(STOPPED::contains)) {
      // what can only be read does nothing that a stop would end
      return;
    } else if (view.state() == DeviceView.State.CONNECTING) {
      notConnected.add(name);
    } else if (problem != null) {
      notStopped.put(name, problem.text());
    }
  }

  /** It has left the configuration or lives on another node by now, which tells it there. */
  private Behavior<Object> onEnded(Terminated ended) {
    for (String name : new ArrayList<>(asked.keySet())) {
      if (ended.getRef().equals(asked.get(name))) {
        asked.remove(name);
        told.remove(name);
      }
    }
    return asked.isEmpty() ? end() : Behaviors.same();
  }

  private Behavior<Object> onTimeIsUp() {
    for (String name : asked.keySet()) {
      notStopped.put(
          name,
          "%s has not said within %d ms that it has stopped.".formatted(name, patience.toMillis()));
    }
    return end();
  }

  private Behavior<Object> end() {
    done.accept(
        new Told(
            names(told),
            names(notConnected),
            notStopped.entrySet().stream()
                .map(one -> new NotStopped(new DeviceName(one.getKey()), one.getValue()))
                .toList()));
    return Behaviors.stopped();
  }

  private static List<DeviceName> names(Set<String> names) {
    return names.stream().map(DeviceName::new).toList();
  }
}
