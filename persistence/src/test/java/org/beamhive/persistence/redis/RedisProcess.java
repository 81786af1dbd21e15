package org.beamhive.persistence.redis;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import redis.embedded.core.ExecutableProvider;

/**
 * One process of the embedded jar's redis-server, be it a server, a cluster's node or a Sentinel.
 * It is only ever signalled by its own id, and dies with the JVM at the latest.
 */
final class RedisProcess {

  private static final int MOST_LINES = 40;
  private static final int LOWEST_PORT = 12_000;
  private static final int HIGHEST_PORT = 22_000;
  private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> RUNNING.forEach(Process::destroyForcibly)));
  }

  private final Process process;
  private final Deque<String> lastLines = new ArrayDeque<>();

  private RedisProcess(Process process) {
    this.process = process;
    RUNNING.add(process);
  }

  /** Unpacked once for all, because it is ten megabytes. */
  private static final class Binary {
    static final Path PATH = unpack();

    private static Path unpack() {
      try {
        File folder = Files.createTempDirectory("redis-binary").toFile();
        folder.deleteOnExit();
        File binary = ExecutableProvider.newJarResourceProvider(folder).get();
        binary.deleteOnExit();
        return binary.toPath();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /**
   * Starts redis-server and waits until it prints a line that contains {@code readyLine}.
   *
   * @return empty if it ended before that, most probably because another program took its port
   */
  static Optional<RedisProcess> start(List<String> arguments, String readyLine) {
    List<String> command = new ArrayList<>();
    command.add(Binary.PATH.toString());
    command.addAll(arguments);
    try {
      RedisProcess redis =
          new RedisProcess(new ProcessBuilder(command).redirectErrorStream(true).start());
      if (redis.prints(readyLine)) {
        return Optional.of(redis);
      }
      redis.kill();
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean prints(String readyLine) throws IOException {
    BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      keep(line);
      if (line.contains(readyLine)) {
        // A full pipe would stop Redis.
        Thread thread = new Thread(() -> drain(output), "redis-output");
        thread.setDaemon(true);
        thread.start();
        return true;
      }
    }
    return false;
  }

  private void drain(BufferedReader output) {
    try {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        keep(line);
      }
    } catch (IOException killed) {
      // It was killed while it wrote.
    }
  }

  private void keep(String line) {
    synchronized (lastLines) {
      lastLines.add(line);
      if (lastLines.size() > MOST_LINES) {
        lastLines.remove();
      }
    }
  }

  /** The last lines that it printed, for the message of a test that fails. */
  String lastLines() {
    synchronized (lastLines) {
      return String.join("\n", lastLines);
    }
  }

  /** SIGKILL, to this one process. */
  void kill() {
    process.destroyForcibly();
    if (!ended(process)) {
      throw new IllegalStateException("Redis did not die");
    }
    RUNNING.remove(process);
  }

  /** SIGSTOP: it keeps its port and its connections, and answers nothing. */
  void pause() {
    signal("STOP");
  }

  /** SIGCONT. */
  void resume() {
    signal("CONT");
  }

  private void signal(String name) {
    try {
      Process kill =
          new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).inheritIO().start();
      if (!ended(kill) || kill.exitValue() != 0) {
        throw new IllegalStateException("SIG" + name + " could not be sent to Redis");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean ended(Process process) {
    try {
      return process.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /**
   * Free at this moment; the caller tries another one if it is taken before Redis has it.
   *
   * <p>It lies below the ports that the operating system gives to clients: a client that looks for
   * a killed Redis could be given the very port of that Redis, and then it even connects to itself.
   */
  static int freePort() {
    return ThreadLocalRandom.current()
        .ints(LOWEST_PORT, HIGHEST_PORT)
        .filter(RedisProcess::isFree)
        .findFirst()
        .orElseThrow();
  }

  static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException taken) {
      return false;
    }
  }

  static Path folder() {
    try {
      return Files.createTempDirectory("redis-test");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void delete(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
