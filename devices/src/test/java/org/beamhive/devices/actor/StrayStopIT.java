package org.beamhive.devices.actor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.beamhive.devices.backend.ca.CaLink;
import org.beamhive.devices.backend.ca.CaSettings;
import org.beamhive.devices.backend.sim.SettableSimClock;
import org.beamhive.devices.backend.sim.SimNamespace;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.ioc.SimulatedIoc;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.type.Device;
import org.beamhive.devices.type.DeviceBackends;
import org.beamhive.devices.type.DeviceListener;
import org.beamhive.devices.type.DeviceTimeouts;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.HutchGuardProtocol;
import org.beamhive.protocol.device.HutchGuardProtocol.Report;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A motor record that a dead node has sent on its way, over real Channel Access. */
@Timeout(180)
class StrayStopIT {
  private static final DeviceName SAMX = new DeviceName("samx");
  private static final DeviceConfig CONFIG =
      DeviceConfig.of("samx", "EpicsMotor", new Value.Fields(Map.of("prefix", Value.of("BH:m1"))));
  private static final double FAR = 90;
  private static final Duration LONG = Duration.ofSeconds(40);

  @TempDir private Path folder;
  private SimulatedIoc ioc;
  private CaLink link;
  private Device observer;
  private CompletionStage<Void> move;
  private ActorTestKit kit;
  private DevicesSettings settings;

  @BeforeEach
  void sendTheMotorOnItsWay() throws Exception {
    ioc = SimulatedIoc.start(0);
    // so slow that it is on its way still when a slow machine has its cluster up
    ioc.records().put("BH:m1.VELO", 1);
    link = new CaLink(CaSettings.loopback(ioc.port()));
    Config config =
        ConfigFactory.parseString(
                """
                akka.actor.provider = cluster
                akka.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
                akka.cluster.roles = ["hutch-a"]
                akka.cluster.jmx.multi-mbeans-in-same-jvm = on
                akka.cluster.sharding.distributed-data.durable.keys = []
                beamhive.devices.owner-timeout = 300 ms
                beamhive.devices.channel-access {
                  addresses = ["127.0.0.1:%d"], repeater-port = 0, max-search-interval = 1 s
                }
                """
                    .formatted(ioc.port()))
            .withFallback(ConfigFactory.load());
    settings = DevicesSettings.from(config);
    kit = ActorTestKit.create("devices", config);
    observer =
        CONFIG.make(
            DeviceTypes.standard(),
            new DeviceBackends(
                () -> link,
                new SimNamespace(new SettableSimClock(0)),
                new DeviceTimeouts(LONG, LONG)));
    observer.open(new Nobody());
    done(observer.connect());
    move = observer.set(Value.of(FAR));
    kit.createTestProbe()
        .awaitAssert(
            LONG,
            () -> {
              assertThat(position()).isPositive();
              return null;
            });
  }

  @AfterEach
  void end() {
    kit.shutdownTestKit();
    observer.close();
    link.close();
    ioc.close();
  }

  private static <T> T done(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(LONG.toSeconds(), TimeUnit.SECONDS);
  }

  private double position() throws Exception {
    return done(observer.locate()).readback().asDouble();
  }

  /** It moves now, and soon it does not any more although it is not there. */
  private void comesToRestOnItsWay() throws Exception {
    assertThatThrownBy(() -> done(move))
        .hasCauseInstanceOf(DeviceFailure.class)
        .extracting(error -> DeviceFailure.refusalOf("samx", error.getCause()).code())
        .isEqualTo("not-reached");
    assertThat(position()).isPositive().isLessThan(FAR - 1);
  }

  @Test
  void anotherNodeOfTheHutchStopsTheMotorThatADeadNodeHasLeftMoving() throws Exception {
    MovingFile file = new MovingFile(folder.resolve("moving.json"));
    DeviceBackends backends = DeviceResources.of(kit.system());
    ActorRef<HutchGuardProtocol.Command> guard =
        kit.spawn(
            HutchGuard.create(
                new HutchGuard.Parts(
                    akka.actor.typed.receptionist.ServiceKey.create(
                        HutchGuardProtocol.Request.class, "guards"),
                    "here:1",
                    name -> CONFIG.make(DeviceTypes.standard(), backends),
                    settings,
                    new DeviceEpochs(),
                    file,
                    OwnerWitness.NONE)));
    TestProbe<HutchGuardProtocol.Request> dead = kit.createTestProbe();
    guard.tell(new Report("there:2", List.of(SAMX), List.of(), Map.of(), dead.getRef()));

    comesToRestOnItsWay();
  }

  @Test
  void theOnlyNodeOfAHutchStopsTheMotorThatItHasLeftMovingWhenItComesBack() throws Exception {
    Path file = folder.resolve("moving.json");
    new MovingFile(file).write(List.of(SAMX));
    Cluster cluster = Cluster.get(kit.system());
    cluster.manager().tell(new Join(cluster.selfMember().address()));
    ActorRef<DeviceDirectoryProtocol.Request> directory =
        kit.spawn(DeviceDirectory.create(settings, Clock.systemUTC()));
    TestProbe<DeviceDirectoryProtocol.Devices> devices = kit.createTestProbe();
    directory.tell(new DeviceDirectoryProtocol.Subscribe(devices.getRef()));

    DeviceSharding.init(
        kit.system(),
        settings,
        new HutchName("a"),
        List.of(CONFIG),
        directory,
        file,
        OwnerWitness.NONE,
        DeviceMeasures.NONE);

    devices.fishForMessage(
        LONG,
        list ->
            list.devices().stream().anyMatch(DeviceView::connected)
                ? FishingOutcomes.complete()
                : FishingOutcomes.continueAndIgnore());
    comesToRestOnItsWay();
    devices.awaitAssert(
        LONG,
        () -> {
          assertThat(new MovingFile(file).read()).isEmpty();
          return null;
        });
  }

  private static final class Nobody implements DeviceListener {
    @Override
    public void connected() {}

    @Override
    public void disconnected(String problem) {}

    @Override
    public void factsChanged() {}
  }
}
