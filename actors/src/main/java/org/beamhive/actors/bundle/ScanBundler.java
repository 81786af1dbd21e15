package org.beamhive.actors.bundle;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Bundle;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.CloseRun;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Collected;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Collection;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Command;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Describe;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.DeviceCollected;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.DeviceRead;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Drop;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Internal;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Logged;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.OpenRun;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.PointFailed;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.PointTaken;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.ReadFailed;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.RecordAnswer;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Reply;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Request;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.run.RunEntry;
import org.beamhive.protocol.run.RunLogProtocol;
import org.beamhive.protocol.run.RunLogProtocol.Append;
import org.beamhive.protocol.run.RunLogProtocol.AppendReply;
import org.beamhive.protocol.run.RunLogProtocol.Appended;
import org.beamhive.protocol.run.RunLogProtocol.GetProgress;
import org.beamhive.protocol.run.RunLogProtocol.NotAppended;
import org.beamhive.protocol.run.RunProgress;

/**
 * Turns the readings of a run into documents and hands them to its RunLog: readings become points,
 * points become documents.
 *
 * <p>The worker says what a point consists of, the devices send their readings here. One batch at a
 * time is on its way to the log; what becomes complete meanwhile is the next batch, so batches grow
 * with the load and a lone point waits for nobody. If the log does not answer in time, it is asked
 * what it holds, and only what is missing is sent again.
 *
 * <p>Lives and dies with the worker. If the log refuses, the bundler fails, and with it the worker,
 * which the queue starts again from the log.
 */
public final class ScanBundler {
  private record FromLog(AppendReply reply) implements Internal {}

  private record LogHolds(RunProgress progress) implements Internal {}

  private enum AppendTimedOut implements Internal {
    TIMED_OUT
  }

  /** An entry on its way to the log; the worker counts those it asked for, not the descriptors. */
  private record Waiting(RunEntry entry, boolean counted) {}

  /**
   * The bundler of a run.
   *
   * @param progress what the run's log holds already
   * @param maxBatch most entries that one write to the journal may hold
   * @param appendTimeout how long to wait for the log before asking what it holds
   */
  public static Behavior<Request> create(
      RunUid run,
      RunProgress progress,
      ActorRef<RunLogProtocol.Request> log,
      ActorRef<Reply> worker,
      int maxBatch,
      Duration appendTimeout,
      Clock clock,
      Supplier<String> uids) {
    return Behaviors.<Command>setup(
            context -> {
              context.setLoggerName(ScanBundler.class);
              return Behaviors.withTimers(
                  timers ->
                      new ScanBundler(
                              context,
                              timers,
                              new Bundles(run, progress, clock, uids),
                              progress.entries(),
                              log,
                              worker,
                              maxBatch,
                              appendTimeout)
                          .bundling());
            })
        .narrow();
  }

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final Bundles bundles;
  private final ActorRef<RunLogProtocol.Request> log;
  private final ActorRef<Reply> worker;
  private final int maxBatch;
  private final Duration appendTimeout;
  private final ActorRef<AppendReply> appendReplies;
  private final ActorRef<RunProgress> progressReplies;
  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  // touched by message handlers only: this actor has no futures
  private List<RunEntry> inFlight = List.of();
  private int inFlightCounted;
  private long position;
  private long logged;
  private long waitingCounted;
  private boolean asked;

  private ScanBundler(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Bundles bundles,
      long position,
      ActorRef<RunLogProtocol.Request> log,
      ActorRef<Reply> worker,
      int maxBatch,
      Duration appendTimeout) {
    this.context = context;
    this.timers = timers;
    this.bundles = bundles;
    this.position = position;
    this.log = log;
    this.worker = worker;
    this.maxBatch = maxBatch;
    this.appendTimeout = appendTimeout;
    this.appendReplies = context.messageAdapter(AppendReply.class, FromLog::new);
    this.progressReplies = context.messageAdapter(RunProgress.class, LogHolds::new);
  }

  private Behavior<Command> bundling() {
    return Behaviors.receive(Command.class)
        .onMessage(DeviceRead.class, this::onDeviceRead)
        .onMessage(Bundle.class, this::onBundle)
        .onMessage(FromLog.class, this::onFromLog)
        .onMessage(Collection.class, this::onCollection)
        .onMessage(DeviceCollected.class, this::onDeviceCollected)
        .onMessage(ReadFailed.class, this::onReadFailed)
        .onMessage(Drop.class, this::onDrop)
        .onMessage(Describe.class, this::onDescribe)
        .onMessage(OpenRun.class, open -> enter(new RunEntry.Started(open.start())))
        .onMessage(
            RecordAnswer.class,
            answer -> enter(new RunEntry.Answered(answer.instruction(), answer.answer())))
        .onMessage(CloseRun.class, this::onCloseRun)
        .onMessage(AppendTimedOut.class, this::onAppendTimedOut)
        .onMessage(LogHolds.class, this::onLogHolds)
        .build();
  }

  private Behavior<Command> onDeviceRead(DeviceRead read) {
    if (bundles.read(read.point(), read.device(), read.readings(), read.assets())) {
      complete(read.point());
    }
    return Behaviors.same();
  }

  private Behavior<Command> onBundle(Bundle bundle) {
    if (bundles.expect(bundle.point(), bundle.stream(), bundle.devices())) {
      complete(bundle.point());
    }
    return Behaviors.same();
  }

  private Behavior<Command> onCollection(Collection collection) {
    if (bundles.expectFlight(collection.point(), collection.stream(), collection.device())) {
      completeFlight(collection.point());
    }
    return Behaviors.same();
  }

  private Behavior<Command> onDeviceCollected(DeviceCollected page) {
    if (bundles.collected(page.point(), page.from(), page.events(), page.last())) {
      completeFlight(page.point());
    }
    return Behaviors.same();
  }

  private void completeFlight(long point) {
    Optional<Refusal> refusal = bundles.refuseFlight(point);
    if (refusal.isPresent()) {
      worker.tell(new PointFailed(point, bundles.flyer(point), refusal.get()));
      bundles.drop(point);
      return;
    }
    List<RunEntry> entries = bundles.takeFlight(point);
    worker.tell(new Collected(point, await(entries)));
    append();
  }

  private Behavior<Command> onReadFailed(ReadFailed failed) {
    if (bundles.over(failed.point())) {
      return Behaviors.same();
    }
    worker.tell(new PointFailed(failed.point(), failed.device(), failed.problem()));
    return Behaviors.same();
  }

  private Behavior<Command> onDrop(Drop drop) {
    bundles.drop(drop.point());
    return Behaviors.same();
  }

  private Behavior<Command> onCloseRun(CloseRun close) {
    // a reading that comes late must not follow the stop document
    bundles.close();
    return enter(new RunEntry.Stopped(bundles.stop(close.exitStatus(), close.reason())));
  }

  private Behavior<Command> onDescribe(Describe describe) {
    bundles.describe(describe.devices());
    return Behaviors.same();
  }

  private void complete(long point) {
    Optional<Refusal> refusal = bundles.refuse(point);
    if (refusal.isPresent()) {
      worker.tell(new PointFailed(point, bundles.anyDevice(point), refusal.get()));
      bundles.drop(point);
      return;
    }
    await(bundles.take(point));
    worker.tell(new PointTaken(point));
    append();
  }

  /** How many of them are events, which are those that the worker counts. */
  private int await(List<RunEntry> entries) {
    int events = 0;
    for (RunEntry entry : entries) {
      boolean counted = entry instanceof RunEntry.Measured;
      waiting.addLast(new Waiting(entry, counted));
      events += counted ? 1 : 0;
    }
    waitingCounted += events;
    return events;
  }

  private Behavior<Command> enter(RunEntry entry) {
    waiting.addLast(new Waiting(entry, true));
    waitingCounted++;
    append();
    return Behaviors.same();
  }

  /** Sends the next batch, unless one is on its way. */
  private void append() {
    if (!inFlight.isEmpty() || waiting.isEmpty()) {
      return;
    }
    List<RunEntry> batch = new ArrayList<>(Math.min(waiting.size(), maxBatch));
    int counted = 0;
    while (!waiting.isEmpty() && batch.size() < maxBatch) {
      Waiting next = waiting.removeFirst();
      batch.add(next.entry());
      counted += next.counted() ? 1 : 0;
    }
    inFlight = batch;
    inFlightCounted = counted;
    send();
  }

  private void send() {
    log.tell(new Append(inFlight, appendReplies));
    timers.startSingleTimer(AppendTimedOut.TIMED_OUT, appendTimeout);
  }

  private Behavior<Command> onFromLog(FromLog answer) {
    if (answer.reply() instanceof NotAppended refused) {
      throw new IllegalStateException("the run log refused documents: " + refused.problem().text());
    }
    // an answer that came after the log was asked what it holds says nothing new
    if (((Appended) answer.reply()).upTo() == position + inFlight.size()) {
      taken();
    }
    return Behaviors.same();
  }

  private void taken() {
    if (inFlight.isEmpty()) {
      return;
    }
    position += inFlight.size();
    logged += inFlightCounted;
    waitingCounted -= inFlightCounted;
    inFlight = List.of();
    worker.tell(new Logged(logged, waitingCounted));
    append();
    if (inFlight.isEmpty()) {
      timers.cancel(AppendTimedOut.TIMED_OUT);
    }
  }

  private Behavior<Command> onAppendTimedOut(AppendTimedOut timedOut) {
    context
        .getLog()
        .warn("The run log has not answered for {}: asking what it holds", appendTimeout);
    asked = true;
    log.tell(new GetProgress(progressReplies));
    timers.startSingleTimer(AppendTimedOut.TIMED_OUT, appendTimeout);
    return Behaviors.same();
  }

  private Behavior<Command> onLogHolds(LogHolds holds) {
    // one answer decides; a second one may be from before what was sent again
    boolean expected = asked;
    asked = false;
    if (inFlight.isEmpty() || !expected) {
      return Behaviors.same();
    }
    long stored = holds.progress().entries();
    if (stored == position + inFlight.size()) {
      taken();
    } else if (stored == position) {
      send();
    } else {
      throw new IllegalStateException(
          "the run log holds "
              + stored
              + " entries, "
              + position
              + " or "
              + (position + inFlight.size())
              + " were expected: another writer is at work");
    }
    return Behaviors.same();
  }
}
