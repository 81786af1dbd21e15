package org.beamhive.devices.actor;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.PreRestart;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.ReceiveBuilder;
import akka.japi.function.Function;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.beamhive.devices.actor.CommandsInHand.ActivityEnded;
import org.beamhive.devices.actor.CommandsInHand.Answered;
import org.beamhive.devices.actor.DeviceCalls.CallerSilent;
import org.beamhive.devices.actor.DeviceConnection.ConnectAgain;
import org.beamhive.devices.actor.DeviceConnection.ConnectEnded;
import org.beamhive.devices.actor.DeviceConnection.SignalsConnected;
import org.beamhive.devices.actor.DeviceConnection.SignalsLost;
import org.beamhive.devices.actor.DeviceFollowers.ReadingsChanged;
import org.beamhive.devices.actor.DeviceFollowers.UpdateDue;
import org.beamhive.devices.actor.DeviceOwner.OwnerSilent;
import org.beamhive.devices.actor.DeviceRenewal.ReservationOver;
import org.beamhive.devices.actor.DeviceReports.FactsChanged;
import org.beamhive.devices.actor.DeviceReports.ReportDue;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.type.Device;
import org.beamhive.protocol.bundle.ScanBundlerProtocol;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.Attach;
import org.beamhive.protocol.device.DeviceProtocol.Call;
import org.beamhive.protocol.device.DeviceProtocol.CallAlive;
import org.beamhive.protocol.device.DeviceProtocol.Collect;
import org.beamhive.protocol.device.DeviceProtocol.Command;
import org.beamhive.protocol.device.DeviceProtocol.Complete;
import org.beamhive.protocol.device.DeviceProtocol.Detach;
import org.beamhive.protocol.device.DeviceProtocol.Follow;
import org.beamhive.protocol.device.DeviceProtocol.GetDetails;
import org.beamhive.protocol.device.DeviceProtocol.GetView;
import org.beamhive.protocol.device.DeviceProtocol.KeepAlive;
import org.beamhive.protocol.device.DeviceProtocol.Kickoff;
import org.beamhive.protocol.device.DeviceProtocol.Locate;
import org.beamhive.protocol.device.DeviceProtocol.NotYours;
import org.beamhive.protocol.device.DeviceProtocol.Read;
import org.beamhive.protocol.device.DeviceProtocol.ReadNow;
import org.beamhive.protocol.device.DeviceProtocol.Release;
import org.beamhive.protocol.device.DeviceProtocol.Request;
import org.beamhive.protocol.device.DeviceProtocol.Reserve;
import org.beamhive.protocol.device.DeviceProtocol.Set;
import org.beamhive.protocol.device.DeviceProtocol.Stage;
import org.beamhive.protocol.device.DeviceProtocol.Stop;
import org.beamhive.protocol.device.DeviceProtocol.StopAndTell;
import org.beamhive.protocol.device.DeviceProtocol.StopFor;
import org.beamhive.protocol.device.DeviceProtocol.Trigger;
import org.beamhive.protocol.device.DeviceProtocol.Unstage;
import org.beamhive.protocol.device.DeviceProtocol.Wake;
import org.beamhive.protocol.device.Operation;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.slf4j.Logger;

/**
 * Owns one device. The worker of a run attaches it and then tells it what to do; while no worker
 * has it, a person may {@link Call} it, one at a time; anybody may stop it.
 *
 * <p>States: <em>connecting</em> (tries for ever, refuses what needs the device), <em>ready</em>,
 * <em>busy</em> (one command takes time, others wait, a second move is refused), and
 * <em>disabled</em> (configured, but not to be used). A stop is handled at once in each of them.
 *
 * <p>Nothing moves without an owner: a worker that is silent for {@code owner-timeout} loses the
 * device, which stops by itself, and is told so when it comes back; so does a caller. Nothing is
 * done for a worker that has a successor: the newest epoch counts, in each state and after a new
 * start.
 *
 * <p>If it fails it is started again with a back-off and connects anew; what it was doing is
 * stopped. The fields below and those of its parts are touched on the actor's thread only: futures
 * come back as messages.
 *
 * <p>What it decides on lives in classes of its own: who has it ({@link DeviceOwner}, {@link
 * DeviceCalls}), what it was asked ({@link WorkerCommands}, {@link CommandsInHand}), what moves
 * ({@link Motion}), whether it is connected ({@link DeviceConnection}), whether it is to start anew
 * ({@link DeviceRenewal}), and what others see of it ({@link DeviceReports}, {@link
 * DeviceFollowers}).
 */
final class DeviceActor {
  /** Something moved it when the node died that it was on: it may still move. */
  record StrayFound(String because) implements DeviceProtocol.Internal {}

  /** This process stood still: whether another node of the hutch has seen to the move. */
  record Overslept(long activity, boolean takenCareOf) implements DeviceProtocol.Internal {}

  /** The entity is to stop here: come to rest first. */
  enum Park implements DeviceProtocol.Internal {
    PARK
  }

  /** It took too long to come to rest. */
  private enum ParkTimedOut implements DeviceProtocol.Internal {
    PARK_TIMED_OUT
  }

  private final DeviceParts parts;
  private final DeviceName name;
  private final Device device;
  private final Logger log;
  private final CommandsInHand commands;
  private final Motion motion;
  private final DeviceOwner owner;
  private final Fence fence;
  private final CallBook callBook;
  private final DeviceCalls calls;
  private final DeviceOperations operations;
  private final DeviceHolder holder;
  private final DeviceConnection connection;
  private final DeviceReadings readings;
  private final WorkerCommands workerCommands;
  private final DeviceRenewal renewal;
  private final DeviceReports reports;
  private final DeviceFollowers followers;
  private final Receive<Command> connecting;
  private final Receive<Command> ready;
  private final Receive<Command> busy;
  private boolean parking;

  /**
   * A device.
   *
   * @param make makes the device, again after each restart
   * @param watch who in the hutch must know that it moves, and what outlives this actor
   * @param measures is told how long its commands take
   */
  static Behavior<Command> create(
      DeviceConfig config,
      HutchName hutch,
      Supplier<Device> make,
      DevicesSettings settings,
      ActorRef<DeviceDirectoryProtocol.Request> directory,
      HutchWatch watch,
      DeviceMeasures measures) {
    // goes on over restarts: what the one before was still to be told is not for its successor
    AtomicLong numbers = new AtomicLong();
    Behavior<Command> started =
        Behaviors.setup(
            context ->
                Behaviors.withTimers(
                    timers -> {
                      context.setLoggerName(DeviceActor.class);
                      DeviceParts parts =
                          new DeviceParts(
                              context,
                              timers,
                              context.getLog(),
                              config,
                              watch.devices().madeFrom(config),
                              hutch,
                              make.get(),
                              numbers::incrementAndGet,
                              settings,
                              directory,
                              watch,
                              measures.of(config.name()));
                      return new DeviceActor(parts).start();
                    }));
    return Behaviors.supervise(started)
        .onFailure(
            SupervisorStrategy.restartWithBackoff(
                settings.restart().min(), settings.restart().max(), 0.2));
  }

  private DeviceActor(DeviceParts parts) {
    this.parts = parts;
    this.name = parts.name();
    this.device = parts.device();
    this.log = parts.log();
    this.commands = new CommandsInHand(parts);
    this.motion = new Motion(parts, commands);
    this.owner = new DeviceOwner(parts);
    this.fence = owner.fence();
    this.callBook = new CallBook(name, device);
    this.calls = new DeviceCalls(parts, callBook);
    this.operations =
        new DeviceOperations(parts.config(), device, parts.watch().limits(), callBook);
    this.holder = new DeviceHolder(name, owner, calls, commands, motion);
    this.connection = new DeviceConnection(parts);
    this.readings = new DeviceReadings(device, parts.config().onFailure());
    this.workerCommands = new WorkerCommands(name, device, operations, readings, motion);
    this.renewal = new DeviceRenewal(parts, holder);
    this.reports = new DeviceReports(parts, connection, commands, motion);
    this.followers = new DeviceFollowers(parts, connection, commands, reports, holder);
    // built once: a receive that is built for each message would cost more than the message
    this.connecting = connectingState();
    this.ready = readyState();
    this.busy = busyState();
  }

  private Behavior<Command> start() {
    parts.watch().local().started(name, parts.self());
    reports.start();
    if (!parts.config().enabled()) {
      report();
      return disabledState();
    }
    connection.open();
    report();
    return connecting;
  }

  // ---------------------------------------------------------------- states

  private Receive<Command> connectingState() {
    return always()
        .onMessage(ConnectEnded.class, this::onConnectEnded)
        .onMessage(ConnectAgain.class, message -> onConnectAgain())
        .onMessage(SignalsConnected.class, stay(message -> connection.signalsConnected()))
        .onMessage(SignalsLost.class, stay(message -> connection.lostWhileConnecting()))
        .onMessage(ActivityEnded.class, this::onActivityEnded)
        .onMessage(Attach.class, this::onAttachWhileNotConnected)
        .onMessage(StrayFound.class, this::onStrayFound)
        .onMessage(Request.class, this::onRequestWhileNotConnected)
        .build();
  }

  private Receive<Command> readyState() {
    return connectedState()
        .onMessage(Read.class, this::onCommand)
        .onMessage(Set.class, this::onCommand)
        .onMessage(Trigger.class, this::onCommand)
        .onMessage(Kickoff.class, this::onCommand)
        .onMessage(Complete.class, this::onCommand)
        .onMessage(Collect.class, this::onCommand)
        .onMessage(Stage.class, this::onCommand)
        .onMessage(Unstage.class, this::onCommand)
        .onMessage(Call.class, this::onCall)
        .build();
  }

  private Receive<Command> busyState() {
    return connectedState()
        .onMessage(ActivityEnded.class, this::onActivityEnded)
        .onMessage(Set.class, this::onSetWhileBusy)
        .onMessage(Call.class, this::onCallWhileBusy)
        .onMessage(Request.class, this::onRequestWhileBusy)
        .build();
  }

  private Receive<Command> disabledState() {
    return ReceiveBuilder.<Command>create()
        .onMessage(StrayFound.class, stray -> Behaviors.same())
        .onMessage(GetView.class, this::onGetView)
        .onMessage(GetDetails.class, this::onGetDetails)
        .onMessage(Follow.class, stay(followers::add))
        .onMessage(CallAlive.class, this::onCallAlive)
        .onMessage(Wake.class, message -> onWake())
        .onMessage(ReportDue.class, message -> onReportDue())
        .onMessage(Reserve.class, stay(renewal::reserve))
        .onMessage(Release.class, stay(renewal::release))
        .onMessage(ReservationOver.class, over -> Behaviors.same())
        .onMessageEquals(Park.PARK, Behaviors::stopped)
        .onMessage(Stop.class, message -> Behaviors.same())
        .onMessage(StopAndTell.class, stay(stop -> told(stop, reports.view(), null)))
        .onMessage(
            Request.class,
            request ->
                refuse(
                    request, Refusal.of("disabled", name + " is disabled in its configuration.")))
        .onSignal(Terminated.class, this::onTerminated)
        .onSignal(PreRestart.class, signal -> onEnd("device-error", "has failed and starts again"))
        .onSignal(PostStop.class, signal -> onEnd("handed-over", "has ended on this node"))
        .build();
  }

  private ReceiveBuilder<Command> connectedState() {
    return always()
        .onMessage(Attach.class, this::onAttach)
        .onMessage(Locate.class, this::onLocate)
        .onMessage(ReadNow.class, this::onReadNow)
        .onMessage(StrayFound.class, this::onStrayFound)
        .onMessage(SignalsLost.class, this::onSignalsLost)
        .onMessage(ConnectEnded.class, message -> Behaviors.same())
        .onMessage(ConnectAgain.class, message -> Behaviors.same())
        .onMessage(SignalsConnected.class, message -> Behaviors.same());
  }

  private ReceiveBuilder<Command> always() {
    return ReceiveBuilder.<Command>create()
        .onMessage(Stop.class, message -> onStopAsked(outcome -> {}))
        .onMessage(StopAndTell.class, this::onStopAndTell)
        .onMessage(StopFor.class, this::onStopFor)
        .onMessage(KeepAlive.class, this::onKeepAlive)
        .onMessage(OwnerSilent.class, message -> onOwnerSilent())
        .onMessage(Overslept.class, this::onOverslept)
        .onMessage(Detach.class, this::onDetach)
        .onMessage(Answered.class, stay(commands::answered))
        .onMessage(GetView.class, this::onGetView)
        .onMessage(GetDetails.class, this::onGetDetails)
        .onMessage(CallAlive.class, this::onCallAlive)
        .onMessage(CallerSilent.class, message -> onCallerSilent())
        .onMessage(Follow.class, stay(followers::add))
        .onMessage(ReadingsChanged.class, stay(message -> followers.readingsChanged()))
        .onMessage(UpdateDue.class, stay(message -> followers.update()))
        .onMessage(Wake.class, message -> onWake())
        .onMessage(FactsChanged.class, stay(message -> parts.reportSoon()))
        .onMessage(ReportDue.class, message -> onReportDue())
        .onMessage(Reserve.class, stay(renewal::reserve))
        .onMessage(Release.class, stay(renewal::release))
        .onMessage(ReservationOver.class, stay(over -> renewal.reservationOver()))
        .onMessage(Park.class, message -> onPark())
        .onMessage(ParkTimedOut.class, message -> Behaviors.stopped())
        .onSignal(Terminated.class, this::onTerminated)
        .onSignal(PreRestart.class, signal -> onEnd("device-error", "has failed and starts again"))
        .onSignal(PostStop.class, signal -> onEnd("handed-over", "has ended on this node"));
  }

  /** For what changes no state. */
  private static <M> Function<M, Behavior<Command>> stay(Consumer<M> handler) {
    return message -> {
      handler.accept(message);
      return Behaviors.same();
    };
  }

  /** After a command: whatever waited, then rest. */
  private Behavior<Command> next() {
    if (parking && !commands.isBusy()) {
      return Behaviors.stopped();
    }
    if (!connection.isConnected()) {
      return connecting;
    }
    while (!commands.isBusy() && commands.isAnyWaiting()) {
      onCommand(commands.nextWaiting());
    }
    renewal.beginIfFree();
    return commands.isBusy() ? busy : ready;
  }

  // ---------------------------------------------------------------- connecting

  private Behavior<Command> onConnectAgain() {
    if (connection.isUnmade()) {
      renewal.makeAgain();
    } else {
      connection.connect();
    }
    return Behaviors.same();
  }

  private Behavior<Command> onConnectEnded(ConnectEnded ended) {
    if (!connection.ended(ended)) {
      return Behaviors.same();
    }
    motion.connected();
    parts.guard().tell(new HutchGuard.DeviceReady(name, parts.self()));
    return next();
  }

  private Behavior<Command> onSignalsLost(SignalsLost lost) {
    log.warn("{}: ready -> connecting, because {}", name, lost.problem());
    noticeGap();
    motion.connectionLost();
    connection.lost(lost.problem());
    commands.removeWaiting(request -> request instanceof Read read && givesLastReadings(read));
    Refusal disconnected = Refusal.of("disconnected", lost.problem());
    commands.refuseWaiting(request -> true, disconnected);
    if (!calls.hasBegun()) {
      calls.end(Outcome.failed(disconnected));
    }
    connection.connect();
    return connecting;
  }

  private Behavior<Command> onRequestWhileNotConnected(Request request) {
    Refusal stale = fence.refusalOfStale(DeviceRequests.epochOf(request));
    if (stale == null && request instanceof Read read && givesLastReadings(read)) {
      return Behaviors.same();
    }
    return refuse(
        request, stale != null ? stale : Refusal.of("not-connected", connection.problem()));
  }

  private boolean givesLastReadings(Read read) {
    List<Reading> last = readings.lastForAScan();
    if (last == null || refusalOf(read.epoch()) != null) {
      return false;
    }
    read.replyTo().tell(new ScanBundlerProtocol.DeviceRead(name, read.point(), last));
    return true;
  }

  /** A newer worker has the device even while it can't be used: the older one must end. */
  private Behavior<Command> onAttachWhileNotConnected(Attach attach) {
    if (!fence.isOlder(attach.epoch())) {
      newestIs(attach.epoch());
    }
    Refusal stopped = fence.refusalOfStopped(attach.epoch());
    return stopped == null ? onRequestWhileNotConnected(attach) : refuse(attach, stopped);
  }

  // ---------------------------------------------------------------- whose device it is

  private Behavior<Command> onAttach(Attach attach) {
    Refusal refusal = fence.refusalOfStale(attach.epoch());
    if (refusal != null) {
      return refuse(attach, refusal);
    }
    noticeGap();
    newestIs(attach.epoch());
    refusal = fence.refusalOfStopped(attach.epoch());
    if (refusal == null) {
      refusal = renewal.refusalToTake();
    }
    if (refusal == null && calls.isAny()) {
      refusal = holder.locked();
    }
    if (refusal != null) {
      return refuse(attach, refusal);
    }
    owner.attach(attach);
    answerWithDescription(attach);
    return Behaviors.same();
  }

  private void answerWithDescription(Attach attach) {
    commands.beside(
        attach,
        readings::describe,
        DeviceRequests.orRefuse(
            name,
            attach,
            description -> {
              readings.keep(description);
              attach
                  .replyTo()
                  .tell(
                      new DeviceProtocol.Attached(
                          parts.self().narrow(), reports.view(), description));
            }));
  }

  /** A worker of this epoch is there: nothing more is done for an older one. */
  private void newestIs(Epoch epoch) {
    if (fence.isNewer(epoch) && (owner.isThere() || worksForOlderThan(epoch))) {
      motion.interrupt(
          "stopped",
          "has been taken over by the worker of epoch " + epoch.value() + ", which stops it");
      owner.end();
    }
    fence.raiseTo(epoch);
  }

  /** What it does without having been attached must end, too. */
  private boolean worksForOlderThan(Epoch epoch) {
    Epoch its = commands.isBusy() ? DeviceRequests.epochOf(commands.activity().request()) : null;
    return its != null && its.compareTo(epoch) < 0;
  }

  private Behavior<Command> onDetach(Detach detach) {
    if (owner.isOf(detach.epoch())) {
      motion.interrupt("stopped", "has been stopped, because its worker has let go of it");
      owner.end();
      renewal.beginIfFree();
    }
    return Behaviors.same();
  }

  private Behavior<Command> onTerminated(Terminated terminated) {
    if (owner.is(terminated.getRef())) {
      loseOwner("its worker has vanished");
    }
    if (calls.isOf(terminated.getRef())) {
      loseCaller("who has called it has gone");
    }
    followers.remove(terminated.getRef());
    return Behaviors.same();
  }

  private Behavior<Command> onKeepAlive(KeepAlive alive) {
    Refusal refusal = fence.refusalOfStale(alive.epoch());
    if (refusal == null) {
      noticeGap();
      if (owner.isOf(alive.epoch())) {
        owner.heard();
        return Behaviors.same();
      }
      refusal = fence.letGo(alive.epoch());
    }
    alive.replyTo().tell(new NotYours(name, refusal));
    return Behaviors.same();
  }

  private Behavior<Command> onOwnerSilent() {
    if (owner.isThere()) {
      loseOwner("its worker was silent for " + Silence.shown(owner.silence().atMost()));
    }
    return Behaviors.same();
  }

  private Behavior<Command> onCallerSilent() {
    if (calls.isAny()) {
      loseCaller("who has called it was silent for " + Silence.shown(calls.silence().atMost()));
    }
    return Behaviors.same();
  }

  /**
   * A gap counts also if it is found only afterwards, and if it was this process that stood still:
   * what became of a move meanwhile is not known, and its answer may be wrong. So this comes before
   * all that is done or answered for a worker.
   */
  private void noticeGap() {
    if (owner.isSilentForTooLong()) {
      loseOwner("its worker was silent for " + Silence.shown(owner.silence().length()));
    }
    if (calls.isSilentForTooLong()) {
      loseCaller("who has called it was silent for " + Silence.shown(calls.silence().length()));
    }
  }

  private void loseOwner(String because) {
    motion.noticeStandstill(owner.silence(), because + " (epoch " + fence.newest().value() + ")");
    owner.silenced();
    motion.interrupt("owner-silent", "has been stopped, because " + because);
    owner.end();
    renewal.beginIfFree();
  }

  /** What can't be interrupted comes to its end, for nobody. */
  private void loseCaller(String because) {
    motion.noticeStandstill(calls.silence(), because + " (" + calls.call().who() + ")");
    String why = "has been stopped, because " + because;
    motion.interrupt("owner-silent", why);
    calls.end(Outcome.failed(Refusal.of("owner-silent", name + " " + why + ".")));
    renewal.beginIfFree();
  }

  private Behavior<Command> onOverslept(Overslept message) {
    motion.overslept(message, holder.isThere(), connection.isConnected());
    return Behaviors.same();
  }

  /** The node died that it was on; unless a worker has taken it since, it is brought to rest. */
  private Behavior<Command> onStrayFound(StrayFound stray) {
    if (!owner.isThere() && !commands.isBusy()) {
      log.warn("{}: stopped, because {}", name, stray.because());
      motion.stop();
    }
    return Behaviors.same();
  }

  /** Null if a command of this epoch may be done. */
  private Refusal refusalOf(Epoch epoch) {
    Refusal stale = fence.refusalOfStale(epoch);
    if (stale != null) {
      return stale;
    }
    noticeGap();
    return owner.refusalOf(epoch);
  }

  // ---------------------------------------------------------------- commands of a worker

  private Behavior<Command> onCommand(Request request) {
    Refusal refusal = refusalOf(DeviceRequests.epochOf(request));
    if (refusal == null) {
      refusal = workerCommands.refusalOf(request);
    }
    return refusal != null ? refuse(request, refusal) : begin(request, workerCommands.of(request));
  }

  private Behavior<Command> onLocate(Locate locate) {
    Refusal refusal = refusalOf(locate.epoch());
    if (refusal != null) {
      return refuse(locate, refusal);
    }
    WorkerCommands.Work<Device.Location> work = workerCommands.locate(locate);
    commands.beside(locate, work.command(), work.answer());
    return Behaviors.same();
  }

  private Behavior<Command> refuse(Request request, Refusal why) {
    DeviceRequests.refuse(name, request, why);
    return Behaviors.same();
  }

  private <T> Behavior<Command> begin(Request request, WorkerCommands.Work<T> work) {
    return begin(request, work.command(), work.answer());
  }

  private <T> Behavior<Command> begin(
      Request request, Supplier<CompletionStage<T>> command, Consumer<Outcome<T>> answer) {
    if (!commands.begin(request, command, answer)) {
      return Behaviors.same();
    }
    motion.commandBegun();
    parts.reportSoon();
    return busy;
  }

  // ---------------------------------------------------------------- while busy

  private Behavior<Command> onSetWhileBusy(Set set) {
    Refusal refusal = refusalOf(set.epoch());
    if (refusal == null && commands.isToMove()) {
      refusal = Refusal.of("busy", name + " is already moving.");
    }
    return refusal != null ? refuse(set, refusal) : onRequestWhileBusy(set);
  }

  private Behavior<Command> onRequestWhileBusy(Request request) {
    Refusal refusal = fence.refusalOfStale(DeviceRequests.epochOf(request));
    if (refusal == null) {
      refusal = commands.await(request);
    }
    return refusal != null ? refuse(request, refusal) : Behaviors.same();
  }

  private Behavior<Command> onActivityEnded(ActivityEnded ended) {
    if (!commands.isUnderWay(ended.id())) {
      return Behaviors.same();
    }
    noticeGap();
    CommandsInHand.Activity done = commands.take();
    CompletionStage<Outcome<Void>> stopping =
        motion.commandEnded(done, ended.outcome(), connection.isConnected());
    commands.answer(done, ended.outcome());
    if (stopping != null) {
      motion.comeToRest(done, stopping);
      return Behaviors.same();
    }
    parts.reportSoon();
    return next();
  }

  // ---------------------------------------------------------------- calls outside any scan

  private Behavior<Command> onCall(Call call) {
    Refusal refusal = holder.isThere() ? holder.locked() : renewal.refusalToTake();
    if (refusal == null && motion.isFlying()) {
      refusal = holder.comingToRest();
    }
    if (refusal == null) {
      refusal = operations.refusalOf(call.operation());
    }
    if (refusal != null) {
      return refuse(call, refusal);
    }
    calls.accept(call);
    return Behaviors.same();
  }

  private Behavior<Command> onCallWhileBusy(Call call) {
    return refuse(call, holder.isThere() ? holder.locked() : holder.comingToRest());
  }

  /** Its caller wants it done, and is alive. */
  private Behavior<Command> onCallAlive(CallAlive alive) {
    noticeGap();
    if (!calls.is(alive.id())) {
      Refusal ended =
          Refusal.of(
              "call-ended",
              name + " does not do this any more: it has ended, or was started anew.");
      alive.replyTo().tell(new DeviceProtocol.CallFailed(name, alive.id(), ended));
      return Behaviors.same();
    }
    calls.heard();
    // a worker that does not know yet that it has lost the device may have been quicker
    boolean begins = !calls.hasBegun() && !commands.isBusy() && !motion.isFlying();
    Behavior<Command> next = begins ? beginCall() : Behaviors.same();
    if (calls.isAny()) {
      alive.replyTo().tell(new DeviceProtocol.CallAccepted(name, alive.id()));
    }
    return next;
  }

  private Behavior<Command> beginCall() {
    Call call = calls.begin();
    if (call.operation() instanceof Operation.MoveBy move) {
      begin(call, device::locate, at -> moveBy(call, move.step(), at));
    } else {
      begin(call, () -> operations.perform(call), calls::end);
    }
    return next();
  }

  /** On the actor's thread again: a stop that came meanwhile has ended the call. */
  private void moveBy(Call call, double step, Outcome<Device.Location> at) {
    if (at.hasFailed()) {
      calls.end(new Outcome<>(null, at.error()));
      return;
    }
    Value from = at.value().setpoint();
    Refusal refusal = operations.refusalOfStep(step, from);
    if (refusal != null) {
      calls.end(Outcome.failed(refusal));
    } else {
      Value target = DeviceOperations.target(step, from);
      begin(call, () -> operations.moveTo(target), calls::end);
    }
  }

  // ---------------------------------------------------------------- stopping

  /** A scan that waits for the device would go on and move it as soon as it is back. */
  private Behavior<Command> onStopAsked(Consumer<Outcome<Void>> told) {
    if (!connection.isConnected()) {
      fence.stopWorker();
    }
    return onStop(told);
  }

  private Behavior<Command> onStopAndTell(StopAndTell stop) {
    DeviceView before = reports.view();
    return onStopAsked(
        outcome -> told(stop, before, outcome.hasFailed() ? outcome.refusal(name) : null));
  }

  private static void told(StopAndTell stop, DeviceView view, Refusal problem) {
    stop.replyTo().tell(new DeviceProtocol.Stopped(view, problem));
  }

  private Behavior<Command> onStop(Consumer<Outcome<Void>> told) {
    if (motion.isActive()) {
      log.info("{}: stopped, because somebody asked", name);
    }
    motion.stop(told);
    Refusal stopped = Refusal.of("stopped", name + " has been stopped.");
    commands.failInterruptible(stopped);
    if (!calls.hasBegun()) {
      // its caller has not confirmed yet that it is to be done
      calls.end(Outcome.failed(stopped));
    }
    return Behaviors.same();
  }

  private Behavior<Command> onStopFor(StopFor stop) {
    if (fence.isOlder(stop.epoch())) {
      return Behaviors.same();
    }
    newestIs(stop.epoch());
    // what a person has it do is not done for a worker
    return calls.isAny() ? Behaviors.same() : onStop(outcome -> {});
  }

  private Behavior<Command> onPark() {
    motion.interrupt("handed-over", "is to run on another node");
    if (!commands.isBusy()) {
      return Behaviors.stopped();
    }
    parking = true;
    parts.timers().startSingleTimer(ParkTimedOut.PARK_TIMED_OUT, parts.settings().parkTimeout());
    return Behaviors.same();
  }

  private Behavior<Command> onEnd(String code, String why) {
    refuseAll(Refusal.of(code, name + " " + why + "."));
    reports.ended();
    renewal.ended();
    motion.end();
    return Behaviors.same();
  }

  /** Nobody waits for an answer that can't come any more. */
  private void refuseAll(Refusal refusal) {
    commands.fail(refusal);
    calls.end(Outcome.failed(refusal));
    commands.refuseWaiting(request -> true, refusal);
    commands.refuseAsides(refusal);
  }

  // ---------------------------------------------------------------- what others see

  private Behavior<Command> onReadNow(ReadNow readNow) {
    commands.beside(
        readNow,
        readings::snapshot,
        DeviceRequests.orRefuse(
            name,
            readNow,
            now -> {
              readings.keep(now);
              readNow
                  .replyTo()
                  .tell(new DeviceProtocol.ReadDone(now.description(), now.readings()));
            }));
    return Behaviors.same();
  }

  private Behavior<Command> onGetView(GetView getView) {
    getView.replyTo().tell(new DeviceProtocol.View(reports.view()));
    return Behaviors.same();
  }

  private Behavior<Command> onGetDetails(GetDetails get) {
    get.replyTo().tell(reports.details(holder, callBook));
    return Behaviors.same();
  }

  private Behavior<Command> onWake() {
    renewal.lookAtConfig();
    report();
    return Behaviors.same();
  }

  private Behavior<Command> onReportDue() {
    renewal.remind();
    report();
    return Behaviors.same();
  }

  private void report() {
    reports.report();
    followers.update();
  }
}
