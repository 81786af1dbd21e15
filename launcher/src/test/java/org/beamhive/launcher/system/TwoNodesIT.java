package org.beamhive.launcher.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.beamhive.devices.config.DeviceFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two nodes on one machine are one cluster: the queue on one, the devices of a hutch on the other.
 */
class TwoNodesIT {
  @TempDir private Path folder;

  @Test
  void theDemoScanRunsWithItsDevicesOnTheSecondNode() throws Exception {
    Path devices = folder.resolve("eh1.yaml");
    try (var inside = DeviceFile.class.getResourceAsStream(DeviceFile.DEMO)) {
      java.nio.file.Files.copy(inside, devices);
    }
    Path data = folder.resolve("control");
    try (BeamhiveProcess ioc =
            BeamhiveProcess.start(folder, "ioc", List.of("ioc", "--port", "0")).ready();
        BeamhiveProcess control =
            BeamhiveProcess.start(
                    folder,
                    "control",
                    List.of(
                        "node",
                        "--roles",
                        "control,storage,gateway",
                        "--port",
                        "0",
                        "--http-port",
                        "0",
                        "--data-dir",
                        data.toString()))
                .ready();
        BeamhiveProcess hutch =
            BeamhiveProcess.start(
                folder,
                "hutch",
                List.of(
                    "node",
                    "--hutch",
                    "eh1",
                    "--port",
                    "0",
                    "--seed",
                    control.printed("Node"),
                    "--redis",
                    control.printed("Redis"),
                    "--devices",
                    devices.toString(),
                    "--data-dir",
                    folder.resolve("eh1").toString(),
                    "--set",
                    "beamhive.devices.channel-access.addresses.0=" + ioc.printed("IOC")))) {
      hutch.ready();
      NodeClient client = new NodeClient(control.printed("HTTP"), data);
      client.openEnvironment();
      String scan =
          client.submit(
              "{\"item_type\":\"plan\",\"name\":\"scan\",\"args\":[[\"det\"],\"samx\",-5,5],\"kwargs\":{\"num\":101}}");
      client.accepted("/api/queue/start", "{}");
      JsonNode result = client.ended(scan, Duration.ofSeconds(180));
      assertThat(result.path("exit_status").asText()).as(result.toString()).isEqualTo("completed");
      assertThat(
              client.documents(result.at("/run_uids/0").asText()).await("stop").seqNums("primary"))
          .hasSize(101);
      assertThat(client.get("/api/devices").toString()).contains("\"eh1\"");
      hutch.terminate();
      hutch.awaitExit(Duration.ofSeconds(60));
      control.terminate();
      control.awaitExit(Duration.ofSeconds(60));
    } finally {
      Path pid = data.resolve("redis/redis.pid");
      if (java.nio.file.Files.exists(pid)) {
        ProcessHandle.of(Long.parseLong(java.nio.file.Files.readString(pid).strip()))
            .ifPresent(
                redis -> {
                  redis.destroyForcibly();
                  redis.onExit().orTimeout(30, TimeUnit.SECONDS).join();
                });
      }
    }
  }
}
