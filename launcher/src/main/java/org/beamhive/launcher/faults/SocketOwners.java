package org.beamhive.launcher.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Which process has opened a TCP connection on this machine, from Linux's {@code /proc/net/tcp} and
 * {@code /proc/PID/fd} (proc(5)).
 */
final class SocketOwners {
  private static final List<Path> TABLES =
      List.of(Path.of("/proc/net/tcp6"), Path.of("/proc/net/tcp"));
  private static final int LOCAL = 1;
  private static final int REMOTE = 2;
  private static final int INODE = 9;

  private SocketOwners() {}

  /**
   * Who has opened it.
   *
   * @param port its own port
   * @param to the port that it leads to
   * @param processes those that may have, by their process id
   */
  static Optional<String> find(int port, int to, Map<Long, String> processes) {
    return inode(port, to)
        .flatMap(
            inode ->
                processes.entrySet().stream()
                    .filter(process -> has(process.getKey(), "socket:[" + inode + "]"))
                    .map(Map.Entry::getValue)
                    .findFirst());
  }

  private static Optional<String> inode(int port, int to) {
    String from = ":%04X".formatted(port);
    String target = ":%04X".formatted(to);
    for (Path table : TABLES) {
      try (Stream<String> lines = Files.lines(table)) {
        Optional<String> found =
            lines
                .map(line -> line.strip().split("\\s+"))
                .filter(row -> row.length > INODE)
                .filter(row -> row[LOCAL].endsWith(from) && row[REMOTE].endsWith(target))
                .map(row -> row[INODE])
                .findFirst();
        if (found.isPresent()) {
          return found;
        }
      } catch (IOException noSuchTable) {
        continue;
      }
    }
    return Optional.empty();
  }

  private static boolean has(long pid, String socket) {
    try (Stream<Path> open = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return open.anyMatch(
          file -> {
            try {
              return Files.readSymbolicLink(file).toString().equals(socket);
            } catch (IOException closedMeanwhile) {
              return false;
            }
          });
    } catch (IOException | java.io.UncheckedIOException gone) {
      return false;
    }
  }
}
