package org.beamhive.devices.actor;

import akka.Done;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.actor.typed.receptionist.Receptionist;
import akka.actor.typed.receptionist.ServiceKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.type.Device;
import org.beamhive.devices.type.DeviceListener;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.HutchGuardProtocol;
import org.beamhive.protocol.device.HutchGuardProtocol.Command;
import org.beamhive.protocol.device.HutchGuardProtocol.Farewell;
import org.beamhive.protocol.device.HutchGuardProtocol.Report;
import org.beamhive.protocol.device.HutchGuardProtocol.Request;
import org.beamhive.protocol.device.HutchGuardProtocol.TakenCareOf;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Epoch;

/**
 * Sees to it that no device of a hutch moves without an owner: a motor record goes on moving when
 * the node dies that has sent it there.
 *
 * <p>There is one on each node of the hutch. They tell each other which of their devices move: at
 * once when one begins, and again and again. When one has been silent for {@code owner-timeout},
 * and its {@link OwnerWitness} does not see it alive either, the others stop its devices
 * themselves. What moves is also in a file, so that a node that comes back knows what it has left
 * moving.
 *
 * <p>It has one state. Should it fail, it is started again and knows of the moves that begin then.
 */
final class HutchGuard extends AbstractBehavior<Command> {
  /** A device of this node has begun to move. */
  record MoveBegun(DeviceName device) implements HutchGuardProtocol.Internal {}

  /** It is at rest, as far as can be known. */
  record MoveEnded(DeviceName device) implements HutchGuardProtocol.Internal {}

  /** The device ends here and was cut off while it moved: it may still move. */
  record LeftMoving(DeviceName device) implements HutchGuardProtocol.Internal {}

  /** A device of this node is connected. */
  record DeviceReady(DeviceName device, ActorRef<DeviceProtocol.Command> ref)
      implements HutchGuardProtocol.Internal {}

  /** The node ends: the file is to hold what really moves. Answered when it does. */
  record Settle(ActorRef<Done> replyTo) implements HutchGuardProtocol.Internal {}

  /**
   * A device has found that this process stood still while it moved. It is told {@link
   * DeviceActor.Overslept}: whether another node of the hutch is alive, which has stopped the move.
   */
  record StoodStill(long activity, ActorRef<DeviceProtocol.Command> device)
      implements HutchGuardProtocol.Internal {}

  private record DeviceEnded(DeviceName device, ActorRef<DeviceProtocol.Command> ref)
      implements HutchGuardProtocol.Internal {}

  private enum Tick implements HutchGuardProtocol.Internal {
    TICK
  }

  private record GuardsFound(Set<ActorRef<Request>> guards)
      implements HutchGuardProtocol.Internal {}

  private record GuardSilent(ActorRef<Request> guard) implements HutchGuardProtocol.Internal {}

  private record WitnessSaid(ActorRef<Request> guard, boolean alive)
      implements HutchGuardProtocol.Internal {}

  private record StrayConnected(DeviceName device, Device handle, Throwable error)
      implements HutchGuardProtocol.Internal {}

  private record StrayStopped(DeviceName device, Device handle, Throwable error)
      implements HutchGuardProtocol.Internal {}

  private record TryAgain(DeviceName device) implements HutchGuardProtocol.Internal {}

  private record FileWritten(Throwable error) implements HutchGuardProtocol.Internal {}

  private record FileRead(List<DeviceName> moving, Throwable error)
      implements HutchGuardProtocol.Internal {}

  /** The guard of another node. */
  private record Other(String node, List<DeviceName> moving) {}

  /** A device that another node has left moving. */
  private record Stray(ActorRef<Request> guard, String node, int attempt) {}

  /**
   * What a guard works with.
   *
   * @param node of this guard, {@code host:port}
   * @param make makes a device of the hutch; null for a name that it does not have
   */
  record Parts(
      ServiceKey<Request> key,
      String node,
      Function<DeviceName, Device> make,
      DevicesSettings settings,
      DeviceEpochs epochs,
      MovingFile file,
      OwnerWitness witness) {}

  private final TimerScheduler<Command> timers;
  private final Parts parts;
  private final Duration interval;
  private final ActorRef<Request> self;
  private final Executor disk;
  // when each began to rest; null while it moves
  private final Map<DeviceName, Long> moving = new LinkedHashMap<>();
  private final Map<DeviceName, ActorRef<DeviceProtocol.Command>> ready = new HashMap<>();
  private final Set<DeviceName> abandoned = new LinkedHashSet<>();
  // strays that were stopped from here: a node that comes back need not care for them
  private final Set<DeviceName> stopped = new HashSet<>();
  private final Set<ActorRef<Request>> found = new HashSet<>();
  private final Map<ActorRef<Request>, Other> others = new HashMap<>();
  private final Map<DeviceName, Stray> strays = new LinkedHashMap<>();
  // the nodes of the others, also while they are not heard
  private final Set<String> neighbours = new HashSet<>();
  private final List<ActorRef<Done>> settling = new ArrayList<>();
  private long lastTick = System.nanoTime();
  // when this process was last found to have stood still, and that longer than an owner may
  private long stoodStill = lastTick - Duration.ofDays(1).toNanos();
  private boolean fileKnown;
  private boolean writing;
  private boolean dirty;
  private boolean diskFailed;

  static Behavior<Command> create(Parts parts) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  context.setLoggerName(HutchGuard.class);
                  return new HutchGuard(context, timers, parts);
                }));
  }

  private HutchGuard(ActorContext<Command> context, TimerScheduler<Command> timers, Parts parts) {
    super(context);
    this.timers = timers;
    this.parts = parts;
    this.interval = parts.settings().ownerTimeout().dividedBy(4);
    this.self = context.getSelf().narrow();
    this.disk = context.getSystem().dispatchers().lookup(DispatcherSelector.blocking());
    ActorRef<Receptionist.Listing> listings =
        context.messageAdapter(
            Receptionist.Listing.class,
            listing -> new GuardsFound(listing.getServiceInstances(parts.key())));
    context
        .getSystem()
        .receptionist()
        .tell(Receptionist.register(parts.key(), context.getSelf().narrow()));
    context.getSystem().receptionist().tell(Receptionist.subscribe(parts.key(), listings));
    timers.startTimerWithFixedDelay(Tick.TICK, interval);
    context.pipeToSelf(
        CompletableFuture.supplyAsync(() -> read(parts.file()), disk), FileRead::new);
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(MoveBegun.class, this::onMoveBegun)
        .onMessage(MoveEnded.class, this::onMoveEnded)
        .onMessage(LeftMoving.class, this::onLeftMoving)
        .onMessage(DeviceReady.class, this::onDeviceReady)
        .onMessage(DeviceEnded.class, this::onDeviceEnded)
        .onMessage(StoodStill.class, this::onStoodStill)
        .onMessage(Tick.class, tick -> onTick())
        .onMessage(GuardsFound.class, this::onGuardsFound)
        .onMessage(Report.class, this::onReport)
        .onMessage(TakenCareOf.class, this::onTakenCareOf)
        .onMessage(Farewell.class, this::onFarewell)
        .onMessage(GuardSilent.class, this::onGuardSilent)
        .onMessage(WitnessSaid.class, this::onWitnessSaid)
        .onMessage(StrayConnected.class, this::onStrayConnected)
        .onMessage(StrayStopped.class, this::onStrayStopped)
        .onMessage(TryAgain.class, again -> tryToStop(again.device()))
        .onMessage(FileRead.class, this::onFileRead)
        .onMessage(FileWritten.class, this::onFileWritten)
        .onMessage(Settle.class, this::onSettle)
        .onSignal(PostStop.class, signal -> onPostStop())
        .build();
  }

  // ---------------------------------------------------------------- what moves here

  private Behavior<Command> onMoveBegun(MoveBegun begun) {
    boolean known = moving.containsKey(begun.device());
    moving.put(begun.device(), null);
    stopped.remove(begun.device());
    takenCareOf(begun.device());
    if (!known) {
      report();
      write();
    }
    return this;
  }

  /** It stays on the list for a while, so that a scan of quick steps does not write at each. */
  private Behavior<Command> onMoveEnded(MoveEnded ended) {
    moving.replace(ended.device(), System.nanoTime());
    return this;
  }

  /** Whoever is connected to it next, here or on another node, is to bring it to rest. */
  private Behavior<Command> onLeftMoving(LeftMoving left) {
    moving.remove(left.device());
    abandoned.add(left.device());
    report();
    write();
    return this;
  }

  private void forgetWhatRests(Duration longer) {
    long before = System.nanoTime() - longer.toNanos();
    if (moving.values().removeIf(since -> since != null && since - before <= 0)) {
      write();
    }
  }

  private Behavior<Command> onTick() {
    if (System.nanoTime() - lastTick > 2 * interval.toNanos()) {
      // this process stood still: it can't know who was silent meanwhile
      others.keySet().forEach(this::listenTo);
    }
    noticeStandstill();
    lastTick = System.nanoTime();
    forgetWhatRests(interval.multipliedBy(2));
    report();
    return this;
  }

  private void noticeStandstill() {
    if (System.nanoTime() - lastTick > parts.settings().ownerTimeout().toNanos()) {
      stoodStill = System.nanoTime();
    }
  }

  /**
   * Only if this guard stood still, too, have the others missed it and stopped its moves; and only
   * if one of them is alive now, there was one.
   */
  private Behavior<Command> onStoodStill(StoodStill asked) {
    noticeStandstill();
    boolean missed = System.nanoTime() - stoodStill < parts.settings().ownerTimeout().toNanos();
    CompletableFuture<Boolean> opinion = CompletableFuture.completedFuture(false);
    if (missed) {
      for (String node : neighbours) {
        opinion = opinion.thenCombine(seesAlive(node), Boolean::logicalOr);
      }
    }
    opinion.thenAccept(
        alive -> asked.device().tell(new DeviceActor.Overslept(asked.activity(), alive)));
    return this;
  }

  /** No, if the witness can't say. */
  private CompletableFuture<Boolean> seesAlive(String node) {
    return parts
        .witness()
        .seesAlive(node)
        .toCompletableFuture()
        .copy()
        .completeOnTimeout(false, parts.settings().ownerTimeout().toMillis(), TimeUnit.MILLISECONDS)
        .exceptionally(error -> false);
  }

  private void report() {
    if (!found.isEmpty()) {
      Report report = reportNow();
      found.forEach(guard -> guard.tell(report));
    }
  }

  private Report reportNow() {
    return new Report(
        parts.node(),
        List.copyOf(moving.keySet()),
        List.copyOf(abandoned),
        parts.epochs().all(),
        self);
  }

  // ---------------------------------------------------------------- the other guards

  private Behavior<Command> onGuardsFound(GuardsFound listing) {
    found.clear();
    found.addAll(listing.guards());
    found.remove(self);
    report();
    return this;
  }

  private Behavior<Command> onReport(Report report) {
    learnEpochs(report.epochs());
    Other before = others.put(report.guard(), new Other(report.node(), report.moving()));
    neighbours.add(report.node());
    listenTo(report.guard());
    if (strays.values().removeIf(stray -> stray.guard().equals(report.guard()))) {
      getContext().getLog().info("Node {} is heard again", report.node());
    }
    if (before == null) {
      getContext().getLog().info("Watches over the devices of node {}", report.node());
      report.guard().tell(reportNow());
    }
    List<DeviceName> done = report.abandoned().stream().filter(stopped::contains).toList();
    if (!done.isEmpty()) {
      report.guard().tell(new TakenCareOf(done));
    }
    for (DeviceName device : report.abandoned()) {
      if (!done.contains(device) && ready.containsKey(device)) {
        stopHere(device);
      }
    }
    return this;
  }

  private void learnEpochs(Map<String, Long> epochs) {
    epochs.forEach(
        (device, epoch) -> parts.epochs().seen(new DeviceName(device), new Epoch(epoch)));
  }

  private void listenTo(ActorRef<Request> guard) {
    timers.startSingleTimer(guard, new GuardSilent(guard), parts.settings().ownerTimeout());
  }

  private Behavior<Command> onFarewell(Farewell farewell) {
    Other leaving = others.remove(farewell.guard());
    if (leaving != null) {
      neighbours.remove(leaving.node());
    }
    timers.cancel(farewell.guard());
    return this;
  }

  private Behavior<Command> onGuardSilent(GuardSilent silent) {
    Other other = others.get(silent.guard());
    if (other == null) {
      return this;
    }
    if (System.nanoTime() - lastTick > 2 * interval.toNanos()) {
      listenTo(silent.guard());
      return this;
    }
    if (other.moving().isEmpty()) {
      if (!found.contains(silent.guard())) {
        others.remove(silent.guard());
      }
      return this;
    }
    getContext()
        .pipeToSelf(
            seesAlive(other.node()), (alive, error) -> new WitnessSaid(silent.guard(), alive));
    return this;
  }

  private Behavior<Command> onWitnessSaid(WitnessSaid said) {
    Other other = others.get(said.guard());
    if (other == null || timers.isTimerActive(said.guard())) {
      // it has been heard meanwhile
      return this;
    }
    if (said.alive()) {
      timers.startSingleTimer(said.guard(), new GuardSilent(said.guard()), interval);
      return this;
    }
    others.remove(said.guard());
    for (DeviceName device : other.moving()) {
      if (!moving.containsKey(device) && !strays.containsKey(device)) {
        getContext()
            .getLog()
            .warn(
                "ALARM {} moves for node {}, which has been silent for {}: it is stopped from here",
                device,
                other.node(),
                Silence.shown(parts.settings().ownerTimeout()));
        strays.put(device, new Stray(said.guard(), other.node(), 0));
        tryToStop(device);
      }
    }
    return this;
  }

  // ---------------------------------------------------------------- stopping strays

  private Behavior<Command> tryToStop(DeviceName device) {
    Stray stray = strays.get(device);
    if (stray == null) {
      return this;
    }
    if (ready.containsKey(device)) {
      stopHere(device);
      return this;
    }
    Device handle = parts.make().apply(device);
    if (handle == null) {
      strays.remove(device);
      getContext().getLog().error("{} is no device of this hutch: use its own controls", device);
      return this;
    }
    strays.put(device, new Stray(stray.guard(), stray.node(), stray.attempt() + 1));
    handle.open(new Nobody());
    getContext()
        .pipeToSelf(
            handle.connect().handle((done, error) -> new StrayConnected(device, handle, error)),
            (connected, never) -> connected);
    return this;
  }

  private Behavior<Command> onStrayConnected(StrayConnected connected) {
    DeviceName device = connected.device();
    if (connected.error() != null || !strays.containsKey(device) || ready.containsKey(device)) {
      connected.handle().close();
      return connected.error() != null ? again(device, connected.error()) : tryToStop(device);
    }
    getContext()
        .pipeToSelf(
            connected
                .handle()
                .stop()
                .handle((done, error) -> new StrayStopped(device, connected.handle(), error)),
            (ended, never) -> ended);
    return this;
  }

  private Behavior<Command> onStrayStopped(StrayStopped ended) {
    ended.handle().close();
    if (ended.error() != null) {
      return again(ended.device(), ended.error());
    }
    Stray stray = strays.remove(ended.device());
    stopped.add(ended.device());
    getContext()
        .getLog()
        .warn(
            "{}: stopped from here, because node {} died or was cut off while it moved",
            ended.device(),
            stray == null ? "" : stray.node());
    return this;
  }

  private Behavior<Command> again(DeviceName device, Throwable error) {
    Stray stray = strays.get(device);
    if (stray != null) {
      getContext()
          .getLog()
          .error(
              "ALARM {} could not be stopped from here, use its own controls; tried again: {}",
              device,
              DeviceFailure.refusalOf(device.value(), error).text());
      timers.startSingleTimer(
          new TryAgain(device),
          new TryAgain(device),
          parts.settings().reconnect().before(stray.attempt()));
    }
    return this;
  }

  /** It has come to this node, where it may have a worker already. */
  private void stopHere(DeviceName device) {
    strays.remove(device);
    ready
        .get(device)
        .tell(new DeviceActor.StrayFound("it was moving when the node died that it was on before"));
    takenCareOf(device);
    TakenCareOf message = new TakenCareOf(List.of(device));
    // a guard may report before the receptionist has told of it
    Set<ActorRef<Request>> known = new HashSet<>(others.keySet());
    known.addAll(found);
    known.forEach(guard -> guard.tell(message));
  }

  private void takenCareOf(DeviceName device) {
    if (abandoned.remove(device)) {
      write();
    }
  }

  private Behavior<Command> onTakenCareOf(TakenCareOf taken) {
    taken.devices().forEach(this::takenCareOf);
    return this;
  }

  private Behavior<Command> onDeviceReady(DeviceReady device) {
    if (ready.put(device.device(), device.ref()) == null) {
      getContext().watchWith(device.ref(), new DeviceEnded(device.device(), device.ref()));
    }
    if (abandoned.contains(device.device()) || strays.containsKey(device.device())) {
      stopHere(device.device());
    }
    return this;
  }

  private Behavior<Command> onDeviceEnded(DeviceEnded ended) {
    ready.remove(ended.device(), ended.ref());
    return this;
  }

  // ---------------------------------------------------------------- the file

  private static List<DeviceName> read(MovingFile file) {
    try {
      return file.read();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private Behavior<Command> onFileRead(FileRead read) {
    fileKnown = true;
    if (read.error() != null) {
      getContext().getLog().error("What moved when the node ended is not known", read.error());
    } else {
      for (DeviceName device : read.moving()) {
        getContext().getLog().warn("{} was moving when this node died: it will be stopped", device);
        abandoned.add(device);
      }
    }
    for (DeviceName device : List.copyOf(abandoned)) {
      if (moving.containsKey(device)) {
        takenCareOf(device);
      } else if (ready.containsKey(device)) {
        stopHere(device);
      }
    }
    if (dirty) {
      write();
    }
    return this;
  }

  /** One write at a time; the newest content wins. What nobody has cared for yet stays in it. */
  private void write() {
    dirty = true;
    if (writing || !fileKnown) {
      return;
    }
    writing = true;
    dirty = false;
    Set<DeviceName> content = new LinkedHashSet<>(moving.keySet());
    content.addAll(abandoned);
    MovingFile file = parts.file();
    CompletionStage<Void> written =
        CompletableFuture.runAsync(
            () -> {
              try {
                file.write(content);
              } catch (IOException failed) {
                throw new UncheckedIOException(failed);
              }
            },
            disk);
    getContext()
        .pipeToSelf(
            written.handle((done, error) -> new FileWritten(error)), (ended, never) -> ended);
  }

  private Behavior<Command> onFileWritten(FileWritten written) {
    writing = false;
    if (written.error() != null && !diskFailed) {
      getContext()
          .getLog()
          .error(
              "ALARM {} can't be written: should this node die, nobody will know what moved",
              parts.file(),
              written.error());
    }
    diskFailed = written.error() != null;
    if (dirty) {
      write();
    } else {
      settling.forEach(one -> one.tell(Done.getInstance()));
      settling.clear();
    }
    return this;
  }

  private Behavior<Command> onSettle(Settle settle) {
    settling.add(settle.replyTo());
    forgetWhatRests(Duration.ZERO);
    write();
    return this;
  }

  private Behavior<Command> onPostStop() {
    found.forEach(guard -> guard.tell(new Farewell(self)));
    return this;
  }

  /** A stray only has to be stopped: nobody wants to know more of it. */
  private static final class Nobody implements DeviceListener {
    @Override
    public void connected() {}

    @Override
    public void disconnected(String problem) {}

    @Override
    public void factsChanged() {}
  }
}
