package org.beamhive.devices.actor;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.config.DeviceFile;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.type.Device;
import org.beamhive.devices.type.DeviceFacts;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.Command;
import org.beamhive.protocol.device.DeviceProtocol.Follow;
import org.beamhive.protocol.device.DeviceProtocol.GetView;
import org.beamhive.protocol.device.DeviceProtocol.NotRead;
import org.beamhive.protocol.device.DeviceProtocol.ReadNow;
import org.beamhive.protocol.device.DeviceProtocol.ReadReply;
import org.beamhive.protocol.device.DeviceProtocol.Update;
import org.beamhive.protocol.device.DeviceProtocol.View;
import org.beamhive.protocol.device.HutchGuardProtocol;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The end of a device's actor and its next start, and who follows it meanwhile. */
class DeviceLifeTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Epoch EPOCH = new Epoch(1);
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final DevicesSettings SETTINGS =
      DevicesSettings.from(
          ConfigFactory.parseString(
                  """
                  beamhive.devices {
                    owner-timeout = 1 m
                    restart { min = 10 ms, max = 20 ms }
                  }
                  """)
              .withFallback(ConfigFactory.load()));

  private final AtomicInteger made = new AtomicInteger();
  private final TestProbe<View> views = KIT.createTestProbe();
  private final TestProbe<Update> follower = KIT.createTestProbe();
  private final TestProbe<DeviceProtocol.Reply> worker = KIT.createTestProbe();
  private final TestProbe<DeviceProtocol.AttachReply> attached = KIT.createTestProbe();

  @AfterAll
  static void close() {
    KIT.shutdownTestKit();
  }

  private ActorRef<Command> spawn(DeviceConfig config, Device device) {
    TestProbe<DeviceDirectoryProtocol.Request> directory = KIT.createTestProbe();
    TestProbe<HutchGuardProtocol.Command> guard = KIT.createTestProbe();
    return KIT.spawn(
        DeviceActor.create(
            config,
            new HutchName("a"),
            () -> {
              made.incrementAndGet();
              return device;
            },
            SETTINGS,
            directory.getRef(),
            new HutchWatch(guard.getRef(), new DeviceEpochs()),
            DeviceMeasures.NONE));
  }

  private ActorRef<Command> ready(Device device) {
    ActorRef<Command> ref = spawn(DeviceConfig.of("samx", "SimMotor", Value.Fields.EMPTY), device);
    awaitReady(ref);
    return ref;
  }

  private void awaitReady(ActorRef<Command> device) {
    views.awaitAssert(
        LONG,
        () -> {
          assertThat(view(device).state()).isEqualTo(DeviceView.State.READY);
          return null;
        });
  }

  private DeviceView view(ActorRef<Command> device) {
    device.tell(new GetView(views.getRef()));
    return views.receiveMessage(LONG).view();
  }

  private static DeviceConfig disabled() {
    Value.Fields settings =
        Value.Fields.EMPTY
            .with("deviceClass", Value.of("SimMotor"))
            .with("enabled", Value.of(false))
            .with("readoutPriority", Value.of("on_request"));
    return DeviceFile.device("samx", settings, DeviceTypes.standard()).orThrow().get(0);
  }

  @Test
  void aDisabledDeviceOutlivesWhoFollowsIt() {
    ActorRef<Command> device = spawn(disabled(), new BareDevice("samx") {});
    device.tell(new Follow(follower.getRef()));
    assertThat(follower.receiveMessage(LONG).view().state()).isEqualTo(DeviceView.State.DISABLED);
    TestProbe<Update> other = KIT.createTestProbe();

    follower.stop();
    other.expectTerminated(follower.getRef(), LONG);

    device.tell(new Follow(other.getRef()));
    assertThat(other.receiveMessage(LONG).view().state()).isEqualTo(DeviceView.State.DISABLED);
    assertThat(made).hasValue(1);
  }

  /** Flies; its stop takes as long as the test says. */
  private static final class SlowToStop extends BareDevice {
    final CompletableFuture<Void> stopped = new CompletableFuture<>();
    final CompletableFuture<Void> closed = new CompletableFuture<>();

    SlowToStop() {
      super("samx", Ability.FLYABLE);
    }

    @Override
    public CompletionStage<Void> kickoff(Value.Fields wanted) {
      return DONE;
    }

    @Override
    public CompletionStage<Void> stop() {
      return stopped;
    }

    @Override
    public void close() {
      closed.complete(null);
    }
  }

  @Test
  void aFlightIsStoppedBeforeItsDeviceIsClosed() {
    SlowToStop device = new SlowToStop();
    ActorRef<Command> ref = ready(device);
    ref.tell(new DeviceProtocol.Attach(EPOCH, worker.getRef(), attached.getRef()));
    attached.receiveMessage(LONG);
    ref.tell(new DeviceProtocol.Kickoff(EPOCH, Value.Fields.EMPTY, 1, worker.getRef()));
    worker.receiveMessage(LONG);

    ref.tell(DeviceActor.Park.PARK);

    views.expectTerminated(ref, LONG);
    assertThat(device.closed).isNotDone();
    device.stopped.complete(null);
    assertThat(device.closed).succeedsWithin(LONG);
  }

  /** Answers no question until it is closed, and has a defect that shows once. */
  private static final class Fragile extends BareDevice {
    final CompletableFuture<List<Reading>> answer = new CompletableFuture<>();
    volatile boolean broken;

    Fragile() {
      super("samx", Ability.READABLE);
    }

    @Override
    public CompletionStage<List<Reading>> read() {
      return answer;
    }

    @Override
    public DeviceFacts facts() {
      if (broken) {
        broken = false;
        throw new IllegalStateException("a defect");
      }
      return super.facts();
    }

    @Override
    public void close() {
      answer.completeExceptionally(new DeviceFailure("closed", "samx has been closed."));
    }
  }

  @Test
  void whatIsAnsweredToTheOneBeforeDoesNotDisturbItsSuccessor() {
    Fragile device = new Fragile();
    ActorRef<Command> ref = ready(device);
    ref.tell(new Follow(follower.getRef()));
    TestProbe<ReadReply> reader = KIT.createTestProbe();
    ref.tell(new ReadNow(reader.getRef()));
    view(ref);

    device.broken = true;
    ref.tell(new GetView(views.getRef()));

    assertThat(((NotRead) reader.receiveMessage(LONG)).problem().text())
        .contains("has failed and starts again");
    awaitReady(ref);
    assertThat(made).hasValue(2);
  }

  /** Counts who asks. */
  private static final class Counting extends BareDevice {
    final AtomicInteger reads = new AtomicInteger();

    Counting() {
      super("samx", Ability.READABLE);
    }

    @Override
    public CompletionStage<List<Reading>> read() {
      reads.incrementAndGet();
      return super.read();
    }
  }

  @Test
  void sayingAgainThatOneFollowsItCostsNothing() {
    Counting device = new Counting();
    ActorRef<Command> ref = ready(device);
    ref.tell(new Follow(follower.getRef()));
    follower.fishForMessage(
        LONG,
        update ->
            update.view().state() == DeviceView.State.READY
                ? FishingOutcomes.complete()
                : FishingOutcomes.continueAndIgnore());
    int reads = device.reads.get();

    for (int i = 0; i < 5; i++) {
      ref.tell(new Follow(follower.getRef()));
    }
    view(ref);

    // a report of its state may have come in between
    assertThat(device.reads.get()).isLessThan(reads + 5);
  }
}
