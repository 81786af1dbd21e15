package org.beamhive.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.beamhive.cluster.NodeSettings;
import org.beamhive.devices.actor.HutchFile;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.config.DeviceFile;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.model.DeviceName;

/**
 * The devices of a node, or of all nodes of a beamline, from their device files or those shipped.
 */
public final class DeviceFiles {
  private final List<DeviceConfig> devices = new ArrayList<>();
  private final List<String> mistakes = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final Map<DeviceName, Path> seen = new HashMap<>();

  /** The device files of a node, to be read again and again. */
  public static HutchFile hutchFile(NodeSettings node) {
    return new HutchFile() {
      @Override
      public String name() {
        return node.deviceFiles().map(Path::toString).orElse("");
      }

      @Override
      public Content read() {
        DeviceFiles files = new DeviceFiles();
        files.add(node);
        return files.content();
      }
    };
  }

  /** Reads the device files of a node; two nodes of one hutch may name the same ones. */
  public void add(NodeSettings node) {
    node.deviceFiles().ifPresent(this::add);
  }

  /** Every mistake so far, a sentence each. */
  public List<String> mistakes() {
    return mistakes;
  }

  /** What is worth knowing and stops nobody, a sentence each. */
  public List<String> warnings() {
    return warnings;
  }

  /** The devices so far, and every mistake. */
  HutchFile.Content content() {
    return new HutchFile.Content(devices, mistakes);
  }

  private void add(Path given) {
    Optional<DeviceFile> shipped =
        Files.exists(given)
            ? Optional.empty()
            : DeviceFile.shipped(given.getFileName().toString(), DeviceTypes.standard());
    if (shipped.isPresent()) {
      if (!seen.containsValue(given)) {
        add(given, shipped.get());
      }
      return;
    }
    for (Path file : files(given)) {
      if (seen.containsValue(file)) {
        continue;
      }
      DeviceFile read;
      try {
        read = DeviceFile.parse(file.toString(), Files.readString(file), DeviceTypes.standard());
      } catch (IOException unreadable) {
        mistakes.add("the device file '" + file + "' can't be read: " + unreadable.getMessage());
        continue;
      }
      add(file, read);
    }
  }

  private void add(Path file, DeviceFile read) {
    read.mistakes().forEach(mistake -> mistakes.add(mistake.toString()));
    read.warnings().forEach(warning -> warnings.add(warning.toString()));
    for (DeviceConfig device : read.devices()) {
      Path other = seen.putIfAbsent(device.name(), file);
      if (other != null) {
        mistakes.add(file + ": device '" + device.name() + "' is in " + other + " already");
      }
      devices.add(device);
    }
  }

  private List<Path> files(Path given) {
    if (!Files.exists(given)) {
      mistakes.add("the device file '" + given + "' (beamhive.node.devices) does not exist");
      return List.of();
    }
    if (!Files.isDirectory(given)) {
      return List.of(given);
    }
    try (Stream<Path> inside = Files.list(given)) {
      return inside.filter(file -> file.toString().matches(".*\\.ya?ml")).sorted().toList();
    } catch (IOException unreadable) {
      mistakes.add("the device folder '" + given + "' can't be read: " + unreadable.getMessage());
      return List.of();
    }
  }
}
