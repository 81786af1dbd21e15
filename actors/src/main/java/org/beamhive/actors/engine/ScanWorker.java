package org.beamhive.actors.engine;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.BehaviorBuilder;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.beamhive.actors.engine.WorkerMessage.AskAgain;
import org.beamhive.actors.engine.WorkerMessage.AttachAnswered;
import org.beamhive.actors.engine.WorkerMessage.DeviceAnswered;
import org.beamhive.actors.engine.WorkerMessage.DeviceGone;
import org.beamhive.actors.engine.WorkerMessage.DevicesKnown;
import org.beamhive.actors.engine.WorkerMessage.LogHolds;
import org.beamhive.actors.engine.WorkerMessage.Pulse;
import org.beamhive.actors.engine.WorkerMessage.TimeIsUp;
import org.beamhive.actors.scans.plan.BuiltPlan;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceDirectoryProtocol.GetDevices;
import org.beamhive.protocol.device.DeviceProtocol.NotYours;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.run.RunLogProtocol;
import org.beamhive.protocol.run.RunLogProtocol.GetProgress;
import org.beamhive.protocol.run.RunProgress;
import org.beamhive.protocol.scan.ScanJob;
import org.beamhive.protocol.scan.ScanJob.Mode;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Abort;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Command;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Ended;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Halt;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Park;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Parked;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Pause;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Report;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Request;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Resume;
import org.beamhive.protocol.scan.ScanWorkerProtocol.StateChanged;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Stop;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Waiting;
import org.beamhive.protocol.scan.ScanWorkerProtocol.WorkerState;

/**
 * Runs one plan: reads the run's log, builds the plan, takes its devices, executes it, and always
 * ends in good order: what moved is stopped, what was staged is unstaged, the run is closed.
 *
 * <p>The ScanQueue starts one worker per item and is told what happens by {@link Report}s. States:
 * learning (what the log holds, which devices there are), attaching, then those of {@link PlanRun}:
 * running, pausing, paused, awaiting devices, finishing. If the worker fails, the queue starts
 * another with a higher epoch, which goes on from the log; a worker that learns that it has such a
 * successor ends at once ({@link WorkerFence}).
 */
public final class ScanWorker {
  /** A worker for a job. */
  public static Behavior<Request> create(ScanJob job, WorkerParts parts, ActorRef<Report> queue) {
    return Behaviors.<Command>setup(
            context -> {
              context.setLoggerName(ScanWorker.class);
              return Behaviors.withMdc(
                  Command.class,
                  Map.of("run", job.run().value()),
                  Behaviors.withTimers(
                      timers -> new ScanWorker(context, timers, job, parts, queue).start()));
            })
        .narrow();
  }

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final ScanJob job;
  private final WorkerParts parts;
  private final ActorRef<Report> queue;
  private final ActorRef<RunLogProtocol.Request> log;
  private final ActorRef<RunProgress> progressReplies;
  private final ActorRef<DeviceDirectoryProtocol.Devices> deviceReplies;
  private final DeviceLinks links;
  // changed by message handlers only: this actor has no futures
  private RunProgress progress;
  private ReadoutGroups readout = new ReadoutGroups(List.of(), List.of(), List.of());
  private List<DeviceView> devices;
  private String refusedBecause;
  private boolean pauseAsked;
  private boolean resumeAsked;
  // since when it is known that devices are missing that the run needs
  private Instant missingSince;
  // an end that was asked for before it is known what the log holds
  private Supplier<Behavior<Command>> endAsked;

  private ScanWorker(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      ScanJob job,
      WorkerParts parts,
      ActorRef<Report> queue) {
    this.context = context;
    this.timers = timers;
    this.job = job;
    this.parts = parts;
    this.queue = queue;
    this.log = context.spawn(parts.runLog().apply(job.run()), "run-log");
    // without its log a worker can't go on: fail with it
    context.watch(log);
    this.progressReplies = context.messageAdapter(RunProgress.class, LogHolds::new);
    this.deviceReplies =
        context.messageAdapter(DeviceDirectoryProtocol.Devices.class, DevicesKnown::new);
    this.links = new DeviceLinks(context, job, parts.devices());
  }

  // ------------------------------------------------------------------ learning

  private Behavior<Command> start() {
    timers.startTimerWithFixedDelay(Pulse.PULSE, parts.settings().keepAliveInterval());
    return Behaviors.intercept(() -> new WorkerFence(job.item(), links, queue), learning());
  }

  private Behavior<Command> learning() {
    log.tell(new GetProgress(progressReplies));
    parts.directory().tell(new GetDevices(deviceReplies));
    timers.startTimerWithFixedDelay(AskAgain.ASK_AGAIN, parts.settings().attachRetry());
    timers.startSingleTimer(TimeIsUp.TIME_IS_UP, parts.settings().attachTimeout());
    return beforeStart()
        .onMessage(LogHolds.class, this::onLogHolds)
        .onMessage(DevicesKnown.class, this::onDevicesKnown)
        .onMessage(AskAgain.class, again -> onAskToLearn())
        .onMessage(TimeIsUp.class, up -> onNotLearned())
        .build();
  }

  private BehaviorBuilder<Command> beforeStart() {
    return Behaviors.receive(Command.class)
        .onMessage(DeviceAnswered.class, this::onDeviceAnswered)
        .onMessage(Pause.class, pause -> onPauseBeforeStart())
        .onMessage(Resume.class, resume -> onResumeBeforeStart())
        .onMessage(Stop.class, stop -> giveUp("stopped", "stopped before it began"))
        .onMessage(Abort.class, abort -> giveUp("aborted", abort.reason()))
        .onMessage(Halt.class, halt -> giveUp("halted", "halted before it began"))
        .onMessage(Park.class, this::onParkBeforeStart);
  }

  private Behavior<Command> onLogHolds(LogHolds holds) {
    progress = holds.progress();
    return endAsked != null ? endAsked.get() : decideWhenLearned();
  }

  private Behavior<Command> onDevicesKnown(DevicesKnown known) {
    devices = known.devices().devices();
    return decideWhenLearned();
  }

  private Behavior<Command> onAskToLearn() {
    if (progress == null) {
      log.tell(new GetProgress(progressReplies));
    }
    parts.directory().tell(new GetDevices(deviceReplies));
    return Behaviors.same();
  }

  private Behavior<Command> onNotLearned() {
    if (progress == null) {
      throw new IllegalStateException(
          "the log of run "
              + job.run()
              + " could not be read within "
              + parts.settings().attachTimeout());
    }
    if (devices == null) {
      refusedBecause = "the list of devices does not answer";
    }
    if (job.mode() == Mode.CLOSE) {
      return giveUp("failed", job.because());
    }
    if (missingSince != null) {
      return giveUp("failed", refusedBecause + "; given up after beamhive.engine.device-wait");
    }
    missingSince = parts.clock().instant();
    tellWaiting();
    parts
        .settings()
        .deviceWait()
        .ifPresent(wait -> timers.startSingleTimer(TimeIsUp.TIME_IS_UP, wait));
    return Behaviors.same();
  }

  /**
   * The plan can't be built yet: its devices, which it had when it was accepted, are not all known.
   */
  private void tellWaiting() {
    context.getLog().warn("ALARM the scan waits: {}", refusedBecause);
    if (job.mode() == Mode.RESUME_PAUSED && !resumeAsked) {
      String because = job.because() + "; " + refusedBecause;
      queue.tell(new StateChanged(job.item(), WorkerState.PAUSED, because));
    } else if (pauseAsked) {
      String because = "a pause was asked for; " + refusedBecause;
      queue.tell(new StateChanged(job.item(), WorkerState.PAUSED, because));
    } else {
      queue.tell(
          new Waiting(job.item(), refusedBecause + "; the scan waits and goes on by itself"));
    }
  }

  private boolean fresh() {
    return job.mode() == Mode.FRESH && progress.entries() == 0;
  }

  private Behavior<Command> decideWhenLearned() {
    if (progress != null && progress.closed()) {
      return alreadyClosed();
    }
    if (progress == null || devices == null) {
      return Behaviors.same();
    }
    if (job.mode() == Mode.CLOSE) {
      return giveUp("failed", job.because());
    }
    // what a plan reads must not depend on which device happens to be connected just now: not
    // connected is found out below
    List<DeviceView> asIfConnected = devices.stream().map(ScanWorker::asIfConnected).toList();
    Optional<ReadoutGroups> recorded = ReadoutGroups.of(progress.start());
    Optional<String> missing = recorded.flatMap(groups -> groups.missing(asIfConnected));
    if (missing.isPresent()) {
      refusedBecause = "device '" + missing.get() + "', which this run reads, is not there";
      return Behaviors.same();
    }
    readout = recorded.orElseGet(() -> ReadoutGroups.of(asIfConnected));
    return decideOnPlan(readout.apply(asIfConnected));
  }

  private Behavior<Command> decideOnPlan(List<DeviceView> asIfConnected) {
    Optional<Refusal> refusal = parts.plans().check(job.request(), asIfConnected);
    if (refusal.isPresent()) {
      refusedBecause = refusal.get().text();
      // after a start of the node its devices are reported one by one: ask again until the time is
      // up
      return fresh() && !refusal.get().code().equals("unknown-device")
          ? giveUp("failed", refusedBecause)
          : Behaviors.same();
    }
    BuiltPlan plan = parts.plans().build(job.request(), asIfConnected);
    links.use(plan.devices(), devices);
    return attaching(plan);
  }

  private static DeviceView asIfConnected(DeviceView view) {
    // what could not be made won't be there in a moment
    return view.state() == DeviceView.State.CONNECTING && !view.notMade()
        ? view.withState(DeviceView.State.READY, view.problem())
        : view;
  }

  // ------------------------------------------------------------------ attaching

  private Behavior<Command> attaching(BuiltPlan plan) {
    links.attachMissing();
    timers.startTimerWithFixedDelay(AskAgain.ASK_AGAIN, parts.settings().attachRetry());
    timers.startSingleTimer(TimeIsUp.TIME_IS_UP, parts.settings().attachTimeout());
    if (links.missing().isEmpty()) {
      return start(plan);
    }
    return beforeStart()
        .onMessage(AttachAnswered.class, answer -> onAttachAnswered(plan, answer))
        .onMessage(DeviceGone.class, this::onDeviceGone)
        .onMessage(AskAgain.class, again -> onAskToAttach())
        .onMessage(TimeIsUp.class, up -> onNotAttached(plan))
        .onMessage(LogHolds.class, late -> Behaviors.same())
        .onMessage(DevicesKnown.class, late -> Behaviors.same())
        .build();
  }

  private Behavior<Command> onAttachAnswered(BuiltPlan plan, AttachAnswered answer) {
    links.onAnswer(answer.reply());
    return links.missing().isEmpty() ? start(plan) : Behaviors.same();
  }

  private Behavior<Command> onDeviceGone(DeviceGone gone) {
    links.onGone(gone);
    return Behaviors.same();
  }

  private Behavior<Command> onAskToAttach() {
    links.attachMissing();
    return Behaviors.same();
  }

  private Behavior<Command> onNotAttached(BuiltPlan plan) {
    return start(plan);
  }

  /** A device may have let go of a worker that was silent for too long. */
  private Behavior<Command> onDeviceAnswered(DeviceAnswered answer) {
    if (answer.reply() instanceof NotYours not) {
      links.forget(not.device(), not.problem().text());
    }
    return Behaviors.same();
  }

  private Behavior<Command> start(BuiltPlan plan) {
    timers.cancel(AskAgain.ASK_AGAIN);
    timers.cancel(TimeIsUp.TIME_IS_UP);
    String pausedBecause = "";
    if (job.mode() == Mode.RESUME_PAUSED && !resumeAsked) {
      pausedBecause = job.because();
    } else if (pauseAsked) {
      pausedBecause = "paused before it began";
    } else if (missingSince != null && !resumeAsked) {
      Duration gap = Duration.between(missingSince, parts.clock().instant());
      boolean soon = gap.compareTo(parts.settings().resumeWithin()) <= 0;
      pausedBecause = soon ? "" : PlanRun.tooLate(gap, parts.settings());
    }
    return new PlanRun(context, timers, job, parts, queue, links, log, progress, readout)
        .begin(plan.steps(), pausedBecause);
  }

  // ------------------------------------------------------------------ before the plan has begun

  private Behavior<Command> onPauseBeforeStart() {
    pauseAsked = true;
    resumeAsked = false;
    if (missingSince != null) {
      tellWaiting();
    }
    return Behaviors.same();
  }

  private Behavior<Command> onResumeBeforeStart() {
    pauseAsked = false;
    resumeAsked = true;
    if (missingSince != null) {
      tellWaiting();
    }
    return Behaviors.same();
  }

  private Behavior<Command> onParkBeforeStart(Park park) {
    links.stopAll();
    links.detachAll();
    park.replyTo().tell(Parked.PARKED);
    return Behaviors.stopped();
  }

  /** The run is in the log to its end; only the queue did not hear of it. */
  private Behavior<Command> alreadyClosed() {
    String status = progress.stop().exitStatus();
    String ended =
        status.equals("success") ? "completed" : status.equals("abort") ? "aborted" : "failed";
    return end(ended, progress.stop().reason());
  }

  /** Ends without having executed anything; if the run is open, it is closed. */
  private Behavior<Command> giveUp(String exitStatus, String message) {
    if (progress == null) {
      // whether a run is to be closed is not known yet
      endAsked = () -> giveUp(exitStatus, message);
      return Behaviors.same();
    }
    timers.cancel(AskAgain.ASK_AGAIN);
    timers.cancel(TimeIsUp.TIME_IS_UP);
    if (progress.closed()) {
      return alreadyClosed();
    }
    if (progress.start() != null) {
      links.use(PlanRun.devicesOf(progress.start()), devices == null ? List.of() : devices);
      links.stopAll();
      return new PlanRun(context, timers, job, parts, queue, links, log, progress, readout)
          .close(exitStatus, message);
    }
    return end(exitStatus, message);
  }

  private Behavior<Command> end(String exitStatus, String message) {
    boolean opened = progress != null && progress.start() != null;
    links.detachAll();
    queue.tell(
        new Ended(
            job.item(),
            exitStatus,
            message,
            opened ? List.of(job.run()) : List.of(),
            opened ? List.of(job.scanId()) : List.of()));
    return Behaviors.stopped();
  }
}
