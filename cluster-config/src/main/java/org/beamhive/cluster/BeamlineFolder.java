package org.beamhive.cluster;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The folder with the configuration of a beamline: {@code NAME.conf} for each node, named after
 * what it does or after its hutch, and {@code beamline.conf}, which the others include.
 */
public final class BeamlineFolder {
  private static final String SHARED = "beamline";
  private static final String SUFFIX = ".conf";

  private final Path path;
  private final List<String> nodes;

  /**
   * A folder that exists.
   *
   * @throws ConfigProblem if it doesn't, or has no node
   */
  public BeamlineFolder(Path path) {
    this.path = path;
    if (!Files.isDirectory(path)) {
      throw new ConfigProblem(List.of("the beamline's folder '" + path + "' does not exist"));
    }
    try (Stream<Path> inside = Files.list(path)) {
      this.nodes =
          inside
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(SUFFIX))
              .map(name -> name.substring(0, name.length() - SUFFIX.length()))
              .filter(name -> !name.equals(SHARED))
              .sorted()
              .toList();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
    if (nodes.isEmpty()) {
      throw new ConfigProblem(
          List.of("the beamline's folder '" + path + "' has no NODE.conf for any node"));
    }
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  /** The names of its nodes. */
  public List<String> nodes() {
    return nodes;
  }

  /**
   * The configuration file of a node.
   *
   * @throws ConfigProblem naming the nodes that there are
   */
  public File file(String node) {
    if (!nodes.contains(node)) {
      throw new ConfigProblem(
          List.of(
              "'"
                  + path
                  + "' has no node '"
                  + node
                  + "' ("
                  + node
                  + SUFFIX
                  + "); there are: "
                  + String.join(", ", nodes)));
    }
    return path.resolve(node + SUFFIX).toFile();
  }
}
