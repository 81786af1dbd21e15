package org.beamhive.devices.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.model.DeviceName;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;

/**
 * The device file in BEC's YAML: a map from device names to their settings. It is read as a whole:
 * all its mistakes are told at once, each with its line.
 *
 * @param devices in the order of the file; those with mistakes are left out
 * @param mistakes all of them, in the order of the file
 */
public record DeviceFile(List<DeviceConfig> devices, List<Mistake> mistakes) {
  /** The demo beamline that fits the simulated IOC. */
  public static final String DEMO = "/org/beamhive/devices/demo-beamline.yaml";

  /** The device files that ship with Beamhive, by the word that stands for them. */
  private static final Map<String, String> SHIPPED =
      Map.of("sim", "/org/beamhive/devices/ophyd-sim.yaml");

  public DeviceFile {
    devices = List.copyOf(devices);
    mistakes = List.copyOf(mistakes);
  }

  /** Says what is wrong with device files: one line for each mistake. */
  public static final class Wrong extends RuntimeException {
    private final transient List<Mistake> mistakes;

    Wrong(List<Mistake> mistakes) {
      super(mistakes.stream().map(Mistake::toString).collect(Collectors.joining("\n")));
      this.mistakes = mistakes;
    }

    /** All mistakes. */
    public List<Mistake> mistakes() {
      return mistakes;
    }
  }

  /** The devices of a file that must be right. */
  public static List<DeviceConfig> load(Path file, DeviceTypes types) throws IOException {
    return parse(file.toString(), Files.readString(file), types).orThrow();
  }

  /** The devices of the demo beamline. */
  public static List<DeviceConfig> demo(DeviceTypes types) {
    return parse("demo-beamline.yaml", inside(DEMO), types).orThrow();
  }

  /**
   * A device file that ships with Beamhive.
   *
   * @param word what stands for it: {@code sim} for the names of ophyd.sim
   */
  public static Optional<DeviceFile> shipped(String word, DeviceTypes types) {
    return Optional.ofNullable(SHIPPED.get(word)).map(path -> parse(word, inside(path), types));
  }

  private static String inside(String path) {
    try (InputStream file = DeviceFile.class.getResourceAsStream(path)) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** The devices, if there is no mistake. */
  public List<DeviceConfig> orThrow() {
    if (!mistakes.isEmpty()) {
      throw new Wrong(mistakes);
    }
    return devices;
  }

  /**
   * Reads a device file.
   *
   * @param file its name, for messages
   */
  public static DeviceFile parse(String file, String text, DeviceTypes types) {
    List<Mistake> mistakes = new ArrayList<>();
    Map<DeviceName, Integer> lines = new LinkedHashMap<>();
    List<DeviceConfig> devices = new ArrayList<>();
    Node root;
    try {
      root = new Yaml(new LoaderOptions()).compose(new java.io.StringReader(text));
    } catch (MarkedYAMLException e) {
      int line = e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1;
      return wrong(file, line, "this is no YAML: " + e.getProblem());
    } catch (YAMLException e) {
      return wrong(file, 1, "this is no YAML: " + e.getMessage());
    }
    if (root == null) {
      return new DeviceFile(List.of(), List.of());
    }
    if (!(root instanceof MappingNode devicesByName)) {
      return wrong(file, 1, "a map from device names to their settings is needed");
    }
    for (NodeTuple entry : devicesByName.getValue()) {
      DeviceEntry read = new DeviceEntry(file, entry, types, mistakes);
      DeviceConfig device = read.read();
      Integer before = lines.putIfAbsent(new DeviceName(read.name()), read.line());
      if (before != null) {
        mistakes.add(
            new Mistake(
                file,
                read.line(),
                "device %s is in this file already, at line %d".formatted(read.name(), before)));
      } else if (device != null) {
        devices.add(device);
      }
    }
    Needs.check(file, devices, lines, mistakes);
    mistakes.sort(java.util.Comparator.comparingInt(Mistake::line));
    return new DeviceFile(devices, mistakes);
  }

  private static DeviceFile wrong(String file, int line, String text) {
    return new DeviceFile(List.of(), List.of(new Mistake(file, line, text)));
  }
}
