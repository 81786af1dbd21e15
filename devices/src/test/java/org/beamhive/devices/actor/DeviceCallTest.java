package org.beamhive.devices.actor;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.beamhive.devices.backend.sim.SettableSimClock;
import org.beamhive.devices.backend.sim.SimNamespace;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.type.ConfigKey;
import org.beamhive.devices.type.Device;
import org.beamhive.devices.type.DeviceBackends;
import org.beamhive.devices.type.DeviceMethod;
import org.beamhive.devices.type.DeviceTimeouts;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.device.DeviceDetails;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.Attach;
import org.beamhive.protocol.device.DeviceProtocol.AttachReply;
import org.beamhive.protocol.device.DeviceProtocol.Attached;
import org.beamhive.protocol.device.DeviceProtocol.Call;
import org.beamhive.protocol.device.DeviceProtocol.CallAccepted;
import org.beamhive.protocol.device.DeviceProtocol.CallAlive;
import org.beamhive.protocol.device.DeviceProtocol.CallDone;
import org.beamhive.protocol.device.DeviceProtocol.CallFailed;
import org.beamhive.protocol.device.DeviceProtocol.CallReply;
import org.beamhive.protocol.device.DeviceProtocol.Command;
import org.beamhive.protocol.device.DeviceProtocol.NotAttached;
import org.beamhive.protocol.device.DeviceProtocol.Reply;
import org.beamhive.protocol.device.DeviceProtocol.Update;
import org.beamhive.protocol.device.HutchGuardProtocol;
import org.beamhive.protocol.device.Operation;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a person has a device do outside any scan. */
class DeviceCallTest {
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final RunUid RUN = new RunUid("4ac7790b-62b2-4b49-84e2-2fab355957db");

  private final SettableSimClock clock = new SettableSimClock(1000);
  private final SimNamespace sim = new SimNamespace(clock);
  private Duration ownerTimeout = Duration.ofMinutes(1);
  private TestProbe<DeviceDirectoryProtocol.Request> directory;
  private TestProbe<CallReply> caller;
  private TestProbe<Reply> worker;

  @AfterAll
  static void close() {
    KIT.shutdownTestKit();
  }

  @BeforeEach
  void probes() {
    directory = KIT.createTestProbe();
    caller = KIT.createTestProbe();
    worker = KIT.createTestProbe();
  }

  private ActorRef<Command> spawn(Device device) {
    TestProbe<HutchGuardProtocol.Command> guard = KIT.createTestProbe();
    // a machine that stands still for a while is not taken for a silent caller
    DevicesSettings settings =
        new SimDeadlines(clock)
            .on(
                DevicesSettings.from(
                    ConfigFactory.parseMap(
                            Map.of(
                                "beamhive.devices.owner-timeout", ownerTimeout.toMillis() + " ms"))
                        .withFallback(ConfigFactory.load())));
    ActorRef<Command> ref =
        KIT.spawn(
            DeviceActor.create(
                DeviceConfig.of("samx", "SimMotor", Value.Fields.EMPTY),
                new HutchName("a"),
                () -> device,
                settings,
                directory.getRef(),
                new HutchWatch(guard.getRef(), new DeviceEpochs()),
                DeviceMeasures.NONE));
    directory.fishForMessage(
        LONG,
        message ->
            ((DeviceDirectoryProtocol.Report) message).view().connected()
                ? FishingOutcomes.complete()
                : FishingOutcomes.continueAndIgnore());
    return ref;
  }

  private ActorRef<Command> motor() {
    return spawn(simMotor());
  }

  /** From 0, one unit per second, within -10 to 10. */
  private Device simMotor() {
    DeviceBackends backends =
        new DeviceBackends(
            () -> {
              throw new AssertionError("no Channel Access here");
            },
            sim,
            new DeviceTimeouts(Duration.ofSeconds(2), Duration.ofSeconds(2)));
    Value.Fields config =
        Value.Fields.EMPTY
            .with("velocity", Value.of(1.0))
            .with("limits", Value.of(List.of(Value.of(-10.0), Value.of(10.0))));
    return DeviceConfig.of("samx", "SimMotor", config).make(DeviceTypes.standard(), backends);
  }

  private double position() {
    return sim.pv("samx").value().asDouble();
  }

  private void ask(ActorRef<Command> device, String id, Operation operation) {
    device.tell(new Call(id, "fli", operation, caller.getRef()));
  }

  /** Accepted and begun. */
  private void begin(ActorRef<Command> device, String id, Operation operation) {
    ask(device, id, operation);
    caller.expectMessageClass(CallAccepted.class, LONG);
    device.tell(new CallAlive(id, caller.getRef()));
    // answered after that, so it has begun
    details(device);
  }

  /** What it says at the end; that it is at it counts not. */
  private CallReply end() {
    List<CallReply> said =
        caller.fishForMessage(
            LONG,
            reply ->
                reply instanceof CallAccepted
                    ? FishingOutcomes.continueAndIgnore()
                    : FishingOutcomes.complete());
    return said.get(said.size() - 1);
  }

  private CallDone done() {
    return (CallDone) end();
  }

  private Value does(ActorRef<Command> device, String id, Operation operation) {
    begin(device, id, operation);
    return done().result();
  }

  private Refusal refused(ActorRef<Command> device, Operation operation) {
    ask(device, "refused", operation);
    return failed();
  }

  private Refusal failed() {
    return ((CallFailed) end()).problem();
  }

  private AttachReply attach(ActorRef<Command> device) {
    TestProbe<AttachReply> reply = KIT.createTestProbe();
    device.tell(new Attach(new Epoch(3), worker.getRef(), RUN, 12, reply.getRef()));
    return reply.receiveMessage(LONG);
  }

  private DeviceDetails details(ActorRef<Command> device) {
    TestProbe<DeviceDetails> reply = KIT.createTestProbe();
    device.tell(new DeviceProtocol.GetDetails(reply.getRef()));
    return reply.receiveMessage(LONG);
  }

  private static Operation moveTo(double position) {
    return new Operation.MoveTo(Value.of(position));
  }

  // ------------------------------------------------------------------ whose it is

  private DeviceProtocol.ReserveReply reserve(ActorRef<Command> device) {
    TestProbe<DeviceProtocol.ReserveReply> registry = KIT.createTestProbe();
    device.tell(new DeviceProtocol.Reserve("change-1", LONG, registry.getRef()));
    return registry.receiveMessage(LONG);
  }

  @Test
  void itsConfigurationIsNotChangedWhileSomebodyCallsIt() {
    ActorRef<Command> device = motor();
    ask(device, "1", new Operation.MoveTo(Value.of(5.0)));
    caller.expectMessageClass(DeviceProtocol.CallAccepted.class, LONG);
    assertThat(((DeviceProtocol.NotReserved) reserve(device)).problem().code()).isEqualTo("in-use");
  }

  @Test
  void isNotCalledWhileItsConfigurationIsBeingChanged() {
    ActorRef<Command> device = motor();
    assertThat(reserve(device)).isInstanceOf(DeviceProtocol.Reserved.class);
    ask(device, "1", new Operation.MoveTo(Value.of(5.0)));
    DeviceProtocol.CallFailed refused =
        caller.expectMessageClass(DeviceProtocol.CallFailed.class, LONG);
    assertThat(refused.problem().code()).isEqualTo("being-changed");

    device.tell(new DeviceProtocol.Release("change-1"));
    ask(device, "2", new Operation.MoveTo(Value.of(5.0)));
    caller.expectMessageClass(DeviceProtocol.CallAccepted.class, LONG);
  }

  @Test
  void beginsWithTheFirstSignOfLifeAndAnswersWhenItIsThere() {
    ActorRef<Command> device = motor();
    ask(device, "1", moveTo(2));
    caller.expectMessageClass(CallAccepted.class, LONG);
    clock.advance(Duration.ofSeconds(5));
    assertThat(position()).isZero();
    assertThat(details(device).heldBy()).isEqualTo("fli (set to 2.0)");

    device.tell(new CallAlive("1", caller.getRef()));
    assertThat(details(device).calls().get(0).ended()).isNaN();
    clock.advance(Duration.ofSeconds(5));

    assertThat(done().result()).isEqualTo(Value.of(2.0));
    assertThat(position()).isEqualTo(2);
    DeviceDetails.CallView call = details(device).calls().get(0);
    assertThat(call.who()).isEqualTo("fli");
    assertThat(call.code()).isEmpty();
    assertThat(call.ended()).isGreaterThanOrEqualTo(call.began());
    assertThat(details(device).heldBy()).isEmpty();
  }

  @Test
  void beginsOnlyWhenWhatAWorkerHasItDoHasEnded() {
    ActorRef<Command> device = motor();
    ask(device, "1", moveTo(2));
    caller.expectMessageClass(CallAccepted.class, LONG);
    // one that had it before the device was started anew, and does not know of that yet
    device.tell(new DeviceProtocol.Set(new Epoch(3), Value.of(5.0), 7, worker.getRef()));

    device.tell(new CallAlive("1", caller.getRef()));
    caller.expectMessageClass(CallAccepted.class, LONG);
    assertThat(details(device).calls()).isEmpty();
    clock.advance(Duration.ofSeconds(6));
    assertThat(worker.expectMessageClass(DeviceProtocol.Done.class, LONG).token()).isEqualTo(7);

    device.tell(new CallAlive("1", caller.getRef()));
    details(device);
    clock.advance(Duration.ofSeconds(6));
    assertThat(done().result()).isEqualTo(Value.of(2.0));
    assertThat(position()).isEqualTo(2);
  }

  @Test
  void refusesEveryCallWhileAScanHoldsItAndSaysWhich() {
    ActorRef<Command> device = motor();
    assertThat(attach(device)).isInstanceOf(Attached.class);

    for (Operation operation :
        List.of(
            moveTo(1),
            new Operation.MoveBy(1),
            new Operation.Perform(Operation.Action.STAGE),
            new Operation.Configure(Value.Fields.EMPTY),
            new Operation.SetLimits(new Limits(-1, 1)),
            new Operation.CallMethod("home", Value.Fields.EMPTY))) {
      Refusal refusal = refused(device, operation);
      assertThat(refusal.code()).as(operation.shown()).isEqualTo("locked");
      assertThat(refusal.text()).contains("samx is held by scan 12 (run " + RUN + ")");
    }

    device.tell(new DeviceProtocol.Detach(new Epoch(3)));
    begin(device, "1", moveTo(1));
  }

  @Test
  void aScanWaitsForTheEndOfACall() {
    ActorRef<Command> device = motor();
    begin(device, "1", moveTo(2));

    Refusal refusal = ((NotAttached) attach(device)).problem();

    assertThat(refusal.code()).isEqualTo("locked");
    assertThat(refusal.text()).contains("samx is used by fli (set to 2.0)");
    clock.advance(Duration.ofSeconds(3));
    done();
    assertThat(attach(device)).isInstanceOf(Attached.class);
  }

  @Test
  void refusesASecondCall() {
    ActorRef<Command> device = motor();
    begin(device, "1", moveTo(2));

    assertThat(refused(device, moveTo(1)).text()).contains("used by fli");
    clock.advance(Duration.ofSeconds(3));
    assertThat(done().id()).isEqualTo("1");
  }

  @Test
  void stopsWhenItsCallerVanishes() {
    ActorRef<Command> device = motor();
    TestProbe<CallReply> mortal = KIT.createTestProbe();
    device.tell(new Call("1", "fli", moveTo(9), mortal.getRef()));
    mortal.expectMessageClass(CallAccepted.class, LONG);
    device.tell(new CallAlive("1", mortal.getRef()));
    details(device);
    clock.advance(Duration.ofSeconds(2));

    mortal.stop();

    caller.awaitAssert(
        LONG,
        () -> {
          assertThat(details(device).calls().get(0).code()).isEqualTo("owner-silent");
          return null;
        });
    clock.advance(Duration.ofSeconds(20));
    assertThat(position()).isEqualTo(2);
  }

  @Test
  void stopsWhenItsCallerIsSilent() {
    ownerTimeout = Duration.ofSeconds(1);
    ActorRef<Command> device = motor();
    begin(device, "1", moveTo(9));

    assertThat(failed().code()).isEqualTo("owner-silent");
    clock.advance(Duration.ofSeconds(20));
    assertThat(position()).isZero();
    device.tell(new CallAlive("1", caller.getRef()));
    assertThat(failed().code()).isEqualTo("call-ended");
  }

  @Test
  void doesNothingForACallerWhoGivesUpBeforeItBegins() {
    ownerTimeout = Duration.ofSeconds(1);
    ActorRef<Command> device = motor();
    ask(device, "1", moveTo(9));
    caller.expectMessageClass(CallAccepted.class, LONG);

    assertThat(failed().code()).isEqualTo("owner-silent");
    device.tell(new CallAlive("1", caller.getRef()));
    assertThat(failed().code()).isEqualTo("call-ended");
    clock.advance(Duration.ofSeconds(20));
    assertThat(position()).isZero();
    assertThat(details(device).calls()).isEmpty();
  }

  @Test
  void aStopEndsACall() {
    ActorRef<Command> device = motor();
    begin(device, "1", moveTo(9));
    clock.advance(Duration.ofSeconds(2));

    device.tell(DeviceProtocol.Stop.STOP);

    assertThat(failed().code()).isEqualTo("stopped");
    clock.advance(Duration.ofSeconds(20));
    assertThat(position()).isEqualTo(2);
    assertThat(details(device).calls().get(0).code()).isEqualTo("stopped");
  }

  @Test
  void theEndOfAScanThatNeverHadItLeavesACallAlone() {
    ActorRef<Command> device = motor();
    begin(device, "1", moveTo(2));
    attach(device);

    device.tell(new DeviceProtocol.StopFor(new Epoch(3)));
    details(device);
    clock.advance(Duration.ofSeconds(3));

    assertThat(done().result()).isEqualTo(Value.of(2.0));
  }

  // ------------------------------------------------------------------ what it does

  @Test
  void movesByAStepFromItsSetpoint() {
    ActorRef<Command> device = motor();
    begin(device, "1", moveTo(2));
    clock.advance(Duration.ofSeconds(3));
    done();

    begin(device, "2", new Operation.MoveBy(-0.5));
    clock.advance(Duration.ofSeconds(3));

    assertThat(done().result()).isEqualTo(Value.of(1.5));
    assertThat(position()).isEqualTo(1.5);
  }

  @Test
  void refusesWhatItCantDo() {
    ActorRef<Command> device = motor();

    begin(device, "1", moveTo(11));
    assertThat(failed().code()).isEqualTo("beyond-limits");
    begin(device, "2", new Operation.MoveBy(10.5));
    assertThat(failed().code()).isEqualTo("beyond-limits");
    assertThat(refused(device, new Operation.MoveBy(Double.NaN)).code()).isEqualTo("not-finite");
    assertThat(refused(device, new Operation.Perform(Operation.Action.TRIGGER)).code())
        .isEqualTo("not-triggerable");
    begin(device, "3", new Operation.Configure(Value.Fields.EMPTY.with("a", Value.of(1))));
    assertThat(failed().code()).isEqualTo("unknown-setting");
    assertThat(refused(device, new Operation.CallMethod("dance", Value.Fields.EMPTY)).text())
        .contains("samx has no method 'dance'", "fail_next_move");
  }

  @Test
  void bothLimitsHoldForPeopleAndForScans() {
    ActorRef<Command> device = motor();

    does(device, "1", new Operation.SetLimits(new Limits(-1, 3)));

    assertThat(details(device).view().limits()).isEqualTo(new Limits(-1, 3));
    assertThat(details(device).deviceLimits()).isEqualTo(new Limits(-10, 10));
    Refusal refusal = refused(device, moveTo(3.5));
    assertThat(refusal.code()).isEqualTo("beyond-limits");
    assertThat(refusal.text()).contains("soft limits, which fli has set, allow -1.0 to 3.0");
    begin(device, "2", new Operation.MoveBy(3.5));
    assertThat(failed().code()).isEqualTo("beyond-limits");
    attach(device);
    device.tell(new DeviceProtocol.Set(new Epoch(3), Value.of(4.0), 1, worker.getRef()));
    assertThat(worker.expectMessageClass(DeviceProtocol.Failed.class, LONG).problem().code())
        .isEqualTo("beyond-limits");
    device.tell(new DeviceProtocol.Detach(new Epoch(3)));

    does(device, "3", new Operation.SetLimits(Limits.NONE));
    begin(device, "4", moveTo(3.5));

    assertThat(details(device).limitChanges())
        .extracting(change -> change.who() + " " + change.before() + " " + change.after())
        .containsExactly(
            "fli " + Limits.NONE + " " + new Limits(-1, 3),
            "fli " + new Limits(-1, 3) + " " + Limits.NONE);
  }

  @Test
  void refusesLimitsThatLeaveNothing() {
    ActorRef<Command> device = motor();

    assertThat(refused(device, new Operation.SetLimits(new Limits(20, 30))).code())
        .isEqualTo("wrong-limits");
    assertThat(refused(device, new Operation.SetLimits(new Limits(3, -3))).code())
        .isEqualTo("wrong-limits");
    assertThat(refused(device, new Operation.SetLimits(new Limits(Double.NaN, 3))).code())
        .isEqualTo("wrong-limits");
    assertThat(details(device).softLimits()).isEqualTo(Limits.NONE);
  }

  @Test
  void callsAMethodWithCheckedArguments() {
    ActorRef<Command> device = spawn(new Methodical());

    assertThat(
            does(
                device,
                "1",
                new Operation.CallMethod("home", Value.Fields.EMPTY.with("way", Value.of("up")))))
        .isEqualTo(Value.of("home by up"));
    assertThat(refused(device, new Operation.CallMethod("home", Value.Fields.EMPTY)).text())
        .contains("samx.home needs 'way'")
        .contains("one of up, down");
    assertThat(
            refused(
                    device,
                    new Operation.CallMethod(
                        "home", Value.Fields.EMPTY.with("way", Value.of("left"))))
                .text())
        .contains("takes for 'way' one of up, down, not 'left'");
    Refusal unknown =
        refused(
            device,
            new Operation.CallMethod(
                "home", Value.Fields.EMPTY.with("way", Value.of("up")).with("fast", Value.of(1))));
    assertThat(unknown.code()).isEqualTo("wrong-argument");
    assertThat(unknown.text()).contains("does not take 'fast'");
    assertThat(refused(device, new Operation.CallMethod("dance", Value.Fields.EMPTY)).text())
        .contains("samx has no method 'dance': allowed are home");
    assertThat(details(device).methods().get(0).parameters().get(0).takes())
        .isEqualTo("one of up, down");
  }

  /** Can do something that others can't. */
  private static final class Methodical extends BareDevice {
    Methodical() {
      super("samx", Ability.READABLE);
    }

    @Override
    public Map<String, DeviceMethod> methods() {
      ConfigKey way =
          new ConfigKey("way", ConfigKey.Kind.TEXT, true, List.of("up", "down"), "which way");
      return Map.of(
          "home",
          new DeviceMethod(
              "finds its home",
              List.of(way),
              arguments ->
                  CompletableFuture.completedStage(Value.of("home by " + arguments.text("way")))));
    }
  }

  // ------------------------------------------------------------------ followers

  private static Update await(TestProbe<Update> follower, Predicate<Update> wanted) {
    List<Update> seen =
        follower.fishForMessage(
            LONG,
            update ->
                wanted.test(update)
                    ? FishingOutcomes.complete()
                    : FishingOutcomes.continueAndIgnore());
    return seen.get(seen.size() - 1);
  }

  private static boolean at(Update update, double position) {
    return !update.readings().isEmpty() && update.readings().get(0).value().asDouble() == position;
  }

  @Test
  void followersSeeTheNewestAndAreNotToldOfEachChange() {
    ActorRef<Command> device = motor();
    TestProbe<Update> follower = KIT.createTestProbe();
    device.tell(new DeviceProtocol.Follow(follower.getRef()));
    await(follower, update -> at(update, 0));

    for (int i = 1; i <= 10_000; i++) {
      sim.pv("samx").post(Value.of((double) i));
    }

    int[] told = {0};
    await(
        follower,
        update -> {
          told[0]++;
          return at(update, 10_000);
        });
    assertThat(told[0]).isLessThan(1000);
  }

  @Test
  void aStopEndsAlsoACallThatHasNotBegun() {
    ActorRef<Command> device = motor();
    ask(device, "1", moveTo(2));
    caller.expectMessageClass(CallAccepted.class, LONG);

    device.tell(DeviceProtocol.Stop.STOP);

    assertThat(failed().code()).isEqualTo("stopped");
    device.tell(new CallAlive("1", caller.getRef()));
    assertThat(failed().code()).isEqualTo("call-ended");
    clock.advance(Duration.ofSeconds(3));
    assertThat(position()).isZero();
  }

  @Test
  void followersSeeWhoHasIt() {
    ActorRef<Command> device = motor();
    TestProbe<Update> follower = KIT.createTestProbe();
    device.tell(new DeviceProtocol.Follow(follower.getRef()));

    begin(device, "1", moveTo(2));
    await(follower, update -> update.heldBy().contains("fli"));
    clock.advance(Duration.ofSeconds(3));

    await(follower, update -> at(update, 2) && update.heldBy().isEmpty());
  }
}
