package org.beamhive.actors.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.actors.engine.Beamlines.DET;
import static org.beamhive.actors.engine.Beamlines.M1;
import static org.beamhive.actors.engine.Beamlines.PLAIN;
import static org.beamhive.actors.engine.Beamlines.plan;

import akka.actor.UnhandledMessage;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
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
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.beamhive.actors.bundle.ScanBundler;
import org.beamhive.actors.run.RunLog;
import org.beamhive.actors.run.RunSettings;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.DeviceRead;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.Attach;
import org.beamhive.protocol.device.DeviceProtocol.Attached;
import org.beamhive.protocol.device.DeviceProtocol.Detach;
import org.beamhive.protocol.device.DeviceProtocol.Done;
import org.beamhive.protocol.device.DeviceProtocol.Failed;
import org.beamhive.protocol.device.DeviceProtocol.NotAttached;
import org.beamhive.protocol.device.DeviceProtocol.Read;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.ItemUid;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.plan.PlanRequest;
import org.beamhive.protocol.run.RunEntry;
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
import org.beamhive.protocol.scan.ScanWorkerProtocol.WorkerState;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
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
  private static final Clock CLOCK = Clock.fixed(Instant.ofEpochSecond(1000), ZoneOffset.UTC);
  private static final PlanRequest SCAN = plan("scan", List.of("det"), "m1", 1, 3, 3);
  private static final RunSettings LOG =
      new RunSettings(
          64,
          8,
          Duration.ofMillis(20),
          Duration.ofSeconds(5),
          "none",
          Duration.ofMillis(10),
          Duration.ofMillis(20));
  private static final EngineSettings ENGINE =
      new EngineSettings(
          100,
          10,
          Duration.ofSeconds(30),
          Duration.ofMillis(300),
          Duration.ofMillis(20),
          Duration.ofMillis(100),
          Duration.ofSeconds(30),
          Duration.ofMillis(500),
          Duration.ofSeconds(3),
          Duration.ofMillis(100));

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
  private final List<Runnable> open = new CopyOnWriteArrayList<>();
  private final Map<DeviceName, ActorRef<DeviceProtocol.Request>> devices =
      new ConcurrentHashMap<>();
  private long epoch;

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
                String name = view.name().value();
                if (message instanceof Attach attach) {
                  attach
                      .replyTo()
                      .tell(
                          away.contains(name)
                              ? new NotAttached(view.name(), Refusal.of("x", name + " is away"))
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
                          one.replyTo().tell(answer("trigger " + name, view.name(), one.token())));
                } else if (message instanceof DeviceProtocol.Stage one) {
                  perform(
                      "stage " + name,
                      () -> one.replyTo().tell(answer("stage " + name, view.name(), one.token())));
                } else if (message instanceof DeviceProtocol.Unstage one) {
                  perform(
                      "unstage " + name,
                      () ->
                          one.replyTo().tell(answer("unstage " + name, view.name(), one.token())));
                } else if (message instanceof Read read) {
                  Reading reading =
                      new Reading(name, Value.of(position[0]), 1000, AlarmSeverity.NO_ALARM);
                  perform(
                      "read " + name,
                      () ->
                          read.replyTo()
                              .tell(new DeviceRead(view.name(), read.point(), List.of(reading))));
                } else if (message instanceof DeviceProtocol.Stop) {
                  trace.add("stop " + name);
                  for (int i = 0; i < moving.size(); i++) {
                    whom.get(i).tell(moving.get(i));
                  }
                  moving.clear();
                  whom.clear();
                } else if (message instanceof Detach) {
                  trace.add("detach " + name);
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
        ? new Failed(device, token, Refusal.of("broken", device + " is broken"))
        : new Done(device, token);
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
                    get.replyTo().tell(new DeviceDirectoryProtocol.Devices(1, PLAIN));
                  }
                  return Behaviors.same();
                }));
    WorkerParts parts =
        new WorkerParts(
            ENGINE,
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
                    ENGINE.maxBatch(),
                    ENGINE.appendTimeout(),
                    CLOCK,
                    () -> UUID.randomUUID().toString()),
            CLOCK);
    ScanJob job = new ScanJob(item, request, run, 7, new Epoch(++epoch), mode, "the reason");
    return KIT.spawn(ScanWorker.create(job, parts, queue.getRef()));
  }

  /** Waits until devices have been told this so often. */
  private void told(String what, int times) {
    queue.awaitAssert(
        Duration.ofSeconds(5),
        () -> {
          assertThat(trace).filteredOn(what::equals).hasSizeGreaterThanOrEqualTo(times);
          return null;
        });
  }

  private void release(String what) {
    held.remove(what);
    List<Runnable> actions = List.copyOf(open);
    open.clear();
    actions.forEach(Runnable::run);
  }

  private void is(WorkerState state) {
    Report report;
    do {
      report = queue.receiveMessage(Duration.ofSeconds(5));
      assertThat(report).isNotInstanceOf(Ended.class);
    } while (!(report instanceof StateChanged change && change.state() == state));
  }

  private Ended ended() {
    Report report;
    do {
      report = queue.receiveMessage(Duration.ofSeconds(5));
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
    queue.expectMessage(new StateChanged(item, WorkerState.RUNNING, ""));
    RunOpened opened = queue.expectMessageClass(RunOpened.class);
    assertThat(opened.run()).isEqualTo(run);
    assertThat(ended()).isEqualTo(new Ended(item, "completed", "", List.of(run), List.of(7L)));
    queue.expectTerminated(worker);
    closed("success", 1., 2., 3.);
    detached();
    assertThat(trace).startsWith("stage det", "stage m1", "set m1", "trigger det");
    // two devices read at the same time
    assertThat(trace.subList(4, 6)).containsExactlyInAnyOrder("read det", "read m1");
    assertThat(trace.get(6)).isEqualTo("set m1");
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
    held.remove(where);
    open.forEach(Runnable::run);
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
  void refusesToBeginWithoutADevice() {
    away.add("m1");
    worker(Mode.FRESH);
    Ended ended = ended();
    assertThat(ended.exitStatus()).isEqualTo("failed");
    assertThat(ended.message()).contains("m1 is away");
    assertThat(log()).isEmpty();
    assertThat(trace).containsOnly("detach det");
  }

  @Test
  void comesBackPausedWithoutADeviceAndGoesOnWhenItIsThere() {
    crash();
    away.add("m1");
    var worker = worker(Mode.RESUME);
    is(WorkerState.PAUSED);
    worker.tell(Resume.RESUME);
    is(WorkerState.PAUSED);
    away.clear();
    worker.tell(Resume.RESUME);
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
    held.remove(where);
    List<Runnable> actions = List.copyOf(open);
    open.clear();
    startAnew(lost.equals("m1") ? M1 : DET);
    told("stage " + lost, 2);
    actions.forEach(Runnable::run);
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
  }

  @Test
  void aDeviceThatDoesNotComeBackPausesThePlan() {
    held.add("set m1");
    var worker = worker(Mode.FRESH);
    told("set m1", 1);
    away.add("m1");
    startAnew(M1);
    is(WorkerState.PAUSED);
    release("set m1");
    away.clear();
    worker.tell(Resume.RESUME);
    assertThat(ended().exitStatus()).isEqualTo("completed");
    closed("success", 1., 2., 3.);
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
