package org.beamhive.launcher;

import java.io.PrintWriter;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "node",
    description = "Runs a node until it is told to end (Ctrl-C, SIGTERM).",
    footer = {
      "",
      "On SIGTERM a running plan pauses at its next checkpoint; it goes on at the next start.",
      "",
      "Examples:",
      "  beamhive node --devices beamline.yaml",
      "  two nodes, each with the same list of seeds, so that either finds the other again:",
      "  beamhive node --roles control,storage,gateway --port 25520 --redis redis://127.0.0.1:6379 \\",
      "      --seed 127.0.0.1:25520,127.0.0.1:25521",
      "  beamhive node --hutch eh1 --port 25521 --redis redis://127.0.0.1:6379 \\",
      "      --seed 127.0.0.1:25520,127.0.0.1:25521 --devices eh1.yaml --data-dir eh1-data"
    })
final class NodeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private NodeOptions options;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help.")
  boolean help;

  @Override
  public Integer call() {
    BeamhiveNode node = BeamhiveNode.start(options.config(Map.of()), EndForCertain::watch);
    EndWithProcess.register(node);
    PrintWriter out = spec.commandLine().getOut();
    out.println("Node      " + node.address());
    node.httpUrl().ifPresent(url -> out.println("HTTP      " + url));
    node.healthUrl().ifPresent(url -> out.println("Health    " + url));
    out.println("Redis     " + node.redisUrl());
    out.println("Ready");
    out.flush();
    node.awaitEnd();
    Optional<String> ending = node.ending();
    ending.ifPresent(spec.commandLine().getErr()::println);
    return ending.isPresent() ? 1 : 0;
  }
}
