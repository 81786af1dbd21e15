package org.beamhive.actors.queue;

import akka.Done;
import akka.actor.Cancellable;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.PreRestart;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.AskPattern;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.javadsl.CommandHandler;
import akka.persistence.typed.javadsl.CommandHandlerBuilder;
import akka.persistence.typed.javadsl.Effect;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehavior;
import akka.persistence.typed.javadsl.RetentionCriteria;
import akka.persistence.typed.javadsl.SignalHandler;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.beamhive.actors.queue.QueueMessage.Announce;
import org.beamhive.actors.queue.QueueMessage.DevicesChanged;
import org.beamhive.actors.queue.QueueMessage.EnvironmentReached;
import org.beamhive.actors.queue.QueueMessage.NodeLeaves;
import org.beamhive.actors.queue.QueueMessage.RecordAlive;
import org.beamhive.actors.queue.QueueMessage.Recovered;
import org.beamhive.actors.queue.QueueMessage.RestartWorker;
import org.beamhive.actors.queue.QueueMessage.RunTakenIn;
import org.beamhive.actors.queue.QueueMessage.SubscriberGone;
import org.beamhive.actors.queue.QueueMessage.TakeCharge;
import org.beamhive.actors.queue.QueueMessage.TakeNext;
import org.beamhive.actors.queue.QueueMessage.WorkerGone;
import org.beamhive.actors.queue.QueueMessage.WorkerParked;
import org.beamhive.actors.queue.QueueMessage.WorkerReported;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.ItemUid;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.queue.ItemResult;
import org.beamhive.protocol.queue.QueueItem;
import org.beamhive.protocol.queue.QueueStatus;
import org.beamhive.protocol.queue.ScanQueueProtocol.Accepted;
import org.beamhive.protocol.queue.ScanQueueProtocol.AddItems;
import org.beamhive.protocol.queue.ScanQueueProtocol.ClearHistory;
import org.beamhive.protocol.queue.ScanQueueProtocol.ClearQueue;
import org.beamhive.protocol.queue.ScanQueueProtocol.Command;
import org.beamhive.protocol.queue.ScanQueueProtocol.ControlRun;
import org.beamhive.protocol.queue.ScanQueueProtocol.EnvironmentChange;
import org.beamhive.protocol.queue.ScanQueueProtocol.ExecuteItem;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetHistory;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetItem;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetQueue;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetRuns;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetStatus;
import org.beamhive.protocol.queue.ScanQueueProtocol.HistoryView;
import org.beamhive.protocol.queue.ScanQueueProtocol.Items;
import org.beamhive.protocol.queue.ScanQueueProtocol.ItemsReply;
import org.beamhive.protocol.queue.ScanQueueProtocol.MoveItems;
import org.beamhive.protocol.queue.ScanQueueProtocol.NotAllAdded;
import org.beamhive.protocol.queue.ScanQueueProtocol.QueueView;
import org.beamhive.protocol.queue.ScanQueueProtocol.Refused;
import org.beamhive.protocol.queue.ScanQueueProtocol.RemoveItems;
import org.beamhive.protocol.queue.ScanQueueProtocol.Reply;
import org.beamhive.protocol.queue.ScanQueueProtocol.Request;
import org.beamhive.protocol.queue.ScanQueueProtocol.RunView;
import org.beamhive.protocol.queue.ScanQueueProtocol.RunsView;
import org.beamhive.protocol.queue.ScanQueueProtocol.SetAutostart;
import org.beamhive.protocol.queue.ScanQueueProtocol.SetEnvironment;
import org.beamhive.protocol.queue.ScanQueueProtocol.SetMode;
import org.beamhive.protocol.queue.ScanQueueProtocol.StartQueue;
import org.beamhive.protocol.queue.ScanQueueProtocol.StopQueue;
import org.beamhive.protocol.queue.ScanQueueProtocol.SubscribeStatus;
import org.beamhive.protocol.queue.ScanQueueProtocol.UpdateItem;
import org.beamhive.protocol.run.RunFollowerProtocol.Follow;
import org.beamhive.protocol.run.RunFollowerProtocol.Followed;
import org.beamhive.protocol.run.RunLogProtocol;
import org.beamhive.protocol.scan.ScanJob;
import org.beamhive.protocol.scan.ScanJob.Mode;
import org.beamhive.protocol.scan.ScanWorkerProtocol;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Ended;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Park;
import org.beamhive.protocol.scan.ScanWorkerProtocol.RunOpened;
import org.beamhive.protocol.scan.ScanWorkerProtocol.StateChanged;
import org.beamhive.protocol.scan.ScanWorkerProtocol.WorkerState;

/**
 * The one queue of a beamline: takes items, checks them, runs them one after the other, and keeps
 * what came of them. Rules and words are those of the Bluesky queue server.
 *
 * <p>A singleton on the control nodes. Everything that was accepted is in the journal before the
 * answer is given; after a crash the running item goes on from its run's log, by a worker of its
 * own that this actor starts. Runs are announced to those who must follow them until each has
 * confirmed that it has taken in all of it.
 *
 * <p>After a split of the cluster two nodes may each have a queue. The journal takes the events of
 * one only: a queue whose write is refused since another one has taken over stands aside, without a
 * worker, until that one has been silent for a while.
 *
 * <p>If a worker fails, another one is started a few times; then its run is closed as failed.
 */
public final class ScanQueue extends EventSourcedBehavior<Command, QueueEvent, QueueState> {
  private static final int ANNOUNCED_AT_ONCE = 20;

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final QueueParts parts;
  private final QueueEdits edits;
  private final QueueShow show = new QueueShow();
  private final ActorRef<ScanWorkerProtocol.Report> reports;
  private final ActorRef<ScanWorkerProtocol.Parked> parkedReplies;
  private final ActorRef<Followed> followed;
  // what is not stored: changed by message handlers only, this actor has no futures
  private final List<ActorRef<QueueStatus>> subscribers = new ArrayList<>();
  private final ActorRef<DeviceDirectoryProtocol.Devices> deviceList;
  private List<DeviceView> devices;
  private ActorRef<ScanWorkerProtocol.Request> worker;
  private ActorRef<RunLogProtocol.Request> liveLog;
  private int workerFailures;
  private ActorRef<Done> leaving;
  private QueueStatus lastStatus;
  private Cancellable shutdownTask;
  // names this actor in the journal; it stays the same when the queue is read again
  private final String uid;
  private boolean tookCharge;
  // another queue is in charge
  private boolean aside;
  private String supersededBecause = "";
  // where the announcements of runs go on, so that each gets its turn
  private int announceFrom;

  /** The queue of a beamline. */
  public static Behavior<Request> create(String beamline, QueueParts parts) {
    return Behaviors.<Command>setup(
            context -> {
              context.setLoggerName(ScanQueue.class);
              return Behaviors.withTimers(
                  timers -> new ScanQueue(context, timers, beamline, parts));
            })
        .narrow();
  }

  private ScanQueue(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      String beamline,
      QueueParts parts) {
    super(
        PersistenceId.of("queue", beamline),
        SupervisorStrategy.restartWithBackoff(Duration.ofMillis(500), Duration.ofSeconds(10), 0.2));
    this.context = context;
    this.timers = timers;
    this.parts = parts;
    this.uid = parts.uids().get();
    this.edits = new QueueEdits(parts.check(), parts.uids());
    this.reports = context.messageAdapter(ScanWorkerProtocol.Report.class, WorkerReported::new);
    this.parkedReplies =
        context.messageAdapter(ScanWorkerProtocol.Parked.class, parked -> new WorkerParked());
    this.followed = context.messageAdapter(Followed.class, RunTakenIn::new);
    this.deviceList =
        context.messageAdapter(DeviceDirectoryProtocol.Devices.class, DevicesChanged::new);
    subscribeDevices();
  }

  private void subscribeDevices() {
    parts.directory().tell(new DeviceDirectoryProtocol.Subscribe(deviceList));
  }

  private Cancellable leaveAtShutdown() {
    ActorRef<Command> self = context.getSelf();
    ActorSystem<Void> system = context.getSystem();
    return CoordinatedShutdown.get(system)
        .addCancellableTask(
            CoordinatedShutdown.PhaseBeforeServiceUnbind(),
            "leave-running-plan",
            () ->
                AskPattern.<Command, Done>ask(
                    self, NodeLeaves::new, Duration.ofMinutes(1), system.scheduler()));
  }

  @Override
  public QueueState emptyState() {
    return QueueState.empty(parts.settings().historyLimit());
  }

  @Override
  public EventHandler<QueueState, QueueEvent> eventHandler() {
    int history = parts.settings().historyLimit();
    return (state, event) -> state.keeping(history).on(event);
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(parts.settings().snapshotEvery(), 2)
        .withDeleteEventsOnSnapshot();
  }

  @Override
  public SignalHandler<QueueState> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.instance(), this::onRecoveryCompleted)
        .onSignal(PostStop.instance(), state -> onStopped())
        .onSignal(PreRestart.instance(), state -> stayAtShutdown())
        .build();
  }

  /**
   * The queue is read from the journal: at the start, and again after a write has failed. Then the
   * worker was stopped with the queue, but this object is the same.
   */
  private void onRecoveryCompleted(QueueState state) {
    worker = null;
    liveLog = null;
    show.workerEnded();
    timers.cancel(RestartWorker.RESTART);
    timers.cancel(RecordAlive.RECORD);
    aside = tookCharge && !state.inCharge().equals(uid);
    stayAtShutdown();
    shutdownTask = leaveAtShutdown();
    context.getSelf().tell(Recovered.RECOVERED);
  }

  private void onStopped() {
    stayAtShutdown();
    parts.measures().gone();
  }

  private void stayAtShutdown() {
    if (shutdownTask != null) {
      shutdownTask.cancel();
    }
  }

  @Override
  public CommandHandler<Command, QueueEvent, QueueState> commandHandler() {
    CommandHandlerBuilder<Command, QueueEvent, QueueState> commands = newCommandHandlerBuilder();
    commands
        .forState(state -> aside)
        .onCommand(GetStatus.class, this::onGetStatus)
        .onCommand(SubscribeStatus.class, this::onSubscribe)
        .onCommand(GetItem.class, this::onGetItem)
        .onCommand(GetQueue.class, this::onGetQueue)
        .onCommand(GetHistory.class, this::onGetHistory)
        .onCommand(GetRuns.class, this::onGetRuns)
        .onCommand(DevicesChanged.class, this::onDevices)
        .onCommand(SubscriberGone.class, this::onSubscriberGone)
        .onCommand(NodeLeaves.class, this::onNodeLeaves)
        .onCommand(Recovered.class, (state, recovered) -> onRecovered(state))
        .onCommand(TakeCharge.class, (state, take) -> takeCharge())
        .onCommand(Request.class, this::onRequestAside)
        .onCommand(Command.class, (state, late) -> Effect().none());
    commands
        .forAnyState()
        .onCommand(TakeCharge.class, (state, late) -> Effect().none())
        .onCommand(GetStatus.class, this::onGetStatus)
        .onCommand(SubscribeStatus.class, this::onSubscribe)
        .onCommand(AddItems.class, this::onAdd)
        .onCommand(
            UpdateItem.class, (state, it) -> apply(edits.update(state, it, devices), it.replyTo()))
        .onCommand(RemoveItems.class, (state, it) -> apply(edits.remove(state, it), it.replyTo()))
        .onCommand(MoveItems.class, (state, it) -> apply(edits.move(state, it), it.replyTo()))
        .onCommand(GetItem.class, this::onGetItem)
        .onCommand(ExecuteItem.class, this::onExecute)
        .onCommand(ClearQueue.class, this::onClear)
        .onCommand(GetQueue.class, this::onGetQueue)
        .onCommand(GetHistory.class, this::onGetHistory)
        .onCommand(ClearHistory.class, this::onClearHistory)
        .onCommand(SetEnvironment.class, this::onSetEnvironment)
        .onCommand(StartQueue.class, this::onStart)
        .onCommand(StopQueue.class, this::onStopQueue)
        .onCommand(SetAutostart.class, this::onSetAutostart)
        .onCommand(SetMode.class, this::onSetMode)
        .onCommand(ControlRun.class, this::onControl)
        .onCommand(GetRuns.class, this::onGetRuns)
        .onCommand(Recovered.class, (state, recovered) -> onRecovered(state))
        .onCommand(TakeNext.class, (state, take) -> onTakeNext(state))
        .onCommand(DevicesChanged.class, this::onDevices)
        .onCommand(WorkerReported.class, this::onReport)
        .onCommand(WorkerGone.class, this::onWorkerGone)
        .onCommand(RestartWorker.class, (state, restart) -> onRestartWorker(state))
        .onCommand(WorkerParked.class, this::onWorkerParked)
        .onCommand(RunTakenIn.class, this::onRunTakenIn)
        .onCommand(EnvironmentReached.class, this::onEnvironmentReached)
        .onCommand(RecordAlive.class, (state, record) -> onRecordAlive(state))
        .onCommand(Announce.class, (state, announce) -> onAnnounce(state))
        .onCommand(SubscriberGone.class, this::onSubscriberGone)
        .onCommand(NodeLeaves.class, this::onNodeLeaves);
    return commands.build();
  }

  // ------------------------------------------------------------------ items

  private Effect<QueueEvent, QueueState> apply(
      QueueEdits.Decision decision, ActorRef<ItemsReply> replyTo) {
    if (decision.refusal() != null) {
      replyTo.tell(new Refused(decision.refusal()));
      return Effect().none();
    }
    if (!decision.problems().isEmpty()) {
      replyTo.tell(new NotAllAdded(decision.problems()));
      return Effect().none();
    }
    return Effect()
        .persist(decision.event())
        .thenRun(after -> replyTo.tell(new Items(after.items().size(), decision.items())))
        .thenRun(this::autostart)
        .thenRun(this::changed);
  }

  private Effect<QueueEvent, QueueState> onAdd(QueueState state, AddItems add) {
    return apply(edits.add(state, add, devices), add.replyTo());
  }

  private void autostart(QueueState state) {
    if (state.autostart()
        && state.environment()
        && !state.active()
        && state.running() == null
        && !state.items().isEmpty()) {
      context.getSelf().tell(new StartQueue(context.getSystem().ignoreRef()));
    }
  }

  private Effect<QueueEvent, QueueState> onGetItem(QueueState state, GetItem get) {
    Optional<QueueItem> item = QueueEdits.find(state, get.which());
    get.replyTo()
        .tell(
            item.<ItemsReply>map(found -> new Items(state.items().size(), List.of(found)))
                .orElseGet(() -> new Refused(QueueEdits.notFound(get.which()))));
    return Effect().none();
  }

  private Effect<QueueEvent, QueueState> onExecute(QueueState state, ExecuteItem execute) {
    Optional<Refusal> refusal =
        show.notIdle(state)
            .or(() -> edits.checkItem(execute.item(), devices))
            .or(() -> QueueEdits.refuseInstruction(execute.item()));
    if (refusal.isPresent()) {
      execute.replyTo().tell(new Refused(refusal.get()));
      return Effect().none();
    }
    QueueItem item =
        edits.item(
            execute
                .item()
                .with(
                    "properties", Value.Fields.EMPTY.with("immediate_execution", Value.of(true))));
    return Effect()
        .persist(started(item, true))
        .thenRun(
            after ->
                execute
                    .replyTo()
                    .tell(
                        new Items(
                            after.items().size(),
                            List.of(
                                new QueueItem(item.uid(), item.fields().without("properties"))))))
        .thenRun(after -> startWorker(Mode.FRESH, ""));
  }

  private Effect<QueueEvent, QueueState> onClear(QueueState state, ClearQueue clear) {
    return persistAndAccept(
        new QueueEvent.ItemsRemoved(state.items().stream().map(QueueItem::uid).toList()),
        clear.replyTo());
  }

  private Effect<QueueEvent, QueueState> persistAndAccept(
      QueueEvent event, ActorRef<Reply> replyTo) {
    return Effect()
        .persist(event)
        .thenRun(after -> replyTo.tell(Accepted.ACCEPTED))
        .thenRun(this::autostart)
        .thenRun(this::changed);
  }

  private Effect<QueueEvent, QueueState> onGetQueue(QueueState state, GetQueue get) {
    QueueItem running = state.running() == null ? null : state.running().item();
    get.replyTo().tell(new QueueView(state.items(), running, show.queueUid(state)));
    return Effect().none();
  }

  private Effect<QueueEvent, QueueState> onGetHistory(QueueState state, GetHistory get) {
    get.replyTo().tell(new HistoryView(state.history(), show.historyUid(state)));
    return Effect().none();
  }

  private Effect<QueueEvent, QueueState> onClearHistory(QueueState state, ClearHistory clear) {
    return persistAndAccept(
        new QueueEvent.HistoryCleared(Math.max(0, clear.keep())), clear.replyTo());
  }

  // ------------------------------------------------------------------ control

  private Effect<QueueEvent, QueueState> refuse(ActorRef<Reply> replyTo, Refusal refusal) {
    replyTo.tell(new Refused(refusal));
    return Effect().none();
  }

  private Effect<QueueEvent, QueueState> onSetEnvironment(QueueState state, SetEnvironment set) {
    Optional<Refusal> refusal = show.refuseEnvironment(state, set.change());
    if (refusal.isPresent()) {
      return refuse(set.replyTo(), refusal.get());
    }
    show.environmentChanges(set.change());
    set.replyTo().tell(Accepted.ACCEPTED);
    changed(state);
    changeEnvironment(state, set.change());
    return Effect().none();
  }

  private void changeEnvironment(QueueState state, EnvironmentChange change) {
    switch (change) {
      case OPEN -> context.getSelf().tell(new EnvironmentReached(true));
      case CLOSE -> context.getSelf().tell(new EnvironmentReached(false));
      case DESTROY -> {
        if (worker != null) {
          worker.tell(new ScanWorkerProtocol.Abort("the environment was destroyed"));
        } else if (state.running() == null) {
          context.getSelf().tell(new EnvironmentReached(false));
        }
      }
    }
  }

  private Effect<QueueEvent, QueueState> onEnvironmentReached(
      QueueState state, EnvironmentReached reached) {
    return Effect()
        .persist(new QueueEvent.EnvironmentSet(reached.open()))
        .thenRun(after -> show.environmentSettled())
        .thenRun(this::autostart)
        .thenRun(this::changed);
  }

  private Effect<QueueEvent, QueueState> onStart(QueueState state, StartQueue start) {
    Optional<Refusal> refusal = show.notIdle(state);
    if (refusal.isPresent()) {
      return refuse(start.replyTo(), refusal.get());
    }
    return takeNext(state, true, start.replyTo());
  }

  /** Takes the next item, if the queue is to go on and there is one. */
  private Effect<QueueEvent, QueueState> takeNext(
      QueueState state, boolean starting, ActorRef<Reply> replyTo) {
    List<QueueEvent> events = new ArrayList<>();
    boolean startsPlan = !state.items().isEmpty() && state.items().get(0).plan();
    if (startsPlan) {
      if (starting) {
        events.add(new QueueEvent.ActiveSet(true, false));
      }
      events.add(started(state.items().get(0), false));
    } else {
      if (!state.items().isEmpty()) {
        // the only instruction there is: queue_stop
        events.add(new QueueEvent.ItemsRemoved(List.of(state.items().get(0).uid())));
        autostartOff(state).ifPresent(events::add);
      }
      events.add(new QueueEvent.ActiveSet(false, false));
    }
    return Effect()
        .persist(events)
        .thenRun(after -> replyTo.tell(Accepted.ACCEPTED))
        .thenRun(
            after -> {
              if (startsPlan) {
                startWorker(Mode.FRESH, "");
              } else {
                changed(after);
              }
            });
  }

  private QueueEvent started(QueueItem item, boolean immediate) {
    QueueItem clean = new QueueItem(item.uid(), item.fields().without("result"));
    return new QueueEvent.ItemStarted(clean, immediate, new RunUid(parts.uids().get()), now());
  }

  private Effect<QueueEvent, QueueState> onStopQueue(QueueState state, StopQueue stop) {
    if (!state.active()) {
      return refuse(
          stop.replyTo(),
          Refusal.of(
              "not-running",
              "Queue is not running. Manager state: '" + show.managerState(state) + "'"));
    }
    return persistAndAccept(new QueueEvent.ActiveSet(true, !stop.cancel()), stop.replyTo());
  }

  private Effect<QueueEvent, QueueState> onSetAutostart(QueueState state, SetAutostart set) {
    return persistAndAccept(
        new QueueEvent.ModeSet(state.loop(), state.ignoreFailures(), set.enable()), set.replyTo());
  }

  private Effect<QueueEvent, QueueState> onSetMode(QueueState state, SetMode set) {
    boolean loop = set.loop() == null ? state.loop() : set.loop();
    boolean ignore = set.ignoreFailures() == null ? state.ignoreFailures() : set.ignoreFailures();
    return persistAndAccept(new QueueEvent.ModeSet(loop, ignore, state.autostart()), set.replyTo());
  }

  private Effect<QueueEvent, QueueState> onControl(QueueState state, ControlRun control) {
    Optional<Refusal> refusal = show.refuseControl(state, control.control());
    if (refusal.isPresent() || worker == null) {
      return refuse(
          control.replyTo(),
          refusal.orElseGet(
              () -> Refusal.of("not-ready", "the plan is being started again; try in a moment")));
    }
    show.controlled(control.control());
    worker.tell(
        switch (control.control()) {
          case PAUSE_DEFERRED -> new ScanWorkerProtocol.Pause(true);
          case PAUSE_IMMEDIATE -> new ScanWorkerProtocol.Pause(false);
          case RESUME -> ScanWorkerProtocol.Resume.RESUME;
          case STOP -> ScanWorkerProtocol.Stop.STOP;
          case ABORT -> new ScanWorkerProtocol.Abort("aborted by a user");
          case HALT -> ScanWorkerProtocol.Halt.HALT;
        });
    control.replyTo().tell(Accepted.ACCEPTED);
    changed(state);
    return Effect().none();
  }

  private Effect<QueueEvent, QueueState> onGetRuns(QueueState state, GetRuns get) {
    QueueState.Running running = state.running();
    List<RunView> runs =
        running == null || !running.opened()
            ? List.of()
            : List.of(new RunView(running.run(), running.scanId(), true, null, liveLog));
    get.replyTo().tell(new RunsView(runs, show.runListUid(state)));
    return Effect().none();
  }

  // ------------------------------------------------------------------ the worker

  private void startWorker(Mode mode, String because) {
    context.getSelf().tell(RestartWorker.RESTART);
    nextMode = mode;
    nextBecause = because;
  }

  // how the worker is started that RestartWorker asks for
  private Mode nextMode = Mode.RESUME;
  private String nextBecause = "";

  private Effect<QueueEvent, QueueState> onRestartWorker(QueueState state) {
    if (state.running() == null || worker != null || leaving != null) {
      return Effect().none();
    }
    Epoch epoch = new Epoch(state.lastEpoch() + 1);
    Mode mode = nextMode;
    String because = nextBecause;
    return Effect()
        .persist(new QueueEvent.WorkerStarted(epoch, now()))
        .thenRun(after -> spawnWorker(after, epoch, mode, because));
  }

  private void spawnWorker(QueueState state, Epoch epoch, Mode mode, String because) {
    QueueState.Running running = state.running();
    long scanId = running.opened() ? running.scanId() : state.lastScanId() + 1;
    ScanJob job =
        new ScanJob(
            running.item().uid(),
            running.item().request(),
            running.run(),
            scanId,
            epoch,
            mode,
            because);
    context
        .getLog()
        .info(
            "Item {} ({}) starts, {}, epoch {}",
            job.item(),
            job.request().name(),
            mode,
            epoch.value());
    show.workerStarts(mode, because);
    worker = context.spawn(parts.worker().create(job, reports), "worker-" + epoch.value());
    context.watchWith(worker, new WorkerGone(epoch));
    timers.startTimerWithFixedDelay(RecordAlive.RECORD, parts.settings().aliveInterval());
    if (show.destroying()) {
      worker.tell(new ScanWorkerProtocol.Abort("the environment was destroyed"));
    }
    changed(state);
  }

  /** Takes over, unless another queue has done so since this one did. */
  private Effect<QueueEvent, QueueState> onRecovered(QueueState state) {
    if (!aside) {
      return takeCharge();
    }
    context
        .getLog()
        .warn(
            "Another node's queue is in charge: this one stands aside and looks again in {}",
            parts.settings().standAside());
    timers.cancel(Announce.ANNOUNCE);
    timers.startSingleTimer(TakeCharge.TAKE_CHARGE, parts.settings().standAside());
    changed(state);
    return Effect().none();
  }

  /**
   * The journal refuses this write if the other queue has written anything since. A queue that has
   * just been started then tries again at once: the newest one is meant to be in charge.
   */
  private Effect<QueueEvent, QueueState> takeCharge() {
    timers.cancel(TakeCharge.TAKE_CHARGE);
    return Effect()
        .persist(new QueueEvent.InCharge(uid))
        .thenRun(
            after -> {
              tookCharge = true;
              aside = false;
              goOn(after);
            });
  }

  private void goOn(QueueState state) {
    parts.measures().changed(show.status(state), state.unfollowed().values());
    show.environmentChange().ifPresent(change -> changeEnvironment(state, change));
    timers.startTimerWithFixedDelay(Announce.ANNOUNCE, parts.announceInterval());
    announce(state);
    if (state.running() != null) {
      decideHowToGoOn(state);
    } else if (state.active()) {
      context.getSelf().tell(TakeNext.TAKE);
    }
  }

  /** What would change the queue is for the one that is in charge. */
  private Effect<QueueEvent, QueueState> onRequestAside(QueueState state, Request request) {
    Refused refused =
        new Refused(
            Refusal.of(
                "not-in-charge", "another node has taken over the queue; try again in a moment"));
    if (request instanceof AddItems add) {
      add.replyTo().tell(refused);
    } else if (request instanceof UpdateItem update) {
      update.replyTo().tell(refused);
    } else if (request instanceof RemoveItems remove) {
      remove.replyTo().tell(refused);
    } else if (request instanceof MoveItems move) {
      move.replyTo().tell(refused);
    } else if (request instanceof ExecuteItem execute) {
      execute.replyTo().tell(refused);
    } else if (request instanceof ClearQueue clear) {
      clear.replyTo().tell(refused);
    } else if (request instanceof ClearHistory clear) {
      clear.replyTo().tell(refused);
    } else if (request instanceof SetEnvironment set) {
      set.replyTo().tell(refused);
    } else if (request instanceof StartQueue start) {
      start.replyTo().tell(refused);
    } else if (request instanceof StopQueue stop) {
      stop.replyTo().tell(refused);
    } else if (request instanceof SetAutostart set) {
      set.replyTo().tell(refused);
    } else if (request instanceof SetMode set) {
      set.replyTo().tell(refused);
    } else if (request instanceof ControlRun control) {
      control.replyTo().tell(refused);
    }
    return Effect().none();
  }

  private Effect<QueueEvent, QueueState> onTakeNext(QueueState state) {
    if (!state.active() || state.running() != null || leaving != null) {
      return Effect().none();
    }
    if (!state.stopPending()) {
      return takeNext(state, false, context.getSystem().ignoreRef());
    }
    List<QueueEvent> events = new ArrayList<>();
    events.add(new QueueEvent.ActiveSet(false, false));
    autostartOff(state).ifPresent(events::add);
    return Effect().persist(events).thenRun(this::changed);
  }

  private void decideHowToGoOn(QueueState state) {
    Duration gap = Duration.ofMillis(Math.max(0, (long) ((now() - state.lastAlive()) * 1000)));
    QueueSettings settings = parts.settings();
    String away =
        "the node was away for " + gap.toSeconds() + "." + gap.toMillisPart() / 100 + " s";
    if (!state.running().pausedBecause().isEmpty()) {
      startWorker(Mode.RESUME_PAUSED, state.running().pausedBecause());
    } else if (settings.policy() == QueueSettings.Policy.FAIL) {
      startWorker(Mode.CLOSE, away + " and beamhive.recovery.policy is fail");
    } else if (settings.policy() == QueueSettings.Policy.PAUSE) {
      startWorker(Mode.RESUME_PAUSED, away + " and beamhive.recovery.policy is pause");
    } else if (gap.compareTo(settings.resumeWithin()) > 0) {
      startWorker(
          Mode.RESUME_PAUSED,
          away
              + ", longer than beamhive.recovery.resume-within ("
              + settings.resumeWithin().toMillis() / 1000.0
              + " s)");
    } else {
      startWorker(Mode.RESUME, away);
    }
  }

  private Effect<QueueEvent, QueueState> onWorkerGone(QueueState state, WorkerGone gone) {
    if (gone.epoch().value() != state.lastEpoch() || state.running() == null || worker == null) {
      return Effect().none();
    }
    worker = null;
    liveLog = null;
    workerFailures++;
    boolean again = workerFailures <= parts.settings().workerRestarts();
    context
        .getLog()
        .error(
            "The worker of item {} has failed ({} in a row): {}",
            state.running().item().uid(),
            workerFailures,
            again ? "it is started again" : "its run is closed");
    nextMode = again ? Mode.RESUME : Mode.CLOSE;
    nextBecause =
        again
            ? "the worker had failed"
            : "the worker failed "
                + workerFailures
                + " times; "
                + (supersededBecause.isEmpty() ? "see the log" : supersededBecause);
    supersededBecause = "";
    keepWhatWasAskedFor(state, again);
    if (leaving != null) {
      leaving.tell(Done.getInstance());
    }
    timers.startSingleTimer(RestartWorker.RESTART, parts.settings().workerRestartDelay());
    return Effect().none();
  }

  /** A plan that was to end or to pause must not go on by itself because its worker has failed. */
  private void keepWhatWasAskedFor(QueueState state, boolean again) {
    if (show.ending()) {
      nextMode = Mode.CLOSE;
      nextBecause = "the worker failed while the plan was being ended";
    } else if (again && !state.running().pausedBecause().isEmpty()) {
      nextMode = Mode.RESUME_PAUSED;
      nextBecause = state.running().pausedBecause();
    } else if (again && show.pausing()) {
      nextMode = Mode.RESUME_PAUSED;
      nextBecause = "a pause was asked for, then the worker failed";
    }
  }

  private Effect<QueueEvent, QueueState> onReport(QueueState state, WorkerReported reported) {
    ScanWorkerProtocol.Report report = reported.report();
    if (state.running() == null || !report.item().equals(state.running().item().uid())) {
      return Effect().none();
    }
    if (report instanceof StateChanged change) {
      return onWorkerState(state, change);
    }
    if (report instanceof ScanWorkerProtocol.Waiting waiting) {
      return onWorkerWaits(state, waiting);
    }
    if (report instanceof ScanWorkerProtocol.Superseded superseded) {
      supersededBecause = superseded.because();
      return Effect().none();
    }
    if (report instanceof RunOpened opened) {
      return onRunOpened(state, opened);
    }
    return onEnded(state, (Ended) report);
  }

  private Effect<QueueEvent, QueueState> onWorkerState(QueueState state, StateChanged change) {
    show.workerIs(change.state(), change.because());
    String because = change.state() == WorkerState.PAUSED ? change.because() : "";
    boolean settled = change.state() == WorkerState.PAUSED || change.state() == WorkerState.RUNNING;
    if (settled && !because.equals(state.running().pausedBecause())) {
      return Effect().persist(new QueueEvent.PauseRecorded(because)).thenRun(this::changed);
    }
    changed(state);
    return Effect().none();
  }

  /** It is not stored as a pause: after a crash the run waits for its devices again. */
  private Effect<QueueEvent, QueueState> onWorkerWaits(
      QueueState state, ScanWorkerProtocol.Waiting waiting) {
    show.workerWaits(waiting.because());
    if (!state.running().pausedBecause().isEmpty()) {
      return Effect().persist(new QueueEvent.PauseRecorded("")).thenRun(this::changed);
    }
    changed(state);
    return Effect().none();
  }

  private Effect<QueueEvent, QueueState> onRunOpened(QueueState state, RunOpened opened) {
    liveLog = opened.log();
    if (state.running().opened()) {
      announceRun(opened.run(), state.unfollowed().getOrDefault(opened.run().value(), List.of()));
      changed(state);
      return Effect().none();
    }
    List<String> followers = List.copyOf(parts.followers().keySet());
    return Effect()
        .persist(new QueueEvent.RunRecorded(opened.run(), opened.scanId(), followers))
        .thenRun(after -> announceRun(opened.run(), followers))
        .thenRun(this::changed);
  }

  private Effect<QueueEvent, QueueState> onEnded(QueueState state, Ended ended) {
    ItemResult result =
        state.result(ended.exitStatus(), ended.message(), ended.runs(), ended.scanIds(), now());
    QueueRules.Fate fate = QueueRules.fate(state, ended.exitStatus());
    QueueItem item = state.running().item();
    List<QueueEvent> events = new ArrayList<>();
    if (!ended.runs().isEmpty() && !state.running().opened()) {
      // it was opened and closed before this actor heard of it
      events.add(
          new QueueEvent.RunRecorded(
              ended.runs().get(0),
              ended.scanIds().get(0),
              List.copyOf(parts.followers().keySet())));
    }
    events.add(
        new QueueEvent.ItemEnded(
            result,
            fate.requeue() ? copy(item, QueueRules.shown(result)) : null,
            fate.loop() ? copy(item, null) : null,
            fate.active()));
    if (fate.autostartOff()) {
      autostartOff(state).ifPresent(events::add);
    }
    context.getLog().info("Item {} ended: {} {}", item.uid(), ended.exitStatus(), ended.message());
    workerFailures = 0;
    return Effect()
        .persist(events)
        .thenRun(after -> parts.measures().itemEnded(ended.exitStatus()))
        .thenRun(this::afterItem);
  }

  /** Who stops the queue does not want it to start again by itself. */
  private static Optional<QueueEvent> autostartOff(QueueState state) {
    return state.autostart()
        ? Optional.of(new QueueEvent.ModeSet(state.loop(), state.ignoreFailures(), false))
        : Optional.empty();
  }

  private QueueItem copy(QueueItem item, Value.Fields result) {
    Value.Fields fields = item.fields().without("properties");
    return new QueueItem(
        new ItemUid(parts.uids().get()), result == null ? fields : fields.with("result", result));
  }

  private void afterItem(QueueState state) {
    worker = null;
    liveLog = null;
    timers.cancel(RecordAlive.RECORD);
    show.workerEnded();
    if (show.destroying()) {
      context.getSelf().tell(new EnvironmentReached(false));
    }
    if (state.active() && leaving == null) {
      context.getSelf().tell(TakeNext.TAKE);
    } else {
      autostart(state);
    }
    changed(state);
  }

  private Effect<QueueEvent, QueueState> onRecordAlive(QueueState state) {
    return worker == null || state.running() == null
        ? Effect().none()
        : Effect().persist(new QueueEvent.Alive(now()));
  }

  // ------------------------------------------------------------------ those who follow runs

  private Effect<QueueEvent, QueueState> onAnnounce(QueueState state) {
    // the list may have started anew, and then it has forgotten who subscribed
    subscribeDevices();
    announce(state);
    return Effect().none();
  }

  private void announce(QueueState state) {
    List<Map.Entry<String, List<String>>> open =
        state.unfollowed().entrySet().stream()
            .filter(run -> run.getValue().stream().anyMatch(parts.followers()::containsKey))
            .toList();
    int count = Math.min(ANNOUNCED_AT_ONCE, open.size());
    for (int i = 0; i < count; i++) {
      Map.Entry<String, List<String>> run = open.get((announceFrom + i) % open.size());
      announceRun(state, new RunUid(run.getKey()), run.getValue());
    }
    announceFrom = open.isEmpty() ? 0 : (announceFrom + count) % open.size();
  }

  private void announceRun(QueueState state, RunUid run, List<String> missing) {
    boolean live = state.running() != null && state.running().run().equals(run);
    tellFollowers(run, live ? liveLog : null, missing);
  }

  private void announceRun(RunUid run, List<String> missing) {
    tellFollowers(run, liveLog, missing);
  }

  private void tellFollowers(
      RunUid run, ActorRef<RunLogProtocol.Request> log, List<String> missing) {
    for (String name : missing) {
      if (parts.followers().containsKey(name)) {
        parts.followers().get(name).accept(new Follow(run, log, followed));
      }
    }
  }

  private Effect<QueueEvent, QueueState> onRunTakenIn(QueueState state, RunTakenIn taken) {
    Followed answer = taken.followed();
    if (!state
        .unfollowed()
        .getOrDefault(answer.run().value(), List.of())
        .contains(answer.follower())) {
      return Effect().none();
    }
    return Effect()
        .persist(
            new QueueEvent.RunFollowed(
                answer.run(), answer.follower(), answer.result(), answer.files()))
        .thenRun(this::changed);
  }

  // ------------------------------------------------------------------ status

  private Effect<QueueEvent, QueueState> onGetStatus(QueueState state, GetStatus get) {
    get.replyTo().tell(show.status(state));
    return Effect().none();
  }

  private Effect<QueueEvent, QueueState> onSubscribe(QueueState state, SubscribeStatus subscribe) {
    if (!subscribers.contains(subscribe.replyTo())) {
      subscribers.add(subscribe.replyTo());
    }
    context.watchWith(subscribe.replyTo(), new SubscriberGone(subscribe.replyTo()));
    subscribe.replyTo().tell(show.status(state));
    return Effect().none();
  }

  private Effect<QueueEvent, QueueState> onSubscriberGone(QueueState state, SubscriberGone gone) {
    subscribers.removeIf(gone.subscriber()::equals);
    return Effect().none();
  }

  private void changed(QueueState state) {
    QueueStatus status = show.status(state);
    if (aside) {
      parts.measures().gone();
    } else {
      parts.measures().changed(status, state.unfollowed().values());
    }
    if (!status.equals(lastStatus)) {
      lastStatus = status;
      subscribers.forEach(subscriber -> subscriber.tell(status));
    }
  }

  private Effect<QueueEvent, QueueState> onDevices(QueueState state, DevicesChanged changed) {
    devices = changed.devices().devices();
    return Effect().none();
  }

  // ------------------------------------------------------------------ leaving

  private Effect<QueueEvent, QueueState> onNodeLeaves(QueueState state, NodeLeaves leaves) {
    leaving = leaves.replyTo();
    if (worker == null) {
      leaving.tell(Done.getInstance());
      return Effect().none();
    }
    context.getLog().info("The node goes away: the running plan pauses at its next checkpoint");
    worker.tell(new Park(parkedReplies));
    return Effect().none();
  }

  private Effect<QueueEvent, QueueState> onWorkerParked(QueueState state, WorkerParked parked) {
    leaving.tell(Done.getInstance());
    if (state.running() == null) {
      return Effect().none();
    }
    worker = null;
    return Effect().persist(new QueueEvent.Alive(now()));
  }

  private double now() {
    Instant instant = parts.clock().instant();
    return instant.getEpochSecond() + instant.getNano() * 1e-9;
  }
}
