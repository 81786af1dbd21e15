package org.beamhive.launcher.bench;

import com.typesafe.config.Config;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.beamhive.cluster.ConfigLayers;
import org.beamhive.launcher.BeamhiveNode;
import org.beamhive.launcher.EndWithProcess;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "points",
    description = {
      "Points per second of the whole durable line: worker, devices without delay, bundler, run log in",
      "Redis, file and bridge. A run counts until its stop document is in the journal, the file is",
      "complete and the bridge has published all of it."
    })
final class PointsBench implements Callable<Integer> {
  private record Case(String name, long points, int detectors, boolean motor) {}

  private static final List<Case> CASES =
      List.of(
          new Case("scan-1-motor-1-detector", 40_000, 1, true),
          new Case("count-10-detectors", 15_000, 10, false),
          new Case("count-100-detectors", 2_500, 100, false));

  @Spec private CommandSpec spec;

  @Option(names = "--case", paramLabel = "CASE", description = "Only this case; default: all.")
  private String only;

  @Option(names = "--points", paramLabel = "N", description = "Points per run; default: by case.")
  private Long points;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      defaultValue = "5",
      description = "Default ${DEFAULT-VALUE}.")
  private int repeats;

  @Option(names = "--json", description = "One line of JSON per metric.")
  private boolean json;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help.")
  boolean help;

  @Override
  public Integer call() throws Exception {
    List<Case> cases =
        CASES.stream().filter(one -> only == null || one.name().equals(only)).toList();
    if (cases.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "--case "
              + only
              + ": allowed are "
              + String.join(", ", CASES.stream().map(Case::name).toList()));
    }
    PrintWriter out = spec.commandLine().getOut();
    TemporaryFolder folder = TemporaryFolder.create();
    BeamhiveNode node = BeamhiveNode.start(config(folder.path()));
    // a benchmark that is interrupted must leave neither its Redis nor its files behind
    AutoCloseable ending =
        EndWithProcess.register(
            () -> {
              node.close();
              folder.close();
            });
    try {
      MeasuredRuns runs = new MeasuredRuns(node);
      for (Case one : cases) {
        measure(runs, one, out);
      }
    } finally {
      ending.close();
    }
    return 0;
  }

  private void measure(MeasuredRuns runs, Case one, PrintWriter out) {
    long count = points == null ? one.points() : points;
    List<Double> rates = new ArrayList<>();
    List<Double> p50 = new ArrayList<>();
    List<Double> p99 = new ArrayList<>();
    List<Double> heap = new ArrayList<>();
    List<Double> bare = new ArrayList<>();
    // the first run of each warms up
    for (int i = 0; i <= repeats; i++) {
      MeasuredRuns.Result result = runs.run(plan(one, count), count);
      double floor = runs.bareAppends(count, 3 * (one.detectors() + (one.motor() ? 2 : 0)));
      if (i > 0) {
        rates.add(result.pointsPerSecond());
        p50.add(result.medianMillis());
        p99.add(result.p99Millis());
        heap.add(result.heapMegabytes());
        bare.add(floor);
      }
    }
    String name = one.name();
    List<Metric> metrics =
        List.of(
            new Metric(
                "points",
                name,
                "points_per_second",
                "1/s",
                rates,
                "bare Redis appends of as many values",
                bare),
            new Metric("points", name, "point_milliseconds_median", "ms", p50, null, List.of()),
            new Metric("points", name, "point_milliseconds_p99", "ms", p99, null, List.of()),
            new Metric("points", name, "heap_megabytes", "MB", heap, null, List.of()));
    metrics.forEach(metric -> out.println(json ? metric.json() : metric.text()));
    out.flush();
  }

  private static String plan(Case one, long count) {
    StringBuilder detectors = new StringBuilder();
    for (int i = 0; i < one.detectors(); i++) {
      detectors.append(i == 0 ? "" : ",").append("\"det").append(i).append('"');
    }
    return one.motor()
        ? "{\"name\":\"scan\",\"args\":[["
            + detectors
            + "],\"motor\",-1,1],\"kwargs\":{\"num\":"
            + count
            + "}}"
        : "{\"name\":\"count\",\"args\":[[" + detectors + "]],\"kwargs\":{\"num\":" + count + "}}";
  }

  private static Config config(Path folder) throws IOException {
    StringBuilder devices = new StringBuilder();
    devices
        .append("motor: {deviceClass: SimMotor, deviceConfig: {delay: 0}, enabled: true,")
        .append(" readoutPriority: on_request}\n");
    for (int i = 0; i < 100; i++) {
      devices
          .append("det")
          .append(i)
          .append(
              ": {deviceClass: SimDetector, deviceConfig: {motor: motor, center: 0, sigma: 0.3},")
          .append(" enabled: true, readoutPriority: on_request, softwareTrigger: true}\n");
    }
    Path file = folder.resolve("devices.yaml");
    Files.writeString(file, devices);
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("beamhive.node.data-dir", folder.toString());
    settings.put("beamhive.node.port", 0);
    settings.put("beamhive.node.devices", file.toString());
    settings.put("beamhive.web.port", 0);
    settings.put("beamhive.bridge.max-length", 100_000);
    return ConfigLayers.load(Optional.empty(), settings);
  }
}
