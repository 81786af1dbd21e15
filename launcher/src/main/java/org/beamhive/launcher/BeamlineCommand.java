package org.beamhive.launcher;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.beamhive.cluster.BeamlineFolder;
import org.beamhive.launcher.beamline.LocalBeamline;
import org.beamhive.launcher.beamline.NodeProcess;
import org.beamhive.launcher.client.ClusterTables;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "beamline",
    description = "Starts, shows and ends all nodes of a beamline on this machine.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      BeamlineCommand.Up.class,
      BeamlineCommand.Status.class,
      BeamlineCommand.Down.class
    },
    footer = {
      "",
      "Examples:",
      "  beamhive beamline up",
      "  beamhive beamline status",
      "  beamhive beamline down"
    })
final class BeamlineCommand implements Runnable {
  private static final Duration START = Duration.ofSeconds(180);

  @Spec private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help.")
  boolean help;

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "Which command?");
  }

  /** Which beamline, and where its nodes write. */
  static final class Where {
    @Option(
        names = "--config",
        paramLabel = "DIR",
        description = {
          "The beamline's folder, with a file for each node; default: the folder in the environment's",
          "BEAMHIVE_CONFIG, else the example beamline."
        })
    private Path config;

    @Option(
        names = "--data-dir",
        paramLabel = "DIR",
        defaultValue = "beamhive-data",
        description = "Under which each node has a folder; default ${DEFAULT-VALUE}.")
    private Path dataDir;

    @Option(
        names = "--only",
        paramLabel = "NODE",
        split = ",",
        description = "Only these nodes; default all.")
    private List<String> only = List.of();

    @Option(
        names = {"-h", "--help"},
        usageHelp = true,
        description = "Print this help.")
    boolean help;

    LocalBeamline beamline() {
      return new LocalBeamline(
          new BeamlineFolder(config == null ? ConfigOptions.defaultFolder() : config),
          dataDir,
          only);
    }
  }

  @Command(
      name = "up",
      description = {
        "Starts what doesn't run yet, each node in a process of its own, and leaves it running: the Redis",
        "and the simulated IOC of the configuration if they are to be on this machine, then the nodes."
      },
      footer = {
        "",
        "Examples:",
        "  beamhive beamline up",
        "  beamhive beamline up --only control-1,storage,eh1",
        "  beamhive beamline up --config /etc/beamhive/x07 --data-dir /data/x07"
      })
  static final class Up implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private Where where;

    @Override
    public Integer call() {
      PrintWriter out = spec.commandLine().getOut();
      PrintWriter err = spec.commandLine().getErr();
      LocalBeamline beamline = where.beamline();
      beamline.startRedis().ifPresent(redis -> out.println("Redis     " + redis.url()));
      beamline
          .startIoc()
          .ifPresent(ioc -> out.println("IOC       " + ioc.awaitReady(START).printed("IOC")));
      Map<LocalBeamline.Node, NodeProcess> started = new LinkedHashMap<>();
      for (LocalBeamline.Node node : beamline.nodes()) {
        started.put(node, beamline.start(node.name()));
      }
      int failed = 0;
      for (Map.Entry<LocalBeamline.Node, NodeProcess> node : started.entrySet()) {
        try {
          node.getValue().awaitReady(START);
          out.println(
              "%-9s %s %s"
                  .formatted(
                      node.getKey().name(),
                      node.getKey().address(),
                      String.join(", ", node.getKey().settings().roles())));
        } catch (StartFailure failure) {
          failed++;
          err.println(failure.getMessage());
          err.flush();
        }
        out.flush();
      }
      beamline.urls().forEach(url -> out.println("HTTP      " + url));
      out.println("Data      " + beamline.dataDir());
      out.flush();
      return failed == 0 ? 0 : 1;
    }
  }

  @Command(
      name = "status",
      description = {
        "The nodes and what they do, where the singletons and each device are, and what is unreachable.",
        "Exit code 1 if something is."
      },
      footer = {"", "Examples:", "  beamhive beamline status"})
  static final class Status implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private Where where;

    @Override
    public Integer call() {
      LocalBeamline beamline = where.beamline();
      Map<String, ClusterTables.LocalNode> local = new LinkedHashMap<>();
      for (LocalBeamline.Node node : beamline.nodes()) {
        local.put(
            node.address(),
            new ClusterTables.LocalNode(
                node.name(),
                node.settings().roles(),
                beamline.find(node.name()).map(NodeProcess::pid)));
      }
      PrintWriter out = spec.commandLine().getOut();
      boolean whole =
          new ClusterTables(beamline.urls(), Optional.of(beamline.apiKey()), out).print(local);
      out.flush();
      return whole ? 0 : 1;
    }
  }

  @Command(
      name = "down",
      description = {
        "Ends the nodes in order: gateways, control, storage, hutches, then the IOC and the Redis. A running",
        "plan pauses at its next checkpoint and goes on at the next start."
      },
      footer = {"", "Examples:", "  beamhive beamline down", "  beamhive beamline down --only eh1"})
  static final class Down implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private Where where;

    @Override
    public Integer call() {
      PrintWriter out = spec.commandLine().getOut();
      LocalBeamline beamline = where.beamline();
      List<String> killed = new ArrayList<>();
      for (LocalBeamline.Node node : beamline.endOrder()) {
        beamline.find(node.name()).ifPresent(process -> end(beamline, process, killed));
      }
      if (where.only.isEmpty()) {
        beamline.findIoc().ifPresent(process -> end(beamline, process, killed));
        beamline.endRedis();
      }
      out.flush();
      return killed.isEmpty() ? 0 : 1;
    }

    private void end(LocalBeamline beamline, NodeProcess process, List<String> killed) {
      PrintWriter out = spec.commandLine().getOut();
      if (beamline.end(process)) {
        out.println(process.name() + " has ended");
      } else {
        killed.add(process.name());
        out.println(process.name() + " did not end in time and was killed");
      }
      out.flush();
    }
  }
}
