package org.beamhive.launcher.bench;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code beamhive bench NAME}. */
@Command(
    name = "bench",
    description = "Measures what this installation can do.",
    synopsisSubcommandLabel = "NAME",
    subcommands = {
      PointsBench.class,
      JournalBench.class,
      FailoverBench.class,
      ChaosBench.class,
      CaBench.class,
      StopBench.class
    },
    footer = {
      "",
      "Examples:",
      "  beamhive bench points",
      "  beamhive bench points --case count-10-detectors --json",
      "  beamhive bench journal --case replay --replay-events 1000000",
      "  beamhive bench failover --case control-killed",
      "  beamhive bench chaos --minutes 30 --seed 7",
      "  beamhive bench ca --case get --json",
      "  beamhive bench stop --devices 1000"
    })
public final class BenchCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help.")
  boolean help;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "Which benchmark? Allowed are points, journal, failover, chaos, ca, stop.");
  }
}
