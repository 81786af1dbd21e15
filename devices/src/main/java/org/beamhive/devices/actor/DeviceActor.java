package org.beamhive.devices.actor;

import akka.actor.Address;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.PreRestart;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.ReceiveBuilder;
import akka.actor.typed.javadsl.TimerScheduler;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.config.OnFailure;
import org.beamhive.devices.signal.Deadlines;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.type.Device;
import org.beamhive.devices.type.DeviceListener;
import org.beamhive.protocol.bundle.ScanBundlerProtocol;
import org.beamhive.protocol.device.DeviceDetails;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.Attach;
import org.beamhive.protocol.device.DeviceProtocol.Call;
import org.beamhive.protocol.device.DeviceProtocol.CallAlive;
import org.beamhive.protocol.device.DeviceProtocol.Collect;
import org.beamhive.protocol.device.DeviceProtocol.Command;
import org.beamhive.protocol.device.DeviceProtocol.Complete;
import org.beamhive.protocol.device.DeviceProtocol.Configure;
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
import org.beamhive.protocol.device.DeviceProtocol.Reply;
import org.beamhive.protocol.device.DeviceProtocol.Request;
import org.beamhive.protocol.device.DeviceProtocol.Reserve;
import org.beamhive.protocol.device.DeviceProtocol.Set;
import org.beamhive.protocol.device.DeviceProtocol.Stage;
import org.beamhive.protocol.device.DeviceProtocol.Stop;
import org.beamhive.protocol.device.DeviceProtocol.StopFor;
import org.beamhive.protocol.device.DeviceProtocol.Trigger;
import org.beamhive.protocol.device.DeviceProtocol.Unstage;
import org.beamhive.protocol.device.DeviceProtocol.Wake;
import org.beamhive.protocol.device.Operation;
import org.beamhive.protocol.model.DeviceDescription;
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
 * stopped. The fields below are touched on the actor's thread only: futures come back as messages.
 */
final class DeviceActor {
  /** Who follows it and has not said so for this long is forgotten. */
  private static final Duration FOLLOWER_TIMEOUT = Duration.ofSeconds(15);

  /** All signals of the device are connected. */
  private enum SignalsConnected implements DeviceProtocol.Internal {
    SIGNALS_CONNECTED
  }

  /** A signal of the device has gone. */
  private record SignalsLost(String problem) implements DeviceProtocol.Internal {}

  /** What the list of devices shows may have changed. */
  private enum FactsChanged implements DeviceProtocol.Internal {
    FACTS_CHANGED
  }

  /** It is time to connect again. */
  private enum ConnectAgain implements DeviceProtocol.Internal {
    CONNECT_AGAIN
  }

  /** A try to connect has ended. */
  private record ConnectEnded(int attempt, Throwable error) implements DeviceProtocol.Internal {}

  /** The command under way has ended. */
  private record ActivityEnded(long id, Outcome<?> outcome) implements DeviceProtocol.Internal {}

  /** Something that was asked beside the commands has its answer. */
  private record Answered(long id, Outcome<?> outcome) implements DeviceProtocol.Internal {}

  /** Its worker has not been heard for too long. */
  private enum OwnerSilent implements DeviceProtocol.Internal {
    OWNER_SILENT
  }

  /** Who has called it has not been heard for too long. */
  private enum CallerSilent implements DeviceProtocol.Internal {
    CALLER_SILENT
  }

  /** A value has changed that its followers are waiting for. */
  private enum ReadingsChanged implements DeviceProtocol.Internal {
    READINGS_CHANGED
  }

  /** Its followers may be told again. */
  private enum UpdateDue implements DeviceProtocol.Internal {
    UPDATE_DUE
  }

  /** Something moved it when the node died that it was on: it may still move. */
  record StrayFound(String because) implements DeviceProtocol.Internal {}

  /** This process stood still: whether another node of the hutch has seen to the move. */
  record Overslept(long activity, boolean takenCareOf) implements DeviceProtocol.Internal {}

  /** It is time to tell the list of devices. */
  private enum ReportDue implements DeviceProtocol.Internal {
    REPORT_DUE,
    REPORT_SOON
  }

  /** The entity is to stop here: come to rest first. */
  enum Park implements DeviceProtocol.Internal {
    PARK
  }

  /** It took too long to come to rest. */
  private enum ParkTimedOut implements DeviceProtocol.Internal {
    PARK_TIMED_OUT
  }

  /** Nobody has changed the configuration in time: anybody may use it again. */
  private enum ReservationOver implements DeviceProtocol.Internal {
    RESERVATION_OVER
  }

  private static final int READINGS_PER_PAGE = 1000;
  private static final long NOTHING = 0;

  /** A move that has failed so has not ended. */
  private static final java.util.Set<String> STILL_MOVING =
      java.util.Set.of("move-timeout", "not-responding");

  /** So late after the owner timeout only a process that stood still comes. */
  private static final Duration STANDSTILL = Duration.ofSeconds(2);

  private record Outcome<T>(T value, Throwable error) {}

  /**
   * What was asked beside the commands.
   *
   * @param request null if nobody waits for the answer
   */
  private record Aside(Request request, Consumer<Outcome<?>> answer) {}

  /**
   * Whose device it is: one worker's, for one run.
   *
   * @param run in words for a person
   */
  private record Attachment(Epoch epoch, ActorRef<Reply> worker, String run) {}

  /** Whose device it is outside any scan: one caller's, until the call has ended. */
  private record Calling(Call call, boolean begun) {}

  /**
   * The command under way.
   *
   * @param answer tells who asked; null when that has been done, because it was stopped
   * @param began when it began, by the device layer's {@link Deadlines}
   */
  private record Activity(long id, Request request, Consumer<Outcome<?>> answer, long began) {
    boolean interruptible() {
      return canBeStopped(request)
          || moves()
          || request instanceof Call call
              && call.operation() instanceof Operation.Perform perform
              && perform.action() == Operation.Action.TRIGGER;
    }

    /** A method may move it, too: nobody but its type knows. */
    boolean moves() {
      return request instanceof Set
          || request instanceof Call call
              && (call.operation() instanceof Operation.MoveTo
                  || call.operation() instanceof Operation.MoveBy
                  || call.operation() instanceof Operation.CallMethod);
    }

    static boolean canBeStopped(Request request) {
      return request instanceof Set
          || request instanceof Trigger
          || request instanceof Kickoff
          || request instanceof Complete;
    }

    Activity answered() {
      return new Activity(id, request, null, began);
    }
  }

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final Logger log;
  private final DeviceConfig config;
  // its configuration and those of the devices that it is made of
  private final List<DeviceConfig> madeFrom;
  private final DeviceName name;
  private final HutchName hutch;
  private final String node;
  private final Device device;
  private final DevicesSettings settings;
  private final Deadlines deadlines;
  private final ActorRef<DeviceDirectoryProtocol.Request> directory;
  private final HutchWatch watch;
  private final DeviceMeasures.OfDevice measures;
  private final Receive<Command> connecting;
  private final Receive<Command> ready;
  private final Receive<Command> busy;
  private final ArrayDeque<Request> waiting = new ArrayDeque<>();
  private final Map<Long, Aside> asides = new LinkedHashMap<>();
  private final CallBook calls;
  // who follows it, and when they last said so
  private final Map<ActorRef<DeviceProtocol.Update>, Long> followers = new LinkedHashMap<>();
  private long updated;
  private Attachment attachment;
  private Calling calling;
  private long callerHeard;
  private Epoch newest;
  // the worker that has lost the device by its silence: nothing more is done for it
  private Epoch silenced;
  private long heard;
  // it was kicked off and neither completed nor stopped since
  private boolean flying;
  // its number among the activities
  private long flight;
  // its connection broke while it moved: the record may still move
  private boolean cutOff;
  private Activity activity;
  private long activities;
  // the activity during which this process stood still: it may be another node's move by now
  private long overslept;
  private int attempt;
  private boolean trying;
  private int failures;
  private boolean connected;
  private boolean parking;
  private String problem = "";
  private List<Reading> lastReadings;
  private DeviceDescription lastDescription;
  // the change of its configuration for which nobody can attach; null if there is none
  private String reservedFor;
  // its configuration is not what it was made from: it starts anew as soon as nobody uses it
  private boolean outdated;
  private boolean renewing;

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
    Behavior<Command> started =
        Behaviors.setup(
            context ->
                Behaviors.withTimers(
                    timers -> {
                      context.setLoggerName(DeviceActor.class);
                      return new DeviceActor(
                              context,
                              timers,
                              config,
                              watch.devices().madeFrom(config),
                              hutch,
                              make.get(),
                              settings,
                              directory,
                              watch,
                              measures)
                          .start();
                    }));
    return Behaviors.supervise(started)
        .onFailure(
            SupervisorStrategy.restartWithBackoff(
                settings.restart().min(), settings.restart().max(), 0.2));
  }

  private DeviceActor(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      DeviceConfig config,
      List<DeviceConfig> madeFrom,
      HutchName hutch,
      Device device,
      DevicesSettings settings,
      ActorRef<DeviceDirectoryProtocol.Request> directory,
      HutchWatch watch,
      DeviceMeasures measures) {
    this.context = context;
    this.timers = timers;
    this.log = context.getLog();
    this.config = config;
    this.madeFrom = madeFrom;
    this.name = config.name();
    this.hutch = hutch;
    this.node = nodeOf(context.getSystem().address());
    this.device = device;
    this.settings = settings;
    this.deadlines = settings.timeouts().deadlines();
    this.directory = directory;
    this.watch = watch;
    this.measures = measures.of(name);
    this.newest = watch.epochs().newest(name);
    this.calls = new CallBook(name, device);
    // built once: a receive that is built for each message would cost more than the message
    this.connecting = connectingState();
    this.ready = readyState();
    this.busy = busyState();
  }

  private Behavior<Command> start() {
    watch.local().started(name, context.getSelf());
    timers.startTimerWithFixedDelay(ReportDue.REPORT_DUE, settings.reportInterval());
    if (!config.enabled()) {
      report();
      return disabledState();
    }
    ActorRef<Command> self = context.getSelf();
    device.open(
        new DeviceListener() {
          @Override
          public void connected() {
            self.tell(SignalsConnected.SIGNALS_CONNECTED);
          }

          @Override
          public void disconnected(String why) {
            self.tell(new SignalsLost(why));
          }

          @Override
          public void factsChanged() {
            self.tell(FactsChanged.FACTS_CHANGED);
          }

          @Override
          public void readingsChanged() {
            self.tell(ReadingsChanged.READINGS_CHANGED);
          }
        });
    problem = name + " is connecting.";
    connect();
    report();
    return connecting;
  }

  // ---------------------------------------------------------------- states

  private Receive<Command> connectingState() {
    return always()
        .onMessage(ConnectEnded.class, this::onConnectEnded)
        .onMessage(ConnectAgain.class, message -> onConnectAgain())
        .onMessage(SignalsConnected.class, message -> onSignalsConnected())
        .onMessage(SignalsLost.class, message -> onSignalsLostWhileConnecting())
        .onMessage(ActivityEnded.class, this::onActivityEnded)
        .onMessage(Attach.class, this::onAttachWhileNotConnected)
        .onMessage(StrayFound.class, this::onStrayFound)
        .onMessage(Request.class, this::onRequestWhileNotConnected)
        .build();
  }

  private Receive<Command> readyState() {
    return connectedState()
        .onMessage(Read.class, this::onRead)
        .onMessage(Set.class, this::onSet)
        .onMessage(Trigger.class, this::onTrigger)
        .onMessage(Configure.class, this::onConfigure)
        .onMessage(Kickoff.class, this::onKickoff)
        .onMessage(Complete.class, this::onComplete)
        .onMessage(Collect.class, this::onCollect)
        .onMessage(Stage.class, this::onStage)
        .onMessage(Unstage.class, this::onUnstage)
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
        .onMessage(Follow.class, this::onFollow)
        .onMessage(CallAlive.class, this::onCallAlive)
        .onMessage(Wake.class, message -> onWake())
        .onMessage(ReportDue.class, message -> onReportDue())
        .onMessage(Reserve.class, this::onReserve)
        .onMessage(Release.class, this::onRelease)
        .onMessage(ReservationOver.class, over -> Behaviors.same())
        .onMessageEquals(Park.PARK, Behaviors::stopped)
        .onMessage(Stop.class, message -> Behaviors.same())
        .onMessage(
            Request.class,
            request ->
                refuse(
                    request, Refusal.of("disabled", name + " is disabled in its configuration.")))
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
        .onMessage(Stop.class, message -> onStop())
        .onMessage(StopFor.class, this::onStopFor)
        .onMessage(KeepAlive.class, this::onKeepAlive)
        .onMessage(OwnerSilent.class, message -> onOwnerSilent())
        .onMessage(Overslept.class, this::onOverslept)
        .onMessage(Detach.class, this::onDetach)
        .onMessage(Answered.class, this::onAnswered)
        .onMessage(GetView.class, this::onGetView)
        .onMessage(GetDetails.class, this::onGetDetails)
        .onMessage(CallAlive.class, this::onCallAlive)
        .onMessage(CallerSilent.class, message -> onCallerSilent())
        .onMessage(Follow.class, this::onFollow)
        .onMessage(ReadingsChanged.class, message -> onReadingsChanged())
        .onMessage(UpdateDue.class, message -> onUpdateDue())
        .onMessage(Wake.class, message -> onWake())
        .onMessage(FactsChanged.class, message -> onFactsChanged())
        .onMessage(ReportDue.class, message -> onReportDue())
        .onMessage(Reserve.class, this::onReserve)
        .onMessage(Release.class, this::onRelease)
        .onMessage(ReservationOver.class, over -> onReservationOver())
        .onMessage(Park.class, message -> onPark())
        .onMessage(ParkTimedOut.class, message -> Behaviors.stopped())
        .onSignal(Terminated.class, this::onTerminated)
        .onSignal(PreRestart.class, signal -> onEnd("device-error", "has failed and starts again"))
        .onSignal(PostStop.class, signal -> onEnd("handed-over", "has ended on this node"));
  }

  /** After a command: whatever waited, then rest. */
  private Behavior<Command> next() {
    if (parking && activity == null) {
      return Behaviors.stopped();
    }
    if (!connected) {
      return connecting;
    }
    while (activity == null && !waiting.isEmpty()) {
      perform(waiting.poll());
    }
    renewIfFree();
    return activity == null ? ready : busy;
  }

  // ---------------------------------------------------------------- connecting

  private void connect() {
    trying = true;
    attempt++;
    int current = attempt;
    timers.cancel(ConnectAgain.CONNECT_AGAIN);
    // not before the limits are known that have been set for it
    context.pipeToSelf(
        outcomeOf(() -> device.connect().thenCompose(done -> watch.limits().known())),
        (outcome, error) -> new ConnectEnded(current, outcome.error()));
  }

  private Behavior<Command> onConnectAgain() {
    if (device instanceof UnmadeDevice) {
      outdated = true;
      renewIfFree();
      return Behaviors.same();
    }
    connect();
    return Behaviors.same();
  }

  /** A try under way may have seen them before: it must not end well without them. */
  private Behavior<Command> onSignalsLostWhileConnecting() {
    if (trying) {
      connect();
    }
    return Behaviors.same();
  }

  /** A try under way sees it by itself. */
  private Behavior<Command> onSignalsConnected() {
    if (!trying) {
      connect();
    }
    return Behaviors.same();
  }

  private Behavior<Command> onConnectEnded(ConnectEnded ended) {
    if (ended.attempt() != attempt) {
      return Behaviors.same();
    }
    trying = false;
    if (ended.error() != null) {
      failures++;
      String why = DeviceFailure.refusalOf(name.value(), ended.error()).text();
      if (!why.equals(problem)) {
        log.warn("{}: {} Tried again.", name, why);
      }
      changeTo(false, why);
      if (device instanceof UnmadeDevice) {
        // made once more, perhaps only something around it was wrong
        timers.startSingleTimer(ConnectAgain.CONNECT_AGAIN, settings.reconnect().max());
        return Behaviors.same();
      }
      timers.startSingleTimer(ConnectAgain.CONNECT_AGAIN, settings.reconnect().before(failures));
      return Behaviors.same();
    }
    failures = 0;
    log.info("{}: connecting -> ready", name);
    changeTo(true, "");
    if (cutOff) {
      cutOff = false;
      log.warn("{}: stopped, because it was moving when its connection broke", name);
      stopDevice();
    }
    watch.guard().tell(new HutchGuard.DeviceReady(name, context.getSelf()));
    return next();
  }

  private Behavior<Command> onSignalsLost(SignalsLost lost) {
    log.warn("{}: ready -> connecting, because {}", name, lost.problem());
    noticeGap();
    cutOff |= (flying || activity != null && activity.moves()) && doing() != overslept;
    changeTo(false, lost.problem());
    waiting.removeIf(request -> request instanceof Read read && givesLastReadings(read));
    Refusal disconnected = Refusal.of("disconnected", lost.problem());
    refuseWaiting(request -> true, disconnected);
    if (calling != null && !calling.begun()) {
      endCall(new Outcome<>(null, new DeviceFailure(disconnected)));
    }
    connect();
    return connecting;
  }

  private void changeTo(boolean isConnected, String why) {
    connected = isConnected;
    problem = why;
    reportSoon();
  }

  private Behavior<Command> onRequestWhileNotConnected(Request request) {
    Refusal refusal = fence(request);
    if (refusal == null && request instanceof Read read && givesLastReadings(read)) {
      return Behaviors.same();
    }
    return refuse(request, refusal != null ? refusal : Refusal.of("not-connected", problem));
  }

  /** With {@code onFailure: buffer} a scan goes on with what was read last. */
  private boolean givesLastReadings(Read read) {
    if (config.onFailure() != OnFailure.BUFFER
        || lastReadings == null
        || refusalOf(read.epoch()) != null) {
      return false;
    }
    read.replyTo().tell(new ScanBundlerProtocol.DeviceRead(name, read.point(), lastReadings));
    return true;
  }

  /** A newer worker has the device even while it can't be used: the older one must end. */
  private Behavior<Command> onAttachWhileNotConnected(Attach attach) {
    if (attach.epoch().compareTo(newest) >= 0) {
      newestIs(attach.epoch());
    }
    return onRequestWhileNotConnected(attach);
  }

  // ---------------------------------------------------------------- whose device it is

  private Behavior<Command> onAttach(Attach attach) {
    if (attach.epoch().compareTo(newest) < 0) {
      return refuse(attach, stale(attach.epoch()));
    }
    noticeGap();
    newestIs(attach.epoch());
    if (reservedFor != null || renewing) {
      return refuse(attach, beingChanged());
    }
    if (calling != null) {
      return refuse(attach, locked());
    }
    endAttachment();
    silenced = null;
    attachment = new Attachment(attach.epoch(), attach.worker(), shown(attach));
    context.watch(attach.worker());
    heard = deadlines.nanos();
    timers.startSingleTimer(OwnerSilent.OWNER_SILENT, settings.ownerTimeout());
    beside(
        attach,
        this::describe,
        outcome -> {
          if (outcome.error() != null) {
            refuse(attach, refusal(outcome));
          } else {
            lastDescription = outcome.value();
            attach
                .replyTo()
                .tell(
                    new DeviceProtocol.Attached(
                        context.getSelf().narrow(), view(), outcome.value()));
          }
        });
    return Behaviors.same();
  }

  /** A worker of this epoch is there: nothing more is done for an older one. */
  private void newestIs(Epoch epoch) {
    if (epoch.compareTo(newest) > 0 && (attachment != null || worksForOlderThan(epoch))) {
      interrupt("has been taken over by the worker of epoch " + epoch.value() + ", which stops it");
      endAttachment();
    }
    newest = epoch;
    watch.epochs().seen(name, epoch);
  }

  /** What it does without having been attached must end, too. */
  private boolean worksForOlderThan(Epoch epoch) {
    Epoch its = activity == null ? null : epochOf(activity.request());
    return its != null && its.compareTo(epoch) < 0;
  }

  private Behavior<Command> onDetach(Detach detach) {
    if (isAttachedTo(detach.epoch())) {
      interrupt("has been stopped, because its worker has let go of it");
      endAttachment();
      renewIfFree();
    }
    return Behaviors.same();
  }

  private Behavior<Command> onTerminated(Terminated terminated) {
    if (attachment != null && attachment.worker().equals(terminated.getRef())) {
      loseOwner("its worker has vanished");
    }
    if (calling != null && calling.call().replyTo().equals(terminated.getRef())) {
      loseCaller("who has called it has gone");
    }
    followers.keySet().removeIf(follower -> follower.equals(terminated.getRef()));
    return Behaviors.same();
  }

  private boolean isAttachedTo(Epoch epoch) {
    return attachment != null && attachment.epoch().equals(epoch);
  }

  private void endAttachment() {
    if (attachment != null) {
      timers.cancel(OwnerSilent.OWNER_SILENT);
      context.unwatch(attachment.worker());
      attachment = null;
    }
  }

  // ---------------------------------------------------------------- whether its worker is alive

  private Behavior<Command> onKeepAlive(KeepAlive alive) {
    Refusal refusal = stale(alive.epoch(), newest);
    if (refusal == null) {
      noticeGap();
      if (isAttachedTo(alive.epoch())) {
        heard = deadlines.nanos();
        timers.startSingleTimer(OwnerSilent.OWNER_SILENT, settings.ownerTimeout());
        return Behaviors.same();
      }
      refusal = letGo(alive.epoch());
    }
    alive.replyTo().tell(new NotYours(name, refusal));
    return Behaviors.same();
  }

  private Behavior<Command> onOwnerSilent() {
    if (attachment != null) {
      loseOwner("its worker was silent for " + shown(settings.ownerTimeout()));
    }
    return Behaviors.same();
  }

  private Duration silence() {
    return Duration.ofNanos(deadlines.nanos() - heard);
  }

  static String shown(Duration time) {
    return time.toMillis() % 1000 == 0
        ? time.toSeconds() + " s"
        : Math.round(time.toMillis() / 100.0) / 10.0 + " s";
  }

  /**
   * A gap counts also if it is found only afterwards, and if it was this process that stood still:
   * what became of a move meanwhile is not known, and its answer may be wrong. So this comes before
   * all that is done or answered for a worker.
   */
  private void noticeGap() {
    if (attachment != null && silence().compareTo(settings.ownerTimeout()) > 0) {
      loseOwner("its worker was silent for " + shown(silence()));
    }
    if (calling != null && callerSilence().compareTo(settings.ownerTimeout()) > 0) {
      loseCaller("who has called it was silent for " + shown(callerSilence()));
    }
  }

  /**
   * Found in time, the move of a silent worker or caller is stopped. Found much too late, this
   * process stood still: the other nodes of the hutch have stopped the move long ago and may have
   * begun one of their own, which a late stop would end.
   */
  private void noticeStandstill(Duration silence, String because) {
    if (doing() != NOTHING) {
      if (silence.minus(settings.ownerTimeout()).compareTo(STANDSTILL) > 0) {
        overslept = doing();
        flight = overslept;
        watch.guard().tell(new HutchGuard.StoodStill(overslept, context.getSelf()));
      } else {
        log.warn("{}: stopped, because {}", name, because);
      }
    }
  }

  private void loseOwner(String because) {
    noticeStandstill(silence(), because + " (epoch " + newest.value() + ")");
    silenced = attachment.epoch();
    interrupt("owner-silent", "has been stopped, because " + because);
    endAttachment();
    renewIfFree();
  }

  private Behavior<Command> onOverslept(Overslept message) {
    boolean stillDoesIt = doing() == message.activity();
    boolean inUse = attachment != null || calling != null;
    if (message.activity() != overslept || inUse && !stillDoesIt) {
      return Behaviors.same();
    }
    if (message.takenCareOf()) {
      if (stillDoesIt) {
        flightEnded();
      }
      log.warn("{}: left alone, since this node stood still and the hutch has another", name);
      return Behaviors.same();
    }
    overslept = 0;
    log.warn("{}: stopped, because this node stood still while it moved", name);
    if (connected) {
      stopDevice();
    } else {
      // its command may have ended with the connection, but not the motion
      cutOff = true;
    }
    return Behaviors.same();
  }

  private Refusal letGo(Epoch epoch) {
    return Refusal.of(
        "owner-silent",
        "%s has let go of the worker of epoch %d, which must take it again."
            .formatted(name, epoch.value()));
  }

  /** The node died that it was on; unless a worker has taken it since, it is brought to rest. */
  private Behavior<Command> onStrayFound(StrayFound stray) {
    if (attachment == null && activity == null) {
      log.warn("{}: stopped, because {}", name, stray.because());
      stopDevice();
    }
    return Behaviors.same();
  }

  // ---------------------------------------------------------------- a change of its configuration

  private Behavior<Command> onReserve(Reserve reserve) {
    Refusal inUse = inUse();
    if (inUse != null) {
      reserve.replyTo().tell(new DeviceProtocol.NotReserved(name, inUse));
      return Behaviors.same();
    }
    reservedFor = reserve.change();
    timers.startSingleTimer(ReservationOver.RESERVATION_OVER, reserve.atMost());
    reserve.replyTo().tell(new DeviceProtocol.Reserved(name));
    return Behaviors.same();
  }

  /** Null if nobody uses it. */
  private Refusal inUse() {
    if (attachment != null) {
      return Refusal.of(
          "in-use",
          "%s is used by %s; try again when that has ended.".formatted(name, attachment.run()));
    }
    if (calling != null) {
      return Refusal.of(
          "in-use", "%s is used by %s; try again when that has ended.".formatted(name, holder()));
    }
    return activity == null && waiting.isEmpty() && !flying
        ? null
        : Refusal.of("in-use", name + " is busy; try again when it is at rest.");
  }

  private Refusal beingChanged() {
    return Refusal.of(
        "being-changed", name + " can't be used, its configuration is being changed.");
  }

  private Behavior<Command> onRelease(Release release) {
    return release.change().equals(reservedFor) ? onReservationOver() : Behaviors.same();
  }

  private Behavior<Command> onReservationOver() {
    reservedFor = null;
    timers.cancel(ReservationOver.RESERVATION_OVER);
    return Behaviors.same();
  }

  private void lookAtConfig() {
    if (watch.devices().isKnown() && !madeFrom.equals(watch.devices().madeFrom(name))) {
      if (!outdated && inUse() != null) {
        log.warn("{}: its configuration has changed, which counts when it is free", name);
      }
      outdated = true;
    }
    renewIfFree();
  }

  /** Ends it, to be started anew with its new configuration, or to vanish if it has none. */
  private void renewIfFree() {
    if (outdated && !renewing && inUse() == null) {
      renewing = true;
      log.info("{}: ends, to start anew with its configuration as it is now", name);
      watch.renewal().begin(context.getSelf());
    }
  }

  // ---------------------------------------------------------------- fencing

  private static Epoch epochOf(Request request) {
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
    } else if (request instanceof Configure configure) {
      return configure.epoch();
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

  /** Null unless it comes from a worker that has a successor. */
  private Refusal fence(Request request) {
    Epoch epoch = epochOf(request);
    return epoch == null ? null : stale(epoch, newest);
  }

  private Refusal stale(Epoch epoch, Epoch than) {
    return epoch.compareTo(than) < 0 ? stale(epoch) : null;
  }

  private Refusal stale(Epoch epoch) {
    return Refusal.of(
        "stale-epoch",
        "%s refuses a worker of epoch %d: it has been attached to one of epoch %d."
            .formatted(name, epoch.value(), newest.value()));
  }

  /** Null if a command of this epoch may be done. */
  private Refusal refusalOf(Epoch epoch) {
    if (epoch.compareTo(newest) < 0) {
      return stale(epoch);
    }
    noticeGap();
    if (epoch.equals(silenced)) {
      return letGo(epoch);
    }
    if (attachment != null && !attachment.epoch().equals(epoch)) {
      return Refusal.of(
          "locked",
          "%s is used by the scan of epoch %d.".formatted(name, attachment.epoch().value()));
    }
    return null;
  }

  // ---------------------------------------------------------------- commands

  /** A command that has waited. */
  private void perform(Request request) {
    if (request instanceof Read read) {
      onRead(read);
    } else if (request instanceof Set set) {
      onSet(set);
    } else if (request instanceof Trigger trigger) {
      onTrigger(trigger);
    } else if (request instanceof Stage stage) {
      onStage(stage);
    } else if (request instanceof Unstage unstage) {
      onUnstage(unstage);
    } else if (request instanceof Configure configure) {
      onConfigure(configure);
    } else if (request instanceof Kickoff kickoff) {
      onKickoff(kickoff);
    } else if (request instanceof Complete complete) {
      onComplete(complete);
    } else if (request instanceof Collect collect) {
      onCollect(collect);
    } else {
      throw new IllegalStateException("no command that can wait: " + request);
    }
  }

  private Behavior<Command> onRead(Read read) {
    Refusal refusal = refusalOf(read.epoch());
    if (refusal != null) {
      return refuse(read, refusal);
    }
    return begin(
        read,
        this::read,
        outcome -> {
          if (outcome.error() != null) {
            refuse(read, refusal(outcome));
          } else {
            lastReadings = outcome.value();
            read.replyTo()
                .tell(
                    new ScanBundlerProtocol.DeviceRead(
                        name, read.point(), outcome.value(), device.assets()));
          }
        });
  }

  private CompletionStage<List<Reading>> read() {
    return orElse(device::read, lastReadings);
  }

  private CompletionStage<DeviceDescription> describe() {
    return orElse(device::describe, lastDescription);
  }

  /** Asks as {@code onFailure} says: once more, or what came last, if anything did. */
  private <T> CompletionStage<T> orElse(Supplier<CompletionStage<T>> question, T last) {
    CompletionStage<T> answer = question.get();
    return switch (config.onFailure()) {
      case RETRY -> answer.exceptionallyCompose(error -> question.get());
      case BUFFER -> last == null ? answer : answer.exceptionally(error -> last);
      case RAISE -> answer;
    };
  }

  /** Null if its configuration allows that it is changed by a command. */
  private Refusal refusalToChange() {
    return config.readOnly()
        ? Refusal.of("read-only", name + " is read-only in its configuration.")
        : null;
  }

  private Behavior<Command> onSet(Set set) {
    Refusal refusal = refusalOf(set.epoch());
    if (refusal == null) {
      refusal = refusalToChange();
    }
    if (refusal == null) {
      refusal = watch.limits().refusalOf(name, set.setpoint(), () -> device.facts().units());
    }
    return refusal != null
        ? refuse(set, refusal)
        : begin(set, () -> device.set(set.setpoint()), answer(set.token(), set.replyTo()));
  }

  private Behavior<Command> onTrigger(Trigger trigger) {
    Refusal refusal = refusalOf(trigger.epoch());
    return refusal != null
        ? refuse(trigger, refusal)
        : begin(trigger, device::trigger, answer(trigger.token(), trigger.replyTo()));
  }

  private Behavior<Command> onStage(Stage stage) {
    Refusal refusal = refusalOf(stage.epoch());
    return refusal != null
        ? refuse(stage, refusal)
        : begin(stage, device::stage, answer(stage.token(), stage.replyTo()));
  }

  private Behavior<Command> onUnstage(Unstage unstage) {
    Refusal refusal = refusalOf(unstage.epoch());
    return refusal != null
        ? refuse(unstage, refusal)
        : begin(unstage, device::unstage, answer(unstage.token(), unstage.replyTo()));
  }

  private Behavior<Command> onConfigure(Configure configure) {
    Refusal refusal = refusalOf(configure.epoch());
    if (refusal == null) {
      refusal = refusalToChange();
    }
    return refusal != null
        ? refuse(configure, refusal)
        : begin(
            configure,
            () -> device.configure(configure.settings()),
            answer(configure.token(), configure.replyTo()));
  }

  // ---------------------------------------------------------------- flights

  private Behavior<Command> onKickoff(Kickoff kickoff) {
    Refusal refusal = refusalOf(kickoff.epoch());
    if (refusal == null) {
      refusal = refusalToChange();
    }
    if (refusal == null && flying) {
      refusal = Refusal.of("flying", name + " flies already: complete or stop it first.");
    }
    if (refusal != null) {
      return refuse(kickoff, refusal);
    }
    flying = true;
    flight = ++activities;
    watch.guard().tell(new HutchGuard.MoveBegun(name));
    reportSoon();
    return begin(
        kickoff,
        () -> device.kickoff(kickoff.settings()),
        answer(kickoff.token(), kickoff.replyTo()));
  }

  private Behavior<Command> onComplete(Complete complete) {
    Refusal refusal = refusalOf(complete.epoch());
    Consumer<Outcome<Void>> answer = answer(complete.token(), complete.replyTo());
    return refusal != null
        ? refuse(complete, refusal)
        : begin(
            complete,
            device::complete,
            outcome -> {
              if (outcome.error() == null) {
                flightEnded();
              }
              answer.accept(outcome);
            });
  }

  private void flightEnded() {
    if (flying) {
      flying = false;
      watch.guard().tell(new HutchGuard.MoveEnded(name));
      reportSoon();
    }
  }

  private Behavior<Command> onCollect(Collect collect) {
    Refusal refusal = refusalOf(collect.epoch());
    return refusal != null
        ? refuse(collect, refusal)
        : begin(
            collect,
            device::collect,
            outcome -> {
              if (outcome.error() != null) {
                refuse(collect, refusal(outcome));
              } else {
                giveCollected(collect, outcome.value());
              }
            });
  }

  /** In pages, since a message to another node may not be of any size. */
  private void giveCollected(Collect collect, List<List<Reading>> events) {
    int width = events.isEmpty() ? 1 : Math.max(1, events.get(0).size());
    int page = Math.max(1, READINGS_PER_PAGE / width);
    int from = 0;
    do {
      int to = Math.min(events.size(), from + page);
      collect
          .replyTo()
          .tell(
              new ScanBundlerProtocol.DeviceCollected(
                  name, collect.point(), from, events.subList(from, to), to == events.size()));
      from = to;
    } while (from < events.size());
  }

  // ---------------------------------------------------------------- answers

  private Consumer<Outcome<Void>> answer(long token, ActorRef<Reply> replyTo) {
    return outcome ->
        replyTo.tell(
            outcome.error() == null
                ? new DeviceProtocol.Done(name, token)
                : new DeviceProtocol.Failed(name, token, refusal(outcome)));
  }

  private Behavior<Command> onLocate(Locate locate) {
    Refusal refusal = refusalOf(locate.epoch());
    if (refusal != null) {
      return refuse(locate, refusal);
    }
    beside(
        locate,
        device::locate,
        outcome -> {
          if (outcome.error() != null) {
            refuse(locate, refusal(outcome));
          } else {
            Device.Location at = outcome.value();
            locate
                .replyTo()
                .tell(
                    new DeviceProtocol.Located(name, locate.token(), at.setpoint(), at.readback()));
          }
        });
    return Behaviors.same();
  }

  private record Snapshot(DeviceDescription description, List<Reading> readings) {}

  private Behavior<Command> onReadNow(ReadNow readNow) {
    beside(
        readNow,
        () -> describe().thenCombine(read(), Snapshot::new),
        outcome -> {
          if (outcome.error() != null) {
            refuse(readNow, refusal(outcome));
          } else {
            Snapshot now = outcome.value();
            lastDescription = now.description();
            lastReadings = now.readings();
            readNow.replyTo().tell(new DeviceProtocol.ReadDone(now.description(), now.readings()));
          }
        });
    return Behaviors.same();
  }

  private Behavior<Command> onGetView(GetView getView) {
    getView.replyTo().tell(new DeviceProtocol.View(view()));
    return Behaviors.same();
  }

  // ---------------------------------------------------------------- calls outside any scan

  private Behavior<Command> onCall(Call call) {
    Refusal refusal = attachment != null || calling != null ? locked() : null;
    if (refusal == null && (reservedFor != null || renewing)) {
      refusal = beingChanged();
    }
    if (refusal == null && flying) {
      refusal = Refusal.of("busy", name + " is still coming to rest.");
    }
    if (refusal == null) {
      refusal = refusalOf(call);
    }
    if (refusal != null) {
      return refuse(call, refusal);
    }
    calling = new Calling(call, false);
    context.watch(call.replyTo());
    callerHeard = deadlines.nanos();
    timers.startSingleTimer(CallerSilent.CALLER_SILENT, settings.ownerTimeout());
    call.replyTo().tell(new DeviceProtocol.CallAccepted(name, call.id()));
    return Behaviors.same();
  }

  private Behavior<Command> onCallWhileBusy(Call call) {
    return refuse(
        call,
        attachment != null || calling != null
            ? locked()
            : Refusal.of("busy", name + " is still coming to rest."));
  }

  private Refusal refusalOf(Call call) {
    // our own limits are none of its configuration: they may be set for what nobody may move
    Refusal refusal = call.operation() instanceof Operation.SetLimits ? null : refusalToChange();
    if (refusal == null) {
      refusal = calls.refusalOf(call.operation());
    }
    if (refusal == null && call.operation() instanceof Operation.MoveTo move) {
      refusal = watch.limits().refusalOf(name, move.setpoint(), () -> device.facts().units());
    }
    if (refusal == null && call.operation() instanceof Operation.SetLimits set) {
      refusal = SoftLimits.refusalOf(name, set.limits(), device.facts());
    }
    return refusal;
  }

  /** Its caller wants it done, and is alive. */
  private Behavior<Command> onCallAlive(CallAlive alive) {
    noticeGap();
    if (calling == null || !calling.call().id().equals(alive.id())) {
      alive
          .replyTo()
          .tell(
              new DeviceProtocol.CallFailed(
                  name,
                  alive.id(),
                  Refusal.of(
                      "call-ended",
                      name + " does not do this any more: it has ended, or was started anew.")));
      return Behaviors.same();
    }
    callerHeard = deadlines.nanos();
    timers.startSingleTimer(CallerSilent.CALLER_SILENT, settings.ownerTimeout());
    Behavior<Command> next = calling.begun() ? Behaviors.same() : beginCall();
    if (calling != null) {
      alive.replyTo().tell(new DeviceProtocol.CallAccepted(name, alive.id()));
    }
    return next;
  }

  private Behavior<Command> beginCall() {
    Call call = calling.call();
    calling = new Calling(call, true);
    calls.began(call, now());
    log.info("{}: {}, as {} has asked", name, call.operation().shown(), call.who());
    if (call.operation() instanceof Operation.MoveBy move) {
      begin(call, device::locate, at -> moveBy(call, move.step(), at));
    } else {
      begin(call, () -> perform(call), this::endCall);
    }
    return next();
  }

  /** On the actor's thread again: a stop that came meanwhile has ended the call. */
  private void moveBy(Call call, double step, Outcome<Device.Location> at) {
    if (at.error() != null) {
      endCall(new Outcome<>(null, at.error()));
      return;
    }
    double from = at.value().setpoint().asDouble();
    Value target = Value.of(from + step);
    Refusal refusal =
        Double.isFinite(from)
            ? watch.limits().refusalOf(name, target, () -> device.facts().units())
            : Refusal.of(
                "not-finite",
                "%s can't be moved by %s from %s: it is no number."
                    .formatted(name, step, at.value().setpoint().shown()));
    if (refusal != null) {
      endCall(new Outcome<>(null, new DeviceFailure(refusal)));
    } else {
      begin(call, () -> device.set(target).thenApply(there -> target), this::endCall);
    }
  }

  private CompletionStage<Value> perform(Call call) {
    Operation operation = call.operation();
    if (operation instanceof Operation.MoveTo move) {
      return device.set(move.setpoint()).thenApply(there -> move.setpoint());
    } else if (operation instanceof Operation.Configure configure) {
      return nothing(device.configure(configure.settings()));
    } else if (operation instanceof Operation.SetLimits set) {
      return nothing(watch.limits().change(name, call.who(), set.limits()));
    } else if (operation instanceof Operation.CallMethod method) {
      return device.methods().get(method.method()).body().call(method.arguments());
    } else if (operation instanceof Operation.Perform perform) {
      return nothing(
          switch (perform.action()) {
            case STAGE -> device.stage();
            case UNSTAGE -> device.unstage();
            case TRIGGER -> device.trigger();
          });
    }
    throw new IllegalStateException("no operation that is done in one step: " + operation);
  }

  private static CompletionStage<Value> nothing(CompletionStage<Void> done) {
    return done.thenApply(none -> Value.None.NONE);
  }

  /** Tells its caller, unless that has been done because the call was stopped. */
  private void endCall(Outcome<Value> outcome) {
    if (calling == null) {
      return;
    }
    Call call = calling.call();
    boolean begun = calling.begun();
    calling = null;
    timers.cancel(CallerSilent.CALLER_SILENT);
    context.unwatch(call.replyTo());
    Refusal problem = outcome.error() == null ? null : refusal(outcome);
    Value result =
        outcome.error() == null && outcome.value() != null ? outcome.value() : Value.None.NONE;
    if (begun) {
      calls.ended(now(), result, problem);
    }
    call.replyTo()
        .tell(
            problem == null
                ? new DeviceProtocol.CallDone(name, call.id(), result)
                : new DeviceProtocol.CallFailed(name, call.id(), problem));
    reportSoon();
  }

  private Duration callerSilence() {
    return Duration.ofNanos(deadlines.nanos() - callerHeard);
  }

  private Behavior<Command> onCallerSilent() {
    if (calling != null) {
      loseCaller("who has called it was silent for " + shown(settings.ownerTimeout()));
    }
    return Behaviors.same();
  }

  /** What can't be interrupted comes to its end, for nobody. */
  private void loseCaller(String because) {
    noticeStandstill(callerSilence(), because + " (" + calling.call().who() + ")");
    String why = "has been stopped, because " + because;
    interrupt("owner-silent", why);
    endCall(new Outcome<>(null, new DeviceFailure("owner-silent", name + " " + why + ".")));
    renewIfFree();
  }

  private Refusal locked() {
    String holder = holder();
    return new Refusal(
        "locked",
        attachment != null
            ? "%s is held by %s: wait for its end, or end it.".formatted(name, holder)
            : "%s is used by %s: wait for its end, or stop it.".formatted(name, holder),
        Map.of("device", name.value(), "held_by", holder));
  }

  /** Who has it, in words; empty if nobody has. */
  private String holder() {
    if (attachment != null) {
      return attachment.run();
    }
    return calling == null
        ? ""
        : "%s (%s)".formatted(calling.call().who(), calling.call().operation().shown());
  }

  private static String shown(Attach attach) {
    return attach.run() == null
        ? "the scan of epoch " + attach.epoch().value()
        : "scan %d (run %s)".formatted(attach.scanId(), attach.run());
  }

  private static double now() {
    return System.currentTimeMillis() / 1000.0;
  }

  private Behavior<Command> onGetDetails(GetDetails get) {
    get.replyTo()
        .tell(
            new DeviceDetails(
                view(),
                holder(),
                calls.methods(),
                device.facts().limits(),
                watch.limits().of(name),
                watch.limits().changes(name),
                calls.views()));
    return Behaviors.same();
  }

  // ---------------------------------------------------------------- followers

  private Behavior<Command> onFollow(Follow follow) {
    if (followers.put(follow.replyTo(), deadlines.nanos()) == null) {
      context.watch(follow.replyTo());
    }
    update();
    return Behaviors.same();
  }

  private Behavior<Command> onReadingsChanged() {
    long left = settings.updateInterval().toNanos() - (deadlines.nanos() - updated);
    if (left <= 0) {
      update();
    } else {
      updateAfter(Duration.ofNanos(left));
    }
    return Behaviors.same();
  }

  private void updateAfter(Duration wait) {
    if (!timers.isTimerActive(UpdateDue.UPDATE_DUE)) {
      timers.startSingleTimer(UpdateDue.UPDATE_DUE, wait);
    }
  }

  private Behavior<Command> onUpdateDue() {
    update();
    return Behaviors.same();
  }

  /** Costs nothing while nobody follows: the device is asked only then to tell of changes. */
  private void update() {
    long silent = deadlines.nanos() - FOLLOWER_TIMEOUT.toNanos();
    followers.values().removeIf(heard -> heard - silent < 0);
    if (followers.isEmpty()) {
      return;
    }
    updated = deadlines.nanos();
    if (!connected) {
      tellFollowers(List.of());
      return;
    }
    // first, so that a change while it is read is told of as well
    device.tellNextChange();
    beside(
        null,
        device::read,
        outcome -> tellFollowers(outcome.error() == null ? outcome.value() : List.of()));
  }

  private void tellFollowers(List<Reading> readings) {
    DeviceProtocol.Update update = new DeviceProtocol.Update(view(), holder(), readings);
    followers.keySet().forEach(follower -> follower.tell(update));
  }

  // ---------------------------------------------------------------- while busy

  private Behavior<Command> onSetWhileBusy(Set set) {
    Refusal refusal = refusalOf(set.epoch());
    if (refusal != null) {
      return refuse(set, refusal);
    }
    // a move that has been stopped and answered only has to come to rest: the next one may wait
    boolean moving =
        activity.request() instanceof Set && activity.answer() != null
            || waiting.stream().anyMatch(Set.class::isInstance);
    return moving
        ? refuse(set, Refusal.of("busy", name + " is already moving."))
        : onRequestWhileBusy(set);
  }

  private Behavior<Command> onRequestWhileBusy(Request request) {
    Refusal stale = fence(request);
    if (stale != null) {
      return refuse(request, stale);
    }
    if (waiting.size() >= settings.waitingCommands()) {
      return refuse(
          request,
          Refusal.of(
              "busy", "%s is busy and %d commands wait already.".formatted(name, waiting.size())));
    }
    waiting.add(request);
    return Behaviors.same();
  }

  /** Starts a command: one that has ended already is answered here and now. */
  private <T> Behavior<Command> begin(
      Request request, Supplier<CompletionStage<T>> command, Consumer<Outcome<T>> answer) {
    long began = deadlines.nanos();
    CompletionStage<Outcome<T>> outcome = outcomeOf(command);
    Outcome<T> now = outcome.toCompletableFuture().getNow(null);
    if (now != null) {
      measure(request, began, now);
      answer.accept(now);
      return Behaviors.same();
    }
    long id = ++activities;
    @SuppressWarnings("unchecked")
    Consumer<Outcome<?>> reply = (Consumer<Outcome<?>>) (Consumer<?>) answer;
    activity = new Activity(id, request, reply, began);
    context.pipeToSelf(outcome, (value, error) -> new ActivityEnded(id, value));
    if (activity.moves()) {
      watch.guard().tell(new HutchGuard.MoveBegun(name));
    }
    reportSoon();
    return busy;
  }

  private Behavior<Command> onActivityEnded(ActivityEnded ended) {
    if (activity == null || activity.id() != ended.id()) {
      return Behaviors.same();
    }
    noticeGap();
    Activity done = activity;
    activity = null;
    boolean late = done.moves() && done.id() != overslept && maybeStillMoves(ended.outcome());
    CompletionStage<Outcome<Void>> stopping = late ? outcomeOf(device::stop) : null;
    if (done.moves()) {
      watch.guard().tell(new HutchGuard.MoveEnded(name));
      // its failure may come before the news that the line has gone
      cutOff |= (!connected || hasLostItsLine(ended.outcome())) && done.id() != overslept;
    }
    if (done.answer() != null) {
      // what was stopped says nothing about how fast the device is
      measure(done.request(), done.began(), ended.outcome());
      done.answer().accept(ended.outcome());
    }
    if (stopping != null) {
      return comeToRest(done, stopping);
    }
    reportSoon();
    return next();
  }

  /** Before the next move: the stop has a circuit of its own and could come after its begin. */
  private Behavior<Command> comeToRest(Activity late, CompletionStage<Outcome<Void>> stopping) {
    long id = ++activities;
    activity = new Activity(id, late.request(), null, late.began());
    context.pipeToSelf(
        stopping.thenApply(this::stopped), (outcome, error) -> new ActivityEnded(id, outcome));
    return Behaviors.same();
  }

  private boolean maybeStillMoves(Outcome<?> outcome) {
    return outcome.error() != null && STILL_MOVING.contains(refusal(outcome).code());
  }

  private boolean hasLostItsLine(Outcome<?> outcome) {
    return outcome.error() != null && refusal(outcome).code().equals("disconnected");
  }

  private void measure(Request request, long began, Outcome<?> outcome) {
    DeviceMeasures.Operation operation =
        request instanceof Read
            ? DeviceMeasures.Operation.READ
            : request instanceof Set
                ? DeviceMeasures.Operation.SET
                : request instanceof Trigger ? DeviceMeasures.Operation.TRIGGER : null;
    if (operation == null) {
      return;
    }
    if (outcome.error() == null) {
      measures.done(operation, deadlines.nanos() - began);
    } else {
      measures.failed(operation);
    }
  }

  /** A device type with a defect fails its command, not the actor with all that waits in it. */
  private <T> CompletionStage<Outcome<T>> outcomeOf(Supplier<CompletionStage<T>> command) {
    try {
      return command.get().handle(Outcome::new);
    } catch (RuntimeException defect) {
      log.error("{}: its type {} has a defect", name, config.deviceClass(), defect);
      return CompletableFuture.completedStage(new Outcome<>(null, defect));
    }
  }

  /** Asks something that no command has to wait for. */
  private <T> void beside(
      Request request, Supplier<CompletionStage<T>> question, Consumer<Outcome<T>> answer) {
    CompletionStage<Outcome<T>> outcome = outcomeOf(question);
    Outcome<T> now = outcome.toCompletableFuture().getNow(null);
    if (now != null) {
      answer.accept(now);
      return;
    }
    long id = ++activities;
    @SuppressWarnings("unchecked")
    Consumer<Outcome<?>> reply = (Consumer<Outcome<?>>) (Consumer<?>) answer;
    asides.put(id, new Aside(request, reply));
    context.pipeToSelf(outcome, (value, error) -> new Answered(id, value));
  }

  private Behavior<Command> onAnswered(Answered answered) {
    asides.remove(answered.id()).answer().accept(answered.outcome());
    return Behaviors.same();
  }

  // ---------------------------------------------------------------- stopping

  private Behavior<Command> onStop() {
    if (active()) {
      log.info("{}: stopped, because somebody asked", name);
    }
    stopDevice();
    failInterruptible("stopped", "has been stopped");
    return Behaviors.same();
  }

  private Behavior<Command> onStopFor(StopFor stop) {
    if (stop.epoch().compareTo(newest) < 0) {
      return Behaviors.same();
    }
    newestIs(stop.epoch());
    // what a person has it do is not done for a worker
    return calling == null ? onStop() : Behaviors.same();
  }

  /** Stops it if it is doing something that can be stopped. */
  private void interrupt(String why) {
    interrupt("stopped", why);
  }

  private void interrupt(String code, String why) {
    if (active()) {
      stopDevice();
    }
    failInterruptible(code, why);
  }

  /** Whether it is doing something that can be stopped. */
  private boolean active() {
    return doing() != NOTHING && doing() != overslept;
  }

  /** The number of what it is doing that can be stopped: a command, or a flight between two. */
  private long doing() {
    if (activity != null && activity.interruptible()) {
      return activity.id();
    }
    return flying ? flight : NOTHING;
  }

  private void stopDevice() {
    flightEnded();
    beside(null, device::stop, this::stopped);
  }

  private <T> Outcome<T> stopped(Outcome<T> outcome) {
    if (outcome.error() != null) {
      log.error("{}: the stop has failed, use its own controls: {}", name, refusal(outcome).text());
    }
    return outcome;
  }

  private void failInterruptible(String code, String why) {
    Refusal stopped = Refusal.of(code, name + " " + why + ".");
    if (activity != null && activity.interruptible() && activity.answer() != null) {
      activity.answer().accept(new Outcome<>(null, new DeviceFailure(stopped)));
      activity = activity.answered();
    }
    refuseWaiting(Activity::canBeStopped, stopped);
  }

  private void refuseWaiting(java.util.function.Predicate<Request> which, Refusal refusal) {
    for (Request request : new ArrayList<>(waiting)) {
      if (which.test(request)) {
        waiting.remove(request);
        refuse(request, refusal);
      }
    }
  }

  private Behavior<Command> onPark() {
    interrupt("handed-over", "is to run on another node");
    if (activity == null) {
      return Behaviors.stopped();
    }
    parking = true;
    timers.startSingleTimer(ParkTimedOut.PARK_TIMED_OUT, settings.parkTimeout());
    return Behaviors.same();
  }

  /** Nobody waits for an answer that can't come any more. */
  private void refuseAll(Refusal refusal) {
    if (activity != null && activity.answer() != null) {
      activity.answer().accept(new Outcome<>(null, new DeviceFailure(refusal)));
    }
    if (calling != null) {
      endCall(new Outcome<>(null, new DeviceFailure(refusal)));
    }
    refuseWaiting(request -> true, refusal);
    asides.values().stream()
        .map(Aside::request)
        .filter(Objects::nonNull)
        .forEach(request -> refuse(request, refusal));
  }

  private Behavior<Command> onEnd(String code, String why) {
    refuseAll(Refusal.of(code, name + " " + why + "."));
    if (watch.devices().isKnown() && watch.devices().find(name) == null) {
      directory.tell(new DeviceDirectoryProtocol.Gone(name));
    }
    if (renewing) {
      watch.renewal().ended();
    }
    if (cutOff) {
      watch.guard().tell(new HutchGuard.LeftMoving(name));
    } else if (flying || activity != null && activity.moves()) {
      watch.guard().tell(new HutchGuard.MoveEnded(name));
    }
    boolean moving = active();
    flying = false;
    if (moving) {
      // closed before the stop has left, it would not be stopped
      outcomeOf(device::stop).whenComplete((stopped, error) -> device.close());
    } else {
      device.close();
    }
    return Behaviors.same();
  }

  // ---------------------------------------------------------------- what others see

  private Refusal refusal(Outcome<?> outcome) {
    return DeviceFailure.refusalOf(name.value(), outcome.error());
  }

  private Behavior<Command> refuse(Request request, Refusal refusal) {
    if (request instanceof Attach attach) {
      attach.replyTo().tell(new DeviceProtocol.NotAttached(name, refusal));
    } else if (request instanceof Stage stage) {
      stage.replyTo().tell(new DeviceProtocol.Failed(name, stage.token(), refusal));
    } else if (request instanceof Unstage unstage) {
      unstage.replyTo().tell(new DeviceProtocol.Failed(name, unstage.token(), refusal));
    } else if (request instanceof Set set) {
      set.replyTo().tell(new DeviceProtocol.Failed(name, set.token(), refusal));
    } else if (request instanceof Trigger trigger) {
      trigger.replyTo().tell(new DeviceProtocol.Failed(name, trigger.token(), refusal));
    } else if (request instanceof Configure configure) {
      configure.replyTo().tell(new DeviceProtocol.Failed(name, configure.token(), refusal));
    } else if (request instanceof Kickoff kickoff) {
      kickoff.replyTo().tell(new DeviceProtocol.Failed(name, kickoff.token(), refusal));
    } else if (request instanceof Complete complete) {
      complete.replyTo().tell(new DeviceProtocol.Failed(name, complete.token(), refusal));
    } else if (request instanceof Collect collect) {
      collect.replyTo().tell(new ScanBundlerProtocol.ReadFailed(name, collect.point(), refusal));
    } else if (request instanceof Locate locate) {
      locate.replyTo().tell(new DeviceProtocol.Failed(name, locate.token(), refusal));
    } else if (request instanceof Read read) {
      read.replyTo().tell(new ScanBundlerProtocol.ReadFailed(name, read.point(), refusal));
    } else if (request instanceof ReadNow readNow) {
      readNow.replyTo().tell(new DeviceProtocol.NotRead(name, refusal));
    } else if (request instanceof Call call) {
      call.replyTo().tell(new DeviceProtocol.CallFailed(name, call.id(), refusal));
    } else if (request instanceof Reserve reserve) {
      reserve.replyTo().tell(new DeviceProtocol.NotReserved(name, refusal));
    }
    return Behaviors.same();
  }

  private Behavior<Command> onWake() {
    lookAtConfig();
    report();
    return Behaviors.same();
  }

  private static String nodeOf(Address address) {
    return address
        .getHost()
        .map(host -> host + ":" + address.getPort().map(Object::toString).orElse(""))
        .orElse("");
  }

  private DeviceView view() {
    String shown =
        problem.isEmpty() || !config.enabled() ? watch.devices().problemOfNeeds(config) : problem;
    return DeviceViews.of(config, hutch, node, device, watch.limits().of(name), state(), shown);
  }

  private DeviceView.State state() {
    if (!config.enabled()) {
      return DeviceView.State.DISABLED;
    }
    if (!connected) {
      return DeviceView.State.CONNECTING;
    }
    return activity == null && !flying ? DeviceView.State.READY : DeviceView.State.BUSY;
  }

  private Behavior<Command> onFactsChanged() {
    reportSoon();
    return Behaviors.same();
  }

  private Behavior<Command> onReportDue() {
    if (renewing) {
      // it was not heard the first time
      watch.renewal().begin(context.getSelf());
    }
    report();
    return Behaviors.same();
  }

  private void reportSoon() {
    if (!timers.isTimerActive(ReportDue.REPORT_SOON)) {
      timers.startSingleTimer(ReportDue.REPORT_SOON, settings.reportDelay());
    }
  }

  private void report() {
    directory.tell(new DeviceDirectoryProtocol.Report(view()));
    update();
  }
}
