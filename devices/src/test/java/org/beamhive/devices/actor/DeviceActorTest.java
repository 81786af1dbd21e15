package org.beamhive.devices.actor;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.beamhive.devices.backend.sim.SettableSimClock;
import org.beamhive.devices.backend.sim.SimNamespace;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.config.DeviceFile;
import org.beamhive.devices.config.OnFailure;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.type.Device;
import org.beamhive.devices.type.DeviceBackends;
import org.beamhive.devices.type.DeviceTimeouts;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.bundle.ScanBundlerProtocol;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.DeviceRead;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.ReadFailed;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.AttachReply;
import org.beamhive.protocol.device.DeviceProtocol.Attached;
import org.beamhive.protocol.device.DeviceProtocol.Command;
import org.beamhive.protocol.device.DeviceProtocol.Done;
import org.beamhive.protocol.device.DeviceProtocol.Failed;
import org.beamhive.protocol.device.DeviceProtocol.KeepAlive;
import org.beamhive.protocol.device.DeviceProtocol.Located;
import org.beamhive.protocol.device.DeviceProtocol.NotAttached;
import org.beamhive.protocol.device.DeviceProtocol.NotReserved;
import org.beamhive.protocol.device.DeviceProtocol.NotYours;
import org.beamhive.protocol.device.DeviceProtocol.ReadReply;
import org.beamhive.protocol.device.DeviceProtocol.Reply;
import org.beamhive.protocol.device.DeviceProtocol.ReserveReply;
import org.beamhive.protocol.device.DeviceProtocol.Reserved;
import org.beamhive.protocol.device.HutchGuardProtocol;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.DeviceView.State;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.ReadoutPriority;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeviceActorTest {
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final Duration LONG = Duration.ofSeconds(30);
  // nobody says here that a worker is alive, unless a test is about that
  private static final DevicesSettings SETTINGS = ownedFor(Duration.ofMinutes(1));
  private static final Epoch FIRST = new Epoch(1);
  private static final Epoch SECOND = new Epoch(2);

  private final SettableSimClock clock = new SettableSimClock(1000);
  private final SimNamespace sim = new SimNamespace(clock);
  private final DeviceEpochs epochs = new DeviceEpochs();
  private DevicesSettings settings = SETTINGS;
  private TestProbe<DeviceDirectoryProtocol.Request> directory;
  private TestProbe<HutchGuardProtocol.Command> guard;
  private TestProbe<Reply> worker;
  private TestProbe<ScanBundlerProtocol.Request> bundler;

  @AfterAll
  static void close() {
    KIT.shutdownTestKit();
  }

  @BeforeEach
  void probes() {
    directory = KIT.createTestProbe();
    guard = KIT.createTestProbe();
    worker = KIT.createTestProbe();
    bundler = KIT.createTestProbe();
  }

  private static Value.Fields fields(Object... keysAndValues) {
    Map<String, Value> fields = new LinkedHashMap<>();
    for (int at = 0; at < keysAndValues.length; at += 2) {
      Object value = keysAndValues[at + 1];
      fields.put(
          (String) keysAndValues[at],
          value instanceof Number number
              ? Value.of(number.doubleValue())
              : value instanceof Value ready ? ready : Value.of(value.toString()));
    }
    return new Value.Fields(fields);
  }

  private ActorRef<Command> spawn(DeviceConfig config) {
    DeviceBackends backends =
        new DeviceBackends(
            () -> {
              throw new AssertionError("no Channel Access here");
            },
            sim,
            new DeviceTimeouts(Duration.ofSeconds(2), Duration.ofSeconds(2)));
    DeviceTypes types = DeviceTypes.standard();
    return spawn(config, () -> config.make(types, backends));
  }

  private ActorRef<Command> spawn(DeviceConfig config, Supplier<Device> make) {
    return KIT.spawn(
        DeviceActor.create(
            config,
            new HutchName("a"),
            make,
            settings,
            directory.getRef(),
            new HutchWatch(guard.getRef(), epochs),
            DeviceMeasures.NONE));
  }

  private ReserveReply reserve(ActorRef<Command> device) {
    TestProbe<ReserveReply> reply = KIT.createTestProbe();
    device.tell(new DeviceProtocol.Reserve("change-1", Duration.ofMinutes(1), reply.getRef()));
    return reply.receiveMessage();
  }

  @Test
  void isNotReservedWhileAScanHasIt() {
    ActorRef<Command> device = motor();
    attach(device, FIRST);
    assertThat(((NotReserved) reserve(device)).problem().text())
        .isEqualTo("samx is used by the scan of epoch 1; try again when that has ended.");
    device.tell(new DeviceProtocol.Detach(FIRST));
    assertThat(reserve(device)).isInstanceOf(Reserved.class);
  }

  @Test
  void nobodyCanAttachWhileItIsReserved() {
    ActorRef<Command> device = motor();
    assertThat(reserve(device)).isInstanceOf(Reserved.class);
    NotAttached refused = (NotAttached) tryAttach(device, FIRST, worker.getRef());
    assertThat(refused.problem().code()).isEqualTo("being-changed");

    device.tell(new DeviceProtocol.Release("another"));
    assertThat(tryAttach(device, FIRST, worker.getRef())).isInstanceOf(NotAttached.class);
    device.tell(new DeviceProtocol.Release("change-1"));
    assertThat(tryAttach(device, FIRST, worker.getRef())).isInstanceOf(Attached.class);
  }

  @Test
  void takesItsNewConfigurationWhenTheScanHasLetGoOfIt() {
    DeviceConfig config = DeviceConfig.of("samx", "SimMotor", Value.Fields.EMPTY);
    HutchDevices devices = new HutchDevices(List.of(config), true);
    TestProbe<ActorRef<Command>> renewed = KIT.createTestProbe();
    ActorRef<Command> device =
        ready(
            KIT.spawn(
                DeviceActor.create(
                    config,
                    new HutchName("a"),
                    () -> moody,
                    settings,
                    directory.getRef(),
                    new HutchWatch(
                        guard.getRef(),
                        epochs,
                        SoftLimits.inMemory(),
                        new LocalDevices(),
                        devices,
                        self -> renewed.getRef().tell(self)),
                    DeviceMeasures.NONE)));
    device.tell(
        new DeviceProtocol.Attach(
            FIRST, worker.getRef(), KIT.<AttachReply>createTestProbe().getRef()));
    assertThat(
            devices.replace(
                List.of(DeviceConfig.of("samx", "SimMotor", fields("precision", Value.of(3))))))
        .containsExactly(config.name());
    device.tell(DeviceProtocol.Wake.WAKE);
    renewed.expectNoMessage(Duration.ofMillis(50));

    device.tell(new DeviceProtocol.Detach(FIRST));
    renewed.expectMessage(device);
    assertThat(((NotAttached) tryAttach(device, SECOND, worker.getRef())).problem().code())
        .isEqualTo("being-changed");
  }

  @Test
  void saysGoodbyeWhenItHasBeenRemoved() {
    DeviceConfig config = DeviceConfig.of("samx", "SimMotor", Value.Fields.EMPTY);
    HutchDevices devices = new HutchDevices(List.of(config), true);
    ActorRef<Command> device =
        ready(
            KIT.spawn(
                DeviceActor.create(
                    config,
                    new HutchName("a"),
                    () -> moody,
                    SETTINGS,
                    directory.getRef(),
                    new HutchWatch(
                        guard.getRef(),
                        epochs,
                        SoftLimits.inMemory(),
                        new LocalDevices(),
                        devices,
                        self -> self.tell(DeviceActor.Park.PARK)),
                    DeviceMeasures.NONE)));
    devices.replace(List.of());
    device.tell(DeviceProtocol.Wake.WAKE);
    directory.fishForMessage(
        LONG,
        message ->
            message instanceof DeviceDirectoryProtocol.Gone
                ? FishingOutcomes.complete()
                : FishingOutcomes.continueAndIgnore());
  }

  @Test
  void isListedAndTriedAgainIfItCantBeMade() {
    DeviceConfig config = DeviceConfig.of("samx", "SimMotor", Value.Fields.EMPTY);
    ActorRef<Command> device =
        spawn(
            config,
            () -> new UnmadeDevice(config.name(), new IllegalStateException("no such thing")));
    assertThat(awaitState(State.CONNECTING).name()).isEqualTo(config.name());
    NotAttached refused = (NotAttached) tryAttach(device, FIRST, worker.getRef());
    assertThat(refused.problem().code()).isEqualTo("not-connected");
    TestProbe<DeviceProtocol.View> view = KIT.createTestProbe();
    device.tell(new DeviceProtocol.GetView(view.getRef()));
    DeviceView seen = view.receiveMessage().view();
    assertThat(seen.notMade()).isTrue();
    assertThat(seen.problem())
        .isEqualTo("samx can't be made from its configuration: no such thing.");
  }

  private ActorRef<Command> motor(Object... config) {
    return ready(spawn(DeviceConfig.of("samx", "SimMotor", fields(config))));
  }

  private ActorRef<Command> ready(ActorRef<Command> device) {
    awaitState(State.READY);
    return device;
  }

  private DeviceView awaitState(State state) {
    return directory
        .fishForMessage(
            LONG,
            message ->
                ((DeviceDirectoryProtocol.Report) message).view().state() == state
                    ? FishingOutcomes.complete()
                    : FishingOutcomes.continueAndIgnore())
        .stream()
        .map(message -> ((DeviceDirectoryProtocol.Report) message).view())
        .findFirst()
        .orElseThrow();
  }

  private Attached attach(ActorRef<Command> device, Epoch epoch) {
    return (Attached) tryAttach(device, epoch, worker.getRef());
  }

  private AttachReply tryAttach(ActorRef<Command> device, Epoch epoch, ActorRef<Reply> owner) {
    TestProbe<AttachReply> reply = KIT.createTestProbe();
    device.tell(new DeviceProtocol.Attach(epoch, owner, reply.getRef()));
    return reply.receiveMessage();
  }

  private void set(ActorRef<Command> device, Epoch epoch, double to, long token) {
    device.tell(new DeviceProtocol.Set(epoch, Value.of(to), token, worker.getRef()));
  }

  private Failed failed() {
    return worker.expectMessageClass(Failed.class);
  }

  private double position() {
    return sim.pv("samx").value().asDouble();
  }

  @Test
  void attachTellsWhatTheDeviceIs() {
    Attached attached = attach(motor("limits", limits(-5, 5), "egu", "mm"), FIRST);

    assertThat(attached.view().state()).isEqualTo(State.READY);
    assertThat(attached.view().limits().high()).isEqualTo(5);
    assertThat(attached.description().dataKeys().keySet()).containsExactly("samx", "samx_setpoint");
    assertThat(attached.description().dataKeys().get("samx").source()).isEqualTo("SIM:samx");
    assertThat(attached.description().hints()).containsExactly("samx");
    assertThat(attached.description().configuration())
        .extracting(reading -> reading.key())
        .containsExactly("samx_velocity", "samx_acceleration");
  }

  private static Value limits(double low, double high) {
    return Value.of(List.of(Value.of(low), Value.of(high)));
  }

  @Test
  void answersAMoveWithoutDelayAndReadsTheTarget() {
    ActorRef<Command> device = motor();
    attach(device, FIRST);

    set(device, FIRST, 2.5, 7);
    device.tell(new DeviceProtocol.Read(FIRST, 3, bundler.getRef()));

    assertThat(worker.expectMessageClass(Done.class).token()).isEqualTo(7);
    DeviceRead read = bundler.expectMessageClass(DeviceRead.class);
    assertThat(read.point()).isEqualTo(3);
    assertThat(read.readings()).extracting(r -> r.key()).containsExactly("samx", "samx_setpoint");
    assertThat(read.readings()).allMatch(r -> r.value().asDouble() == 2.5);
  }

  @Test
  void refusesAMoveBeyondTheLimitsAndSaysWhatIsAllowed() {
    ActorRef<Command> device = motor("limits", limits(-5, 5), "egu", "mm");

    set(device, FIRST, 6, 1);

    assertThat(failed().problem().code()).isEqualTo("beyond-limits");
    assertThat(position()).isZero();
    set(device, FIRST, Double.NaN, 2);
    assertThat(failed().problem().code()).isEqualTo("not-finite");
  }

  @Test
  void refusesASecondMoveWhileMoving() {
    ActorRef<Command> device = motor("velocity", 1);
    set(device, FIRST, 5, 1);

    set(device, FIRST, 2, 2);

    Failed second = failed();
    assertThat(second.token()).isEqualTo(2);
    assertThat(second.problem().code()).isEqualTo("busy");
    awaitState(State.BUSY);
    clock.advance(Duration.ofSeconds(6));
    assertThat(worker.expectMessageClass(Done.class).token()).isEqualTo(1);
  }

  @Test
  void readsThatComeDuringAMoveWaitForItsEnd() {
    ActorRef<Command> device = motor("velocity", 1);
    set(device, FIRST, 5, 1);
    device.tell(new DeviceProtocol.Read(FIRST, 0, bundler.getRef()));
    awaitState(State.BUSY);

    clock.advance(Duration.ofSeconds(6));

    DeviceRead read = bundler.expectMessageClass(DeviceRead.class);
    assertThat(read.readings().get(0).value().asDouble()).isEqualTo(5);
  }

  @Test
  void stopAnswersTheMoveAtOnceAndTheDeviceCanMoveAgain() {
    ActorRef<Command> device = motor("velocity", 1);
    set(device, FIRST, 5, 1);
    awaitState(State.BUSY);
    clock.advance(Duration.ofSeconds(2));

    device.tell(DeviceProtocol.Stop.STOP);

    assertThat(failed().problem().code()).isEqualTo("stopped");
    assertThat(position()).isEqualTo(2);
    set(device, FIRST, 2.5, 2);
    awaitState(State.BUSY);
    clock.advance(Duration.ofSeconds(1));
    assertThat(worker.expectMessageClass(Done.class).token()).isEqualTo(2);
  }

  @Test
  void refusesAnOlderEpoch() {
    ActorRef<Command> device = motor();
    attach(device, SECOND);

    set(device, FIRST, 1, 1);
    assertThat(failed().problem().code()).isEqualTo("stale-epoch");
    NotAttached refused = (NotAttached) tryAttach(device, FIRST, worker.getRef());
    assertThat(refused.problem().code()).isEqualTo("stale-epoch");
    assertThat(position()).isZero();
  }

  @Test
  void refusesADirectCommandWhileAttached() {
    ActorRef<Command> device = motor();
    attach(device, FIRST);

    set(device, SECOND, 1, 1);

    assertThat(failed().problem().code()).isEqualTo("locked");
    device.tell(new DeviceProtocol.Detach(FIRST));
    set(device, SECOND, 1, 2);
    worker.expectMessageClass(Done.class);
  }

  @Test
  void aNewerEpochTakesOverAndStopsTheMoveOfTheOlder() {
    ActorRef<Command> device = motor("velocity", 1);
    attach(device, FIRST);
    set(device, FIRST, 5, 1);
    awaitState(State.BUSY);

    TestProbe<Reply> other = KIT.createTestProbe();
    assertThat(tryAttach(device, SECOND, other.getRef())).isInstanceOf(Attached.class);

    assertThat(failed().problem().code()).isEqualTo("stopped");
    clock.advance(Duration.ofSeconds(9));
    assertThat(position()).isLessThan(5);
  }

  @Test
  void stopsWhenTheWorkerVanishes() {
    ActorRef<Command> device = motor("velocity", 1);
    TestProbe<Reply> mortal = KIT.createTestProbe();
    tryAttach(device, FIRST, mortal.getRef());
    set(device, FIRST, 5, 1);
    awaitState(State.BUSY);

    mortal.stop();

    awaitState(State.READY);
    clock.advance(Duration.ofSeconds(9));
    assertThat(position()).isZero();
    set(device, SECOND, 1, 2);
    assertThat(failed().token()).isEqualTo(1);
  }

  // ------------------------------------------------------------------ whether its worker is alive

  private static DevicesSettings ownedFor(Duration timeout) {
    return DevicesSettings.from(
        ConfigFactory.parseMap(Map.of("beamhive.devices.owner-timeout", timeout.toMillis() + " ms"))
            .withFallback(ConfigFactory.load()));
  }

  private void ownerTimeout(Duration timeout) {
    settings = ownedFor(timeout);
  }

  /** How long somebody has been silent is told by the clock of the test, which can't be late. */
  private void timeIsThatOfTheClock() {
    settings = new SimDeadlines(clock).on(settings);
  }

  @Test
  void stopsByItselfWhenItsWorkerIsSilentAndSaysWhy() {
    ownerTimeout(Duration.ofSeconds(5));
    timeIsThatOfTheClock();
    ActorRef<Command> device = motor("velocity", 1);
    attach(device, FIRST);
    set(device, FIRST, 5, 1);
    guard.fishForMessage(
        LONG,
        message ->
            message instanceof HutchGuard.MoveBegun
                ? FishingOutcomes.complete()
                : FishingOutcomes.continueAndIgnore());
    clock.advance(Duration.ofSeconds(1));

    Failed failed = failed();

    assertThat(failed.problem().code()).isEqualTo("owner-silent");
    assertThat(failed.problem().text())
        .isEqualTo("samx has been stopped, because its worker was silent for 5 s.");
    clock.advance(Duration.ofSeconds(9));
    assertThat(position()).isEqualTo(1);
  }

  @Test
  void doesNothingForAWorkerThatWasSilentUntilItIsAttachedAgain() {
    timeIsThatOfTheClock();
    ActorRef<Command> device = motor("velocity", 0.01);
    attach(device, FIRST);
    set(device, FIRST, 5, 1);
    awaitState(State.BUSY);
    clock.advance(SETTINGS.ownerTimeout().plusSeconds(1));

    set(device, FIRST, 2, 2);
    assertThat(failed().token()).isEqualTo(1);
    Failed late = failed();
    assertThat(late.token()).isEqualTo(2);
    assertThat(late.problem().code()).isEqualTo("owner-silent");
    device.tell(new KeepAlive(FIRST, worker.getRef()));
    assertThat(worker.expectMessageClass(NotYours.class).problem().code())
        .isEqualTo("owner-silent");

    attach(device, FIRST);
    set(device, FIRST, position(), 3);
    assertThat(worker.expectMessageClass(Done.class).token()).isEqualTo(3);
  }

  @Test
  void goesOnMovingAsLongAsItsWorkerIsHeard() {
    ownerTimeout(Duration.ofSeconds(4));
    ActorRef<Command> device = motor("velocity", 1);
    attach(device, FIRST);
    set(device, FIRST, 5, 1);
    for (int beat = 0; beat < 45; beat++) {
      device.tell(new KeepAlive(FIRST, worker.getRef()));
      worker.expectNoMessage(Duration.ofMillis(100));
    }
    clock.advance(Duration.ofSeconds(6));
    assertThat(worker.expectMessageClass(Done.class).token()).isEqualTo(1);
  }

  @Test
  void saysThatItIsNotYoursToAWorkerThatHasNotAttachedItOrHasASuccessor() {
    ActorRef<Command> device = motor();
    device.tell(new KeepAlive(FIRST, worker.getRef()));
    assertThat(worker.expectMessageClass(NotYours.class).problem().code())
        .isEqualTo("owner-silent");
    attach(device, SECOND);
    device.tell(new KeepAlive(FIRST, worker.getRef()));
    assertThat(worker.expectMessageClass(NotYours.class).problem().code()).isEqualTo("stale-epoch");
    device.tell(new KeepAlive(SECOND, worker.getRef()));
    worker.expectNoMessage(Duration.ofMillis(20));
  }

  @Test
  void stopsWhenItsWorkerLetsGoOfItWhileItMoves() {
    ActorRef<Command> device = motor("velocity", 1);
    attach(device, FIRST);
    set(device, FIRST, 5, 1);
    device.tell(new DeviceProtocol.Detach(FIRST));
    assertThat(failed().problem().code()).isEqualTo("stopped");
  }

  // ------------------------------------------------------------------ fencing

  /** Every command of an old worker; none of them may do anything. */
  private void refusesAllOf(Epoch old, ActorRef<Command> device) {
    set(device, old, 3, 1);
    assertThat(failed().problem().code()).isEqualTo("stale-epoch");
    device.tell(new DeviceProtocol.Trigger(old, 2, worker.getRef()));
    assertThat(failed().problem().code()).isEqualTo("stale-epoch");
    device.tell(new DeviceProtocol.Stage(old, 3, worker.getRef()));
    assertThat(failed().problem().code()).isEqualTo("stale-epoch");
    device.tell(new DeviceProtocol.Unstage(old, 4, worker.getRef()));
    assertThat(failed().problem().code()).isEqualTo("stale-epoch");
    device.tell(new DeviceProtocol.Locate(old, 5, worker.getRef()));
    assertThat(failed().problem().code()).isEqualTo("stale-epoch");
    device.tell(new DeviceProtocol.Read(old, 6, bundler.getRef()));
    assertThat(bundler.expectMessageClass(ReadFailed.class).problem().code())
        .isEqualTo("stale-epoch");
    assertThat(((NotAttached) tryAttach(device, old, worker.getRef())).problem().code())
        .isEqualTo("stale-epoch");
    device.tell(new KeepAlive(old, worker.getRef()));
    assertThat(worker.expectMessageClass(NotYours.class).problem().code()).isEqualTo("stale-epoch");
    device.tell(new DeviceProtocol.Detach(old));
    device.tell(new DeviceProtocol.StopFor(old));
  }

  @Test
  void anOldWorkerCanDoNothingInAnyState() {
    ActorRef<Command> device = motor("velocity", 1);
    TestProbe<Reply> second = KIT.createTestProbe();
    assertThat(tryAttach(device, SECOND, second.getRef())).isInstanceOf(Attached.class);
    refusesAllOf(FIRST, device);

    device.tell(new DeviceProtocol.Set(SECOND, Value.of(1), 9, second.getRef()));
    awaitState(State.BUSY);
    refusesAllOf(FIRST, device);
    clock.advance(Duration.ofSeconds(2));
    assertThat(second.expectMessageClass(Done.class).token()).isEqualTo(9);

    sim.pv("samx").connect(false);
    awaitState(State.CONNECTING);
    refusesAllOf(FIRST, device);
  }

  @Test
  void whatAnOldWorkerHadWaitingIsRefusedWhenTheNewOneHasAttached() {
    ActorRef<Command> device = motor("velocity", 1);
    attach(device, FIRST);
    set(device, FIRST, 5, 1);
    device.tell(new DeviceProtocol.Stage(FIRST, 2, worker.getRef()));
    device.tell(new DeviceProtocol.Read(FIRST, 3, bundler.getRef()));
    awaitState(State.BUSY);
    TestProbe<Reply> second = KIT.createTestProbe();
    tryAttach(device, SECOND, second.getRef());
    assertThat(failed().token()).isEqualTo(1);
    Failed stage = failed();
    assertThat(stage.token()).isEqualTo(2);
    assertThat(stage.problem().code()).isEqualTo("stale-epoch");
    assertThat(bundler.expectMessageClass(ReadFailed.class).problem().code())
        .isEqualTo("stale-epoch");
  }

  @Test
  void anOldWorkerThatAttachesAFreshDeviceFirstLosesItToTheNewOne() {
    ActorRef<Command> device = motor("velocity", 1);
    attach(device, FIRST);
    set(device, FIRST, 5, 1);
    awaitState(State.BUSY);
    sim.pv("samx").connect(false);
    awaitState(State.CONNECTING);
    TestProbe<Reply> second = KIT.createTestProbe();
    assertThat(tryAttach(device, SECOND, second.getRef())).isInstanceOf(NotAttached.class);
    isToldThatItHasASuccessor(device);
  }

  private void isToldThatItHasASuccessor(ActorRef<Command> device) {
    worker.fishForMessage(
        LONG,
        reply -> {
          device.tell(new KeepAlive(FIRST, worker.getRef()));
          return reply instanceof NotYours not && not.problem().code().equals("stale-epoch")
              ? FishingOutcomes.complete()
              : FishingOutcomes.continueAndIgnore();
        });
  }

  @Test
  void aDeviceThatIsStartedAnewRefusesWhoHadASuccessorBefore() {
    ActorRef<Command> device = motor();
    attach(device, SECOND);
    KIT.stop(device);
    refusesAllOf(FIRST, motor());
  }

  @Test
  void whoWaitsForADeviceThatAPersonHasStoppedMeanwhileDoesNotGetItBack() {
    ActorRef<Command> device = motor();
    attach(device, FIRST);
    sim.pv("samx").connect(false);
    awaitState(State.CONNECTING);
    device.tell(DeviceProtocol.Stop.STOP);
    NotAttached refused = (NotAttached) tryAttach(device, FIRST, worker.getRef());
    assertThat(refused.problem().code()).isEqualTo("stopped");
    sim.pv("samx").connect(true);
    awaitState(State.READY);
    refused = (NotAttached) tryAttach(device, FIRST, worker.getRef());
    assertThat(refused.problem().text())
        .isEqualTo("samx has been stopped while it was not connected.");
    assertThat(tryAttach(device, SECOND, worker.getRef())).isInstanceOf(Attached.class);
  }

  // ------------------------------------------------------------------ what the guard is told

  @Test
  void tellsTheGuardWhenItMovesAndWhenItRests() {
    ActorRef<Command> device = motor("velocity", 1);
    guard.expectMessageClass(HutchGuard.DeviceReady.class);
    set(device, FIRST, 5, 1);
    guard.expectMessage(new HutchGuard.MoveBegun(new DeviceName("samx")));
    clock.advance(Duration.ofSeconds(6));
    guard.expectMessage(new HutchGuard.MoveEnded(new DeviceName("samx")));
  }

  @Test
  void aStrayIsBroughtToRestUnlessAWorkerHasIt() {
    ActorRef<Command> device =
        ready(spawn(DeviceConfig.of("moody", "SimMotor", Value.Fields.EMPTY), () -> moody));
    device.tell(new DeviceActor.StrayFound("it moved"));
    directory.awaitAssert(() -> assertStops(1));
    TestProbe<AttachReply> ignored = KIT.createTestProbe();
    device.tell(new DeviceProtocol.Attach(FIRST, worker.getRef(), ignored.getRef()));
    device.tell(new DeviceActor.StrayFound("it moved"));
    device.tell(new KeepAlive(SECOND, worker.getRef()));
    worker.expectMessageClass(NotYours.class);
    assertStops(1);
  }

  private Void assertStops(int times) {
    assertThat(moody.stops).hasValue(times);
    return null;
  }

  @Test
  void refusesToMoveWhatIsReadOnly() {
    DeviceConfig free = DeviceConfig.of("samx", "SimMotor", Value.Fields.EMPTY);
    ActorRef<Command> device =
        ready(
            spawn(
                new DeviceConfig(
                    free.name(),
                    free.deviceClass(),
                    free.deviceConfig(),
                    true,
                    ReadoutPriority.BASELINE,
                    true,
                    false,
                    OnFailure.RAISE,
                    free.needs(),
                    free.connectionTimeout(),
                    free.tags(),
                    free.userParameter(),
                    "")));

    set(device, FIRST, 1, 1);

    assertThat(failed().problem().code()).isEqualTo("read-only");
  }

  @Test
  void isNotAttachedWhileNotConnectedAndComesBack() {
    ActorRef<Command> device = motor();
    sim.pv("samx").connect(false);
    DeviceView lost = awaitState(State.CONNECTING);
    assertThat(lost.problem()).contains("samx");

    NotAttached refused = (NotAttached) tryAttach(device, FIRST, worker.getRef());
    assertThat(refused.problem().code()).isEqualTo("not-connected");

    sim.pv("samx").connect(true);
    awaitState(State.READY);
    attach(device, FIRST);
  }

  @Test
  void locatesAndReadsOutsideScans() {
    ActorRef<Command> device = motor("value", 3);
    device.tell(new DeviceProtocol.Locate(FIRST, 9, worker.getRef()));
    assertThat(worker.expectMessageClass(Located.class).readback()).isEqualTo(Value.of(3.0));

    TestProbe<ReadReply> reader = KIT.createTestProbe();
    device.tell(new DeviceProtocol.ReadNow(reader.getRef()));
    DeviceProtocol.ReadDone read = reader.expectMessageClass(DeviceProtocol.ReadDone.class);
    assertThat(read.description().name()).isEqualTo(new DeviceName("samx"));
    assertThat(read.readings()).hasSize(2);
  }

  @Test
  void theDetectorFollowsTheGaussian() {
    sim.pv("samx").post(Value.of(1.5));
    ActorRef<Command> device =
        ready(
            spawn(
                DeviceConfig.of(
                    "det",
                    "SimDetector",
                    fields("motor", "samx", "center", 0.5, "sigma", 2, "imax", 10))));

    device.tell(new DeviceProtocol.Trigger(FIRST, 1, worker.getRef()));
    device.tell(new DeviceProtocol.Read(FIRST, 0, bundler.getRef()));

    worker.expectMessageClass(Done.class);
    assertThat(bundler.expectMessageClass(DeviceRead.class).readings().get(0).value().asDouble())
        .isEqualTo(10 * Math.exp(-0.125));
  }

  /** A device whose readings are whatever the test says. */
  private static class Moody extends BareDevice {
    final AtomicInteger stops = new AtomicInteger();
    final Deque<CompletionStage<List<Reading>>> readings = new ConcurrentLinkedDeque<>();

    Moody() {
      super("moody", DeviceView.Ability.READABLE);
    }

    @Override
    public CompletionStage<DeviceDescription> describe() {
      return new CompletableFuture<>();
    }

    @Override
    public CompletionStage<List<Reading>> read() {
      return readings.poll();
    }

    @Override
    public CompletionStage<Void> stop() {
      stops.incrementAndGet();
      return DONE;
    }
  }

  /** One whose moves end when the test says so. */
  private final class MoodyMotor extends Moody {
    final CompletableFuture<Void> move = new CompletableFuture<>();

    @Override
    public CompletionStage<Void> set(Value setpoint) {
      return move;
    }

    /** Time goes by in here as it does in a process that stands still. */
    @Override
    public CompletionStage<Location> locate() {
      clock.advance(SETTINGS.ownerTimeout().plusSeconds(3));
      return new CompletableFuture<>();
    }
  }

  private Moody moody = new Moody();

  private ActorRef<Command> moody(OnFailure onFailure) {
    DeviceConfig free = DeviceConfig.of("moody", "SimMotor", Value.Fields.EMPTY);
    DeviceConfig config =
        new DeviceConfig(
            free.name(),
            free.deviceClass(),
            free.deviceConfig(),
            true,
            ReadoutPriority.MONITORED,
            false,
            false,
            onFailure,
            free.needs(),
            free.connectionTimeout(),
            free.tags(),
            free.userParameter(),
            "");
    return ready(
        KIT.spawn(
            DeviceActor.create(
                config,
                new HutchName("a"),
                () -> moody,
                settings,
                directory.getRef(),
                new HutchWatch(guard.getRef(), epochs),
                DeviceMeasures.NONE)));
  }

  private static CompletionStage<List<Reading>> good() {
    return CompletableFuture.completedStage(
        List.of(new Reading("moody", Value.of(1.0), 0, AlarmSeverity.NO_ALARM)));
  }

  private static CompletionStage<List<Reading>> bad() {
    return CompletableFuture.failedStage(new DeviceFailure("timeout", "moody did not answer."));
  }

  @Test
  void readsOnceMoreWhenTheDeviceFileSaysRetry() {
    ActorRef<Command> device = moody(OnFailure.RETRY);
    moody.readings.add(bad());
    moody.readings.add(good());
    device.tell(new DeviceProtocol.Read(FIRST, 0, bundler.getRef()));
    bundler.expectMessageClass(DeviceRead.class);

    moody.readings.add(bad());
    moody.readings.add(bad());
    device.tell(new DeviceProtocol.Read(FIRST, 1, bundler.getRef()));
    assertThat(bundler.expectMessageClass(ReadFailed.class).problem().code()).isEqualTo("timeout");
  }

  @Test
  void givesTheLastReadingsWhenTheDeviceFileSaysBuffer() {
    ActorRef<Command> device = moody(OnFailure.BUFFER);
    moody.readings.add(bad());
    device.tell(new DeviceProtocol.Read(FIRST, 0, bundler.getRef()));
    bundler.expectMessageClass(ReadFailed.class);
    moody.readings.add(good());
    moody.readings.add(bad());
    device.tell(new DeviceProtocol.Read(FIRST, 1, bundler.getRef()));
    device.tell(new DeviceProtocol.Read(FIRST, 2, bundler.getRef()));
    assertThat(bundler.expectMessageClass(DeviceRead.class).point()).isEqualTo(1);
    assertThat(bundler.expectMessageClass(DeviceRead.class).point()).isEqualTo(2);
  }

  /** Moves, and is frozen for longer than its worker may be silent and the others need to know. */
  private ActorRef<Command> frozenWhileItMoves() {
    timeIsThatOfTheClock();
    moody = new MoodyMotor();
    ActorRef<Command> device = moody(OnFailure.RAISE);
    TestProbe<AttachReply> reply = KIT.createTestProbe();
    device.tell(new DeviceProtocol.Attach(FIRST, worker.getRef(), reply.getRef()));
    set(device, FIRST, 5, 1);
    device.tell(new DeviceProtocol.Locate(FIRST, 2, worker.getRef()));
    // what had been sent before anybody noticed
    set(device, FIRST, 7, 3);
    Failed first = failed();
    assertThat(first.problem().code()).isEqualTo("owner-silent");
    assertThat(failed().token()).isEqualTo(3);
    return device;
  }

  private HutchGuard.StoodStill askedTheGuard() {
    return guard
        .fishForMessage(
            LONG,
            message ->
                message instanceof HutchGuard.StoodStill
                    ? FishingOutcomes.complete()
                    : FishingOutcomes.continueAndIgnore())
        .stream()
        .map(HutchGuard.StoodStill.class::cast)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aDeviceThatWakesUpDoesNotStopWhatAnotherNodeMovesByNow() {
    ActorRef<Command> device = frozenWhileItMoves();
    HutchGuard.StoodStill asked = askedTheGuard();
    device.tell(new DeviceActor.Overslept(asked.activity(), true));
    KIT.stop(device);
    assertThat(moody.stops).hasValue(0);
  }

  @Test
  void aDeviceThatWakesUpAloneStopsWhatItWasMoving() {
    ActorRef<Command> device = frozenWhileItMoves();
    HutchGuard.StoodStill asked = askedTheGuard();
    assertThat(moody.stops).hasValue(0);
    device.tell(new DeviceActor.Overslept(asked.activity(), false));
    guard.awaitAssert(
        () -> {
          assertThat(moody.stops).hasValue(1);
          return null;
        });
  }

  @Test
  void aDeviceThatWakesUpAloneIsStoppedAlsoIfItsCommandHasFailedMeanwhile() {
    ActorRef<Command> device = frozenWhileItMoves();
    HutchGuard.StoodStill asked = askedTheGuard();
    ((MoodyMotor) moody)
        .move.completeExceptionally(new DeviceFailure("disconnected", "moody is gone."));
    guard.fishForMessage(
        LONG,
        message ->
            message instanceof HutchGuard.MoveEnded
                ? FishingOutcomes.complete()
                : FishingOutcomes.continueAndIgnore());
    device.tell(new DeviceActor.Overslept(asked.activity(), false));
    guard.awaitAssert(
        () -> {
          assertThat(moody.stops).hasValue(1);
          return null;
        });
  }

  @Test
  void aMoveThatTakesTooLongIsStopped() {
    MoodyMotor motor = new MoodyMotor();
    moody = motor;
    set(moody(OnFailure.RAISE), FIRST, 5, 1);
    guard.expectMessageClass(HutchGuard.DeviceReady.class);
    guard.expectMessageClass(HutchGuard.MoveBegun.class);
    motor.move.completeExceptionally(new DeviceFailure("move-timeout", "moody is not there."));
    assertThat(failed().problem().code()).isEqualTo("move-timeout");
    assertThat(moody.stops).hasValue(1);
  }

  private ActorRef<Command> motorThatIsReadWith(OnFailure onFailure) {
    Value.Fields settings =
        DeviceConfig.of("samx", "SimMotor", Value.Fields.EMPTY)
            .settings()
            .with("onFailure", Value.of(onFailure.name().toLowerCase(java.util.Locale.ROOT)));
    return ready(
        spawn(DeviceFile.device("samx", settings, DeviceTypes.standard()).orThrow().get(0)));
  }

  @Test
  void givesTheLastReadingsAlsoWhileItIsNotConnectedIfItsConfigurationSaysBuffer() {
    ActorRef<Command> device = motorThatIsReadWith(OnFailure.BUFFER);
    attach(device, FIRST);
    device.tell(new DeviceProtocol.Read(FIRST, 0, bundler.getRef()));
    List<Reading> before = bundler.expectMessageClass(DeviceRead.class).readings();
    sim.pv("samx").connect(false);
    awaitState(State.CONNECTING);
    device.tell(new DeviceProtocol.Read(FIRST, 1, bundler.getRef()));
    assertThat(bundler.expectMessageClass(DeviceRead.class).readings()).isEqualTo(before);
  }

  @Test
  void saysThatItIsNotConnectedIfItsConfigurationSaysRetry() {
    ActorRef<Command> device = motorThatIsReadWith(OnFailure.RETRY);
    attach(device, FIRST);
    device.tell(new DeviceProtocol.Read(FIRST, 0, bundler.getRef()));
    bundler.expectMessageClass(DeviceRead.class);
    sim.pv("samx").connect(false);
    awaitState(State.CONNECTING);
    device.tell(new DeviceProtocol.Read(FIRST, 1, bundler.getRef()));
    bundler.expectMessageClass(ReadFailed.class);
  }

  @Test
  void lateReadingsAreSentInOrderAndTooManyCommandsAreRefused() {
    ActorRef<Command> device = moody(OnFailure.RAISE);
    CompletableFuture<List<Reading>> late = new CompletableFuture<>();
    moody.readings.add(late);
    int fit = SETTINGS.waitingCommands() + 1;
    for (int point = 1; point < fit; point++) {
      moody.readings.add(good());
    }
    for (int point = 0; point <= fit; point++) {
      device.tell(new DeviceProtocol.Read(FIRST, point, bundler.getRef()));
    }
    ReadFailed refused = bundler.expectMessageClass(ReadFailed.class);
    assertThat(refused.point()).isEqualTo(fit);
    assertThat(refused.problem().code()).isEqualTo("busy");

    late.complete(List.of());
    for (int point = 0; point < fit; point++) {
      assertThat(bundler.expectMessageClass(DeviceRead.class).point()).isEqualTo(point);
    }
  }

  @Test
  void refusesWhatTheDeviceCantDo() {
    ActorRef<Command> device = moody(OnFailure.RAISE);
    set(device, FIRST, 1, 1);
    assertThat(failed().problem().code()).isEqualTo("not-movable");
    device.tell(new DeviceProtocol.Trigger(FIRST, 2, worker.getRef()));
    assertThat(failed().problem().code()).isEqualTo("not-triggerable");
    device.tell(new DeviceProtocol.Stage(FIRST, 3, worker.getRef()));
    worker.expectMessageClass(Done.class);
  }

  @Test
  void aDisabledDeviceIsListedAndRefuses() {
    DeviceConfig free = DeviceConfig.of("samx", "SimMotor", Value.Fields.EMPTY);
    ActorRef<Command> device =
        spawn(
            new DeviceConfig(
                free.name(),
                free.deviceClass(),
                free.deviceConfig(),
                false,
                ReadoutPriority.BASELINE,
                false,
                false,
                OnFailure.RETRY,
                free.needs(),
                free.connectionTimeout(),
                free.tags(),
                free.userParameter(),
                ""));
    awaitState(State.DISABLED);
    NotAttached refused = (NotAttached) tryAttach(device, FIRST, worker.getRef());
    assertThat(refused.problem().code()).isEqualTo("disabled");
  }

  // ------------------------------------------------------------------ flights

  /** Flies until it is told that it is done; counts its stops. */
  private static final class TestFlyer extends BareDevice {
    TestFlyer() {
      super("samx", DeviceView.Ability.FLYABLE);
    }

    @Override
    public CompletionStage<DeviceDescription> describe() {
      return CompletableFuture.completedStage(
          new DeviceDescription(name(), "Test", Map.of(), List.of(), List.of(), Map.of()));
    }

    final AtomicInteger stops = new AtomicInteger();
    final CompletableFuture<Void> flight = new CompletableFuture<>();
    volatile Value.Fields settings;

    @Override
    public CompletionStage<Void> kickoff(Value.Fields wanted) {
      settings = wanted;
      return DONE;
    }

    @Override
    public CompletionStage<Void> complete() {
      return flight;
    }

    @Override
    public CompletionStage<List<List<Reading>>> collect() {
      return CompletableFuture.completedStage(
          java.util.stream.IntStream.range(0, 2500)
              .mapToObj(at -> List.of(new Reading("x", Value.of(at), at, AlarmSeverity.NO_ALARM)))
              .toList());
    }

    @Override
    public CompletionStage<Void> stop() {
      stops.incrementAndGet();
      return DONE;
    }
  }

  private ActorRef<Command> flying(TestFlyer flyer) {
    ActorRef<Command> device =
        ready(spawn(DeviceConfig.of("samx", "SimMotor", fields()), () -> flyer));
    attach(device, FIRST);
    device.tell(new DeviceProtocol.Kickoff(FIRST, fields("points", 7), 1, worker.getRef()));
    assertThat(worker.expectMessageClass(Done.class).token()).isEqualTo(1);
    assertThat(flyer.settings.get("points").asDouble()).isEqualTo(7);
    return device;
  }

  @Test
  void aFlightIsCompletedAndGivesWhatItGatheredInPages() {
    TestFlyer flyer = new TestFlyer();
    ActorRef<Command> device = flying(flyer);
    awaitState(State.BUSY);
    guard.fishForMessage(
        LONG,
        message ->
            message instanceof HutchGuard.MoveBegun
                ? FishingOutcomes.complete()
                : FishingOutcomes.continueAndIgnore());
    device.tell(new DeviceProtocol.Complete(FIRST, 2, worker.getRef()));
    device.tell(new DeviceProtocol.Collect(FIRST, 5, bundler.getRef()));
    bundler.expectNoMessage(Duration.ofMillis(20));
    flyer.flight.complete(null);
    assertThat(worker.expectMessageClass(Done.class).token()).isEqualTo(2);
    for (long from : new long[] {0, 1000, 2000}) {
      var page = bundler.expectMessageClass(ScanBundlerProtocol.DeviceCollected.class);
      assertThat(page.from()).isEqualTo(from);
      assertThat(page.point()).isEqualTo(5);
      assertThat(page.last()).isEqualTo(from == 2000);
    }
    awaitState(State.READY);
    assertThat(flyer.stops).hasValue(0);
  }

  @Test
  void aFlightWhoseWorkerVanishesIsStoppedAlsoBeforeItIsCompleted() {
    TestFlyer flyer = new TestFlyer();
    ActorRef<Command> device =
        ready(spawn(DeviceConfig.of("samx", "SimMotor", fields()), () -> flyer));
    TestProbe<Reply> mortal = KIT.createTestProbe();
    tryAttach(device, FIRST, mortal.getRef());
    device.tell(new DeviceProtocol.Kickoff(FIRST, fields(), 1, worker.getRef()));
    worker.expectMessageClass(Done.class);
    awaitState(State.BUSY);
    mortal.stop();
    awaitState(State.READY);
    assertThat(flyer.stops).hasValue(1);
  }

  @Test
  void stopEndsAFlightAtOnce() {
    TestFlyer flyer = new TestFlyer();
    ActorRef<Command> device = flying(flyer);
    device.tell(new DeviceProtocol.Complete(FIRST, 2, worker.getRef()));
    device.tell(DeviceProtocol.Stop.STOP);
    assertThat(failed().problem().code()).isEqualTo("stopped");
    assertThat(flyer.stops).hasValue(1);
  }

  @Test
  void flightsAreFencedAsMovesAre() {
    TestFlyer flyer = new TestFlyer();
    ActorRef<Command> device = flying(flyer);
    device.tell(new DeviceProtocol.Kickoff(FIRST, fields(), 2, worker.getRef()));
    assertThat(failed().problem().code()).isEqualTo("flying");
    attach(device, SECOND);
    assertThat(flyer.stops).hasValue(1);
    device.tell(new DeviceProtocol.Kickoff(FIRST, fields(), 3, worker.getRef()));
    assertThat(failed().problem().code()).isEqualTo("stale-epoch");
    device.tell(new DeviceProtocol.Complete(FIRST, 4, worker.getRef()));
    assertThat(failed().problem().code()).isEqualTo("stale-epoch");
    device.tell(new DeviceProtocol.Collect(FIRST, 5, bundler.getRef()));
    assertThat(bundler.expectMessageClass(ReadFailed.class).problem().code())
        .isEqualTo("stale-epoch");
  }
}
