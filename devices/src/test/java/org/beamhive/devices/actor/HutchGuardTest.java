package org.beamhive.devices.actor;

import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.receptionist.Receptionist;
import akka.actor.typed.receptionist.ServiceKey;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.type.Device;
import org.beamhive.devices.type.DeviceFacts;
import org.beamhive.devices.type.DeviceListener;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.HutchGuardProtocol;
import org.beamhive.protocol.device.HutchGuardProtocol.Command;
import org.beamhive.protocol.device.HutchGuardProtocol.Report;
import org.beamhive.protocol.device.HutchGuardProtocol.Request;
import org.beamhive.protocol.device.HutchGuardProtocol.TakenCareOf;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Reading;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A guard, with another one that does what the test says. */
class HutchGuardTest {
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final DeviceName SAMX = new DeviceName("samx");

  @TempDir private Path folder;
  private final ServiceKey<Request> key =
      ServiceKey.create(Request.class, "guard-" + UUID.randomUUID());
  private final DeviceEpochs epochs = new DeviceEpochs();
  private final List<String> done = new CopyOnWriteArrayList<>();
  private volatile boolean away;
  private volatile boolean seenAlive;
  // what it says of the next ones that it is asked of
  private final Queue<Boolean> opinions = new ConcurrentLinkedQueue<>();
  private final CountDownLatch standing = new CountDownLatch(1);
  private final CountDownLatch goingOn = new CountDownLatch(1);
  private volatile boolean standstill;
  private Duration ownerTimeout = Duration.ofMillis(400);
  private MovingFile file;
  private TestProbe<Request> other;
  private ActorRef<Command> guard;

  @AfterAll
  static void close() {
    KIT.shutdownTestKit();
  }

  @BeforeEach
  void begin() {
    file = new MovingFile(folder.resolve("moving.json"));
    other = KIT.createTestProbe();
    KIT.system().receptionist().tell(Receptionist.register(key, other.getRef()));
  }

  @AfterEach
  void end() {
    if (guard != null) {
      // a write under way would disturb the removal of the folder
      TestProbe<Done> settled = KIT.createTestProbe();
      guard.tell(new HutchGuard.Settle(settled.getRef()));
      settled.receiveMessage(LONG);
      KIT.stop(guard);
    }
  }

  private void start() {
    DevicesSettings settings =
        DevicesSettings.from(
            ConfigFactory.parseMap(
                    Map.of(
                        "beamhive.devices.owner-timeout",
                        ownerTimeout.toMillis() + " ms",
                        "beamhive.devices.reconnect.min",
                        "20 ms"))
                .withFallback(ConfigFactory.load()));
    guard =
        KIT.spawn(
            HutchGuard.create(
                new HutchGuard.Parts(
                    key,
                    "here:1",
                    this::handle,
                    settings,
                    epochs,
                    file,
                    node ->
                        CompletableFuture.completedFuture(
                            Objects.requireNonNullElse(opinions.poll(), seenAlive)))));
  }

  /** The guard stands still in here, as all would in a frozen process, if the test says so. */
  private Device handle(DeviceName name) {
    if (standstill) {
      standing.countDown();
      try {
        goingOn.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      waitFor(ownerTimeout.multipliedBy(2));
    }
    return name.equals(SAMX) ? new Handle() : null;
  }

  /** A device that is opened only to be stopped. */
  private final class Handle implements Device {
    @Override
    public DeviceName name() {
      return SAMX;
    }

    @Override
    public Set<DeviceView.Ability> abilities() {
      return Set.of();
    }

    @Override
    public void open(DeviceListener listener) {
      done.add("open");
    }

    @Override
    public CompletionStage<Void> connect() {
      return away
          ? CompletableFuture.failedStage(new DeviceFailure("not-connected", "no answer"))
          : DONE;
    }

    @Override
    public DeviceFacts facts() {
      return new DeviceFacts(Limits.NONE, "", 0, List.of());
    }

    @Override
    public CompletionStage<DeviceDescription> describe() {
      return new CompletableFuture<>();
    }

    @Override
    public CompletionStage<List<Reading>> read() {
      return new CompletableFuture<>();
    }

    @Override
    public CompletionStage<Void> stop() {
      done.add("stop");
      return DONE;
    }

    @Override
    public void close() {
      done.add("close");
    }
  }

  private void says(List<DeviceName> moving, List<DeviceName> abandoned) {
    guard.tell(new Report("there:2", moving, abandoned, Map.of("samx", 7L), other.getRef()));
  }

  private void eventually(Runnable assertion) {
    other.awaitAssert(
        LONG,
        () -> {
          assertion.run();
          return null;
        });
  }

  private Report told() {
    return other.expectMessageClass(Report.class, LONG);
  }

  private List<DeviceName> stored() {
    try {
      return file.read();
    } catch (IOException failed) {
      throw new AssertionError(failed);
    }
  }

  @Test
  void tellsTheOthersAtOnceWhatMoves() {
    start();
    while (!told().moving().isEmpty()) {}
    guard.tell(new HutchGuard.MoveBegun(SAMX));
    while (told().moving().isEmpty()) {}
    guard.tell(new HutchGuard.MoveEnded(SAMX));
    while (!told().moving().isEmpty()) {}
  }

  @Test
  void stopsWhatASilentNodeWasMovingAndClosesTheDevice() {
    start();
    says(List.of(SAMX), List.of());
    eventually(() -> assertThat(done).containsExactly("open", "stop", "close"));
    assertThat(epochs.newest(SAMX)).isEqualTo(new Epoch(7));
    says(List.of(), List.of(SAMX));
    assertThat(other.fishForMessage(LONG, HutchGuardTest::fish)).isNotEmpty();
  }

  private static akka.actor.testkit.typed.FishingOutcome fish(Request message) {
    return message.equals(new TakenCareOf(List.of(SAMX)))
        ? akka.actor.testkit.typed.javadsl.FishingOutcomes.complete()
        : akka.actor.testkit.typed.javadsl.FishingOutcomes.continueAndIgnore();
  }

  @Test
  void stopsNothingOfANodeThatIsHeard() {
    ownerTimeout = Duration.ofSeconds(3);
    start();
    for (int beat = 0; beat < 35; beat++) {
      says(List.of(SAMX), List.of());
      waitFor(Duration.ofMillis(100));
    }
    assertThat(done).isEmpty();
    guard.tell(new HutchGuardProtocol.Farewell(other.getRef()));
    waitFor(ownerTimeout.plusMillis(500));
    assertThat(done).isEmpty();
  }

  @Test
  void stopsNothingOfANodeThatTheWitnessSeesAlive() {
    seenAlive = true;
    start();
    says(List.of(SAMX), List.of());
    waitFor(ownerTimeout.multipliedBy(2));
    assertThat(done).isEmpty();
    seenAlive = false;
    eventually(() -> assertThat(done).contains("stop"));
  }

  @Test
  void triesUntilItCanStopAStray() {
    away = true;
    start();
    says(List.of(SAMX), List.of());
    eventually(() -> assertThat(done).filteredOn("open"::equals).hasSizeGreaterThan(2));
    assertThat(done).doesNotContain("stop");
    away = false;
    eventually(() -> assertThat(done).contains("stop"));
  }

  @Test
  void leavesAStrayAloneThatHasComeToItsOwnNode() {
    away = true;
    start();
    says(List.of(SAMX), List.of());
    eventually(() -> assertThat(done).contains("open"));
    TestProbe<DeviceProtocol.Command> device = KIT.createTestProbe();
    guard.tell(new HutchGuard.DeviceReady(SAMX, device.getRef()));
    device.expectMessageClass(DeviceActor.StrayFound.class);
    away = false;
    waitFor(Duration.ofMillis(100));
    assertThat(done).doesNotContain("stop");
  }

  // ------------------------------------------------------------------ a node that stood still

  /** Whether another node has seen to a move of this one while it stood still. */
  private TestProbe<DeviceProtocol.Command> ask() {
    TestProbe<DeviceProtocol.Command> device = KIT.createTestProbe();
    guard.tell(new HutchGuard.StoodStill(3, device.getRef()));
    return device;
  }

  private static boolean takenCareOf(TestProbe<DeviceProtocol.Command> asked) {
    return asked.expectMessageClass(DeviceActor.Overslept.class).takenCareOf();
  }

  @Test
  void onlyAGuardThatStoodStillItselfLeavesAMoveToAnotherNodeThatIsAlive() throws Exception {
    start();
    says(List.of(SAMX), List.of());
    eventually(() -> assertThat(done).contains("close"));
    seenAlive = true;
    // soon, should the machine of this test have stood still just now
    eventually(() -> assertThat(takenCareOf(ask())).isFalse());

    standstill = true;
    seenAlive = false;
    says(List.of(SAMX), List.of());
    assertThat(standing.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
    // both are answered right after the standstill
    opinions.addAll(List.of(false, true));
    TestProbe<DeviceProtocol.Command> alone = ask();
    TestProbe<DeviceProtocol.Command> withAnother = ask();
    goingOn.countDown();
    assertThat(takenCareOf(alone)).as("nobody else is alive").isFalse();
    assertThat(takenCareOf(withAnother)).isTrue();
    eventually(() -> assertThat(done).filteredOn("close"::equals).hasSize(2));
  }

  // ------------------------------------------------------------------ a node that comes back

  @Test
  void keepsInAFileWhatMovesAndForgetsWhatRests() {
    start();
    guard.tell(new HutchGuard.MoveBegun(SAMX));
    eventually(() -> assertThat(stored()).containsExactly(SAMX));
    guard.tell(new HutchGuard.MoveEnded(SAMX));
    eventually(() -> assertThat(stored()).isEmpty());
  }

  @Test
  void atTheEndOfTheNodeTheFileHoldsWhatReallyMoves() {
    start();
    guard.tell(new HutchGuard.MoveBegun(SAMX));
    guard.tell(new HutchGuard.MoveEnded(SAMX));
    TestProbe<Done> settled = KIT.createTestProbe();
    guard.tell(new HutchGuard.Settle(settled.getRef()));
    settled.receiveMessage();
    assertThat(stored()).isEmpty();
  }

  @Test
  void aDeviceThatMovedWhenTheNodeDiedIsStoppedWhenItIsConnected() throws IOException {
    file.write(List.of(SAMX));
    start();
    while (told().abandoned().isEmpty()) {}
    TestProbe<DeviceProtocol.Command> device = KIT.createTestProbe();
    guard.tell(new HutchGuard.DeviceReady(SAMX, device.getRef()));
    device.expectMessageClass(DeviceActor.StrayFound.class);
    eventually(() -> assertThat(stored()).isEmpty());
  }

  @Test
  void aDeviceThatWasCutOffWhileItMovedAndEndedIsStoppedWhenItIsConnectedAgain() {
    start();
    TestProbe<DeviceProtocol.Command> device = KIT.createTestProbe();
    guard.tell(new HutchGuard.MoveBegun(SAMX));
    guard.tell(new HutchGuard.LeftMoving(SAMX));
    while (!told().abandoned().contains(SAMX)) {}
    guard.tell(new HutchGuard.DeviceReady(SAMX, device.getRef()));
    device.expectMessageClass(DeviceActor.StrayFound.class);
    eventually(() -> assertThat(stored()).isEmpty());
  }

  @Test
  void whatAnotherNodeHasTakenCareOfIsForgotten() throws IOException {
    file.write(List.of(SAMX));
    start();
    while (told().abandoned().isEmpty()) {}
    guard.tell(new TakenCareOf(List.of(SAMX)));
    eventually(() -> assertThat(stored()).isEmpty());
  }

  @Test
  void stopsADeviceHereThatMovedWhenAnotherNodeDied() {
    start();
    TestProbe<DeviceProtocol.Command> device = KIT.createTestProbe();
    guard.tell(new HutchGuard.DeviceReady(SAMX, device.getRef()));
    says(List.of(), List.of(SAMX));
    device.expectMessageClass(DeviceActor.StrayFound.class);
    assertThat(other.fishForMessage(LONG, HutchGuardTest::fish)).isNotEmpty();
  }

  /** Time passes in which nothing may happen. */
  private static void waitFor(Duration time) {
    TestProbe<Object> nobody = KIT.createTestProbe();
    nobody.expectNoMessage(time);
    nobody.stop();
  }
}
