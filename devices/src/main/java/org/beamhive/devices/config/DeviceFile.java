package org.beamhive.devices.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Value;

/**
 * The device file in BEC's YAML: a map from device names to their settings. It is read as a whole:
 * all its mistakes, and those of the files that it includes, are told at once, each with its line.
 *
 * @param devices in the order of the file; those with mistakes are left out
 * @param mistakes all of them, in the order of the file
 * @param warnings what is worth knowing and needs not be changed, in the order of the file
 */
public record DeviceFile(
    List<DeviceConfig> devices, List<Mistake> mistakes, List<Mistake> warnings) {
  /** The demo beamline that fits the simulated IOC. */
  public static final String DEMO = "/org/beamhive/devices/demo-beamline.yaml";

  /** The device files that ship with Beamhive, by the word that stands for them. */
  private static final Map<String, String> SHIPPED =
      Map.of("sim", "/org/beamhive/devices/ophyd-sim.yaml");

  public DeviceFile {
    devices = List.copyOf(devices);
    mistakes = List.copyOf(mistakes);
    warnings = List.copyOf(warnings);
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
   * Reads a device file and those that it includes.
   *
   * @param file its path, for messages and for the files that it includes
   */
  public static DeviceFile parse(String file, String text, DeviceTypes types) {
    List<Mistake> mistakes = new ArrayList<>();
    YamlReader reader = new YamlReader(mistakes);
    Placed root = reader.read(file, text);
    if (root == null) {
      return new DeviceFile(List.of(), mistakes, List.of());
    }
    if (!root.map()) {
      mistakes.add(new Mistake(file, 1, "a map from device names to their settings is needed"));
      return new DeviceFile(List.of(), mistakes, List.of());
    }
    Reading reading = new Reading(types, mistakes);
    reading.add(root);
    Needs.check("this file", reading.devices, reading.places, mistakes);
    List<String> files = reader.files();
    Comparator<Mistake> order =
        Comparator.comparingInt((Mistake mistake) -> files.indexOf(mistake.file()))
            .thenComparingInt(Mistake::line);
    mistakes.sort(order);
    reading.warnings.sort(order);
    return new DeviceFile(reading.devices, mistakes, reading.warnings);
  }

  /**
   * Reads the settings of one device as a client gives them: the keys of a device file. Whether the
   * devices exist that it needs is for the caller to see.
   */
  public static DeviceFile device(String name, Value.Fields settings, DeviceTypes types) {
    List<Mistake> mistakes = new ArrayList<>();
    List<Mistake> warnings = new ArrayList<>();
    Placed.Field entry = new Placed.Field(name, Place.NOWHERE, Placed.of(settings));
    DeviceConfig device = new DeviceEntry(entry, types, mistakes, warnings).read();
    return new DeviceFile(device == null ? List.of() : List.of(device), mistakes, warnings);
  }

  /**
   * What is wrong with what these devices need: unknown devices and circles.
   *
   * @param where all of them are, for the message
   */
  public static List<Mistake> needs(String where, List<DeviceConfig> devices) {
    List<Mistake> mistakes = new ArrayList<>();
    Map<DeviceName, Place> places = new LinkedHashMap<>();
    devices.forEach(device -> places.put(device.name(), Place.NOWHERE));
    Needs.check(where, devices, places, mistakes);
    return mistakes;
  }

  /** What has been read so far. */
  private static final class Reading {
    private final DeviceTypes types;
    private final List<Mistake> mistakes;
    private final Map<DeviceName, Place> places = new LinkedHashMap<>();
    private final List<DeviceConfig> devices = new ArrayList<>();
    private final List<Mistake> warnings = new ArrayList<>();

    Reading(DeviceTypes types, List<Mistake> mistakes) {
      this.types = types;
      this.mistakes = mistakes;
    }

    void add(Placed map) {
      for (Placed.Field entry : map.fields()) {
        Placed content = entry.value();
        if (content.devicesOfFiles()) {
          // the key is only a heading
          (content.included() ? List.of(content) : content.items()).forEach(this::addFile);
        } else {
          add(entry);
        }
      }
    }

    private void addFile(Placed content) {
      if (content.map()) {
        add(content);
      } else {
        mistakes.add(
            new Mistake(
                content.place().file(),
                content.place().line(),
                "a map from device names to their settings is needed"));
      }
    }

    private void add(Placed.Field entry) {
      DeviceEntry read = new DeviceEntry(entry, types, mistakes, warnings);
      DeviceConfig device = read.read();
      Place before = places.putIfAbsent(new DeviceName(read.name()), entry.place());
      if (before != null) {
        mistakes.add(
            new Mistake(
                entry.place().file(),
                entry.place().line(),
                "device %s is in this file already, at %s"
                    .formatted(read.name(), before.seenFrom(entry.place()))));
      } else if (device != null) {
        devices.add(device);
      }
    }
  }
}
