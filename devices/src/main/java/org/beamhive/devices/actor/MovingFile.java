package org.beamhive.devices.actor;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.beamhive.protocol.model.DeviceName;

/**
 * The devices of a node that move, in a small file of its data folder: what a node that was killed
 * can tell its successor. Each call waits for the disk.
 */
final class MovingFile {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String MOVING = "moving";

  private final Path path;

  MovingFile(Path path) {
    this.path = path;
  }

  /** The devices that moved when it was last written; none if there is no file. */
  List<DeviceName> read() throws IOException {
    if (!Files.exists(path)) {
      return List.of();
    }
    Map<String, List<String>> content =
        JSON.readValue(path.toFile(), new TypeReference<Map<String, List<String>>>() {});
    return content.getOrDefault(MOVING, List.of()).stream().map(DeviceName::new).toList();
  }

  /** Replaces the file, so that at each moment it is either the old or the new one. */
  void write(Collection<DeviceName> moving) throws IOException {
    Files.createDirectories(path.toAbsolutePath().getParent());
    Path next = path.resolveSibling(path.getFileName() + ".next");
    JSON.writeValue(
        next.toFile(), Map.of(MOVING, moving.stream().map(DeviceName::value).sorted().toList()));
    Files.move(next, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
