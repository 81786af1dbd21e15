package org.beamhive.actors.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.actors.engine.Beamlines.DET;
import static org.beamhive.actors.engine.Beamlines.M1;
import static org.beamhive.actors.engine.Beamlines.PLAIN;
import static org.beamhive.actors.engine.Beamlines.plan;

import akka.actor.UnhandledMessage;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.testkit.PersistenceTestKitPlugin;
import akka.persistence.testkit.javadsl.PersistenceTestKit;
import com.typesafe.config.ConfigFactory;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.beamhive.actors.bundle.ScanBundler;
import org.beamhive.actors.run.RunLog;
import org.beamhive.actors.run.RunSettings;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.DeviceRead;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.ReadFailed;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.Attach;
import org.beamhive.protocol.device.DeviceProtocol.Attached;
import org.beamhive.protocol.device.DeviceProtocol.Detach;
import org.beamhive.protocol.device.DeviceProtocol.Done;
import org.beamhive.protocol.device.DeviceProtocol.Failed;
import org.beamhive.protocol.device.DeviceProtocol.KeepAlive;
import org.beamhive.protocol.device.DeviceProtocol.NotAttached;
import org.beamhive.protocol.device.DeviceProtocol.NotYours;
import org.beamhive.protocol.device.DeviceProtocol.Read;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.ItemUid;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.ReadoutPriority;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.plan.PlanRequest;
import org.beamhive.protocol.run.RunEntry;
import org.beamhive.protocol.run.RunLogProtocol;
import org.beamhive.protocol.run.RunProgress;
import org.beamhive.protocol.scan.ScanJob;
import org.beamhive.protocol.scan.ScanJob.Mode;
import org.beamhive.protocol.scan.ScanWorkerProtocol;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Abort;
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
import org.beamhive.protocol.scan.ScanWorkerProtocol.Superseded;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Waiting;
import org.beamhive.protocol.scan.ScanWorkerProtocol.WorkerState;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A whole worker with its bundler and its log, and devices that do what the test says. */
class ScanWorkerTest {
  private static final ActorTestKit KIT =
      ActorTestKit.create(
          PersistenceTestKitPlugin.getInstance().config().withFallback(ConfigFactory.load()));
  private static final PersistenceTestKit JOURNAL = PersistenceTestKit.create(KIT.system());
  private static final TestProbe<UnhandledMessage> UNHANDLED = KIT.createUnhandledMessageProbe();
  private final AtomicLong seconds = new AtomicLong(1000);
  private final Clock clock =
      new Clock() {
        @Override
        public ZoneId getZone() {
          return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
          return this;
        }

        @Override
        public Instant instant() {
          return Instant.ofEpochSecond(seconds.get());
        }
      };
  private static final PlanRequest SCAN = plan("scan", List.of("det"), "m1", 1, 3, 3);
  // the first test of all may take its time
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Duration AMPLE = Duration.ofMinutes(5);
  private static final Duration SOON = Duration.ofMillis(600);
  private static final RunSettings LOG =
      new RunSettings(
          64,
          8,
          Duration.ofMillis(20),
          Duration.ofSeconds(5),
          "none",
          Duration.ofMillis(10),
          Duration.ofMillis(20));
  private Optional<Duration> deviceWait = Optional.empty();
  // none of them is over before its time, however long this process stands still
  private Duration attachTimeout = AMPLE;
  private Duration readTimeout = AMPLE;
  private Duration stopTimeout = AMPLE;

  private EngineSettings engine() {
    return new EngineSettings(
        100,
        10,
        Duration.ofSeconds(30),
        attachTimeout,
        Duration.ofMillis(20),
        readTimeout,
        AMPLE,
        stopTimeout,
        AMPLE,
        Duration.ofMillis(100),
        Duration.ofMillis(50),
        deviceWait,
        Duration.ofMinutes(5));
  }

  private final RunUid run = RunUid.random();
  private final ItemUid item = new ItemUid(UUID.randomUUID().toString());
  private final TestProbe<Report> queue = KIT.createTestProbe();
  // what devices were told, in order
  private final List<String> trace = new CopyOnWriteArrayList<>();
  private final List<Double> targets = new CopyOnWriteArrayList<>();
  // commands that are not answered now, as "set m1"
  private final Set<String> held = ConcurrentHashMap.newKeySet();
  private final Set<String> failing = ConcurrentHashMap.newKeySet();
  private final Set<String> away = ConcurrentHashMap.newKeySet();
  // devices that have let go of the worker until it attaches them again
  private final Set<String> letGo = ConcurrentHashMap.newKeySet();
  // the code with which they fail, and the device that is away from then on
  private volatile String failure = "broken";
  private volatile String lostFrom = "";
  private volatile List<DeviceView> known = PLAIN;
  // what devices began and what the test lets them end takes turns
  private final ReentrantLock turn = new ReentrantLock();
  private final List<Runnable> open = new ArrayList<>();
  private final Map<DeviceName, ActorRef<DeviceProtocol.Request>> devices =
      new ConcurrentHashMap<>();
  private long epoch;

  /** A worker waits for its log for a moment only: the journal must have been started before. */
  @BeforeAll
  static void startJournal() {
    TestProbe<RunProgress> started = KIT.createTestProbe();
    ActorRef<RunLogProtocol.Request> log = KIT.spawn(RunLog.create(RunUid.random(), LOG));
    log.tell(new RunLogProtocol.GetProgress(started.getRef()));
    started.receiveMessage(LONG);
    KIT.stop(log);
  }

  @AfterAll
  static void close() {
    KIT.shutdownTestKit();
  }

  @BeforeEach
  void startDevices() {
    PLAIN.forEach(view -> devices.put(view.name(), KIT.spawn(device(view))));
  }

  @AfterEach
  void nothingIsUnhandled() {
    UNHANDLED.expectNoMessage(Duration.ofMillis(10));
  }

  // ------------------------------------------------------------------ the world of a worker

  private Behavior<DeviceProtocol.Request> device(DeviceView view) {
    return Behaviors.setup(
        context -> {
          double[] position = {0};
          List<Failed> moving = new ArrayList<>();
          List<ActorRef<DeviceProtocol.Reply>> whom = new ArrayList<>();
          return Behaviors.receiveMessage(
              message -> {
                turn.lock();
                try {
                  String name = view.name().value();
                  if (message instanceof Attach attach) {
                    letGo.remove(name);
                    attach
                        .replyTo()
                        .tell(
                            away.contains(name)
                                ? new NotAttached(
                                    view.name(), Refusal.of(failure, name + " is away"))
                                : new Attached(context.getSelf(), view, description(view.name())));
                  } else if (message instanceof DeviceProtocol.Locate locate) {
                    Value here = Value.of(position[0]);
                    locate
                        .replyTo()
                        .tell(new DeviceProtocol.Located(view.name(), locate.token(), here, here));
                  } else if (message instanceof DeviceProtocol.Set set) {
                    targets.add(set.setpoint().asDouble());
                    Failed stopped =
                        new Failed(view.name(), set.token(), Refusal.of("stopped", "stopped"));
                    moving.add(stopped);
                    whom.add(set.replyTo());
                    perform(
                        "set " + name,
                        () -> {
                          if (moving.remove(stopped)) {
                            position[0] = set.setpoint().asDouble();
                            whom.remove(set.replyTo());
                            set.replyTo().tell(answer("set " + name, view.name(), set.token()));
                          }
                        });
                  } else if (message instanceof DeviceProtocol.Trigger one) {
                    perform(
                        "trigger " + name,
                        () ->
                            one.replyTo()
                                .tell(answer("trigger " + name, view.name(), one.token())));
                  } else if (message instanceof DeviceProtocol.Stage one) {
                    perform(
                        "stage " + name,
                        () ->
                            one.replyTo().tell(answer("stage " + name, view.name(), one.token())));
                  } else if (message instanceof DeviceProtocol.Unstage one) {
                    perform(
                        "unstage " + name,
                        () ->
                            one.replyTo()
                                .tell(answer("unstage " + name, view.name(), one.token())));
                  } else if (message instanceof Read read) {
                    Reading reading =
                        new Reading(name, Value.of(position[0]), 1000, AlarmSeverity.NO_ALARM);
                    perform(
                        "read " + name,
                        () ->
                            read.replyTo()
                                .tell(
                                    failing.contains("read " + name)
                                        ? new ReadFailed(
                                            view.name(), read.point(), problem(view.name()))
                                        : new DeviceRead(
                                            view.name(), read.point(), List.of(reading))));
                  } else if (message instanceof DeviceProtocol.StopFor) {
                    trace.add("stop " + name);
                    for (int i = 0; i < moving.size(); i++) {
                      whom.get(i).tell(moving.get(i));
                    }
                    moving.clear();
                    whom.clear();
                  } else if (message instanceof KeepAlive alive) {
                    trace.add("alive " + name);
                    if (letGo.contains(name)) {
                      Refusal problem = Refusal.of("owner-silent", name + " has let go");
                      alive.replyTo().tell(new NotYours(view.name(), problem));
                    }
                  } else if (message instanceof Detach) {
                    trace.add("detach " + name);
                  }
                } finally {
                  turn.unlock();
                }
                return Behaviors.same();
              });
        });
  }

  private void perform(String what, Runnable action) {
    trace.add(what);
    if (held.contains(what)) {
      open.add(action);
    } else {
      action.run();
    }
  }

  private DeviceProtocol.Reply answer(String what, DeviceName device, long token) {
    return failing.contains(what)
        ? new Failed(device, token, problem(device))
        : new Done(device, token);
  }

  private Refusal problem(DeviceName device) {
    if (lostFrom.equals(device.value())) {
      away.add(device.value());
    }
    return Refusal.of(failure, device + " is broken");
  }

  private static DeviceDescription description(DeviceName name) {
    return new DeviceDescription(
        name,
        "Sim",
        Map.of(name.value(), DataKey.number("SIM:" + name, name.value())),
        List.of(),
        List.of(),
        Map.of());
  }

  private ActorRef<ScanWorkerProtocol.Request> worker(Mode mode) {
    return worker(mode, SCAN);
  }

  private ActorRef<ScanWorkerProtocol.Request> worker(Mode mode, PlanRequest request) {
    ActorRef<DeviceDirectoryProtocol.Request> directory =
        KIT.spawn(
            Behaviors.receiveMessage(
                message -> {
                  if (message instanceof DeviceDirectoryProtocol.GetDevices get) {
                    get.replyTo().tell(new DeviceDirectoryProtocol.Devices(1, known));
                  }
                  return Behaviors.same();
                }));
    WorkerParts parts =
        new WorkerParts(
            engine(),
            Beamlines.PLANS,
            directory,
            view -> devices.get(view.name()),
            uid -> RunLog.create(uid, LOG),
            (uid, progress, log, worker) ->
                ScanBundler.create(
                    uid,
                    progress,
                    log,
                    worker,
                    engine().maxBatch(),
                    engine().appendTimeout(),
                    clock,
                    () -> UUID.randomUUID().toString()),
            clock);
    ScanJob job = new ScanJob(item, request, run, 7, new Epoch(++epoch), mode, "the reason");
    return KIT.spawn(ScanWorker.create(job, parts, queue.getRef()));
  }

  /** Waits until devices have been told this so often. */
  private void told(String what, int times) {
    queue.awaitAssert(
        LONG,
        () -> {
          assertThat(trace).filteredOn(what::equals).hasSizeGreaterThanOrEqualTo(times);
          return null;
        });
  }

  /** Holds this no longer; what is still held back, for who runs it. */
  private List<Runnable> take(String what) {
    turn.lock();
    try {
      held.remove(what);
      List<Runnable> actions = List.copyOf(open);
      open.clear();
      return actions;
    } finally {
      turn.unlock();
    }
  }

  private void run(List<Runnable> actions) {
    turn.lock();
    try {
      actions.forEach(Runnable::run);
    } finally {
      turn.unlock();
    }
  }

  private void release(String what) {
    run(take(what));
  }

  private StateChanged is(WorkerState state) {
    Report report;
    do {
      report = queue.receiveMessage(LONG);
      assertThat(report).isNotInstanceOf(Ended.class);
    } while (!(report instanceof StateChanged change && change.state() == state));
    return (StateChanged) report;
  }

  /** Why it waits for a device. */
  private String waits() {
    Report report;
    do {
      report = queue.receiveMessage(LONG);
      assertThat(report).isNotInstanceOf(Ended.class);
    } while (!(report instanceof Waiting));
    return ((Waiting) report).because();
  }

  private Ended ended() {
    Report report;
    do {
      report = queue.receiveMessage(LONG);
    } while (!(report instanceof Ended));
    return (Ended) report;
  }

  private List<RunEntry> log() {
    return JOURNAL.persistedInStorage("run|" + run).stream().map(RunEntry.class::cast).toList();
  }

  /** The run is closed once, and holds these points of the motor with numbers from 1. */
  private void closed(String exitStatus, Double... points) {
    List<RunEntry> log = log();
    assertThat(log.get(0)).isInstanceOf(RunEntry.Started.class);
    assertThat(log).filteredOn(RunEntry.Stopped.class::isInstance).hasSize(1);
    assertThat(((RunEntry.Stopped) log.get(log.size() - 1)).document().exitStatus())
        .isEqualTo(exitStatus);
    List<RunEntry.Measured> events =
        log.stream()
            .filter(RunEntry.Measured.class::isInstance)
            .map(RunEntry.Measured.class::cast)
            .toList();
    for (int i = 0; i < events.size(); i++) {
      assertThat(events.get(i).document().seqNum()).isEqualTo(i + 1L);
    }
    assertThat(events)
        .extracting(event -> event.document().readings().get(1).value().asDouble())
        .containsExactly(points);
  }

  private void detached() {
    queue.awaitAssert(
        () -> {
          assertThat(trace).contains("detach det", "detach m1");
          return null;
        });
  }

  // ------------------------------------------------------------------ the normal way

  @Test
  void runsAScanToItsEnd() {
    var worker = worker(Mode.FRESH);
    queue.expectMessage(LONG, new StateChanged(item, WorkerState.RUNNING, ""));
    RunOpened opened = queue.expectMessageClass(RunOpened.class);
    assertThat(opened.run()).isEqualTo(run);
    assertThat(ended()).isEqualTo(new Ended(item, "completed", "", List.of(run), List.of(7L)));
    queue.expectTerminated(worker);
    closed("success", 1., 2., 3.);
    detached();
    List<String> commands = trace.stream().filter(what -> !what.startsWith("alive")).toList();
    assertThat(commands).startsWith("stage det", "stage m1", "set m1", "trigger det");
    // two devices read at the same time
    assertThat(commands.subList(4, 6)).containsExactlyInAnyOrder("read det", "read m1");
    assertThat(commands.get(6)).isEqualTo("set m1");
    assertThat(trace).contains("unstage m1", "unstage det");
  }

  @Test
  void movesWithoutARun() {
    worker(Mode.FRESH, plan("mv", "m1", 4));
    assertThat(ended()).isEqualTo(new Ended(item, "completed", "", List.of(), List.of()));
    assertThat(log()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"stage det", "set m1", "trigger det"})
  void endsInGoodOrderWhenADeviceFails(String what) {
    failing.add(what);
    worker(Mode.FRESH);
    Ended ended = ended();
    assertThat(ended.exitStatus()).isEqualTo("failed");
    assertThat(ended.message()).endsWith("is broken");
    detached();
    assertThat(trace).contains("unstage det");
    if (what.equals("stage det")) {
      assertThat(log()).isEmpty();
    } else {
      assertThat(trace).contains("stop m1", "unstage m1");
      closed("fail");
    }
  }

  @Test
  void failsWhenReadingsDoNotCome() {
    held.add("read det");
    readTimeout = SOON;
    worker(Mode.FRESH);
    assertThat(ended().message()).contains("timed out").contains("det");
    closed("fail");
  }

  // ------------------------------------------------------------------ pause and end

  @ParameterizedTest
  @CsvSource({
    "set m1, 1",
    "set m1, 2",
    "trigger det, 1",
    "trigger det, 3",
    "stage m1, 1",
    "unstage m1, 1"
  })
  void pausesAtOnceAndGoesOnWithEachPointOnce(String where, int nth) {
    if (nth == 1) {
      held.add(where);
    }
    var worker = worker(Mode.FRESH);
    told(where, nth);
    worker.tell(new Pause(false));
    release(where);
    if (nth == 1) {
      is(WorkerState.PAUSED);
      worker.tell(Resume.RESUME);
    } else {
      // it may have gone on meanwhile: a pause comes when it comes
      Report report = queue.receiveMessage();
      while (!(report instanceof Ended)) {
        if (report instanceof StateChanged change && change.state() == WorkerState.PAUSED) {
          worker.tell(Resume.RESUME);
        }
        report = queue.receiveMessage();
      }
      closed("success", 1., 2., 3.);
      return;
    }
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
  }

  @Test
  void stopsTheMotorOnAPauseAndMovesItAgain() {
    held.add("set m1");
    var worker = worker(Mode.FRESH);
    told("set m1", 1);
    worker.tell(new Pause(false));
    is(WorkerState.PAUSED);
    assertThat(trace).contains("stop m1");
    release("set m1");
    worker.tell(Resume.RESUME);
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
  }

  @Test
  void completesThePointThatIsBeingReadBeforeItPauses() {
    held.add("read det");
    var worker = worker(Mode.FRESH);
    told("read det", 1);
    worker.tell(new Pause(false));
    release("read det");
    is(WorkerState.PAUSED);
    worker.tell(Resume.RESUME);
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
    assertThat(trace).filteredOn("read det"::equals).hasSize(3);
  }

  private static ScanWorkerProtocol.Request end(String how) {
    return switch (how) {
      case "stopped" -> Stop.STOP;
      case "aborted" -> new Abort("beam lost");
      default -> Halt.HALT;
    };
  }

  @ParameterizedTest
  @CsvSource({"stopped, success", "aborted, abort", "halted, abort"})
  void endsWhileMoving(String how, String exitStatus) {
    held.add("set m1");
    var worker = worker(Mode.FRESH);
    told("set m1", 1);
    worker.tell(end(how));
    assertThat(ended().exitStatus()).isEqualTo(how);
    assertThat(trace).contains("stop m1", "unstage m1", "unstage det");
    closed(exitStatus);
    detached();
  }

  @ParameterizedTest
  @CsvSource({"stopped, 0", "aborted, 0", "halted, -1"})
  void aRelativeScanThatIsCutShortGoesBackUnlessItIsHalted(String how, double last) {
    stopTimeout = SOON;
    held.add("trigger det");
    var worker = worker(Mode.FRESH, plan("rel_scan", List.of("det"), "m1", -1, 1, 3));
    told("trigger det", 1);
    worker.tell(end(how));
    assertThat(ended().exitStatus()).isEqualTo(how);
    assertThat(targets.get(targets.size() - 1)).isEqualTo(last);
    detached();
  }

  @ParameterizedTest
  @CsvSource({"stopped, success", "aborted, abort", "halted, abort"})
  void endsWhilePaused(String how, String exitStatus) {
    held.add("trigger det");
    var worker = worker(Mode.FRESH);
    told("trigger det", 1);
    worker.tell(new Pause(false));
    release("trigger det");
    is(WorkerState.PAUSED);
    worker.tell(end(how));
    assertThat(ended().exitStatus()).isEqualTo(how);
    closed(exitStatus);
    detached();
  }

  @ParameterizedTest
  @CsvSource({"stopped, success", "aborted, abort", "halted, abort"})
  void endsWhileAPointIsReadAndClosesTheRunOnce(String how, String exitStatus) {
    held.add("read det");
    var worker = worker(Mode.FRESH);
    told("read m1", 1);
    worker.tell(end(how));
    told("unstage m1", 1);
    release("read det");
    assertThat(ended().exitStatus()).isEqualTo(how);
    closed(exitStatus);
  }

  // ------------------------------------------------------------------ parking and going on

  @Test
  void parksAtACheckpointLeavesTheRunOpenAndGoesOnLater() {
    held.add("trigger det");
    var worker = worker(Mode.FRESH);
    told("trigger det", 1);
    TestProbe<Parked> parked = KIT.createTestProbe();
    worker.tell(new Park(parked.getRef()));
    release("trigger det");
    parked.expectMessage(Parked.PARKED);
    queue.expectTerminated(worker);
    assertThat(log()).filteredOn(RunEntry.Stopped.class::isInstance).isEmpty();
    worker(Mode.RESUME);
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
  }

  @Test
  void parksAtOnceWhenTheCheckpointIsTooFar() {
    held.add("set m1");
    var worker = worker(Mode.FRESH);
    told("set m1", 1);
    TestProbe<Parked> parked = KIT.createTestProbe();
    worker.tell(new Park(parked.getRef()));
    parked.expectMessage(Parked.PARKED);
    assertThat(trace).contains("stop m1");
    release("set m1");
    worker(Mode.RESUME);
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
  }

  /** A worker dies while its first point is taken. */
  private void crash() {
    held.add("trigger det");
    var first = worker(Mode.FRESH);
    told("trigger det", 1);
    while (!(queue.receiveMessage() instanceof RunOpened)) {}
    KIT.stop(first);
    release("trigger det");
  }

  @Test
  void comesBackPausedAndGoesOnWhenItIsToldTo() {
    crash();
    var worker = worker(Mode.RESUME_PAUSED);
    is(WorkerState.PAUSED);
    worker.tell(Resume.RESUME);
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
  }

  @Test
  void aResumeThatComesBeforeItHasBegunCounts() {
    crash();
    away.add("m1");
    var worker = worker(Mode.RESUME_PAUSED);
    worker.tell(Resume.RESUME);
    away.clear();
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
  }

  @Test
  void onlyClosesTheRunWhenToldTo() {
    crash();
    worker(Mode.CLOSE);
    Ended ended = ended();
    assertThat(ended.exitStatus()).isEqualTo("failed");
    assertThat(ended.message()).isEqualTo("the reason");
    closed("fail");
    assertThat(trace).contains("stop m1");
  }

  @Test
  void anEndThatIsAskedForBeforeTheLogIsReadClosesTheRunAllTheSame() {
    crash();
    // should the log be read first after all, the plan gets no further than its first move
    held.add("set m1");
    worker(Mode.RESUME).tell(new Abort("too late"));
    assertThat(ended())
        .isEqualTo(new Ended(item, "aborted", "too late", List.of(run), List.of(7L)));
    closed("abort");
  }

  @Test
  void reportsTheEndOfARunThatIsClosedAlready() {
    worker(Mode.FRESH);
    ended();
    int before = log().size();
    worker(Mode.RESUME);
    assertThat(ended()).isEqualTo(new Ended(item, "completed", "", List.of(run), List.of(7L)));
    assertThat(log()).hasSize(before);
  }

  // ------------------------------------------------------------------ devices that come and go

  @Test
  void waitsForADeviceThatIsAwayBeforeItBegins() {
    away.add("m1");
    attachTimeout = SOON;
    worker(Mode.FRESH);
    assertThat(waits()).contains("m1 is away");
    assertThat(log()).isEmpty();
    away.clear();
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
  }

  @Test
  void comesBackWithoutADeviceWaitsForItAndGoesOnByItself() {
    crash();
    away.add("m1");
    attachTimeout = SOON;
    worker(Mode.RESUME);
    assertThat(waits()).contains("m1 is away");
    away.clear();
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
  }

  @Test
  void comesBackPausedAndAfterThatWaitsForADevice() {
    crash();
    away.add("m1");
    attachTimeout = SOON;
    var worker = worker(Mode.RESUME_PAUSED);
    is(WorkerState.PAUSED);
    worker.tell(Resume.RESUME);
    assertThat(waits()).contains("m1 is away");
    away.clear();
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
  }

  @Test
  void aPersonWhoStopsTheDeviceThatItWaitsForEndsIt() {
    crash();
    away.add("m1");
    attachTimeout = SOON;
    worker(Mode.RESUME);
    assertThat(waits()).contains("m1 is away");
    failure = "stopped";
    Ended ended = ended();
    assertThat(ended.exitStatus()).isEqualTo("failed");
    assertThat(ended.message()).contains("m1 is away");
  }

  @Test
  void comesBackBeforeItsDevicesAreKnownAndGoesOnWhenTheyAre() {
    crash();
    known = List.of(DET);
    attachTimeout = SOON;
    worker(Mode.RESUME);
    assertThat(waits()).contains("m1");
    known = PLAIN;
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
  }

  private static final DeviceView NOT_MADE =
      Beamlines.view("ring", ReadoutPriority.MONITORED).withState(DeviceView.State.CONNECTING, "");

  @Test
  void refusesARunThatWouldLackADeviceWhichCouldNotBeMade() {
    known = List.of(DET, M1, NOT_MADE);
    worker(Mode.FRESH);
    Ended ended = ended();
    assertThat(ended.exitStatus()).isEqualTo("failed");
    assertThat(ended.message()).contains("device 'ring' (readoutPriority monitored)");
    assertThat(log()).isEmpty();
  }

  @Test
  void aRunThatHasBegunGoesOnAsItBeganWhateverCouldNotBeMadeSince() {
    crash();
    known = List.of(DET, M1, NOT_MADE);
    worker(Mode.RESUME);
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
  }

  private void startAnew(DeviceView view) {
    ActorRef<DeviceProtocol.Request> old = devices.get(view.name());
    devices.put(view.name(), KIT.spawn(device(view)));
    KIT.stop(old);
  }

  @ParameterizedTest
  @CsvSource({"set m1, m1", "trigger det, det", "read det, det", "read m1, det"})
  void goesOnWithADeviceThatHasStartedAnew(String where, String lost) {
    held.add(where);
    worker(Mode.FRESH);
    told(where, 1);
    List<Runnable> actions = take(where);
    startAnew(lost.equals("m1") ? M1 : DET);
    told("stage " + lost, 2);
    run(actions);
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
  }

  /** Its node is killed while the motor moves, and nobody takes the device over. */
  private ActorRef<ScanWorkerProtocol.Request> loseTheMotor() {
    held.add("set m1");
    attachTimeout = SOON;
    var worker = worker(Mode.FRESH);
    told("set m1", 1);
    away.add("m1");
    startAnew(M1);
    assertThat(waits()).contains("m1 is away").contains("the scan waits");
    take("set m1");
    return worker;
  }

  @Test
  void aDeviceThatDoesNotComeBackRaisesAnAlarmAndThePlanGoesOnByItselfWhenItIsBack() {
    loseTheMotor();
    away.clear();
    is(WorkerState.RUNNING);
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
  }

  @Test
  void aPlanThatWaitsForADeviceStaysPausedIfAPersonPausesIt() {
    var worker = loseTheMotor();
    worker.tell(new Pause(true));
    is(WorkerState.PAUSED);
    away.clear();
    queue.expectNoMessage(Duration.ofMillis(200));
    worker.tell(Resume.RESUME);
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
  }

  @Test
  void aPlanThatWaitsForADeviceCanBeEnded() {
    var worker = loseTheMotor();
    worker.tell(new Abort("no use"));
    assertThat(ended().exitStatus()).isEqualTo("aborted");
    closed("abort");
  }

  @Test
  void aPlanStaysPausedIfItsDeviceComesBackTooLate() {
    var worker = loseTheMotor();
    seconds.addAndGet(301);
    away.clear();
    assertThat(is(WorkerState.PAUSED).because())
        .isEqualTo(
            "its devices are back after 301.0 s, but beamhive.recovery lets a run go on by itself"
                + " only within 300.0 s");
    worker.tell(Resume.RESUME);
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
  }

  @Test
  void aPersonCanLetAPlanGoOnHoweverLateItsDeviceComesBack() {
    var worker = loseTheMotor();
    seconds.addAndGet(301);
    worker.tell(Resume.RESUME);
    assertThat(waits()).contains("m1 is away");
    away.clear();
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
  }

  @Test
  void aPlanIsGivenUpWhenItsDeviceStaysAwayForLongerThanIsWished() {
    deviceWait = Optional.of(Duration.ofMillis(200));
    loseTheMotor();
    Ended ended = ended();
    assertThat(ended.exitStatus()).isEqualTo("failed");
    assertThat(ended.message()).contains("m1 is away").contains("device-wait");
    closed("fail");
  }

  @ParameterizedTest
  @CsvSource({
    "stage m1, disconnected",
    "stage det, disconnected",
    "set m1, disconnected",
    "set m1, not-connected",
    "set m1, owner-silent",
    "set m1, handed-over",
    "trigger det, disconnected",
    "trigger det, owner-silent",
    "read det, disconnected",
    "read m1, not-connected",
    "unstage m1, disconnected"
  })
  void goesOnWhenADeviceIsConnectedAgain(String where, String code) {
    failing.add(where);
    failure = code;
    String device = where.substring(where.indexOf(' ') + 1);
    lostFrom = device;
    attachTimeout = SOON;
    worker(Mode.FRESH);
    assertThat(waits()).contains(device + " is away");
    failing.clear();
    away.clear();
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
    assertThat(trace).contains("unstage m1", "unstage det");
  }

  // ------------------------------------------------------------------ owning devices

  @Test
  void tellsItsDevicesAllTheTimeThatItIsAlive() {
    held.add("set m1");
    var worker = worker(Mode.FRESH);
    told("alive m1", 3);
    told("alive det", 3);
    worker.tell(new Pause(false));
    is(WorkerState.PAUSED);
    int before = (int) trace.stream().filter("alive m1"::equals).count();
    told("alive m1", before + 2);
    release("set m1");
    worker.tell(Resume.RESUME);
    assertThat(ended().exitStatus()).isEqualTo("completed");
  }

  @ParameterizedTest
  @CsvSource({"set m1, m1", "trigger det, det", "read det, det", "set m1, det"})
  void takesADeviceAgainThatHasLetGoOfItWhileItWasCutOff(String where, String device) {
    held.add(where);
    worker(Mode.FRESH);
    told(where, 1);
    take(where);
    letGo.add(device);
    told("stage " + device, 2);
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
  }

  @ParameterizedTest
  @CsvSource({"stage m1", "set m1", "trigger det", "read det", "unstage m1"})
  void endsAtOnceWithoutTouchingAnythingWhenItHasASuccessor(String where) {
    failing.add(where);
    failure = "stale-epoch";
    var worker = worker(Mode.FRESH);
    queue.expectTerminated(worker, LONG);
    queue.fishForMessage(
        LONG,
        report ->
            report instanceof Superseded
                ? FishingOutcomes.complete()
                : FishingOutcomes.continueAndIgnore());
    int last = trace.lastIndexOf(where);
    assertThat(trace.subList(last + 1, trace.size()))
        .noneMatch(what -> what.matches("(stop|unstage|detach|set|trigger).*"));
    assertThat(log()).filteredOn(RunEntry.Stopped.class::isInstance).hasSizeLessThanOrEqualTo(1);
    queue.expectNoMessage(Duration.ofMillis(100));
  }

  @Test
  void endsAtOnceWhenItMayNotEvenAttach() {
    away.add("m1");
    failure = "stale-epoch";
    var worker = worker(Mode.FRESH);
    queue.expectTerminated(worker, LONG);
    assertThat(queue.receiveMessage()).isInstanceOf(Superseded.class);
    assertThat(log()).isEmpty();
    assertThat(trace).noneMatch(what -> what.matches("(stop|detach).*"));
  }

  // ------------------------------------------------------------------ every message in every state

  @ParameterizedTest
  @CsvSource({"set m1", "trigger det", "read det", "stage m1", "unstage m1"})
  void handlesEveryRequestWhereverItStands(String where) {
    List<Supplier<ScanWorkerProtocol.Request>> requests =
        List.of(
            () -> new Pause(true),
            () -> new Pause(false),
            () -> Resume.RESUME,
            () -> Resume.RESUME,
            () -> new Pause(false),
            () -> Resume.RESUME);
    held.add(where);
    var worker = worker(Mode.FRESH);
    worker.tell(new Pause(false));
    worker.tell(Resume.RESUME);
    told(where, 1);
    requests.forEach(request -> worker.tell(request.get()));
    release(where);
    requests.forEach(request -> worker.tell(request.get()));
    worker.tell(Stop.STOP);
    worker.tell(Halt.HALT);
    requests.forEach(request -> worker.tell(request.get()));
    assertThat(ended().exitStatus()).isIn("stopped", "completed", "halted");
    assertThat(log()).filteredOn(RunEntry.Stopped.class::isInstance).hasSizeLessThanOrEqualTo(1);
  }
}
