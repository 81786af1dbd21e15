package org.beamhive.launcher;

import java.io.PrintWriter;
import org.beamhive.cluster.ConfigProblem;
import org.beamhive.launcher.bench.BenchCommand;
import org.beamhive.launcher.client.ClientCommands;
import org.beamhive.launcher.client.ClientException;
import org.slf4j.bridge.SLF4JBridgeHandler;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The command line: {@code beamhive COMMAND}. Exit codes: 0 done, 1 refused or failed, 2 wrong
 * usage.
 */
@Command(
    name = "beamhive",
    description = "Runs the experiments of a beamline.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      DemoCommand.class,
      NodeCommand.class,
      BeamlineCommand.class,
      CheckConfigCommand.class,
      IocCommand.class,
      BenchCommand.class
    },
    footer = {
      "",
      "Examples:",
      "  beamhive demo",
      "  beamhive node --devices beamline.yaml",
      "  beamhive submit scan det samx -5 5 101 --wait",
      "",
      "beamhive COMMAND --help shows more."
    })
public final class Main implements Runnable {
  @Spec private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help.")
  boolean help;

  private Main() {}

  /** Runs a command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    int code = run(arguments);
    System.out.flush();
    System.exit(code);
  }

  /** Runs a command. */
  static int run(String... arguments) {
    return commandLine().execute(arguments);
  }

  static CommandLine commandLine() {
    CommandLine root = new CommandLine(new Main());
    ClientCommands.all().forEach(root::addSubcommand);
    root.setExecutionExceptionHandler(Main::sentence);
    return root;
  }

  /** What a person can mend is a sentence; only what nobody expected shows where it came from. */
  private static int sentence(
      Exception failure, CommandLine command, CommandLine.ParseResult parsed) {
    PrintWriter err = command.getErr();
    if (failure instanceof StartFailure
        || failure instanceof ConfigProblem
        || failure instanceof ClientException
        || failure instanceof IllegalArgumentException) {
      err.println(failure.getMessage());
    } else {
      failure.printStackTrace(err);
    }
    err.flush();
    return 1;
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "Which command?");
  }
}
