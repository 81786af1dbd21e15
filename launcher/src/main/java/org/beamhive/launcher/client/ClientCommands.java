package org.beamhive.launcher.client;

import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine;

/** The client's commands, ready to be added to the launcher's. */
public final class ClientCommands {
  private ClientCommands() {}

  /** All of them; each knows its name. */
  public static List<CommandLine> all() {
    return Stream.of(
            new StatusCommand(),
            new QueueCommand(),
            new HistoryCommand(),
            new SubmitCommand(),
            new WatchCommand(),
            new PauseCommand(),
            new ResumeCommand(),
            new EndCommand.Stop(),
            new EndCommand.Abort(),
            new DevicesCommand(),
            new ReadCommand(),
            new MoveCommand.Absolute(),
            new MoveCommand.Relative(),
            new WhereCommand(),
            new TweakCommand(),
            new SetCommand(),
            new CallCommand(),
            new LimitsCommand())
        .map(
            command ->
                // so that -5 is a number where no option is called so; commands refuse the rest
                new CommandLine(command).setUnmatchedOptionsArePositionalParams(true))
        .toList();
  }
}
