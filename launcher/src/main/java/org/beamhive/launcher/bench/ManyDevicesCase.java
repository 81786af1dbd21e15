package org.beamhive.launcher.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.beamhive.launcher.beamline.NodeProcess;
import org.beamhive.launcher.client.ApiClient;
import org.beamhive.launcher.faults.BeamlineUnderTest;

/** What a node with many simulated devices costs. */
final class ManyDevicesCase implements MeasuredCase {
  private static final Duration PATIENCE = Duration.ofSeconds(120);

  private final Path folder;
  private final int devices;
  private int round;

  ManyDevicesCase(Path folder, int devices) {
    this.folder = folder;
    this.devices = devices;
  }

  private record Cost(double readySeconds, double heapBytes, double residentBytes) {}

  @Override
  public List<Figure> round() {
    Cost few = cost(1);
    Cost many = cost(devices);
    return List.of(
        Figure.of("start_to_all_ready", "s", many.readySeconds()),
        Figure.of("resident_memory", "MB", many.residentBytes() / 1e6),
        Figure.of("heap_in_use", "MB", many.heapBytes() / 1e6),
        Figure.of(
            "heap_per_idle_device",
            "kB",
            (many.heapBytes() - few.heapBytes()) / (devices - 1) / 1e3));
  }

  private Cost cost(int count) {
    Path here = folder.resolve("devices-" + count + "-" + round++);
    try {
      Files.createDirectories(here);
      Files.writeString(here.resolve("devices.yaml"), yaml(count));
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    long start = System.nanoTime();
    NodeProcess node =
        NodeProcess.start(
            "node",
            here,
            List.of(
                "node",
                "--port",
                "0",
                "--http-port",
                "0",
                "--data-dir",
                here.resolve("data").toString(),
                "--devices",
                here.resolve("devices.yaml").toString()),
            Map.of("BEAMHIVE_API_KEY", "bench"));
    try {
      node.awaitReady(PATIENCE);
      ApiClient client = new ApiClient(node.printed("HTTP"), Optional.of("bench"));
      BeamlineUnderTest.await(
          count + " devices", PATIENCE, () -> ready(client.get("/api/devices")) == count);
      double seconds = (System.nanoTime() - start) / 1e9;
      double heap = heapInUse(node.pid());
      return new Cost(seconds, heap, resident(node.pid()));
    } finally {
      node.terminate();
      if (!node.awaitExit(PATIENCE)) {
        node.kill();
      }
    }
  }

  private static String yaml(int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append(
          "m%d: {deviceClass: SimMotor, enabled: true, readoutPriority: on_request}\n"
              .formatted(i));
    }
    return text.toString();
  }

  private static int ready(JsonNode answer) {
    int ready = 0;
    for (JsonNode device : answer.path("devices")) {
      ready += device.path("state").asText().equals("ready") ? 1 : 0;
    }
    return ready;
  }

  /** After a full collection, which the JDK's own tool does before it counts. */
  private static double heapInUse(long pid) {
    String[] lines =
        output(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(pid),
                "GC.class_histogram")
            .strip()
            .split("\n");
    String[] total = lines[lines.length - 1].strip().split("\\s+");
    return Double.parseDouble(total[2]);
  }

  /** Resident set size, from {@code /proc/PID/status} (proc(5)). */
  private static double resident(long pid) {
    try (var lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
      return lines
          .filter(line -> line.startsWith("VmRSS"))
          .mapToDouble(line -> 1024 * Double.parseDouble(line.split("\\s+")[1]))
          .findFirst()
          .orElseThrow();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private static String output(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      process.waitFor(60, TimeUnit.SECONDS);
      return text;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(interrupted);
    }
  }
}
