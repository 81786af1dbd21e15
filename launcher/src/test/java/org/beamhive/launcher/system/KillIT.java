package org.beamhive.launcher.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run outlives its node, whatever is killed and whenever; a part of it with -Pfaults only. */
class KillIT {
  private static final Duration LONG = Duration.ofSeconds(180);
  private static final String SCAN =
      "{\"item_type\":\"plan\",\"name\":\"scan\",\"args\":[[\"det\"],\"samx\",-2,2],\"kwargs\":{\"num\":200}}";
  private static final String COUNT =
      "{\"item_type\":\"plan\",\"name\":\"count\",\"args\":[[\"det\"]],\"kwargs\":{\"num\":2}}";

  /** A beamline whose baseline takes four seconds to read. */
  private static final String DEVICES =
      """
      samx: {deviceClass: EpicsMotor, deviceConfig: {prefix: "BH:m1"}, enabled: true, readoutPriority: on_request}
      det:
        deviceClass: Counter
        deviceConfig: {read_pv: "BH:det:VAL", trigger_pv: "BH:det:CNT", preset_pv: "BH:det:TP", count_time: 0.01}
        enabled: true
        readoutPriority: on_request
        softwareTrigger: true
      slow:
        deviceClass: Counter
        deviceConfig: {read_pv: "BH:det2d:VAL", trigger_pv: "BH:det2d:CNT", preset_pv: "BH:det2d:TP", count_time: 4}
        enabled: true
        readoutPriority: baseline
        softwareTrigger: true
      """;

  /** Its baseline takes so long that it can be hit although the test stands still for a while. */
  private static final String SLOW_DEVICES = DEVICES.replace("count_time: 4}", "count_time: 8}");

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

  /** Starts the scan; its item. */
  private static String begin(NodeClient client) {
    client.openEnvironment();
    client.awaitDevices(3);
    String scan = client.submit(SCAN);
    client.accepted("/api/queue/start", "{}");
    return scan;
  }

  /** The scan has come to its end with every point once; its run. */
  private String requireCompleted(NodeClient client, String scan) {
    JsonNode result = client.ended(scan, LONG);
    assertThat(result.path("exit_status").asText()).as(result.toString()).isEqualTo("completed");
    String run = result.at("/run_uids/0").asText();
    system.requireComplete(client, run, 200, "success");
    return run;
  }

  @Test
  @Tag("faults")
  void aScanGoesOnAfterItsNodeWasKilledInTheMiddle() {
    NodeClient client = system.start();
    client.openEnvironment();
    client.awaitDevices(3);
    String scan = client.submit(SCAN);
    String behind = client.submit(COUNT);
    client.accepted("/api/queue/start", "{}");
    client.documents(client.runningRun()).awaitEvents("primary", 60);
    system.node().kill();

    client = system.start();
    requireCompleted(client, scan);
    assertThat(client.ended(behind, LONG).path("exit_status").asText()).isEqualTo("completed");
  }

  @Test
  void aScanGoesOnAfterItsNodeWasKilledDuringTheBaselineReading() {
    system.devices(SLOW_DEVICES);
    NodeClient client = system.start();
    String scan = begin(client);
    client.runningRun();
    system.node().kill();
    double killed = System.currentTimeMillis() / 1000.0;

    client = system.start();
    String run = requireCompleted(client, scan);
    NodeClient.Documents documents = client.documents(run).await("stop");
    assertThat(documents.seqNums("baseline")).containsExactly(1L, 2L);
    assertThat(documents.all("event").get(0).path("time").asDouble())
        .as("the baseline was still being read when the node was killed")
        .isGreaterThan(killed);
  }

  @Test
  @Tag("faults")
  void aScanIsClosedAfterItsNodeWasKilledBetweenTheLastPointAndTheEnd() {
    system.devices(SLOW_DEVICES);
    NodeClient client = system.start();
    String scan = begin(client);
    NodeClient.Documents documents =
        client.documents(client.runningRun()).awaitEvents("primary", 200);
    assertThat(documents.all("stop")).as("the last baseline is still being read").isEmpty();
    system.node().kill();

    client = system.start();
    String run = requireCompleted(client, scan);
    assertThat(client.documents(run).await("stop").seqNums("baseline")).containsExactly(1L, 2L);
  }

  @Test
  void aRunComesBackPausedAfterTooLongAGapAndSaysWhy() {
    NodeClient client = system.start();
    String scan = begin(client);
    client.documents(client.runningRun()).awaitEvents("primary", 20);
    system.node().kill();

    NodeClient again = system.start("--set", "beamhive.recovery.resume-within=100ms");
    Await.that("a paused run", LONG, () -> again.state().equals("paused"));
    assertThat(again.get("/api/runs/" + again.runningRun()).at("/run/paused_because").asText())
        .contains("beamhive.recovery.resume-within");
    again.accepted("/api/re/resume", "{}");
    requireCompleted(again, scan);
  }

  @Test
  @Tag("faults")
  void aScanWaitsForAKilledRedisAndLosesNothing() {
    NodeClient client = system.start();
    String scan = begin(client);
    client.documents(client.runningRun()).awaitEvents("primary", 60);
    system.redis().orElseThrow().destroyForcibly();

    requireCompleted(client, scan);
  }

  @Test
  @Tag("faults")
  void aNodeThatIsToldToEndLeavesItsRunInGoodOrderAndTheNextStartGoesOn() {
    NodeClient client = system.start();
    String scan = begin(client);
    client.documents(client.runningRun()).awaitEvents("primary", 60);
    system.node().terminate();
    system.node().awaitExit(Duration.ofSeconds(30));

    client = system.start();
    requireCompleted(client, scan);
  }

  @Test
  void anAbortedRunStopsItsMotorAndHasOneStopDocument() {
    NodeClient client = system.start();
    String scan = begin(client);
    String run = client.runningRun();
    client.documents(run).awaitEvents("primary", 10);
    client.accepted("/api/re/pause", "{\"option\":\"immediate\"}");
    Await.that("a paused run", LONG, () -> client.state().equals("paused"));
    client.accepted("/api/re/abort", "{}");
    assertThat(client.ended(scan, LONG).path("exit_status").asText()).isEqualTo("aborted");
    int points = client.documents(run).await("stop").seqNums("primary").size();
    system.requireComplete(client, run, points, "abort");
  }
}
