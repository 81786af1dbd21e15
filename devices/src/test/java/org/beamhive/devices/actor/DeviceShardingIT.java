package org.beamhive.devices.actor;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.config.DeviceFile;
import org.beamhive.devices.ioc.LastingPort;
import org.beamhive.devices.ioc.SimulatedIoc;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.bundle.ScanBundlerProtocol;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.DeviceRead;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceDirectoryProtocol.Devices;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.AttachReply;
import org.beamhive.protocol.device.DeviceProtocol.Attached;
import org.beamhive.protocol.device.DeviceProtocol.Done;
import org.beamhive.protocol.device.DeviceProtocol.Failed;
import org.beamhive.protocol.device.DeviceProtocol.Located;
import org.beamhive.protocol.device.DeviceProtocol.Reply;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The demo beamline on a cluster of one node, over real Channel Access. */
@Timeout(240)
class DeviceShardingIT {
  private static final HutchName HUTCH = new HutchName("demo");
  private static final Duration LONG = Duration.ofSeconds(40);

  @TempDir private static Path folder;
  private static SimulatedIoc ioc;
  private static ActorTestKit kit;
  private static akka.actor.typed.ActorRef<DeviceDirectoryProtocol.Request> directory;

  @BeforeAll
  static void start() {
    ioc = SimulatedIoc.start(LastingPort.find());
    Config config =
        ConfigFactory.parseString(
                """
                akka.actor.provider = cluster
                akka.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
                akka.cluster.roles = ["hutch-demo"]
                akka.cluster.jmx.multi-mbeans-in-same-jvm = on
                akka.cluster.sharding.distributed-data.durable.keys = []
                beamhive.devices.channel-access {
                  addresses = ["127.0.0.1:%d"], repeater-port = 0, max-search-interval = 1 s
                }
                # nobody says here that the worker is alive
                beamhive.devices.owner-timeout = 1 m
                beamhive.devices.reconnect { min = 100 ms, max = 1 s }
                """
                    .formatted(ioc.port()))
            .withFallback(ConfigFactory.load());
    kit = ActorTestKit.create("devices", config);
    Cluster cluster = Cluster.get(kit.system());
    cluster.manager().tell(new Join(cluster.selfMember().address()));
    DevicesSettings settings = DevicesSettings.from(config);
    directory = kit.spawn(DeviceDirectory.create(settings, Clock.systemUTC()));
    List<DeviceConfig> devices = DeviceFile.demo(DeviceTypes.standard());
    DeviceSharding.init(
        kit.system(),
        settings,
        HUTCH,
        devices,
        directory,
        folder.resolve("moving.json"),
        OwnerWitness.NONE,
        DeviceMeasures.NONE);
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
    ioc.close();
  }

  private static List<DeviceView> allReady() {
    return await(
        devices -> devices.size() >= 17 && devices.stream().allMatch(DeviceView::connected));
  }

  private static List<DeviceView> await(Predicate<List<DeviceView>> wanted) {
    TestProbe<Devices> probe = kit.createTestProbe();
    directory.tell(new DeviceDirectoryProtocol.Subscribe(probe.getRef()));
    List<Devices> seen =
        probe.fishForMessage(
            LONG,
            devices ->
                wanted.test(devices.devices())
                    ? FishingOutcomes.complete()
                    : FishingOutcomes.continueAndIgnore());
    probe.stop();
    return seen.get(0).devices();
  }

  private static Attached attach(String name, Epoch epoch, TestProbe<Reply> worker) {
    DeviceView view =
        allReady().stream().filter(each -> each.name().value().equals(name)).findFirst().get();
    TestProbe<AttachReply> probe = kit.createTestProbe();
    DeviceSharding.ref(kit.system(), view)
        .tell(new DeviceProtocol.Attach(epoch, worker.getRef(), probe.getRef()));
    return (Attached) probe.receiveMessage(LONG);
  }

  @Test
  void theDemoBeamlineScansItsPeak() {
    TestProbe<Reply> worker = kit.createTestProbe();
    TestProbe<ScanBundlerProtocol.Request> bundler = kit.createTestProbe();
    Epoch epoch = new Epoch(1);
    Attached samx = attach("samx", epoch, worker);
    Attached det = attach("det", epoch, worker);
    det.ref().tell(new DeviceProtocol.Stage(epoch, 1, worker.getRef()));
    worker.expectMessageClass(Done.class, LONG);
    double best = Double.NaN;
    double highest = -1;
    for (int step = 0; step <= 20; step++) {
      double at = 0.3 + 0.1 * step;
      samx.ref().tell(new DeviceProtocol.Set(epoch, Value.of(at), step, worker.getRef()));
      assertThat(worker.receiveMessage(LONG)).isInstanceOf(Done.class);
      det.ref().tell(new DeviceProtocol.Trigger(epoch, step, worker.getRef()));
      assertThat(worker.receiveMessage(LONG)).isInstanceOf(Done.class);
      det.ref().tell(new DeviceProtocol.Read(epoch, step, bundler.getRef()));
      samx.ref().tell(new DeviceProtocol.Read(epoch, step, bundler.getRef()));
      for (int device = 0; device < 2; device++) {
        DeviceRead read = bundler.expectMessageClass(DeviceRead.class, LONG);
        double value = read.readings().get(0).value().asDouble();
        if (read.device().value().equals("samx")) {
          assertThat(value).isEqualTo(at);
        } else if (value > highest) {
          highest = value;
          best = at;
        }
      }
    }
    assertThat(best).isCloseTo(1.3, org.assertj.core.data.Offset.offset(1e-9));
    samx.ref().tell(new DeviceProtocol.Detach(epoch));
    det.ref().tell(new DeviceProtocol.Detach(epoch));
  }

  /** Ends when it is on its way: an IOC that is just ending may refuse what has not begun. */
  private static void awaitMotion(Attached device, Epoch epoch) {
    TestProbe<Reply> probe = kit.createTestProbe();
    probe.awaitAssert(
        LONG,
        () -> {
          device.ref().tell(new DeviceProtocol.Locate(epoch, 9, probe.getRef()));
          Located located = probe.expectMessageClass(Located.class, LONG);
          assertThat(located.readback().asDouble()).isPositive();
          return null;
        });
  }

  @Test
  void aMoveFailsWhenTheIocDiesAndTheDeviceComesBackByItself() {
    ioc.records().put("BH:m2.VELO", 2);
    TestProbe<Reply> worker = kit.createTestProbe();
    Epoch epoch = new Epoch(2);
    Attached samy = attach("samy", epoch, worker);
    samy.ref().tell(new DeviceProtocol.Set(epoch, Value.of(80), 1, worker.getRef()));
    awaitMotion(samy, epoch);
    int port = ioc.port();

    ioc.close();

    Failed failed = worker.expectMessageClass(Failed.class, LONG);
    assertThat(failed.problem().code()).isEqualTo("disconnected");
    samy.ref().tell(new DeviceProtocol.Set(epoch, Value.of(1), 2, worker.getRef()));
    assertThat(worker.expectMessageClass(Failed.class, LONG).problem().code())
        .isIn("not-connected", "disconnected");
    await(
        devices ->
            devices.stream()
                .filter(device -> device.deviceClass().startsWith("Epics"))
                .noneMatch(DeviceView::connected));

    ioc = SimulatedIoc.start(port);
    allReady();
    samy.ref().tell(new DeviceProtocol.Set(epoch, Value.of(1), 3, worker.getRef()));
    assertThat(worker.receiveMessage(LONG)).isInstanceOf(Done.class);
    samy.ref().tell(new DeviceProtocol.Detach(epoch));
  }

  @Test
  void stopAnswersAtOnceWhileTheMotorStillComesToRest() {
    TestProbe<Reply> worker = kit.createTestProbe();
    Epoch epoch = new Epoch(3);
    Attached samz = attach("samz", epoch, worker);
    samz.ref().tell(new DeviceProtocol.Set(epoch, Value.of(90), 1, worker.getRef()));

    samz.ref().tell(DeviceProtocol.Stop.STOP);

    assertThat(worker.expectMessageClass(Failed.class, LONG).problem().code()).isEqualTo("stopped");
    samz.ref().tell(new DeviceProtocol.Set(epoch, Value.of(0), 2, worker.getRef()));
    assertThat(worker.receiveMessage(LONG)).isInstanceOf(Done.class);
    samz.ref().tell(new DeviceProtocol.Detach(epoch));
  }
}
