package org.beamhive.devices.actor;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.actor.typed.receptionist.Receptionist;
import akka.actor.typed.receptionist.ServiceKey;
import java.time.Clock;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceDirectoryProtocol.Command;
import org.beamhive.protocol.device.DeviceDirectoryProtocol.Devices;
import org.beamhive.protocol.device.DeviceDirectoryProtocol.GetDevices;
import org.beamhive.protocol.device.DeviceDirectoryProtocol.Gone;
import org.beamhive.protocol.device.DeviceDirectoryProtocol.Report;
import org.beamhive.protocol.device.DeviceDirectoryProtocol.Subscribe;
import org.beamhive.protocol.model.DeviceView;

/**
 * The one list of the beamline's devices. Devices report to it; the queue, the gateway and the
 * bridge subscribe. It has one state and forgets no device that is not removed: one that is silent
 * is shown as not connected.
 *
 * <p>It keeps nothing on disk: after a restart the next round of reports fills it again.
 */
public final class DeviceDirectory extends AbstractBehavior<Command> {
  /** By which it is found, so that devices can tell a new one of themselves at once. */
  static final ServiceKey<DeviceDirectoryProtocol.Request> KEY =
      ServiceKey.create(DeviceDirectoryProtocol.Request.class, "device-directory");

  static final String NO_NEWS = "no news from its node";

  /** Subscribers may be told again. */
  private enum NotifyDue implements DeviceDirectoryProtocol.Internal {
    NOTIFY_DUE
  }

  /** It is time to look who is silent. */
  private enum LookForSilence implements DeviceDirectoryProtocol.Internal {
    LOOK_FOR_SILENCE
  }

  private record Entry(DeviceView view, Instant heard) {}

  private final TimerScheduler<Command> timers;
  private final DevicesSettings settings;
  private final Clock clock;
  private final Map<String, Entry> entries = new TreeMap<>();
  private final Set<ActorRef<Devices>> subscribers = new HashSet<>();
  private long version;
  private boolean changed;

  /** The directory, empty. */
  public static Behavior<DeviceDirectoryProtocol.Request> create(
      DevicesSettings settings, Clock clock) {
    return Behaviors.<Command>setup(
            context ->
                Behaviors.withTimers(
                    timers -> {
                      context.setLoggerName(DeviceDirectory.class);
                      context
                          .getSystem()
                          .receptionist()
                          .tell(Receptionist.register(KEY, context.getSelf().narrow()));
                      timers.startTimerWithFixedDelay(
                          LookForSilence.LOOK_FOR_SILENCE, settings.silence().dividedBy(4));
                      return new DeviceDirectory(context, timers, settings, clock);
                    }))
        .narrow();
  }

  private DeviceDirectory(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      DevicesSettings settings,
      Clock clock) {
    super(context);
    this.timers = timers;
    this.settings = settings;
    this.clock = clock;
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Report.class, this::onReport)
        .onMessage(Gone.class, this::onGone)
        .onMessage(GetDevices.class, this::onGetDevices)
        .onMessage(Subscribe.class, this::onSubscribe)
        .onMessage(NotifyDue.class, message -> onNotifyDue())
        .onMessage(LookForSilence.class, message -> onLookForSilence())
        .onSignal(Terminated.class, this::onTerminated)
        .build();
  }

  private Behavior<Command> onReport(Report report) {
    put(report.view(), clock.instant());
    return this;
  }

  private Behavior<Command> onGone(Gone gone) {
    if (entries.remove(gone.device().value()) != null) {
      version++;
      changedNow();
    }
    return this;
  }

  private Behavior<Command> onGetDevices(GetDevices get) {
    get.replyTo().tell(devices());
    return this;
  }

  private Behavior<Command> onSubscribe(Subscribe subscribe) {
    if (subscribers.add(subscribe.replyTo())) {
      getContext().watch(subscribe.replyTo());
    }
    subscribe.replyTo().tell(devices());
    return this;
  }

  private Behavior<Command> onTerminated(Terminated terminated) {
    subscribers.removeIf(subscriber -> subscriber.equals(terminated.getRef()));
    return this;
  }

  private Behavior<Command> onLookForSilence() {
    Instant before = clock.instant().minus(settings.silence());
    for (Entry entry : entries.values().toArray(Entry[]::new)) {
      DeviceView view = entry.view();
      if (view.connected() && entry.heard().isBefore(before)) {
        getContext()
            .getLog()
            .warn("{}: {} -> connecting, because {}", view.name(), view.state(), NO_NEWS);
        put(view.withState(DeviceView.State.CONNECTING, NO_NEWS), entry.heard());
      }
    }
    return this;
  }

  private void put(DeviceView view, Instant heard) {
    Entry before = entries.put(view.name().value(), new Entry(view, heard));
    if (before != null && before.view().equals(view)) {
      return;
    }
    if (before == null || !timeless(before.view()).equals(timeless(view))) {
      version++;
    }
    changedNow();
  }

  private void changedNow() {
    changed = true;
    if (!timers.isTimerActive(NotifyDue.NOTIFY_DUE)) {
      notifySubscribers();
    }
  }

  /** What a device is, without how it is just now. */
  private static DeviceView timeless(DeviceView view) {
    return view.withState(DeviceView.State.READY, "");
  }

  /** The first change goes out at once, those that follow within the interval together. */
  private void notifySubscribers() {
    changed = false;
    if (!subscribers.isEmpty()) {
      Devices devices = devices();
      subscribers.forEach(subscriber -> subscriber.tell(devices));
    }
    timers.startSingleTimer(NotifyDue.NOTIFY_DUE, settings.notifyInterval());
  }

  private Behavior<Command> onNotifyDue() {
    if (changed) {
      notifySubscribers();
    }
    return this;
  }

  private Devices devices() {
    return new Devices(version, entries.values().stream().map(Entry::view).toList());
  }
}
