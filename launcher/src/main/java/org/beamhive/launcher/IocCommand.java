package org.beamhive.launcher;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.beamhive.devices.ioc.IocFile;
import org.beamhive.devices.ioc.SimulatedIoc;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "ioc",
    description = {
      "Runs an IOC with simulated records, real Channel Access, until it is told to end: the one",
      "that a file describes, or the simulated beamline's."
    },
    footer = {
      "",
      "Examples:",
      "  beamhive ioc --port 5064",
      "  beamhive ioc --config my-ioc.yaml",
      "  beamhive ioc --types"
    })
final class IocCommand implements Callable<Integer> {
  private static final int STANDARD_PORT = 5064;

  @Spec private CommandSpec spec;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Its records in YAML; without, the simulated beamline's.")
  private Path config;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "Channel Access port, 0 for a free one; default 5064, or what the file says.")
  private Integer port;

  @Option(names = "--types", description = "List the types of record that a file may have.")
  private boolean types;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help.")
  boolean help;

  @Override
  public Integer call() throws InterruptedException {
    if (types) {
      spec.commandLine().getOut().print(IocFile.types());
      return 0;
    }
    IocFile file = config == null ? null : file();
    int given = port != null ? port : file != null ? file.port() : STANDARD_PORT;
    // Channel Access would quietly take another port
    BeamhiveNode.requireFree("127.0.0.1", given, port == null && file != null ? "port" : "--port");
    SimulatedIoc ioc = file == null ? SimulatedIoc.start(given) : SimulatedIoc.start(given, file);
    EndWithProcess.register(ioc);
    spec.commandLine().getOut().println("IOC       127.0.0.1:" + ioc.port());
    spec.commandLine().getOut().println("Ready");
    spec.commandLine().getOut().flush();
    new CountDownLatch(1).await();
    return 0;
  }

  private IocFile file() {
    try {
      return IocFile.load(config);
    } catch (IOException unreadable) {
      throw new StartFailure(
          "the IOC's file '" + config + "' can't be read: " + unreadable.getMessage());
    } catch (IocFile.Wrong wrong) {
      throw new StartFailure(wrong.getMessage());
    }
  }
}
