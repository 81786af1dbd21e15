package org.beamhive.devices.actor;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import org.beamhive.protocol.device.HutchLimitsProtocol.Entry;

/**
 * Our own limits of a hutch's devices, with their changes, in a file of the node's data folder.
 * Each call waits for the disk.
 */
final class LimitsFile {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path path;

  LimitsFile(Path path) {
    this.path = path;
  }

  /** What was last written; nothing if there is no file. */
  List<Entry> read() throws IOException {
    return Files.exists(path)
        ? JSON.readValue(path.toFile(), new TypeReference<List<Entry>>() {})
        : List.of();
  }

  /** Replaces the file, so that at each moment it is either the old or the new one. */
  void write(Collection<Entry> entries) throws IOException {
    Files.createDirectories(path.toAbsolutePath().getParent());
    Path next = path.resolveSibling(path.getFileName() + ".next");
    List<Entry> sorted =
        entries.stream()
            .sorted(Comparator.comparing((Entry entry) -> entry.device().value()))
            .toList();
    JSON.writerWithDefaultPrettyPrinter().writeValue(next.toFile(), sorted);
    Files.move(next, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
