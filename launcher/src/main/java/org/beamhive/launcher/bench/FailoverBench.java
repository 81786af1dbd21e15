package org.beamhive.launcher.bench;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.beamhive.launcher.EndWithProcess;
import org.beamhive.launcher.faults.BeamlineUnderTest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "failover",
    description = {
      "How long a running scan stands still after kill -9 of the control node with the worker",
      "(control-killed) and of a hutch node with a stand-by (hutch-killed), with default settings and real",
      "processes; what 1,000 simulated devices on one node cost (devices-1000); and the round trip of a",
      "question to a device on another node (remote-ask)."
    })
final class FailoverBench implements Callable<Integer> {
  private static final List<String> CASES =
      List.of("control-killed", "hutch-killed", "devices-1000", "remote-ask");

  @Spec private CommandSpec spec;

  @Option(names = "--case", paramLabel = "CASE", description = "Only this case; default: all.")
  private String only;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      defaultValue = "20",
      description = "Default ${DEFAULT-VALUE}; of devices-1000 and remote-ask a quarter of it.")
  private int repeats;

  @Option(
      names = "--config",
      paramLabel = "DIR",
      defaultValue = "${env:BEAMHIVE_CONFIG}",
      description = "The folder of the beamline; default: the example.")
  private Path config;

  @Option(names = "--json", description = "One line of JSON per metric.")
  private boolean json;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help.")
  boolean help;

  @Override
  public Integer call() throws Exception {
    if (only != null && !CASES.contains(only)) {
      throw new ParameterException(
          spec.commandLine(), "--case " + only + ": allowed are " + String.join(", ", CASES));
    }
    for (String one : CASES) {
      if (only == null || only.equals(one)) {
        try (TemporaryFolder folder = TemporaryFolder.create()) {
          measure(one, folder.path());
        }
      }
    }
    return 0;
  }

  private void measure(String name, Path folder) throws Exception {
    int few = Math.max(1, repeats / 4);
    switch (name) {
      case "control-killed", "hutch-killed" -> killed(name, folder);
      case "devices-1000" -> print(name, new ManyDevicesCase(folder, 1000), few);
      default -> {
        try (RemoteAskCase asking = new RemoteAskCase(folder)) {
          asking.round();
          print(name, asking, few);
        }
      }
    }
  }

  private void killed(String name, Path folder) throws Exception {
    boolean control = name.equals("control-killed");
    List<String> nodes =
        control
            ? List.of("control-1", "control-2", "storage", "eh1")
            : List.of("control-1", "storage", "eh1", "eh1-standby");
    BeamlineUnderTest beamline = new BeamlineUnderTest(config, folder, nodes, Map.of());
    AutoCloseable ending = EndWithProcess.register(beamline);
    try {
      beamline.start();
      try (NodeKillCase kill =
          new NodeKillCase(
              beamline,
              each ->
                  control
                      ? each.holder("scan-queue").orElseThrow()
                      : each.homeOf("samx").orElseThrow())) {
        print(name, kill, repeats);
      }
    } finally {
      ending.close();
    }
  }

  private void print(String name, MeasuredCase measured, int rounds) {
    List<List<Figure>> figures = new ArrayList<>();
    for (int i = 0; i < rounds; i++) {
      figures.add(measured.round());
    }
    PrintWriter out = spec.commandLine().getOut();
    for (Metric metric : Metric.of("failover", name, figures)) {
      out.println(json ? metric.json() : metric.text());
    }
    out.flush();
  }
}
