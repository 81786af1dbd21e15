package org.beamhive.launcher;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.beamhive.devices.ioc.SimulatedIoc;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "ioc",
    description =
        "Runs the simulated beamline's IOC, real Channel Access, until it is told to end.",
    footer = {"", "Example:", "  beamhive ioc --port 5064"})
final class IocCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "5064",
      description = "Channel Access port, 0 for a free one; default ${DEFAULT-VALUE}.")
  private int port;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help.")
  boolean help;

  @Override
  public Integer call() throws InterruptedException {
    // Channel Access would quietly take another port
    BeamhiveNode.requireFree("127.0.0.1", port, "--port");
    SimulatedIoc ioc = SimulatedIoc.start(port);
    EndWithProcess.register(ioc);
    spec.commandLine().getOut().println("IOC       127.0.0.1:" + ioc.port());
    spec.commandLine().getOut().println("Ready");
    spec.commandLine().getOut().flush();
    new CountDownLatch(1).await();
    return 0;
  }
}
