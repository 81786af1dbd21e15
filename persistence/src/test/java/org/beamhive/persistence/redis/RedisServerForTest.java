package org.beamhive.persistence.redis;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import redis.embedded.core.ExecutableProvider;

/**
 * A real Redis of the embedded jar, started by itself instead of by the jar's own class, because
 * tests kill it by its process and start it again on the same port and data.
 */
final class RedisServerForTest implements AutoCloseable {

  private static final int TRIES = 10;

  private final Path folder;
  private final List<String> arguments;
  private final String executable;
  private int port;
  private Process process;

  private RedisServerForTest(List<String> arguments) {
    try {
      this.arguments = arguments;
      this.folder = Files.createTempDirectory("redis-test");
      this.executable =
          ExecutableProvider.newJarResourceProvider(folder.toFile()).get().getAbsolutePath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Starts on a free port; a port that another program takes meanwhile is given up for the next
   * one.
   */
  static RedisServerForTest start(String... arguments) {
    RedisServerForTest server = new RedisServerForTest(List.of(arguments));
    for (int i = 0; i < TRIES; i++) {
      try (ServerSocket socket = new ServerSocket(0)) {
        server.port = socket.getLocalPort();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      if (server.launch("Ready to accept connections")) {
        return server;
      }
    }
    throw new IllegalStateException("No Redis came up in " + TRIES + " tries");
  }

  private boolean launch(String readyLine) {
    List<String> command = new ArrayList<>(List.of(executable, "--port", Integer.toString(port)));
    command.addAll(List.of("--bind", "127.0.0.1", "--dir", folder.toString(), "--save", ""));
    command.addAll(arguments);
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
      BufferedReader output =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (line.contains(readyLine)) {
          drain(output);
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A full pipe would stop Redis. */
  private static void drain(BufferedReader output) {
    Thread thread = new Thread(() -> output.lines().forEach(line -> {}), "redis-output");
    thread.setDaemon(true);
    thread.start();
  }

  int port() {
    return port;
  }

  String url() {
    return "redis://127.0.0.1:" + port;
  }

  /** SIGKILL, to this one process. */
  void kill() {
    try {
      process.destroyForcibly();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        throw new IllegalStateException("Redis did not die");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Starts again on the same port and data, and waits until it serves. */
  void startAgain() {
    if (!launch("Ready to accept connections")) {
      throw new IllegalStateException("Redis did not start again");
    }
  }

  /** Starts again and returns as soon as it listens, while it may still be loading its data. */
  void startAgainLoading() {
    if (!launch("Server initialized")) {
      throw new IllegalStateException("Redis did not start again");
    }
  }

  /**
   * Rewrites the append-only file, which begins with a snapshot: only that part obeys
   * key-load-delay.
   */
  void saveAsSnapshotFile() {
    try (RedisClient client = RedisClient.create(url());
        StatefulRedisConnection<String, String> connection = client.connect()) {
      connection.sync().bgrewriteaof();
      String info;
      do {
        info = connection.sync().info("persistence");
      } while (!info.contains("aof_rewrite_in_progress:0")
          || !info.contains("aof_rewrite_scheduled:0"));
    }
  }

  /** Both plugins on this Redis, with further lines of configuration in front. */
  Config config(String... lines) {
    return ConfigFactory.parseString(
            String.join("\n", lines)
                + """

                akka.persistence.journal.plugin = "beamhive.persistence.redis.journal"
                akka.persistence.snapshot-store.plugin = "beamhive.persistence.redis.snapshot"
                akka.actor.serialization-bindings {
                  "org.beamhive.persistence.redis.Storable" = jackson-cbor
                }
                akka.loglevel = ERROR
                akka.jvm-shutdown-hooks = off
                """)
        .withFallback(
            ConfigFactory.parseString("beamhive.persistence.redis.url = \"" + url() + "\""))
        .withFallback(ConfigFactory.load());
  }

  @Override
  public void close() {
    kill();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
