package org.beamhive.launcher.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A scan outlives the loss of its devices: of their IOC, and of the one node of their hutch. */
@Tag("faults")
class DeviceLossIT {
  private static final Duration LONG = Duration.ofSeconds(180);
  private static final int POINTS = 100;
  private static final String SCAN =
      "{\"item_type\":\"plan\",\"name\":\"scan\",\"args\":[[\"det\"],\"samx\",-2,2],\"kwargs\":{\"num\":"
          + POINTS
          + "}}";
  private static final String DEVICES =
      """
      samx: {deviceClass: EpicsMotor, deviceConfig: {prefix: "BH:m1"}, enabled: true, readoutPriority: on_request}
      det:
        deviceClass: Counter
        deviceConfig: {read_pv: "BH:det:VAL", trigger_pv: "BH:det:CNT", preset_pv: "BH:det:TP", count_time: 0.05}
        enabled: true
        readoutPriority: on_request
        softwareTrigger: true
      """;

  /** Whoever has the lower port: the control node stays, and soon knows that the other is gone. */
  private static final List<String> CONTROL_STAYS =
      List.of(
          "--set",
          "akka.cluster.split-brain-resolver.active-strategy=static-quorum",
          "--set",
          "akka.cluster.split-brain-resolver.static-quorum.quorum-size=1",
          "--set",
          "akka.cluster.split-brain-resolver.static-quorum.role=control",
          "--set",
          "akka.cluster.split-brain-resolver.stable-after=3s");

  @TempDir private Path folder;
  private SystemUnderTest system;

  @BeforeEach
  void startIoc() {
    system = new SystemUnderTest(folder).devices(DEVICES);
  }

  @AfterEach
  void end() {
    system.close();
  }

  private static void awaitAlarm(NodeClient client, String run, String text) {
    Await.that("a run that waits", LONG, () -> client.state().equals("paused"));
    assertThat(client.get("/api/runs/" + run).at("/run/paused_because").asText())
        .contains(text)
        .contains("goes on by itself");
    assertThat(client.get("/api/status").path("paused_because").asText()).contains(text);
  }

  private void requireCompleted(NodeClient client, String scan) {
    JsonNode result = client.ended(scan, LONG);
    assertThat(result.path("exit_status").asText()).as(result.toString()).isEqualTo("completed");
    system.requireComplete(client, result.at("/run_uids/0").asText(), POINTS, "success");
  }

  @Test
  void aScanWaitsForAKilledIocAndGoesOnByItself() {
    NodeClient client =
        system.start(
            "--set",
            "beamhive.engine.attach-timeout=1s",
            "--set",
            "beamhive.devices.channel-access.max-search-interval=500ms",
            "--set",
            "beamhive.devices.reconnect.max=1s");
    client.openEnvironment();
    client.awaitDevices(2);
    String scan = client.submit(SCAN);
    client.accepted("/api/queue/start", "{}");
    String run = client.runningRun();
    client.documents(run).awaitEvents("primary", 20);
    system.killIoc();
    awaitAlarm(client, run, "BH:");

    system.startIoc();
    requireCompleted(client, scan);
  }

  @Test
  void aScanWaitsForTheKilledNodeOfItsHutchAndGoesOnByItself() {
    List<String> control =
        new ArrayList<>(
            List.of(
                "--roles",
                "control,storage,gateway",
                "--set",
                "beamhive.engine.attach-timeout=1s"));
    control.addAll(CONTROL_STAYS);
    NodeClient client = system.start(control.toArray(String[]::new));
    try (BeamhiveProcess hutch = hutch("first")) {
      hutch.ready();
      client.openEnvironment();
      client.awaitDevices(2);
      String scan = client.submit(SCAN);
      client.accepted("/api/queue/start", "{}");
      String run = client.runningRun();
      client.documents(run).awaitEvents("primary", 20);
      hutch.kill();
      awaitAlarm(client, run, "hutch 'eh1'");

      try (BeamhiveProcess again = hutch("second")) {
        again.ready();
        requireCompleted(client, scan);
        again.terminate();
        again.awaitExit(Duration.ofSeconds(60));
      }
    }
  }

  private BeamhiveProcess hutch(String name) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "node",
                "--hutch",
                "eh1",
                "--port",
                "0",
                "--seed",
                system.node().printed("Node"),
                "--redis",
                system.node().printed("Redis"),
                "--devices",
                folder.resolve("devices.yaml").toString(),
                "--data-dir",
                folder.resolve("eh1").toString(),
                "--set",
                "beamhive.devices.channel-access.addresses.0=" + system.ioc().printed("IOC")));
    arguments.addAll(CONTROL_STAYS);
    return BeamhiveProcess.start(folder, name, arguments);
  }
}
