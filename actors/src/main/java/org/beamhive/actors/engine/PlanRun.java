package org.beamhive.actors.engine;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.BehaviorBuilder;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.japi.function.Function;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.beamhive.actors.engine.WorkerMessage.AskAgain;
import org.beamhive.actors.engine.WorkerMessage.AttachAnswered;
import org.beamhive.actors.engine.WorkerMessage.BundlerSaid;
import org.beamhive.actors.engine.WorkerMessage.DeviceAnswered;
import org.beamhive.actors.engine.WorkerMessage.DeviceGone;
import org.beamhive.actors.engine.WorkerMessage.DevicesKnown;
import org.beamhive.actors.engine.WorkerMessage.LogHolds;
import org.beamhive.actors.engine.WorkerMessage.ParkNow;
import org.beamhive.actors.engine.WorkerMessage.SleepOver;
import org.beamhive.actors.engine.WorkerMessage.Tick;
import org.beamhive.actors.engine.WorkerMessage.TimeIsUp;
import org.beamhive.actors.scans.instruction.Steps;
import org.beamhive.protocol.bundle.ScanBundlerProtocol;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Bundle;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.CloseRun;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Collected;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Collection;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Describe;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Drop;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Logged;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.OpenRun;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.PointFailed;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.PointTaken;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.RecordAnswer;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.Collect;
import org.beamhive.protocol.device.DeviceProtocol.Complete;
import org.beamhive.protocol.device.DeviceProtocol.Done;
import org.beamhive.protocol.device.DeviceProtocol.Failed;
import org.beamhive.protocol.device.DeviceProtocol.Kickoff;
import org.beamhive.protocol.device.DeviceProtocol.Locate;
import org.beamhive.protocol.device.DeviceProtocol.Located;
import org.beamhive.protocol.device.DeviceProtocol.NotAttached;
import org.beamhive.protocol.device.DeviceProtocol.NotYours;
import org.beamhive.protocol.device.DeviceProtocol.Read;
import org.beamhive.protocol.device.DeviceProtocol.Stage;
import org.beamhive.protocol.device.DeviceProtocol.Trigger;
import org.beamhive.protocol.device.DeviceProtocol.Unstage;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.run.RunLogProtocol;
import org.beamhive.protocol.run.RunProgress;
import org.beamhive.protocol.scan.ScanJob;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Abort;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Command;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Ended;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Halt;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Park;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Parked;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Pause;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Report;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Resume;
import org.beamhive.protocol.scan.ScanWorkerProtocol.RunOpened;
import org.beamhive.protocol.scan.ScanWorkerProtocol.StateChanged;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Stop;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Waiting;
import org.beamhive.protocol.scan.ScanWorkerProtocol.WorkerState;

/**
 * The states of a worker from the moment its devices are attached: running, pausing, paused,
 * awaiting devices, finishing. A device that is lost (its node or its IOC died, its worker was not
 * heard) costs nothing but time: the plan goes back to its last checkpoint, waits for the device,
 * and goes on by itself. What is executed and what is waited for is in {@link PlanInterpreter};
 * here is what happens around it.
 */
final class PlanRun {
  /** How the plan ends, and what was said about it. */
  private record Ending(String exitStatus, String message) {
    String documentStatus() {
      return switch (exitStatus) {
        case "completed", "stopped" -> "success";
        case "failed" -> "fail";
        default -> "abort";
      };
    }
  }

  /** What comes after a pausing: pause, park or go on with devices that were lost. */
  private enum Then {
    PAUSE,
    PARK,
    REATTACH
  }

  private static final Duration TICK = Duration.ofSeconds(1);

  /** A device that fails so may come back; any other failure is the plan's. */
  private static final Set<String> LOST =
      Set.of(
          "disconnected",
          "not-connected",
          "not-responding",
          "owner-silent",
          "closed",
          "handed-over");

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final ScanJob job;
  private final WorkerParts parts;
  private final ActorRef<Report> queue;
  private final DeviceLinks links;
  private final ActorRef<RunLogProtocol.Request> log;
  private final RunProgress progress;
  private final ReadoutGroups readout;
  private final ActorRef<ScanBundlerProtocol.Request> bundler;
  // changed by message handlers only: this actor has no futures
  private PlanInterpreter plan;
  private boolean openReported;
  // somebody wants to go on before the pause has come about
  private boolean resumeAsked;
  private ActorRef<Parked> parking;
  private final Set<DeviceName> lost = new LinkedHashSet<>();
  private String lostBecause = "";
  // while devices are awaited
  private Instant awaitedSince;
  private String alarm = "";
  private boolean goOnHoweverLate;
  private boolean over;

  PlanRun(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      ScanJob job,
      WorkerParts parts,
      ActorRef<Report> queue,
      DeviceLinks links,
      ActorRef<RunLogProtocol.Request> log,
      RunProgress progress,
      ReadoutGroups readout) {
    this.readout = readout;
    this.context = context;
    this.timers = timers;
    this.job = job;
    this.parts = parts;
    this.queue = queue;
    this.links = links;
    this.log = log;
    this.progress = progress;
    ActorRef<ScanBundlerProtocol.Reply> replies =
        context.messageAdapter(ScanBundlerProtocol.Reply.class, BundlerSaid::new);
    this.bundler =
        context.spawn(parts.bundler().create(job.run(), progress, log, replies), "bundler");
    context.watch(bundler);
  }

  // ------------------------------------------------------------------ beginning

  /** Executes the plan: from the start, from the log, or paused for the reason given. */
  Behavior<Command> begin(Steps steps, String pausedBecause) {
    bundler.tell(new Describe(links.descriptions()));
    plan =
        new PlanInterpreter(steps, new Effects(), parts.settings().lookAhead(), System::nanoTime);
    if (progress.entries() > 0 || job.mode() != ScanJob.Mode.FRESH) {
      Behavior<Command> refused = recover();
      if (refused != null) {
        return refused;
      }
    }
    timers.startTimerWithFixedDelay(Tick.TICK, TICK);
    lost.addAll(links.missing());
    if (!pausedBecause.isEmpty()) {
      return paused(pausedBecause);
    }
    if (!lost.isEmpty()) {
      Behavior<Command> awaiting = awaitDevices(false);
      raiseAlarm();
      return awaiting;
    }
    queue.tell(new StateChanged(job.item(), WorkerState.RUNNING, ""));
    return advance();
  }

  /** Goes on from the log, or ends the plan if that can't be done; null if it goes on. */
  private Behavior<Command> recover() {
    if (progress.start() != null) {
      reportOpened();
    }
    try {
      plan.recover(progress);
    } catch (RuntimeException wrongPlan) {
      context.getLog().error("The plan can't go on", wrongPlan);
      return finish("failed", String.valueOf(wrongPlan.getMessage()));
    }
    if (!plan.rewindable()) {
      return finish("failed", "interrupted where this plan can't be repeated");
    }
    context
        .getLog()
        .info("Run {} goes on after {} entries of its log", job.run(), progress.entries());
    return null;
  }

  /** Only closes the run, whose plan can't go on. */
  Behavior<Command> close(String exitStatus, String message) {
    plan =
        new PlanInterpreter(
            Steps.empty(), new Effects(), parts.settings().lookAhead(), System::nanoTime);
    plan.takeOverRun();
    reportOpened();
    timers.startTimerWithFixedDelay(Tick.TICK, TICK);
    return finish(exitStatus, message);
  }

  /** The devices that a run's start document names. */
  static Set<DeviceName> devicesOf(RunStart start) {
    Set<DeviceName> names = new LinkedHashSet<>();
    for (String field : List.of("motors", "detectors", "flyers")) {
      if (start.metadata().get(field) instanceof Value.Items items) {
        for (Value item : items.items()) {
          if (item instanceof Value.Text text) {
            names.add(new DeviceName(text.value()));
          }
        }
      }
    }
    return names;
  }

  // ------------------------------------------------------------------ running

  private Behavior<Command> advance() {
    PlanInterpreter.Outcome outcome;
    try {
      outcome = plan.advance();
    } catch (RuntimeException wrongPlan) {
      context.getLog().error("The plan can't go on", wrongPlan);
      return finish("failed", String.valueOf(wrongPlan.getMessage()));
    }
    return switch (outcome) {
      case WAITING -> running();
      case AT_PAUSE -> pauseNow(parking == null ? Then.PAUSE : Then.PARK, "a pause was asked for");
      case ENDED -> finish("completed", "");
      case FAILED -> finish("failed", plan.failure().text());
    };
  }

  private Behavior<Command> running() {
    return running;
  }

  private final Behavior<Command> running =
      Behaviors.receive(Command.class)
          .onMessage(DeviceAnswered.class, answer -> onAnswerWhileRunning(answer))
          .onMessage(BundlerSaid.class, said -> onBundlerWhileRunning(said))
          .onMessage(SleepOver.class, over -> onSleepOverWhileRunning(over))
          .onMessage(Tick.class, tick -> onTickWhileRunning())
          .onMessage(Pause.class, pause -> onPauseWhileRunning(pause))
          .onMessage(Resume.class, resume -> onResumeWhileRunning())
          .onMessage(Stop.class, stop -> finish("stopped", ""))
          .onMessage(Abort.class, abort -> finish("aborted", abort.reason()))
          .onMessage(Halt.class, halt -> finish("halted", "halted"))
          .onMessage(Park.class, park -> onParkWhileRunning(park))
          .onMessage(ParkNow.class, now -> pauseNow(Then.PARK, "the node goes away"))
          .onMessage(DeviceGone.class, gone -> onGoneWhileRunning(gone))
          .onMessage(AttachAnswered.class, late -> Behaviors.same())
          .onMessage(AskAgain.class, late -> Behaviors.same())
          .onMessage(TimeIsUp.class, late -> Behaviors.same())
          .onMessage(LogHolds.class, late -> Behaviors.same())
          .onMessage(DevicesKnown.class, late -> Behaviors.same())
          .build();

  private Behavior<Command> onAnswerWhileRunning(DeviceAnswered answer) {
    takeOrLose(answer.reply());
    return advanceUnlessLost();
  }

  private Behavior<Command> onBundlerWhileRunning(BundlerSaid said) {
    take(said.reply());
    return advanceUnlessLost();
  }

  private Behavior<Command> advanceUnlessLost() {
    if (lost.isEmpty() || plan.failure() != null) {
      return advance();
    }
    context.getLog().warn("The plan goes back to its last checkpoint, because {}", lostBecause);
    return pauseNow(Then.REATTACH, lostBecause);
  }

  private Behavior<Command> onSleepOverWhileRunning(SleepOver over) {
    plan.onDone(over.token());
    return advance();
  }

  private Behavior<Command> onTickWhileRunning() {
    String overdue =
        plan.overdue(
            parts.settings().readTimeout().toNanos(), parts.settings().stepTimeout().toNanos());
    if (overdue != null) {
      plan.fail(Refusal.of("timed-out", "timed out: " + overdue));
      return advance();
    }
    if (!plan.logSilent(parts.settings().logTimeout().toNanos())) {
      return Behaviors.same();
    }
    return plan.interruptible()
        ? pauseNow(Then.PAUSE, "the journal has taken nothing for " + parts.settings().logTimeout())
        : logSilent();
  }

  private Behavior<Command> onPauseWhileRunning(Pause pause) {
    if (pause.deferred()) {
      plan.askPause(true);
      return Behaviors.same();
    }
    return pauseNow(Then.PAUSE, "an immediate pause was asked for");
  }

  private Behavior<Command> onResumeWhileRunning() {
    plan.askPause(false);
    return Behaviors.same();
  }

  private Behavior<Command> onParkWhileRunning(Park park) {
    parking = park.replyTo();
    plan.askPause(true);
    timers.startSingleTimer(ParkNow.PARK_NOW, parts.settings().parkTimeout());
    return Behaviors.same();
  }

  private Behavior<Command> onGoneWhileRunning(DeviceGone gone) {
    if (!links.onGone(gone)) {
      return Behaviors.same();
    }
    lose(gone.device(), "device '" + gone.device() + "' has started anew");
    return advanceUnlessLost();
  }

  /** A point that waits for this device alone would never be complete. */
  private void lose(DeviceName device, String because) {
    lost.add(device);
    lostBecause = because;
    plan.gone(device);
    if (plan.reads(device)) {
      Refusal problem = Refusal.of("not-connected", "device '" + device + "' is gone");
      bundler.tell(new ScanBundlerProtocol.ReadFailed(device, plan.point(), problem));
    }
  }

  /** Takes the answer of a device, which may say that the device is lost. */
  private void takeOrLose(DeviceProtocol.Reply reply) {
    if (reply instanceof NotYours not) {
      if (links.ref(not.device()) != null) {
        lose(not.device(), not.problem());
      }
    } else if (reply instanceof Failed failed && LOST.contains(failed.problem().code())) {
      if (plan.awaits(failed.token())) {
        lose(failed.device(), failed.problem());
      }
    } else {
      take(reply);
    }
  }

  private void lose(DeviceName device, Refusal problem) {
    links.forget(device, problem.text());
    lose(device, problem.text());
  }

  private void take(DeviceProtocol.Reply reply) {
    if (reply instanceof Done done) {
      plan.onDone(done.token());
    } else if (reply instanceof Failed failed) {
      plan.onFailed(failed.token(), failed.problem());
    } else if (reply instanceof Located located) {
      plan.onLocated(located.token(), located.setpoint(), located.readback());
    }
  }

  private void take(ScanBundlerProtocol.Reply reply) {
    if (reply instanceof PointTaken taken) {
      plan.onPointTaken(taken.point());
    } else if (reply instanceof Logged logged) {
      plan.onLogged(logged.entries());
      if (!openReported && plan.openDurable()) {
        reportOpened();
      }
    } else if (reply instanceof Collected collected) {
      plan.onCollected(collected.point(), collected.events());
    } else if (reply instanceof PointFailed failed && !over && isLost(failed)) {
      if (!lost.contains(failed.device())) {
        lose(failed.device(), failed.problem());
      }
      plan.onPointLost(failed.point());
    } else if (reply instanceof PointFailed failed) {
      plan.onPointFailed(failed.point(), failed.problem());
    }
  }

  private boolean isLost(PointFailed failed) {
    return lost.contains(failed.device())
        || LOST.contains(failed.problem().code()) && plan.reads(failed.device());
  }

  private void reportOpened() {
    openReported = true;
    queue.tell(new RunOpened(job.item(), job.run(), job.scanId(), log));
  }

  // ------------------------------------------------------------------ pausing

  private Behavior<Command> pauseNow(Then then, String because) {
    if (then != Then.PARK && !plan.rewindable()) {
      return finish(
          then == Then.PAUSE ? "aborted" : "failed",
          because + ", but this plan can't be repeated from here");
    }
    if (!plan.interruptible()) {
      plan.standStill();
      return completingPoint(then, because);
    }
    plan.interrupt();
    lost.forEach(plan::gone);
    return stopping(then, because);
  }

  /** A point's readings are under way: it is completed, so that it is neither lost nor doubled. */
  private Behavior<Command> completingPoint(Then then, String because) {
    return duringPause(because)
        .onMessage(DeviceAnswered.class, this::onAnswerAside)
        .onMessage(DeviceGone.class, this::onGoneAside)
        .onMessage(TimeIsUp.class, late -> Behaviors.same())
        .onMessage(BundlerSaid.class, said -> onBundlerWhileCompleting(then, because, said))
        .onMessage(Tick.class, tick -> onTickWhileCompleting())
        .build();
  }

  private Behavior<Command> onBundlerWhileCompleting(Then then, String because, BundlerSaid said) {
    take(said.reply());
    if (plan.failure() != null) {
      return finish("failed", plan.failure().text());
    }
    return plan.interruptible() ? pauseNow(then, because) : Behaviors.same();
  }

  private Behavior<Command> onTickWhileCompleting() {
    String overdue =
        plan.overdue(
            parts.settings().readTimeout().toNanos(), parts.settings().stepTimeout().toNanos());
    return overdue == null ? Behaviors.same() : finish("failed", "timed out: " + overdue);
  }

  /** Waits until the devices stand. */
  private Behavior<Command> stopping(Then then, String because) {
    if (!plan.stopping()) {
      return arrived(then, because);
    }
    queue.tell(new StateChanged(job.item(), WorkerState.PAUSING, because));
    timers.startSingleTimer(TimeIsUp.TIME_IS_UP, parts.settings().stopTimeout());
    return duringPause(because)
        .onMessage(DeviceAnswered.class, answer -> onAnswerWhileStopping(then, because, answer))
        .onMessage(BundlerSaid.class, said -> onBundlerAside(said))
        .onMessage(TimeIsUp.class, up -> onNotStopped(then, because))
        .onMessage(DeviceGone.class, gone -> onGoneWhileStopping(then, because, gone))
        .onMessage(Tick.class, tick -> Behaviors.same())
        .build();
  }

  private Behavior<Command> onAnswerWhileStopping(
      Then then, String because, DeviceAnswered answer) {
    takeOrLose(answer.reply());
    return plan.stopping() ? Behaviors.same() : arrived(then, because);
  }

  private Behavior<Command> onNotStopped(Then then, String because) {
    plan.forgetStopping();
    return arrived(then, because);
  }

  private Behavior<Command> onGoneWhileStopping(Then then, String because, DeviceGone gone) {
    onGoneAside(gone);
    return plan.stopping() ? Behaviors.same() : arrived(then, because);
  }

  private Behavior<Command> onBundlerAside(BundlerSaid said) {
    take(said.reply());
    return Behaviors.same();
  }

  /** What may come while a pause is on its way, whatever is waited for. */
  private BehaviorBuilder<Command> duringPause(String because) {
    return duringPause(because, resume -> onResumeWhilePausing());
  }

  private BehaviorBuilder<Command> duringPause(
      String because, Function<Resume, Behavior<Command>> onResume) {
    return Behaviors.receive(Command.class)
        .onMessage(Resume.class, onResume)
        .onMessage(Stop.class, stop -> finish("stopped", ""))
        .onMessage(Abort.class, abort -> finish("aborted", abort.reason()))
        .onMessage(Halt.class, halt -> finish("halted", "halted"))
        .onMessage(Park.class, park -> onParkWhilePausing(park, because))
        .onMessage(Pause.class, pause -> Behaviors.same())
        .onMessage(SleepOver.class, late -> Behaviors.same())
        .onMessage(ParkNow.class, late -> Behaviors.same())
        .onMessage(AskAgain.class, late -> Behaviors.same())
        .onMessage(AttachAnswered.class, late -> Behaviors.same())
        .onMessage(DevicesKnown.class, late -> Behaviors.same())
        .onMessage(LogHolds.class, late -> Behaviors.same());
  }

  private Behavior<Command> onParkWhilePausing(Park park, String because) {
    parking = park.replyTo();
    return pauseNow(Then.PARK, because);
  }

  private Behavior<Command> onGoneAside(DeviceGone gone) {
    if (links.onGone(gone)) {
      lose(gone.device(), "device '" + gone.device() + "' has started anew");
    }
    return Behaviors.same();
  }

  private Behavior<Command> onResumeWhilePausing() {
    resumeAsked = true;
    return Behaviors.same();
  }

  private Behavior<Command> arrived(Then then, String because) {
    timers.cancel(TimeIsUp.TIME_IS_UP);
    boolean goOn = resumeAsked;
    resumeAsked = false;
    return switch (parking != null ? Then.PARK : then) {
      case PAUSE -> goOn ? onResume() : paused(because);
      case PARK -> parked();
      case REATTACH -> awaitDevices(false);
    };
  }

  // ------------------------------------------------------------------ paused

  private Behavior<Command> paused(String because) {
    context.getLog().info("running -> paused, because {}", because);
    plan.askPause(false);
    queue.tell(new StateChanged(job.item(), WorkerState.PAUSED, because));
    return duringPause(because, resume -> onResume())
        .onMessage(DeviceAnswered.class, this::onAnswerAside)
        .onMessage(DeviceGone.class, this::onGoneAside)
        .onMessage(BundlerSaid.class, said -> onBundlerAside(said))
        .onMessage(TimeIsUp.class, late -> Behaviors.same())
        .onMessage(Tick.class, tick -> Behaviors.same())
        .build();
  }

  private Behavior<Command> onAnswerAside(DeviceAnswered answer) {
    takeOrLose(answer.reply());
    return Behaviors.same();
  }

  private Behavior<Command> onResume() {
    return lost.isEmpty() ? goOn() : awaitDevices(true);
  }

  private Behavior<Command> goOn() {
    context.getLog().info("paused -> running");
    queue.tell(new StateChanged(job.item(), WorkerState.RUNNING, ""));
    return advance();
  }

  // ------------------------------------------------------------------ awaiting devices

  /**
   * Takes lost devices again, then goes on. If they don't come back soon, it says so and goes on
   * waiting.
   *
   * @param asked whether a person wants the plan to go on, so that it does however late it is
   */
  private Behavior<Command> awaitDevices(boolean asked) {
    awaitedSince = parts.clock().instant();
    alarm = "";
    goOnHoweverLate = asked;
    links.attachMissing();
    timers.startTimerWithFixedDelay(AskAgain.ASK_AGAIN, parts.settings().attachRetry());
    timers.startSingleTimer(TimeIsUp.TIME_IS_UP, parts.settings().attachTimeout());
    return Behaviors.receive(Command.class)
        .onMessage(AttachAnswered.class, this::onReattached)
        .onMessage(AskAgain.class, again -> onAskToReattach())
        .onMessage(TimeIsUp.class, up -> onNotReattached())
        .onMessage(DeviceGone.class, this::onGoneAside)
        .onMessage(Stop.class, stop -> finish("stopped", ""))
        .onMessage(Abort.class, abort -> finish("aborted", abort.reason()))
        .onMessage(Halt.class, halt -> finish("halted", "halted"))
        .onMessage(Park.class, park -> onParkWhilePausing(park, "the node goes away"))
        .onMessage(Pause.class, pause -> onPauseWhileAwaiting())
        .onMessage(Resume.class, resume -> onResumeWhileAwaiting())
        .onMessage(DeviceAnswered.class, this::onAnswerAside)
        .onMessage(BundlerSaid.class, said -> onBundlerAside(said))
        .onMessage(SleepOver.class, late -> Behaviors.same())
        .onMessage(ParkNow.class, late -> Behaviors.same())
        .onMessage(Tick.class, tick -> Behaviors.same())
        .onMessage(DevicesKnown.class, late -> Behaviors.same())
        .onMessage(LogHolds.class, late -> Behaviors.same())
        .build();
  }

  private Behavior<Command> onReattached(AttachAnswered answer) {
    links.onAnswer(answer.reply());
    if (answer.reply() instanceof NotAttached not && not.problem().code().equals("stopped")) {
      endAwaiting();
      return finish("failed", not.problem().text());
    }
    if (!links.missing().isEmpty()) {
      return Behaviors.same();
    }
    endAwaiting();
    bundler.tell(new Describe(links.descriptions()));
    plan.startedAnew(lost);
    lost.clear();
    Duration gap = Duration.between(awaitedSince, parts.clock().instant());
    boolean soon = alarm.isEmpty() || gap.compareTo(parts.settings().resumeWithin()) <= 0;
    return soon || goOnHoweverLate ? goOn() : paused(tooLate(gap, parts.settings()));
  }

  /** Why a plan does not go on by itself although its devices are back. */
  static String tooLate(Duration gap, EngineSettings settings) {
    return "its devices are back after %.1f s, but beamhive.recovery lets a run go on by itself only within %.1f s"
        .formatted(gap.toMillis() / 1000.0, settings.resumeWithin().toMillis() / 1000.0);
  }

  private void endAwaiting() {
    timers.cancel(AskAgain.ASK_AGAIN);
    timers.cancel(TimeIsUp.TIME_IS_UP);
  }

  private Behavior<Command> onAskToReattach() {
    links.attachMissing();
    if (!alarm.isEmpty() && !alarm.equals(links.missingBecause())) {
      tellWaiting();
    }
    return Behaviors.same();
  }

  private Behavior<Command> onNotReattached() {
    if (!alarm.isEmpty()) {
      return finish("failed", alarm + "; given up after beamhive.engine.device-wait");
    }
    raiseAlarm();
    return Behaviors.same();
  }

  private void raiseAlarm() {
    tellWaiting();
    timers.cancel(TimeIsUp.TIME_IS_UP);
    parts
        .settings()
        .deviceWait()
        .ifPresent(wait -> timers.startSingleTimer(TimeIsUp.TIME_IS_UP, wait));
  }

  private void tellWaiting() {
    alarm = links.missingBecause();
    context.getLog().warn("ALARM the scan waits: {}", alarm);
    queue.tell(new Waiting(job.item(), alarm + "; the scan waits and goes on by itself"));
  }

  private Behavior<Command> onPauseWhileAwaiting() {
    endAwaiting();
    return paused("a pause was asked for; " + links.missingBecause());
  }

  private Behavior<Command> onResumeWhileAwaiting() {
    goOnHoweverLate = true;
    if (!alarm.isEmpty()) {
      // the queue thinks that the plan goes on now
      tellWaiting();
    }
    return Behaviors.same();
  }

  // ------------------------------------------------------------------ finishing

  private Behavior<Command> finish(String exitStatus, String message) {
    Ending ending = new Ending(exitStatus, message);
    over = true;
    timers.cancel(AskAgain.ASK_AGAIN);
    timers.cancel(ParkNow.PARK_NOW);
    switch (exitStatus) {
      case "stopped" -> queue.tell(new StateChanged(job.item(), WorkerState.STOPPING, message));
      case "aborted" -> queue.tell(new StateChanged(job.item(), WorkerState.ABORTING, message));
      case "halted" -> queue.tell(new StateChanged(job.item(), WorkerState.HALTING, message));
      default -> {}
    }
    plan.end();
    lost.forEach(plan::gone);
    if (!plan.stopping()) {
      return goBack(ending);
    }
    timers.startSingleTimer(TimeIsUp.TIME_IS_UP, parts.settings().stopTimeout());
    return finishing(() -> !plan.stopping(), () -> goBack(ending), () -> goBack(ending));
  }

  /** A relative scan that was cut short goes back to where it began, unless it was halted. */
  private Behavior<Command> goBack(Ending ending) {
    if (ending.exitStatus().equals("completed") || ending.exitStatus().equals("halted")) {
      return collectFlights(ending);
    }
    plan.goBack();
    if (!plan.busy()) {
      return collectFlights(ending);
    }
    timers.startSingleTimer(TimeIsUp.TIME_IS_UP, parts.settings().stepTimeout());
    return finishing(
        () -> !plan.busy(), () -> collectFlights(ending), () -> collectFlights(ending));
  }

  /** What flyers have gathered is not lost with a plan that was cut short. */
  private Behavior<Command> collectFlights(Ending ending) {
    plan.collectFlights();
    if (!plan.collecting()) {
      return unstage(ending);
    }
    timers.startSingleTimer(TimeIsUp.TIME_IS_UP, parts.settings().stopTimeout());
    return finishing(
        () -> !plan.collecting(),
        () -> unstage(ending),
        () -> {
          context.getLog().warn("Run {}: flyers did not give what they had gathered", job.run());
          plan.forgetFlights();
          return unstage(ending);
        });
  }

  private Behavior<Command> unstage(Ending ending) {
    plan.unstageAll();
    if (!plan.busy()) {
      return closeRun(ending);
    }
    timers.startSingleTimer(TimeIsUp.TIME_IS_UP, parts.settings().stopTimeout());
    return finishing(() -> !plan.busy(), () -> closeRun(ending), () -> closeRun(ending));
  }

  private Behavior<Command> closeRun(Ending ending) {
    if (plan.runOpen()) {
      plan.closeRun(ending.documentStatus(), ending.message());
    }
    if (plan.allLogged()) {
      return ended(ending);
    }
    timers.startSingleTimer(TimeIsUp.TIME_IS_UP, parts.settings().logTimeout());
    return finishing(plan::allLogged, () -> ended(ending), () -> logSilent());
  }

  private Behavior<Command> logSilent() {
    throw new IllegalStateException(
        "the log of run "
            + job.run()
            + " did not take the stop document within "
            + parts.settings().logTimeout());
  }

  private Behavior<Command> finishing(Condition until, Next next, Next whenTimeIsUp) {
    return Behaviors.receive(Command.class)
        .onMessage(DeviceAnswered.class, answer -> onAnswerWhileFinishing(answer, until, next))
        .onMessage(BundlerSaid.class, said -> onBundlerWhileFinishing(said, until, next))
        .onMessage(TimeIsUp.class, up -> whenTimeIsUp.behavior())
        .onMessage(Park.class, this::onParkWhileFinishing)
        .onMessage(DeviceGone.class, this::onGoneAside)
        .onMessage(Command.class, other -> Behaviors.same())
        .build();
  }

  private interface Condition {
    boolean met();
  }

  private interface Next {
    Behavior<Command> behavior();
  }

  private Behavior<Command> onAnswerWhileFinishing(
      DeviceAnswered answer, Condition until, Next next) {
    take(answer.reply());
    return until.met() ? next.behavior() : Behaviors.same();
  }

  private Behavior<Command> onBundlerWhileFinishing(BundlerSaid said, Condition until, Next next) {
    take(said.reply());
    return until.met() ? next.behavior() : Behaviors.same();
  }

  private Behavior<Command> onParkWhileFinishing(Park park) {
    parking = park.replyTo();
    return Behaviors.same();
  }

  private Behavior<Command> ended(Ending ending) {
    links.detachAll();
    boolean opened = plan.runOpened();
    context
        .getLog()
        .info("Plan {} ended: {} {}", job.request().name(), ending.exitStatus(), ending.message());
    queue.tell(
        new Ended(
            job.item(),
            ending.exitStatus(),
            ending.message(),
            opened ? List.of(job.run()) : List.of(),
            opened ? List.of(job.scanId()) : List.of()));
    if (parking != null) {
      parking.tell(Parked.PARKED);
    }
    return Behaviors.stopped();
  }

  /** The node goes away: the run stays open. */
  private Behavior<Command> parked() {
    if (plan.allLogged()) {
      return leave();
    }
    timers.startSingleTimer(TimeIsUp.TIME_IS_UP, parts.settings().stopTimeout());
    return Behaviors.receive(Command.class)
        .onMessage(BundlerSaid.class, this::onBundlerWhileParking)
        .onMessage(TimeIsUp.class, up -> leave())
        .onMessage(Command.class, other -> Behaviors.same())
        .build();
  }

  private Behavior<Command> onBundlerWhileParking(BundlerSaid said) {
    take(said.reply());
    return plan.allLogged() ? leave() : Behaviors.same();
  }

  private Behavior<Command> leave() {
    context
        .getLog()
        .info(
            "Run {} is left open, since the node goes away; it goes on at the next start",
            job.run());
    links.detachAll();
    parking.tell(Parked.PARKED);
    return Behaviors.stopped();
  }

  // ------------------------------------------------------------------ what instructions do

  private final class Effects implements PlanEffects {
    @Override
    public void set(DeviceName device, Value setpoint, long token) {
      tell(device, token, new DeviceProtocol.Set(links.epoch(), setpoint, token, links.replies()));
    }

    @Override
    public void trigger(DeviceName device, long token) {
      tell(device, token, new Trigger(links.epoch(), token, links.replies()));
    }

    @Override
    public void kickoff(DeviceName device, Value.Fields settings, long token) {
      tell(device, token, new Kickoff(links.epoch(), settings, token, links.replies()));
    }

    @Override
    public void complete(DeviceName device, long token) {
      tell(device, token, new Complete(links.epoch(), token, links.replies()));
    }

    @Override
    public void collect(DeviceName device, String stream, long point) {
      ActorRef<DeviceProtocol.Request> ref = links.ref(device);
      bundler.tell(new Collection(point, stream, device));
      if (ref == null) {
        bundler.tell(new ScanBundlerProtocol.ReadFailed(device, point, gone(device)));
      } else {
        ref.tell(new Collect(links.epoch(), point, bundler));
      }
    }

    @Override
    public void stage(DeviceName device, long token) {
      tell(device, token, new Stage(links.epoch(), token, links.replies()));
    }

    @Override
    public void unstage(DeviceName device, long token) {
      tell(device, token, new Unstage(links.epoch(), token, links.replies()));
    }

    @Override
    public void locate(DeviceName device, long token) {
      tell(device, token, new Locate(links.epoch(), token, links.replies()));
    }

    private void tell(DeviceName device, long token, DeviceProtocol.Request command) {
      ActorRef<DeviceProtocol.Request> ref = links.ref(device);
      if (ref == null) {
        plan.onFailed(token, gone(device));
      } else {
        ref.tell(command);
      }
    }

    private Refusal gone(DeviceName device) {
      return Refusal.of("not-connected", "device '" + device + "' is gone");
    }

    @Override
    public void stop(DeviceName device) {
      links.stop(device);
    }

    @Override
    public void read(DeviceName device, long point) {
      ActorRef<DeviceProtocol.Request> ref = links.ref(device);
      if (ref == null) {
        plan.fail(gone(device));
      } else {
        ref.tell(new Read(links.epoch(), point, bundler));
      }
    }

    @Override
    public void bundle(long point, String stream, List<DeviceName> devices) {
      bundler.tell(new Bundle(point, stream, devices));
    }

    @Override
    public void drop(long point) {
      bundler.tell(new Drop(point));
    }

    @Override
    public void openRun(Value.Fields metadata) {
      Instant now = parts.clock().instant();
      double time = now.getEpochSecond() + now.getNano() * 1e-9;
      Value.Fields all = metadata.with(ReadoutGroups.FIELD, readout.toValue());
      bundler.tell(new OpenRun(new RunStart(job.run(), time, job.scanId(), all)));
    }

    @Override
    public void closeRun(String exitStatus, String reason) {
      bundler.tell(new CloseRun(exitStatus, reason));
    }

    @Override
    public void recordAnswer(long instruction, Value answer) {
      bundler.tell(new RecordAnswer(instruction, answer));
    }

    @Override
    public void sleep(double seconds, long token) {
      context.scheduleOnce(
          Duration.ofNanos((long) (seconds * 1e9)), context.getSelf(), new SleepOver(token));
    }
  }
}
