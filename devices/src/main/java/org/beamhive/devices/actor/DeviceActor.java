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
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.config.OnFailure;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.type.Device;
import org.beamhive.devices.type.DeviceListener;
import org.beamhive.protocol.bundle.ScanBundlerProtocol;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.Attach;
import org.beamhive.protocol.device.DeviceProtocol.Command;
import org.beamhive.protocol.device.DeviceProtocol.Detach;
import org.beamhive.protocol.device.DeviceProtocol.GetView;
import org.beamhive.protocol.device.DeviceProtocol.KeepAlive;
import org.beamhive.protocol.device.DeviceProtocol.Locate;
import org.beamhive.protocol.device.DeviceProtocol.NotYours;
import org.beamhive.protocol.device.DeviceProtocol.Read;
import org.beamhive.protocol.device.DeviceProtocol.ReadNow;
import org.beamhive.protocol.device.DeviceProtocol.Reply;
import org.beamhive.protocol.device.DeviceProtocol.Request;
import org.beamhive.protocol.device.DeviceProtocol.Set;
import org.beamhive.protocol.device.DeviceProtocol.Stage;
import org.beamhive.protocol.device.DeviceProtocol.Stop;
import org.beamhive.protocol.device.DeviceProtocol.StopFor;
import org.beamhive.protocol.device.DeviceProtocol.Trigger;
import org.beamhive.protocol.device.DeviceProtocol.Unstage;
import org.beamhive.protocol.device.DeviceProtocol.Wake;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Refusal;
import org.slf4j.Logger;

/**
 * Owns one device. The worker of a run attaches it and then tells it what to do; anybody may stop
 * it.
 *
 * <p>States: <em>connecting</em> (tries for ever, refuses what needs the device), <em>ready</em>,
 * <em>busy</em> (one command takes time, others wait, a second move is refused), and
 * <em>disabled</em> (in the device file, but not to be used). A stop is handled at once in each of
 * them.
 *
 * <p>Nothing moves without an owner: a worker that is silent for {@code owner-timeout} loses the
 * device, which stops by itself, and is told so when it comes back. Nothing is done for a worker
 * that has a successor: the newest epoch counts, in each state and after a new start.
 *
 * <p>If it fails it is started again with a back-off and connects anew; what it was doing is
 * stopped. The fields below are touched on the actor's thread only: futures come back as messages.
 */
final class DeviceActor {
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
  private record Answered(Runnable reply) implements DeviceProtocol.Internal {}

  /** Its worker has not been heard for too long. */
  private enum OwnerSilent implements DeviceProtocol.Internal {
    OWNER_SILENT
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

  /** A move that has failed so has not ended. */
  private static final java.util.Set<String> STILL_MOVING =
      java.util.Set.of("move-timeout", "not-responding");

  /** So late after the owner timeout only a process that stood still comes. */
  private static final Duration STANDSTILL = Duration.ofSeconds(2);

  private record Outcome<T>(T value, Throwable error) {}

  /** Whose device it is: one worker's, for one run. */
  private record Attachment(Epoch epoch, ActorRef<Reply> worker) {}

  /**
   * The command under way.
   *
   * @param answer tells who asked; null when that has been done, because it was stopped
   * @param began when it began, as {@link System#nanoTime}
   */
  private record Activity(long id, Request request, Consumer<Outcome<?>> answer, long began) {
    boolean interruptible() {
      return request instanceof Set || request instanceof Trigger;
    }

    boolean moves() {
      return request instanceof Set;
    }

    Activity answered() {
      return new Activity(id, request, null, began);
    }
  }

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final Logger log;
  private final DeviceConfig config;
  private final DeviceName name;
  private final HutchName hutch;
  private final String node;
  private final Device device;
  private final DevicesSettings settings;
  private final ActorRef<DeviceDirectoryProtocol.Request> directory;
  private final HutchWatch watch;
  private final DeviceMeasures.OfDevice measures;
  private final Receive<Command> connecting;
  private final Receive<Command> ready;
  private final Receive<Command> busy;
  private final ArrayDeque<Request> waiting = new ArrayDeque<>();
  private Attachment attachment;
  private Epoch newest;
  // the worker that has lost the device by its silence: nothing more is done for it
  private Epoch silenced;
  private long heard;
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
    this.name = config.name();
    this.hutch = hutch;
    this.node = nodeOf(context.getSystem().address());
    this.device = device;
    this.settings = settings;
    this.directory = directory;
    this.watch = watch;
    this.measures = measures.of(name);
    this.newest = watch.epochs().newest(name);
    // built once: a receive that is built for each message would cost more than the message
    this.connecting = connectingState();
    this.ready = readyState();
    this.busy = busyState();
  }

  private Behavior<Command> start() {
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
        .onMessage(SignalsLost.class, message -> Behaviors.same())
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
        .onMessage(Stage.class, this::onStage)
        .onMessage(Unstage.class, this::onUnstage)
        .build();
  }

  private Receive<Command> busyState() {
    return connectedState()
        .onMessage(ActivityEnded.class, this::onActivityEnded)
        .onMessage(Set.class, this::onSetWhileBusy)
        .onMessage(Request.class, this::onRequestWhileBusy)
        .build();
  }

  private Receive<Command> disabledState() {
    return ReceiveBuilder.<Command>create()
        .onMessage(StrayFound.class, stray -> Behaviors.same())
        .onMessage(GetView.class, this::onGetView)
        .onMessage(Wake.class, message -> onWake())
        .onMessage(ReportDue.class, message -> onReportDue())
        .onMessageEquals(Park.PARK, Behaviors::stopped)
        .onMessage(
            Request.class,
            request ->
                refuse(request, Refusal.of("disabled", name + " is disabled in the device file.")))
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
        .onMessage(Wake.class, message -> onWake())
        .onMessage(FactsChanged.class, message -> onFactsChanged())
        .onMessage(ReportDue.class, message -> onReportDue())
        .onMessage(Park.class, message -> onPark())
        .onMessage(ParkTimedOut.class, message -> Behaviors.stopped())
        .onSignal(Terminated.class, this::onTerminated)
        .onSignal(PreRestart.class, signal -> onEnd())
        .onSignal(PostStop.class, signal -> onEnd());
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
    return activity == null ? ready : busy;
  }

  // ---------------------------------------------------------------- connecting

  private void connect() {
    trying = true;
    attempt++;
    int current = attempt;
    timers.cancel(ConnectAgain.CONNECT_AGAIN);
    context.pipeToSelf(device.connect(), (done, error) -> new ConnectEnded(current, error));
  }

  private Behavior<Command> onConnectAgain() {
    connect();
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
    cutOff |= activity != null && activity.moves() && activity.id() != overslept;
    changeTo(false, lost.problem());
    refuseWaiting(request -> true, Refusal.of("disconnected", lost.problem()));
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
    return refuse(request, refusal != null ? refusal : Refusal.of("not-connected", problem));
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
    endAttachment();
    silenced = null;
    attachment = new Attachment(attach.epoch(), attach.worker());
    context.watch(attach.worker());
    heard = System.nanoTime();
    timers.startSingleTimer(OwnerSilent.OWNER_SILENT, settings.ownerTimeout());
    beside(
        device.describe(),
        outcome -> {
          if (outcome.error() != null) {
            refuse(attach, refusal(outcome));
          } else {
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
    if (epoch.compareTo(newest) > 0 && attachment != null) {
      interrupt("has been taken over by the worker of epoch " + epoch.value() + ", which stops it");
      endAttachment();
    }
    newest = epoch;
    watch.epochs().seen(name, epoch);
  }

  private Behavior<Command> onDetach(Detach detach) {
    if (isAttachedTo(detach.epoch())) {
      interrupt("has been stopped, because its worker has let go of it");
      endAttachment();
    }
    return Behaviors.same();
  }

  private Behavior<Command> onTerminated(Terminated terminated) {
    if (attachment != null && attachment.worker().equals(terminated.getRef())) {
      loseOwner("its worker has vanished");
    }
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
        heard = System.nanoTime();
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
    return Duration.ofNanos(System.nanoTime() - heard);
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
  }

  /**
   * Found in time, a silent worker's move is stopped. Found much too late, this process stood
   * still: the other nodes of the hutch have stopped the move long ago and may have begun one of
   * their own, which a late stop would end.
   */
  private void loseOwner(String because) {
    if (activity != null && activity.interruptible()) {
      if (silence().minus(settings.ownerTimeout()).compareTo(STANDSTILL) > 0) {
        overslept = activity.id();
        watch.guard().tell(new HutchGuard.StoodStill(overslept, context.getSelf()));
      } else {
        log.warn("{}: stopped, because {} (epoch {})", name, because, newest.value());
      }
    }
    silenced = attachment.epoch();
    interrupt("owner-silent", "has been stopped, because " + because);
    endAttachment();
  }

  private Behavior<Command> onOverslept(Overslept message) {
    boolean stillDoesIt = activity != null && activity.id() == message.activity();
    if (message.activity() != overslept || attachment != null && !stillDoesIt) {
      return Behaviors.same();
    }
    if (message.takenCareOf()) {
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
                .tell(new ScanBundlerProtocol.DeviceRead(name, read.point(), outcome.value()));
          }
        });
  }

  private CompletionStage<List<Reading>> read() {
    CompletionStage<List<Reading>> reading = device.read();
    if (config.onFailure() == OnFailure.RETRY) {
      return reading.exceptionallyCompose(error -> device.read());
    }
    List<Reading> last = lastReadings;
    return config.onFailure() == OnFailure.BUFFER && last != null
        ? reading.exceptionally(error -> last)
        : reading;
  }

  private Behavior<Command> onSet(Set set) {
    Refusal refusal = refusalOf(set.epoch());
    if (refusal == null && config.readOnly()) {
      refusal = Refusal.of("read-only", name + " is read-only in the device file.");
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
        device.locate(),
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
        device.describe().thenCombine(read(), Snapshot::new),
        outcome -> {
          if (outcome.error() != null) {
            refuse(readNow, refusal(outcome));
          } else {
            Snapshot now = outcome.value();
            readNow.replyTo().tell(new DeviceProtocol.ReadDone(now.description(), now.readings()));
          }
        });
    return Behaviors.same();
  }

  private Behavior<Command> onGetView(GetView getView) {
    getView.replyTo().tell(new DeviceProtocol.View(view()));
    return Behaviors.same();
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
    long began = System.nanoTime();
    CompletionStage<Outcome<T>> outcome = command.get().handle(Outcome::new);
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
    if (done.moves()) {
      watch.guard().tell(new HutchGuard.MoveEnded(name));
      cutOff |= !connected && done.id() != overslept;
      if (ended.outcome().error() != null
          && done.id() != overslept
          && STILL_MOVING.contains(refusal(ended.outcome()).code())) {
        stopDevice();
      }
    }
    if (done.answer() != null) {
      // what was stopped says nothing about how fast the device is
      measure(done.request(), done.began(), ended.outcome());
      done.answer().accept(ended.outcome());
    }
    reportSoon();
    return next();
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
      measures.done(operation, System.nanoTime() - began);
    } else {
      measures.failed(operation);
    }
  }

  /** Asks something that no command has to wait for. */
  private <T> void beside(CompletionStage<T> stage, Consumer<Outcome<T>> answer) {
    CompletionStage<Outcome<T>> outcome = stage.handle(Outcome::new);
    Outcome<T> now = outcome.toCompletableFuture().getNow(null);
    if (now != null) {
      answer.accept(now);
    } else {
      context.pipeToSelf(outcome, (value, error) -> new Answered(() -> answer.accept(value)));
    }
  }

  private Behavior<Command> onAnswered(Answered answered) {
    answered.reply().run();
    return Behaviors.same();
  }

  // ---------------------------------------------------------------- stopping

  private Behavior<Command> onStop() {
    if (activity != null && activity.interruptible()) {
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
    return onStop();
  }

  /** Stops it if it is doing something that can be stopped. */
  private void interrupt(String why) {
    interrupt("stopped", why);
  }

  private void interrupt(String code, String why) {
    if (activity != null && activity.interruptible() && activity.id() != overslept) {
      stopDevice();
    }
    failInterruptible(code, why);
  }

  private void stopDevice() {
    beside(
        device.stop(),
        outcome -> {
          if (outcome.error() != null) {
            log.error(
                "{}: the stop has failed, use its own controls: {}", name, refusal(outcome).text());
          }
        });
  }

  private void failInterruptible(String code, String why) {
    Refusal stopped = Refusal.of(code, name + " " + why + ".");
    if (activity != null && activity.interruptible() && activity.answer() != null) {
      activity.answer().accept(new Outcome<>(null, new DeviceFailure(stopped)));
      activity = activity.answered();
    }
    refuseWaiting(request -> request instanceof Set || request instanceof Trigger, stopped);
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

  private Behavior<Command> onEnd() {
    if (activity != null && activity.moves()) {
      watch.guard().tell(new HutchGuard.MoveEnded(name));
    }
    if (activity != null && activity.interruptible() && activity.id() != overslept) {
      // closed before the stop has left, it would not be stopped
      device.stop().whenComplete((stopped, error) -> device.close());
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
    } else if (request instanceof Locate locate) {
      locate.replyTo().tell(new DeviceProtocol.Failed(name, locate.token(), refusal));
    } else if (request instanceof Read read) {
      read.replyTo().tell(new ScanBundlerProtocol.ReadFailed(name, read.point(), refusal));
    } else if (request instanceof ReadNow readNow) {
      readNow.replyTo().tell(new DeviceProtocol.NotRead(name, refusal));
    }
    return Behaviors.same();
  }

  private Behavior<Command> onWake() {
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
    return DeviceViews.of(config, hutch, node, device, state(), problem);
  }

  private DeviceView.State state() {
    if (!config.enabled()) {
      return DeviceView.State.DISABLED;
    }
    if (!connected) {
      return DeviceView.State.CONNECTING;
    }
    return activity == null ? DeviceView.State.READY : DeviceView.State.BUSY;
  }

  private Behavior<Command> onFactsChanged() {
    reportSoon();
    return Behaviors.same();
  }

  private Behavior<Command> onReportDue() {
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
  }
}
