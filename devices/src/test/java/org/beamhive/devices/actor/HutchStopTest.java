package org.beamhive.devices.actor;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.receptionist.Receptionist;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.type.Device;
import org.beamhive.devices.type.DeviceFacts;
import org.beamhive.devices.type.DeviceListener;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.Command;
import org.beamhive.protocol.device.HutchGuardProtocol;
import org.beamhive.protocol.device.HutchStopProtocol;
import org.beamhive.protocol.device.Operation;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * A stop of everything reaches every device in every state, with no queue, no list of devices and
 * no cluster there at all.
 */
class HutchStopTest {
  /** What is asked for is 100 ms; the machine that runs this may be busy with other things. */
  private static final Duration GENEROUS = Duration.ofSeconds(15);

  private static final Duration LONG = Duration.ofSeconds(30);
  private static final ActorTestKit KIT = ActorTestKit.create();

  private final Map<String, Long> stoppedAt = new ConcurrentHashMap<>();
  private final LocalDevices local = new LocalDevices();
  private volatile String stopFails = "";

  @AfterAll
  static void close() {
    KIT.shutdownTestKit();
  }

  /** What a device is at when it is stopped. */
  private enum Doing {
    NEVER_CONNECTED,
    RESTING,
    CALLED,
    SCANNED,
    BUSY_WITH_MANY_WAITING
  }

  /** Moves until it is stopped. */
  private final class Endless implements Device {
    private final DeviceName name;
    private final boolean connects;
    private final CompletableFuture<Void> move = new CompletableFuture<>();

    Endless(String name, boolean connects) {
      this.name = new DeviceName(name);
      this.connects = connects;
    }

    @Override
    public DeviceName name() {
      return name;
    }

    @Override
    public Set<Ability> abilities() {
      return Set.of(Ability.READABLE, Ability.MOVABLE);
    }

    @Override
    public void open(DeviceListener listener) {}

    @Override
    public CompletionStage<Void> connect() {
      return connects ? DONE : new CompletableFuture<>();
    }

    @Override
    public DeviceFacts facts() {
      return new DeviceFacts(Limits.NONE, "", 0, List.of());
    }

    @Override
    public CompletionStage<DeviceDescription> describe() {
      return CompletableFuture.completedStage(
          new DeviceDescription(name, "Endless", Map.of(), List.of(), List.of(), Map.of()));
    }

    @Override
    public CompletionStage<List<Reading>> read() {
      return CompletableFuture.completedStage(List.of());
    }

    @Override
    public CompletionStage<Void> set(Value setpoint) {
      return move;
    }

    @Override
    public CompletionStage<Void> stop() {
      stoppedAt.putIfAbsent(name.value(), System.nanoTime());
      if (name.value().equals(stopFails)) {
        return CompletableFuture.failedStage(
            new DeviceFailure("device-error", "The brake is broken."));
      }
      move.completeExceptionally(new DeviceFailure("stopped", name + " has been stopped."));
      return DONE;
    }

    @Override
    public void close() {}
  }

  private void device(int number) {
    Doing doing = Doing.values()[number % Doing.values().length];
    String name = "m" + number;
    TestProbe<DeviceDirectoryProtocol.Request> directory = KIT.createTestProbe();
    TestProbe<HutchGuardProtocol.Command> guard = KIT.createTestProbe();
    ActorRef<Command> device =
        KIT.spawn(
            DeviceActor.create(
                DeviceConfig.of(name, "SimMotor", Value.Fields.EMPTY),
                new HutchName("a"),
                () -> new Endless(name, doing != Doing.NEVER_CONNECTED),
                DevicesSettings.from(
                    ConfigFactory.parseString("beamhive.devices.owner-timeout = 10 m")
                        .withFallback(ConfigFactory.load())),
                directory.getRef(),
                new HutchWatch(
                    guard.getRef(),
                    new DeviceEpochs(),
                    SoftLimits.inMemory(),
                    local,
                    new HutchDevices(List.of(), false),
                    self -> {}),
                DeviceMeasures.NONE));
    TestProbe<DeviceProtocol.View> view = KIT.createTestProbe();
    view.awaitAssert(
        LONG,
        () -> {
          device.tell(new DeviceProtocol.GetView(view.getRef()));
          assertThat(view.receiveMessage(LONG).view().connected())
              .isEqualTo(doing != Doing.NEVER_CONNECTED);
          return null;
        });
    TestProbe<DeviceProtocol.CallReply> caller = KIT.createTestProbe();
    TestProbe<DeviceProtocol.Reply> worker = KIT.createTestProbe();
    TestProbe<DeviceProtocol.AttachReply> attached = KIT.createTestProbe();
    if (doing == Doing.CALLED) {
      device.tell(
          new DeviceProtocol.Call("1", "fli", new Operation.MoveTo(Value.of(1)), caller.getRef()));
      device.tell(new DeviceProtocol.CallAlive("1", caller.getRef()));
    } else if (doing == Doing.SCANNED || doing == Doing.BUSY_WITH_MANY_WAITING) {
      Epoch epoch = new Epoch(1);
      device.tell(new DeviceProtocol.Attach(epoch, worker.getRef(), attached.getRef()));
      device.tell(new DeviceProtocol.Set(epoch, Value.of(1), 1, worker.getRef()));
      for (int i = 0; i < 10 && doing == Doing.BUSY_WITH_MANY_WAITING; i++) {
        device.tell(new DeviceProtocol.Trigger(epoch, 2 + i, worker.getRef()));
      }
    }
  }

  @Test
  void tellsThatNobodyIsThereToStopAnything() throws Exception {
    ActorTestKit alone = ActorTestKit.create();
    try {
      StopEverything.Stopped stopped =
          StopEverything.start(alone.system(), LONG)
              .stop(Optional.empty(), "fli")
              .toCompletableFuture()
              .get(30, TimeUnit.SECONDS);
      assertThat(stopped)
          .isEqualTo(
              new StopEverything.Stopped(List.of(), List.of(), new TreeMap<>(), List.of(), 0));
    } finally {
      alone.shutdownTestKit();
    }
  }

  @Test
  void namesWhatItCanNotHaveReached() throws Exception {
    for (int i = 0; i < 3; i++) {
      device(i);
    }
    TestProbe<StopCheck.Told> answer = KIT.createTestProbe();
    stopFails = "m2";
    KIT.spawn(StopCheck.create(local.all(), LONG, answer.getRef()::tell));
    StopCheck.Told stopped = answer.receiveMessage(LONG);
    assertThat(stopped.told()).extracting(DeviceName::value).containsExactly("m0", "m1", "m2");
    assertThat(stopped.notConnected()).containsExactly(new DeviceName("m0"));
    assertThat(stopped.notStopped())
        .containsExactly(
            new HutchStopProtocol.NotStopped(new DeviceName("m2"), "The brake is broken."));
    // one that does not answer at all, as when its IOC hangs
    TestProbe<Command> deaf = KIT.createTestProbe();
    Map<String, ActorRef<Command>> devices = Map.of("deaf", deaf.getRef());
    KIT.spawn(StopCheck.create(devices, Duration.ofMillis(10), answer.getRef()::tell));
    assertThat(answer.receiveMessage(LONG).notStopped())
        .containsExactly(
            new HutchStopProtocol.NotStopped(
                new DeviceName("deaf"), "deaf has not said within 10 ms that it has stopped."));
    deaf.expectMessageClass(DeviceProtocol.StopAndTell.class, LONG);
  }

  @Test
  void everyDeviceIsStoppedWhateverItDoes() throws Exception {
    int devices = 100;
    for (int i = 0; i < devices; i++) {
      device(i);
    }
    KIT.spawn(HutchStop.create(local, "here:1"));
    StopEverything everything = StopEverything.start(KIT.system(), Duration.ofSeconds(20));
    TestProbe<Receptionist.Listing> listing = KIT.createTestProbe();
    KIT.system().receptionist().tell(Receptionist.subscribe(HutchStop.KEY, listing.getRef()));
    listing.fishForMessage(
        LONG,
        found ->
            found.getServiceInstances(HutchStop.KEY).isEmpty()
                ? akka.actor.testkit.typed.javadsl.FishingOutcomes.continueAndIgnore()
                : akka.actor.testkit.typed.javadsl.FishingOutcomes.complete());
    // the receptionist tells its subscribers one after another
    listing.awaitAssert(
        LONG,
        () -> {
          assertThat(everything.nodes()).isEqualTo(1);
          return null;
        });

    long asked = System.nanoTime();
    StopEverything.Stopped stopped =
        everything.stop(Optional.empty(), "fli").toCompletableFuture().get(30, TimeUnit.SECONDS);

    assertThat(stopped.devices()).hasSize(devices);
    assertThat(stopped.silent()).isEmpty();
    assertThat(stopped.nodes()).isEqualTo(1);
    // connected ones may be slow to say so on a busy machine
    assertThat(stopped.notConnected()).contains("m0", "m5", "m95");
    listing.awaitAssert(
        LONG,
        () -> {
          assertThat(stoppedAt).hasSize(devices);
          return null;
        });
    Map<String, Duration> late = new TreeMap<>();
    stoppedAt.forEach(
        (device, at) -> {
          Duration took = Duration.ofNanos(at - asked);
          if (took.compareTo(GENEROUS) > 0) {
            late.put(device, took);
          }
        });
    assertThat(late).isEmpty();

    StopEverything.Stopped one =
        everything
            .stop(Optional.of(new DeviceName("m3")), "fli")
            .toCompletableFuture()
            .get(30, TimeUnit.SECONDS);
    assertThat(one.devices()).containsExactly("m3");
    assertThat(local.all()).containsKey("m3");
    KIT.stop(local.all().get("m3"));
    one =
        everything
            .stop(Optional.of(new DeviceName("m3")), "fli")
            .toCompletableFuture()
            .get(30, TimeUnit.SECONDS);
    assertThat(one.devices()).isEmpty();
    assertThat(one.notConnected()).isEmpty();
  }
}
