package org.beamhive.launcher.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run outlives its node, whatever is killed and whenever. */
class KillIT {
  private static final Duration LONG = Duration.ofSeconds(90);
  private static final String SCAN =
      "{\"item_type\":\"plan\",\"name\":\"scan\",\"args\":[[\"det\"],\"samx\",-2,2],\"kwargs\":{\"num\":200}}";
  private static final String COUNT =
      "{\"item_type\":\"plan\",\"name\":\"count\",\"args\":[[\"det\"]],\"kwargs\":{\"num\":2}}";

  /** A beamline whose baseline takes two seconds to read, so that it can be hit. */
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
        deviceConfig: {read_pv: "BH:det2d:VAL", trigger_pv: "BH:det2d:CNT", preset_pv: "BH:det2d:TP", count_time: 2}
        enabled: true
        readoutPriority: baseline
        softwareTrigger: true
      """;

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

  @Test
  void aScanGoesOnAfterItsNodeWasKilledInTheMiddle() {
    NodeClient client = system.start();
    client.openEnvironment();
    String scan = client.submit(SCAN);
    String behind = client.submit(COUNT);
    client.accepted("/api/queue/start", "{}");
    client.documents(client.runningRun()).awaitEvents("primary", 60);
    system.node().kill();

    client = system.start();
    JsonNode result = client.ended(scan, LONG);
    assertThat(result.path("exit_status").asText()).isEqualTo("completed");
    system.requireComplete(client, result.at("/run_uids/0").asText(), 200, "success");
    assertThat(client.ended(behind, LONG).path("exit_status").asText()).isEqualTo("completed");
  }

  @Test
  void aScanGoesOnAfterItsNodeWasKilledDuringTheBaselineReading() {
    NodeClient client = system.start();
    client.openEnvironment();
    String scan = client.submit(SCAN);
    client.accepted("/api/queue/start", "{}");
    NodeClient.Documents documents = client.documents(client.runningRun()).await("start");
    assertThat(documents.all("event")).as("the baseline is still being read").isEmpty();
    system.node().kill();

    client = system.start();
    JsonNode result = client.ended(scan, LONG);
    assertThat(result.path("exit_status").asText()).isEqualTo("completed");
    String run = result.at("/run_uids/0").asText();
    system.requireComplete(client, run, 200, "success");
    assertThat(client.documents(run).await("stop").seqNums("baseline")).containsExactly(1L, 2L);
  }

  @Test
  void aScanIsClosedAfterItsNodeWasKilledBetweenTheLastPointAndTheEnd() {
    NodeClient client = system.start();
    client.openEnvironment();
    String scan = client.submit(SCAN);
    client.accepted("/api/queue/start", "{}");
    NodeClient.Documents documents =
        client.documents(client.runningRun()).awaitEvents("primary", 200);
    assertThat(documents.all("stop")).as("the last baseline is still being read").isEmpty();
    system.node().kill();

    client = system.start();
    JsonNode result = client.ended(scan, LONG);
    assertThat(result.path("exit_status").asText()).isEqualTo("completed");
    String run = result.at("/run_uids/0").asText();
    system.requireComplete(client, run, 200, "success");
    assertThat(client.documents(run).await("stop").seqNums("baseline")).containsExactly(1L, 2L);
  }

  @Test
  void aRunComesBackPausedAfterTooLongAGapAndSaysWhy() {
    NodeClient client = system.start();
    client.openEnvironment();
    String scan = client.submit(SCAN);
    client.accepted("/api/queue/start", "{}");
    client.documents(client.runningRun()).awaitEvents("primary", 20);
    system.node().kill();

    NodeClient again = system.start("--set", "beamhive.recovery.resume-within=100ms");
    Await.that("a paused run", LONG, () -> again.state().equals("paused"));
    assertThat(again.get("/api/runs/" + again.runningRun()).at("/run/paused_because").asText())
        .contains("beamhive.recovery.resume-within");
    again.accepted("/api/re/resume", "{}");
    JsonNode result = again.ended(scan, LONG);
    assertThat(result.path("exit_status").asText()).isEqualTo("completed");
    system.requireComplete(again, result.at("/run_uids/0").asText(), 200, "success");
  }

  @Test
  void aScanWaitsForAKilledRedisAndLosesNothing() {
    NodeClient client = system.start();
    client.openEnvironment();
    String scan = client.submit(SCAN);
    client.accepted("/api/queue/start", "{}");
    client.documents(client.runningRun()).awaitEvents("primary", 60);
    system.redis().orElseThrow().destroyForcibly();

    JsonNode result = client.ended(scan, LONG);
    assertThat(result.path("exit_status").asText()).isEqualTo("completed");
    system.requireComplete(client, result.at("/run_uids/0").asText(), 200, "success");
  }

  @Test
  void aNodeThatIsToldToEndLeavesItsRunInGoodOrderAndTheNextStartGoesOn() {
    NodeClient client = system.start();
    client.openEnvironment();
    String scan = client.submit(SCAN);
    client.accepted("/api/queue/start", "{}");
    client.documents(client.runningRun()).awaitEvents("primary", 60);
    system.node().terminate();
    system.node().awaitExit(Duration.ofSeconds(30));

    client = system.start();
    JsonNode result = client.ended(scan, LONG);
    assertThat(result.path("exit_status").asText()).isEqualTo("completed");
    system.requireComplete(client, result.at("/run_uids/0").asText(), 200, "success");
  }

  @Test
  void anAbortedRunStopsItsMotorAndHasOneStopDocument() {
    NodeClient client = system.start();
    client.openEnvironment();
    String scan = client.submit(SCAN);
    client.accepted("/api/queue/start", "{}");
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
