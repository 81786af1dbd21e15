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
import java.util.function.BiConsumer;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.GetView;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.DeviceView.Ability;

/**
 * Tells devices to stop, and finds out which of them it can't have reached: those that are not
 * connected or don't answer. One actor for one stop; it ends when all have answered or its time is
 * up.
 */
final class StopCheck {
  private enum TimeIsUp {
    TIME_IS_UP
  }

  private static final Set<Ability> STOPPED =
      Set.of(Ability.MOVABLE, Ability.TRIGGERABLE, Ability.FLYABLE);

  private final BiConsumer<List<DeviceName>, List<DeviceName>> done;
  // those that have not answered yet
  private final Map<String, ActorRef<DeviceProtocol.Command>> asked;
  private final Set<String> told;
  private final Set<String> notConnected = new TreeSet<>();

  private StopCheck(
      Map<String, ActorRef<DeviceProtocol.Command>> devices,
      BiConsumer<List<DeviceName>, List<DeviceName>> done) {
    this.asked = new TreeMap<>(devices);
    this.told = new TreeSet<>(devices.keySet());
    this.done = done;
  }

  /**
   * The stop of these devices.
   *
   * @param done is given all that were told, and those of them that may go on
   */
  static Behavior<Void> create(
      Map<String, ActorRef<DeviceProtocol.Command>> devices,
      Duration patience,
      BiConsumer<List<DeviceName>, List<DeviceName>> done) {
    return Behaviors.<Object>setup(
            context ->
                Behaviors.withTimers(
                    timers -> new StopCheck(devices, done).begin(context, timers, patience)))
        .narrow();
  }

  private Behavior<Object> begin(
      ActorContext<Object> context, TimerScheduler<Object> timers, Duration patience) {
    // all of them first: nothing that moves waits for a question
    asked.values().forEach(device -> device.tell(DeviceProtocol.Stop.STOP));
    ActorRef<DeviceProtocol.View> views = context.getSelf().narrow();
    asked.values().forEach(device -> device.tell(new GetView(views)));
    asked.values().forEach(context::watch);
    timers.startSingleTimer(TimeIsUp.TIME_IS_UP, patience);
    return asked.isEmpty() ? end() : waiting();
  }

  private Behavior<Object> waiting() {
    return Behaviors.receive(Object.class)
        .onMessage(DeviceProtocol.View.class, answer -> onView(answer.view()))
        .onMessage(TimeIsUp.class, time -> onTimeIsUp())
        .onSignal(Terminated.class, this::onEnded)
        .build();
  }

  private Behavior<Object> onView(DeviceView view) {
    String name = view.name().value();
    if (asked.remove(name) != null && mayGoOn(view)) {
      notConnected.add(name);
    }
    return asked.isEmpty() ? end() : Behaviors.same();
  }

  /** What can only be read does nothing that a stop would end. */
  private static boolean mayGoOn(DeviceView view) {
    return view.notMade()
        || view.state() == DeviceView.State.CONNECTING
            && view.abilities().stream().anyMatch(STOPPED::contains);
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
    notConnected.addAll(asked.keySet());
    return end();
  }

  private Behavior<Object> end() {
    done.accept(names(told), names(notConnected));
    return Behaviors.stopped();
  }

  private static List<DeviceName> names(Set<String> names) {
    return names.stream().map(DeviceName::new).toList();
  }
}
