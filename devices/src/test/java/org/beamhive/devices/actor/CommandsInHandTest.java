package org.beamhive.devices.actor;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestInbox;
import com.typesafe.config.ConfigFactory;
import java.util.List;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.protocol.bundle.ScanBundlerProtocol;
import org.beamhive.protocol.device.DeviceProtocol.Failed;
import org.beamhive.protocol.device.DeviceProtocol.Read;
import org.beamhive.protocol.device.DeviceProtocol.Reply;
import org.beamhive.protocol.device.DeviceProtocol.Set;
import org.beamhive.protocol.device.DeviceProtocol.Stage;
import org.beamhive.protocol.device.DeviceProtocol.Trigger;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.Test;

/** What waits for a device; what takes its time needs the actor, and is tested with it. */
class CommandsInHandTest {
  private static final Epoch EPOCH = new Epoch(1);
  private static final Refusal WHY = Refusal.of("stopped", "samx has been stopped.");

  private final TestInbox<Reply> worker = TestInbox.create();
  private final TestInbox<ScanBundlerProtocol.Request> bundler = TestInbox.create();
  private final DeviceConfig config = DeviceConfig.of("samx", "SimMotor", Value.Fields.EMPTY);
  private final DevicesSettings settings = DevicesSettings.from(ConfigFactory.load());
  private final CommandsInHand commands =
      new CommandsInHand(
          new DeviceParts(
              null, null, null, config, List.of(), null, null, null, settings, null, null, null));
  private final Read read = new Read(EPOCH, 4, bundler.getRef());
  private final Set set = new Set(EPOCH, Value.of(2.0), 5, worker.getRef());
  private final Trigger trigger = new Trigger(EPOCH, 6, worker.getRef());

  @Test
  void letsSoManyWaitAndRefusesTheNext() {
    for (int each = 0; each < settings.waitingCommands(); each++) {
      assertThat(commands.await(new Stage(EPOCH, each, worker.getRef()))).isNull();
    }

    Refusal refusal = commands.await(set);

    assertThat(refusal.code()).isEqualTo("busy");
    assertThat(refusal.text())
        .isEqualTo("samx is busy and " + settings.waitingCommands() + " commands wait already.");
    assertThat(commands.nextWaiting()).isEqualTo(new Stage(EPOCH, 0, worker.getRef()));
  }

  @Test
  void isToMoveIfAMoveWaits() {
    assertThat(commands.await(read)).isNull();
    assertThat(commands.isToMove()).isFalse();
    assertThat(commands.await(set)).isNull();
    assertThat(commands.isToMove()).isTrue();
  }

  @Test
  void refusesOnlyWhatCanBeStoppedWhenItIsStopped() {
    commands.await(read);
    commands.await(trigger);

    commands.failInterruptible(WHY);

    worker.expectMessage(new Failed(config.name(), 6, WHY));
    assertThat(bundler.hasMessages()).isFalse();
    assertThat(commands.nextWaiting()).isEqualTo(read);
  }

  /** To look whose request it is may bring to light that its worker was silent for too long. */
  @Test
  void takesOutWhatIsAskedForAlsoIfOthersAreRefusedMeanwhile() {
    Read second = new Read(EPOCH, 7, bundler.getRef());
    commands.await(read);
    commands.await(set);
    commands.await(second);
    commands.await(trigger);

    commands.removeWaiting(
        request -> {
          if (request.equals(second)) {
            commands.failInterruptible(WHY);
          }
          return request instanceof Read;
        });

    assertThat(commands.isAnyWaiting()).isFalse();
    worker.expectMessage(new Failed(config.name(), 5, WHY));
    worker.expectMessage(new Failed(config.name(), 6, WHY));
    assertThat(worker.hasMessages()).isFalse();
  }
}
