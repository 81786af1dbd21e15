package org.beamhive.devices.actor;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import akka.cluster.typed.Leave;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceDirectoryProtocol.Devices;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.device.DeviceProtocol.AttachReply;
import org.beamhive.protocol.device.DeviceProtocol.Attached;
import org.beamhive.protocol.device.DeviceProtocol.Done;
import org.beamhive.protocol.device.DeviceProtocol.Failed;
import org.beamhive.protocol.device.DeviceProtocol.Reply;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Epoch;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A hutch with two nodes, and a third node that only commands. */
@Timeout(240)
class DeviceHandOverIT {
  private static final HutchName HUTCH = new HutchName("a");
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Epoch EPOCH = new Epoch(1);

  @TempDir private Path folder;
  private final List<ActorTestKit> kits = new ArrayList<>();

  private ActorTestKit node(String role) {
    Config config =
        ConfigFactory.parseString(
                """
                akka.actor.provider = cluster
                akka.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
                akka.cluster.roles = ["%s"]
                akka.cluster.jmx.multi-mbeans-in-same-jvm = on
                akka.cluster.gossip-interval = 200 ms
                akka.cluster.leader-actions-interval = 200 ms
                akka.cluster.sharding.distributed-data.durable.keys = []
                beamhive.devices.report.interval = 200 ms
                # nobody says here that the worker is alive
                beamhive.devices.owner-timeout = 1 m
                """
                    .formatted(role))
            .withFallback(ConfigFactory.load());
    ActorTestKit kit = ActorTestKit.create("devices", config);
    kits.add(kit);
    Cluster.get(kit.system())
        .manager()
        .tell(new Join(Cluster.get(kits.get(0).system()).selfMember().address()));
    return kit;
  }

  @AfterEach
  void stop() {
    for (int at = kits.size() - 1; at >= 0; at--) {
      kits.get(at).shutdownTestKit();
    }
  }

  @Test
  void aDeviceGoesToTheOtherNodeOfItsHutchAndStopsBefore() {
    ActorTestKit control = node("control");
    DevicesSettings settings = DevicesSettings.from(control.system().settings().config());
    ActorRef<DeviceDirectoryProtocol.Request> directory =
        control.spawn(DeviceDirectory.create(settings, Clock.systemUTC()), "directory");
    List<DeviceConfig> devices =
        List.of(
            DeviceConfig.of(
                "samx", "SimMotor", new Value.Fields(Map.of("velocity", Value.of(0.1)))));
    ActorTestKit first = node("hutch-a");
    start(first, settings, devices, directory);
    DeviceView samx = ready(control, directory);
    TestProbe<Reply> worker = control.createTestProbe();
    Attached before = attach(control, samx, worker);
    before.ref().tell(new DeviceProtocol.Set(EPOCH, Value.of(50), 1, worker.getRef()));
    ActorTestKit second = node("hutch-a");
    start(second, settings, devices, directory);
    TestProbe<Object> watcher = control.createTestProbe();

    Cluster.get(first.system())
        .manager()
        .tell(new Leave(Cluster.get(first.system()).selfMember().address()));

    assertThat(worker.expectMessageClass(Failed.class, LONG).problem().code())
        .isEqualTo("handed-over");
    watcher.expectTerminated(before.ref(), LONG);
    Attached after = attach(control, samx, worker);
    assertThat(after.ref().path().address().port())
        .isEqualTo(Cluster.get(second.system()).selfMember().address().port());
    after.ref().tell(new DeviceProtocol.Set(EPOCH, Value.of(0.01), 2, worker.getRef()));
    assertThat(worker.receiveMessage(LONG)).isInstanceOf(Done.class);
  }

  private void start(
      ActorTestKit node,
      DevicesSettings settings,
      List<DeviceConfig> devices,
      ActorRef<DeviceDirectoryProtocol.Request> directory) {
    DeviceSharding.init(
        node.system(),
        settings,
        HUTCH,
        devices,
        directory,
        folder.resolve(DeviceSharding.node(node.system()).replace(':', '-')),
        OwnerWitness.NONE,
        DeviceMeasures.NONE);
  }

  private static DeviceView ready(
      ActorTestKit kit, ActorRef<DeviceDirectoryProtocol.Request> directory) {
    TestProbe<Devices> probe = kit.createTestProbe();
    directory.tell(new DeviceDirectoryProtocol.Subscribe(probe.getRef()));
    return probe
        .fishForMessage(
            LONG,
            devices ->
                devices.devices().stream().anyMatch(DeviceView::connected)
                    ? FishingOutcomes.complete()
                    : FishingOutcomes.continueAndIgnore())
        .get(0)
        .devices()
        .get(0);
  }

  /** As the worker does: what isn't connected yet is asked again. */
  private static Attached attach(ActorTestKit kit, DeviceView device, TestProbe<Reply> worker) {
    TestProbe<AttachReply> probe = kit.createTestProbe();
    return probe.awaitAssert(
        LONG,
        Duration.ofMillis(200),
        () -> {
          DeviceSharding.ref(kit.system(), device)
              .tell(new DeviceProtocol.Attach(EPOCH, worker.getRef(), probe.getRef()));
          return probe.expectMessageClass(Attached.class, Duration.ofSeconds(10));
        });
  }
}
