package org.beamhive.launcher;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.beamhive.actors.scans.plan.PlanRegistry;
import org.beamhive.cluster.ConfigLayers;
import org.beamhive.cluster.ConfigProblem;
import org.beamhive.cluster.NodeSettings;
import org.beamhive.devices.actor.HutchFile;
import org.beamhive.launcher.node.NodeParts;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "check-config",
    description = {
      "Prints the settings that a node would have, each with where it comes from, and every mistake in",
      "them and in its device files. Starts nothing. Exit code 1 if there is a mistake."
    },
    footer = {
      "",
      "Examples:",
      "  beamhive check-config --hutch eh1",
      "  beamhive check-config --config /etc/beamhive/x07 --node control-1",
      "  beamhive check-config --role control,storage --config site.conf"
    })
final class CheckConfigCommand implements Callable<Integer> {
  private static final Set<String> SECRETS = Set.of("beamhive.web.api-key");

  @Spec private CommandSpec spec;

  @Mixin private NodeOptions options;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help.")
  boolean help;

  @Override
  public Integer call() {
    ConfigLayers.Read read = options.read(Map.of());
    Set<String> mistakes = new LinkedHashSet<>(read.mistakes());
    List<String> warnings = new ArrayList<>();
    find(read.config(), mistakes, warnings);
    PrintWriter out = spec.commandLine().getOut();
    settings(read.config()).forEach(out::println);
    out.flush();
    PrintWriter err = spec.commandLine().getErr();
    warnings.forEach(warning -> err.println("warning: " + warning));
    err.flush();
    if (mistakes.isEmpty()) {
      out.println("No mistakes.");
      out.flush();
      return 0;
    }
    err.println(mistakes.size() == 1 ? "1 mistake:" : mistakes.size() + " mistakes:");
    mistakes.forEach(err::println);
    err.flush();
    return 1;
  }

  private static void find(Config config, Set<String> mistakes, List<String> warnings) {
    List<String> found = new ArrayList<>();
    try {
      NodeSettings node = NodeSettings.unchecked(config);
      found.addAll(node.mistakes());
      DeviceFiles devices = new DeviceFiles();
      devices.add(node);
      found.addAll(devices.mistakes());
      warnings.addAll(devices.warnings());
      NodeParts.of(
          node,
          BeamhiveNode.inForce(config, node, "redis://127.0.0.1"),
          HutchFile.NONE,
          HutchFile.NONE.read(),
          PlanRegistry.load());
    } catch (ConfigProblem problem) {
      problem.getMessage().lines().forEach(found::add);
    }
    found.stream().map(mistake -> ConfigLayers.located(config, mistake)).forEach(mistakes::add);
  }

  private static List<String> settings(Config config) {
    List<Map.Entry<String, ConfigValue>> all =
        new ArrayList<>(config.getConfig("beamhive").atPath("beamhive").entrySet());
    all.sort(Map.Entry.comparingByKey(Comparator.naturalOrder()));
    return all.stream()
        .map(
            setting ->
                setting.getKey()
                    + " = "
                    + shown(setting.getKey(), setting.getValue())
                    + "  # "
                    + origin(setting.getValue()))
        .toList();
  }

  private static String shown(String key, ConfigValue value) {
    String text = value.render(ConfigRenderOptions.concise());
    if (SECRETS.contains(key) && !text.equals("\"\"")) {
      return "(not shown)";
    }
    return text.replaceAll("(redis[a-z-]*://[^\"@]*:)[^\"@]+@", "$1***@");
  }

  private static String origin(ConfigValue value) {
    String text = value.origin().description();
    return text.contains("reference.conf") || text.contains(".conf @ jar:") ? "default" : text;
  }
}
