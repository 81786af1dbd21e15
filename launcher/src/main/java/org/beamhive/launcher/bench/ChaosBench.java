package org.beamhive.launcher.bench;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.beamhive.cluster.BeamlineFolder;
import org.beamhive.launcher.EndWithProcess;
import org.beamhive.launcher.faults.BeamlineUnderTest;
import org.beamhive.launcher.faults.Fault;
import org.beamhive.launcher.faults.Invariants;
import org.beamhive.launcher.faults.ScanLoad;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "chaos",
    description = {
      "Starts the example beamline, a process for each node, submits random scans without end and does",
      "random faults to it: nodes, Redis and the IOC are killed, frozen and told to end, the network is",
      "cut. Checks all the time that each scan ends exactly once with every point exactly once in the",
      "journal, the file and the Redis stream. Exit code 1 at the first violation."
    },
    footer = {"", "Example:", "  beamhive bench chaos --minutes 30 --seed 7"})
final class ChaosBench implements Callable<Integer> {
  private static final Duration HEALED = Duration.ofSeconds(120);
  private static final Duration ENDED = Duration.ofMinutes(5);

  @Spec private CommandSpec spec;

  @Option(
      names = "--minutes",
      paramLabel = "M",
      defaultValue = "10",
      description = "How long; default ${DEFAULT-VALUE}.")
  private double minutes;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Of the random choices; default: another each time.")
  private Long seed;

  @Option(
      names = "--nodes",
      paramLabel = "NODE",
      split = ",",
      description = "Only these nodes of the example; default all.")
  private List<String> nodes = List.of();

  @Option(
      names = "--config",
      paramLabel = "DIR",
      defaultValue = "${env:BEAMHIVE_CONFIG}",
      description = "The folder of the beamline; default: the example.")
  private Path config;

  @Option(
      names = "--data-dir",
      paramLabel = "DIR",
      description = {
        "Where everything is written, and kept; default: a temporary folder, which is kept after a",
        "violation."
      })
  private Path dataDir;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help.")
  boolean help;

  @Override
  public Integer call() throws Exception {
    long seedInUse = seed == null ? System.nanoTime() & 0xffffff : seed;
    Random random = new Random(seedInUse);
    List<String> names = nodes.isEmpty() ? new BeamlineFolder(config).nodes() : nodes;
    PrintWriter out = spec.commandLine().getOut();
    out.println("seed " + seedInUse + ", nodes " + String.join(", ", names));
    out.flush();
    TemporaryFolder temporary = dataDir == null ? TemporaryFolder.create() : null;
    Path folder = dataDir == null ? temporary.path() : Files.createDirectories(dataDir);
    BeamlineUnderTest beamline = new BeamlineUnderTest(config, folder, names, Map.of());
    AutoCloseable ending = EndWithProcess.register(beamline);
    List<String> violations;
    try {
      violations = run(beamline, names, random, out);
    } finally {
      ending.close();
    }
    violations.forEach(violation -> out.println("VIOLATION: " + violation));
    if (violations.isEmpty()) {
      out.println("verdict: nothing was lost");
    } else {
      out.println(
          "verdict: " + violations.size() + " violations; seed " + seedInUse + ", see " + folder);
    }
    out.flush();
    if (temporary != null && violations.isEmpty()) {
      temporary.close();
    }
    return violations.isEmpty() ? 0 : 1;
  }

  private List<String> run(
      BeamlineUnderTest beamline, List<String> names, Random random, PrintWriter out) {
    long started = System.nanoTime();
    beamline.start();
    Map<Fault.Kind, Integer> counts = new TreeMap<>();
    List<String> violations = new ArrayList<>();
    long end = System.nanoTime() + (long) (minutes * 60e9);
    try (ScanLoad load = new ScanLoad(beamline.client(), random);
        Invariants invariants = new Invariants(beamline.client(), beamline.redisUrl())) {
      try {
        while (System.nanoTime() < end && violations.isEmpty()) {
          LockSupport.parkNanos((long) (random.nextDouble() * 8e9));
          Fault fault = Fault.random(random, names);
          say(out, started, fault.toString());
          violations.addAll(beamline.strike(fault));
          counts.merge(fault.kind(), 1, Integer::sum);
          beamline.awaitWhole(HEALED);
          violations.addAll(invariants.check(load.accepted()));
          if (!load.failure().isEmpty()) {
            violations.add(load.failure());
          }
          say(
              out,
              started,
              "whole again; %d runs checked, %d points, %d nodes started again by themselves"
                  .formatted(invariants.runs(), invariants.points(), beamline.restarts()));
        }
        if (violations.isEmpty()) {
          load.finish(ENDED);
          violations.addAll(invariants.check(load.accepted()));
        }
      } catch (IllegalStateException notInTime) {
        violations.add(notInTime.getMessage());
      }
      say(
          out,
          started,
          "faults %s, %d scans accepted, %d runs checked, %d points"
              .formatted(counts, load.accepted().size(), invariants.runs(), invariants.points()));
    }
    return violations;
  }

  private static void say(PrintWriter out, long started, String what) {
    out.println("%8.1f s  %s".formatted((System.nanoTime() - started) / 1e9, what));
    out.flush();
  }
}
