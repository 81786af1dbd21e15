package org.beamhive.launcher.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.beamhive.launcher.beamline.NodeProcess;
import org.beamhive.launcher.client.ApiClient;
import org.beamhive.launcher.faults.BeamlineUnderTest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "stop",
    description = {
      "How long it takes from the request to stop everything, over HTTP, until each of many simulated motors that",
      "move has been stopped: when the client sends it to when the device says that its move has ended.",
      "With --epics the motors are motor records of an IOC in a process of its own, each busy with the put that moves",
      "it, and the time until each record is told to STOP is measured, too."
    })
final class StopBench implements Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofSeconds(120);

  @Spec private CommandSpec spec;

  @Option(
      names = "--devices",
      paramLabel = "N",
      defaultValue = "500",
      description = "How many motors move; default ${DEFAULT-VALUE}.")
  private int devices;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      defaultValue = "5",
      description = "Default ${DEFAULT-VALUE}; one more round before is not counted.")
  private int repeats;

  @Option(names = "--epics", description = "Motor records, over Channel Access.")
  private boolean epics;

  @Option(names = "--json", description = "One line of JSON per metric.")
  private boolean json;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help.")
  boolean help;

  @Override
  public Integer call() throws IOException {
    if (devices < 1 || repeats < 1) {
      throw new ParameterException(
          spec.commandLine(), "--devices and --repeats must be at least 1.");
    }
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      Path yaml = folder.path().resolve("devices.yaml");
      if (epics) {
        try (StopArrivals arrivals = new StopArrivals(folder.path(), devices)) {
          Files.writeString(folder.path().resolve("node.conf"), arrivals.configuration());
          measure(folder.path(), yaml, arrivals);
        }
      } else {
        Files.writeString(folder.path().resolve("node.conf"), "");
        measure(folder.path(), yaml, null);
      }
    }
    return 0;
  }

  /**
   * @param arrivals null for motors that are simulated in the node
   */
  private void measure(Path folder, Path yaml, StopArrivals arrivals) throws IOException {
    Files.writeString(yaml, yaml(devices, arrivals));
    NodeProcess node =
        NodeProcess.start(
            "node",
            folder,
            List.of(
                "node",
                "--config",
                folder.resolve("node.conf").toString(),
                "--port",
                "0",
                "--http-port",
                "0",
                "--data-dir",
                folder.resolve("data").toString(),
                "--devices",
                yaml.toString()),
            Map.of("BEAMHIVE_API_KEY", "bench"));
    try {
      node.awaitReady(PATIENCE);
      measure(new ApiClient(node.printed("HTTP"), Optional.of("bench")), arrivals);
    } finally {
      node.terminate();
      if (!node.awaitExit(PATIENCE)) {
        node.kill();
      }
    }
  }

  private void measure(ApiClient client, StopArrivals arrivals) {
    BeamlineUnderTest.await(
        devices + " devices", PATIENCE, () -> ready(client.get("/api/devices")) == devices);
    round(client, arrivals);
    List<List<Figure>> figures = new ArrayList<>();
    for (int i = 0; i < repeats; i++) {
      figures.add(round(client, arrivals));
    }
    PrintWriter out = spec.commandLine().getOut();
    for (Metric metric : Metric.of("stop", (epics ? "epics-" : "devices-") + devices, figures)) {
      out.println(json ? metric.json() : metric.text());
    }
    out.flush();
  }

  private List<Figure> round(ApiClient client, StopArrivals arrivals) {
    String[] calls = new String[devices];
    ObjectNode far = ApiClient.object().put("value", 1e6).put("wait", false);
    for (int i = 0; i < devices; i++) {
      calls[i] = client.post("/api/devices/m" + i + "/set", far).path("call").asText();
    }
    if (arrivals != null) {
      arrivals.awaitMotion();
    }
    double asked = System.currentTimeMillis() / 1000.0;
    long start = System.nanoTime();
    client.post("/api/devices/stop");
    double answered = (System.nanoTime() - start) / 1e6;
    double[] millis = new double[devices];
    for (int i = 0; i < devices; i++) {
      String path = "/api/devices/m" + i + "/calls/" + calls[i];
      BeamlineUnderTest.await(
          "the end of m" + i, PATIENCE, () -> client.get(path).at("/call/ended").asBoolean());
      JsonNode call = client.get(path).path("call");
      if (!call.path("code").asText().equals("stopped")) {
        throw new IllegalStateException("m" + i + " was not stopped: " + call);
      }
      // the same machine and the same clock, which counts milliseconds
      millis[i] = Math.max(0, (call.path("time_stop").asDouble() - asked) * 1000);
    }
    Arrays.sort(millis);
    List<Figure> figures = new ArrayList<>();
    figures.add(Figure.of("stopped_median", "ms", millis[devices / 2]));
    figures.add(Figure.of("stopped_last", "ms", millis[devices - 1]));
    figures.add(Figure.of("answered", "ms", answered));
    if (arrivals != null) {
      double[] told = arrivals.await(asked);
      Arrays.sort(told);
      figures.add(Figure.of("told_median", "ms", told[devices / 2]));
      figures.add(Figure.of("told_last", "ms", told[devices - 1]));
    }
    return figures;
  }

  private static String yaml(int count, StopArrivals arrivals) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append(
          arrivals != null
              ? arrivals.device(i)
              : "m%d: {deviceClass: SimMotor, deviceConfig: {velocity: 1, update_frequency: 1}, enabled: true, readoutPriority: on_request}\n"
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
}
