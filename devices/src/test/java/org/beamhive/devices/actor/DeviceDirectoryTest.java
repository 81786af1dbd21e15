package org.beamhive.devices.actor;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import com.typesafe.config.ConfigFactory;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import org.beamhive.protocol.device.DeviceDirectoryProtocol.Devices;
import org.beamhive.protocol.device.DeviceDirectoryProtocol.GetDevices;
import org.beamhive.protocol.device.DeviceDirectoryProtocol.Report;
import org.beamhive.protocol.device.DeviceDirectoryProtocol.Request;
import org.beamhive.protocol.device.DeviceDirectoryProtocol.Subscribe;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.DeviceView.State;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.ReadoutPriority;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class DeviceDirectoryTest {
  private static final ActorTestKit KIT =
      ActorTestKit.create(ManualTime.config().withFallback(ConfigFactory.load()));
  private static final ManualTime TIME = ManualTime.get(KIT.system());
  private static final DevicesSettings SETTINGS = DevicesSettings.from(ConfigFactory.load());

  private final SettableClock clock = new SettableClock();
  private final ActorRef<Request> directory = KIT.spawn(DeviceDirectory.create(SETTINGS, clock));
  private final TestProbe<Devices> subscriber = KIT.createTestProbe();

  @AfterAll
  static void close() {
    KIT.shutdownTestKit();
  }

  private static final class SettableClock extends Clock {
    private volatile Instant now = Instant.EPOCH;

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
      return now;
    }
  }

  private static DeviceView view(String name, State state, double high) {
    return new DeviceView(
        new DeviceName(name),
        new HutchName("a"),
        "127.0.0.1:25520",
        "SimMotor",
        "",
        state,
        "",
        Set.of(),
        ReadoutPriority.BASELINE,
        false,
        new Limits(0, high),
        "mm",
        3,
        List.of(name),
        Set.of(),
        false,
        List.of(),
        Value.Fields.EMPTY);
  }

  private void report(DeviceView view) {
    directory.tell(new Report(view));
  }

  private Devices devices() {
    TestProbe<Devices> probe = KIT.createTestProbe();
    directory.tell(new GetDevices(probe.getRef()));
    return probe.receiveMessage();
  }

  @Test
  void listsDevicesInTheOrderOfNames() {
    report(view("b", State.READY, 1));
    report(view("a", State.CONNECTING, 1));

    assertThat(devices().devices()).extracting(v -> v.name().value()).containsExactly("a", "b");
  }

  @Test
  void countsOnlyChangesOfWhatDevicesAre() {
    report(view("a", State.CONNECTING, 1));
    long version = devices().version();
    report(view("a", State.READY, 1));
    assertThat(devices().version()).isEqualTo(version);
    report(view("a", State.READY, 2));
    assertThat(devices().version()).isEqualTo(version + 1);
  }

  @Test
  void tellsSubscribersTheNewestAndNotMoreOftenThanTheyCanTake() {
    directory.tell(new Subscribe(subscriber.getRef()));
    assertThat(subscriber.receiveMessage().devices()).isEmpty();

    for (int high = 1; high <= 50; high++) {
      report(view("a", State.READY, high));
    }
    assertThat(devices().version()).isEqualTo(50);
    assertThat(subscriber.receiveMessage().devices().get(0).limits().high()).isEqualTo(1);
    TIME.timePasses(SETTINGS.notifyInterval());
    assertThat(subscriber.receiveMessage().devices().get(0).limits().high()).isEqualTo(50);
    TIME.expectNoMessageFor(Duration.ofSeconds(1), subscriber);
  }

  @Test
  void saysThatADeviceIsSilentAndForgetsNothing() {
    directory.tell(new Subscribe(subscriber.getRef()));
    subscriber.receiveMessage();
    report(view("a", State.READY, 1));
    subscriber.receiveMessage();

    clock.now = clock.now.plus(SETTINGS.silence()).plusSeconds(1);
    TIME.timePasses(SETTINGS.silence());

    DeviceView silent = subscriber.receiveMessage().devices().get(0);
    assertThat(silent.state()).isEqualTo(State.CONNECTING);
    assertThat(silent.problem()).isEqualTo("no news from its node");

    TIME.timePasses(SETTINGS.notifyInterval());
    report(view("a", State.READY, 1));
    assertThat(subscriber.receiveMessage().devices().get(0).state()).isEqualTo(State.READY);
  }
}
