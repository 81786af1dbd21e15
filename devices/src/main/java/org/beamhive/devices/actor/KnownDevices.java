package org.beamhive.devices.actor;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.beamhive.protocol.device.DeviceRegistryProtocol.DeviceEntry;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Value;

/**
 * What a node knew of its hutch's devices when it last heard of them, in a file of its data folder:
 * what it begins with if it comes back while the registry is away. Each call waits for the disk.
 */
final class KnownDevices {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path path;

  KnownDevices(Path path) {
    this.path = path;
  }

  /** Nothing if there is no file. */
  Optional<List<DeviceEntry>> read(HutchName hutch) throws IOException {
    if (!Files.exists(path)) {
      return Optional.empty();
    }
    Map<String, Value> devices =
        JSON.readValue(path.toFile(), new TypeReference<LinkedHashMap<String, Value>>() {});
    return Optional.of(
        devices.entrySet().stream()
            .filter(device -> device.getValue() instanceof Value.Fields)
            .map(
                device ->
                    new DeviceEntry(
                        new DeviceName(device.getKey()), hutch, (Value.Fields) device.getValue()))
            .toList());
  }

  /** Replaces the file, so that at each moment it is either the old or the new one. */
  void write(List<DeviceEntry> devices) throws IOException {
    Map<String, Value> content = new LinkedHashMap<>();
    devices.forEach(device -> content.put(device.name().value(), device.settings()));
    Files.createDirectories(path.toAbsolutePath().getParent());
    Path next = path.resolveSibling(path.getFileName() + ".next");
    JSON.writeValue(next.toFile(), content);
    Files.move(next, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
