package org.beamhive.launcher.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A node of this build and one of the release before are one beamline. The release is the last git
 * tag, or what {@code -Dbeamhive.previous=COMMIT} names; without either there is nothing to test
 * against and the test is skipped. The release is built in a temporary folder, which takes minutes.
 */
class PreviousVersionIT {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Duration BUILD = Duration.ofMinutes(10);
  private static final String DEVICES =
      """
      samx: {deviceClass: SimMotor, deviceConfig: {limits: [-10, 10]}, enabled: true, readoutPriority: on_request}
      det: {deviceClass: SimDetector, deviceConfig: {motor: samx, center: 0, sigma: 1}, enabled: true,
            readoutPriority: on_request, softwareTrigger: true}
      """;

  @TempDir private Path folder;

  @Test
  void aHutchOfTheReleaseBeforeWorksWithAControlNodeOfThisBuild() throws Exception {
    String release = System.getProperty("beamhive.previous", lastTag());
    assumeTrue(!release.isEmpty(), "there is no git tag yet: no release to test against");
    String libraries = build(release) + "/*";
    Path data = folder.resolve("control");
    Path devices = Files.writeString(folder.resolve("eh1.yaml"), DEVICES);
    try (BeamhiveProcess control =
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
                libraries,
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
                    folder.resolve("eh1").toString()))) {
      hutch.ready();
      NodeClient client = new NodeClient(control.printed("HTTP"), data);
      client.openEnvironment();
      String scan =
          client.submit(
              "{\"item_type\":\"plan\",\"name\":\"scan\",\"args\":[[\"det\"],\"samx\",-2,2],\"kwargs\":{\"num\":11}}");
      client.accepted("/api/queue/start", "{}");
      JsonNode result = client.ended(scan, Duration.ofSeconds(180));
      assertThat(result.path("exit_status").asText()).as(result.toString()).isEqualTo("completed");
      hutch.terminate();
      hutch.awaitExit(Duration.ofSeconds(60));
      control.terminate();
      control.awaitExit(Duration.ofSeconds(60));
    } finally {
      Path pid = data.resolve("redis/redis.pid");
      if (Files.exists(pid)) {
        ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
            .ifPresent(ProcessHandle::destroyForcibly);
      }
    }
  }

  /** The last tag before this commit; empty if there is none. */
  private String lastTag() throws IOException, InterruptedException {
    Path output = folder.resolve("tag");
    int code = run(ROOT, output, List.of("git", "describe", "--tags", "--abbrev=0"));
    return code == 0 ? Files.readString(output).strip() : "";
  }

  /** Builds a release from its sources; the folder of its jars. */
  private Path build(String release) throws IOException, InterruptedException {
    Path sources = Files.createDirectories(folder.resolve("release"));
    Path tar = folder.resolve("release.tar");
    Path output = folder.resolve("build.out");
    require(output, run(ROOT, output, List.of("git", "archive", "-o", tar.toString(), release)));
    require(output, run(sources, output, List.of("tar", "-xf", tar.toString())));
    List<String> mvn = new ArrayList<>(List.of("mvn", "-q", "-B", "package", "-DskipTests"));
    mvn.addAll(List.of("-Dspotless.check.skip=true", "-pl", "launcher", "-am"));
    require(output, run(sources, output, mvn));
    return sources.resolve("launcher/target/app/lib");
  }

  private static void require(Path output, int code) throws IOException {
    assertThat(code).as(Files.readString(output)).isZero();
  }

  private static int run(Path in, Path output, List<String> command)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .directory(in.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(BUILD.toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError(command + " did not end within " + BUILD);
    }
    return process.exitValue();
  }
}
