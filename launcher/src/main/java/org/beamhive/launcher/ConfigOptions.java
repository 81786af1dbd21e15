package org.beamhive.launcher;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.beamhive.cluster.BeamlineFolder;
import org.beamhive.cluster.ConfigProblem;
import picocli.CommandLine.Option;

/** Which configuration file a node has. */
final class ConfigOptions {
  /** The folder of the beamline that is meant without {@code --config}. */
  static final String FOLDER = "BEAMHIVE_CONFIG";

  @Option(
      names = "--config",
      paramLabel = "PATH",
      description = {
        "The node's configuration file, or the folder of a beamline with a file for each node;",
        "default with --hutch or --node: the folder in the environment's BEAMHIVE_CONFIG, else the",
        "example beamline."
      })
  private Path config;

  @Option(
      names = "--node",
      paramLabel = "NAME",
      description = "A node of the beamline's folder: it has the file NAME.conf.")
  private String node;

  @Option(
      names = "--hutch",
      paramLabel = "NAME",
      description = {
        "The node of a hutch: NAME.conf in the beamline's folder. Without a folder it is short for",
        "the role hutch-NAME."
      })
  private String hutch;

  /** The hutch, if one is named. */
  Optional<String> hutch() {
    return Optional.ofNullable(hutch);
  }

  /**
   * The file, if there is one.
   *
   * @param inDefaultFolder whether a hutch without {@code --config} is looked for in the default
   *     folder
   * @throws ConfigProblem naming the nodes that there are
   */
  Optional<File> file(boolean inDefaultFolder) {
    if (node != null && hutch != null) {
      throw new ConfigProblem(List.of("--node and --hutch both name the node's file; give one"));
    }
    String name = node != null ? node : hutch;
    if (config == null) {
      boolean looked = node != null || (hutch != null && inDefaultFolder);
      return looked
          ? Optional.of(new BeamlineFolder(defaultFolder()).file(name))
          : Optional.empty();
    }
    if (!Files.isDirectory(config)) {
      if (node != null) {
        throw new ConfigProblem(
            List.of("--node names a file in a folder, but --config " + config + " is none"));
      }
      return Optional.of(config.toFile());
    }
    BeamlineFolder folder = new BeamlineFolder(config);
    if (name == null) {
      throw new ConfigProblem(
          List.of(
              "which node of '"
                  + config
                  + "'? --node NAME with one of: "
                  + String.join(", ", folder.nodes())));
    }
    return Optional.of(folder.file(name));
  }

  /** The folder of the beamline that is meant without {@code --config}. */
  static Path defaultFolder() {
    String folder = System.getenv(FOLDER);
    if (folder == null || folder.isBlank()) {
      throw new ConfigProblem(
          List.of(
              "which beamline? Give its folder with --config or in the environment's " + FOLDER));
    }
    return Path.of(folder);
  }
}
