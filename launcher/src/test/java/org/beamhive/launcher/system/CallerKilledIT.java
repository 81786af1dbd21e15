package org.beamhive.launcher.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A motor that moves for a call stops when the gateway that owns the call is killed. */
@Tag("faults")
class CallerKilledIT {
  private static final Duration LONG = Duration.ofSeconds(180);

  @TempDir private Path folder;

  @Test
  void aMotorStopsWhenTheGatewayOfItsCallerIsKilled() throws Exception {
    Path devices = folder.resolve("devices.yaml");
    Files.writeString(
        devices,
        "slow: {deviceClass: SimMotor, deviceConfig: {velocity: 0.01}, enabled: true, readoutPriority: on_request}\n");
    Path data = folder.resolve("all");
    try (BeamhiveProcess all =
            BeamhiveProcess.start(
                    folder,
                    "all",
                    List.of(
                        "node",
                        "--port",
                        "0",
                        "--http-port",
                        "0",
                        "--devices",
                        devices.toString(),
                        "--data-dir",
                        data.toString()))
                .ready();
        BeamhiveProcess gateway =
            BeamhiveProcess.start(
                    folder,
                    "gateway",
                    List.of(
                        "node",
                        "--roles",
                        "gateway",
                        "--port",
                        "0",
                        "--http-port",
                        "0",
                        "--seed",
                        all.printed("Node"),
                        "--redis",
                        all.printed("Redis"),
                        "--data-dir",
                        folder.resolve("gateway").toString()))
                .ready()) {
      NodeClient there = new NodeClient(gateway.printed("HTTP"), folder.resolve("gateway"));
      NodeClient here = new NodeClient(all.printed("HTTP"), data);
      here.awaitDevices(1);
      there.awaitDevices(1);
      String id =
          there
              .accepted("/api/devices/slow/set", "{\"value\": 100, \"wait\": false}")
              .path("call")
              .asText();
      Await.that(
          "the move to begin",
          LONG,
          () -> !here.get("/api/devices/slow").path("held_by").asText().isEmpty());

      gateway.kill();

      JsonNode call =
          Await.until(
              "the end of the call",
              LONG,
              () -> {
                JsonNode now = here.get("/api/devices/slow/calls/" + id).path("call");
                return now.path("ended").asBoolean() ? now : null;
              });
      assertThat(call.path("code").asText()).as(call.toString()).isEqualTo("owner-silent");
      assertThat(here.get("/api/devices/slow").path("held_by").asText()).isEmpty();
      assertThat(here.accepted("/api/devices/slow/stop", "{}").path("devices").size()).isOne();
      all.terminate();
      all.awaitExit(Duration.ofSeconds(60));
    } finally {
      Path pid = data.resolve("redis/redis.pid");
      if (Files.exists(pid)) {
        ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
            .ifPresent(
                redis -> {
                  redis.destroyForcibly();
                  redis.onExit().orTimeout(30, TimeUnit.SECONDS).join();
                });
      }
    }
  }
}
