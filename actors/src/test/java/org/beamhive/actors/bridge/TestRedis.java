package org.beamhive.actors.bridge;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;
import redis.embedded.core.ExecutableProvider;

/** A real Redis of the embedded jar on a free port, which a test can kill and start again. */
final class TestRedis implements AutoCloseable {
  static {
    ((Logger) LoggerFactory.getLogger("io.lettuce")).setLevel(Level.ERROR);
    ((Logger) LoggerFactory.getLogger("io.netty")).setLevel(Level.WARN);
    ((Logger) LoggerFactory.getLogger("redis.embedded")).setLevel(Level.WARN);
  }

  private static final int TRIES = 10;
  private static final int LOWEST_PORT = 12_000;
  private static final int HIGHEST_PORT = 22_000;

  private final Path folder;
  private final List<String> arguments;
  private final String executable;
  private int port;
  private Process process;
  private RedisClient client;

  TestRedis(Path folder, String... arguments) {
    this.folder = folder;
    this.arguments = List.of(arguments);
    try {
      executable =
          ExecutableProvider.newJarResourceProvider(folder.toFile()).get().getAbsolutePath();
      for (int i = 0; i < TRIES && process == null; i++) {
        port = freePort();
        launch();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (process == null) {
      throw new IllegalStateException("No Redis came up in " + TRIES + " tries");
    }
  }

  /**
   * It lies below the ports that the operating system gives to clients: a client that looks for a
   * killed Redis could be given the very port of that Redis, and then it even connects to itself.
   */
  private static int freePort() {
    return ThreadLocalRandom.current()
        .ints(LOWEST_PORT, HIGHEST_PORT)
        .filter(TestRedis::isFree)
        .findFirst()
        .orElseThrow();
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException taken) {
      return false;
    }
  }

  private void launch() throws IOException {
    List<String> command = new ArrayList<>(List.of(executable, "--port", Integer.toString(port)));
    command.addAll(List.of("--bind", "127.0.0.1", "--dir", folder.toString(), "--save", ""));
    command.addAll(arguments);
    Process started = new ProcessBuilder(command).redirectErrorStream(true).start();
    BufferedReader output =
        new BufferedReader(new InputStreamReader(started.getInputStream(), StandardCharsets.UTF_8));
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      if (line.contains("Ready to accept connections")) {
        process = started;
        Thread drain = new Thread(() -> drain(output), "redis-output");
        drain.setDaemon(true);
        drain.start();
        return;
      }
    }
  }

  /** A full pipe would stop Redis. */
  private static void drain(BufferedReader output) {
    try {
      output.lines().forEach(text -> {});
    } catch (UncheckedIOException killed) {
      // nothing more comes
    }
  }

  String url() {
    return "redis://127.0.0.1:" + port;
  }

  /** A connection to look into it; opened anew after a kill. */
  StatefulRedisConnection<String, String> connect() {
    if (client == null) {
      client = RedisClient.create(url());
    }
    return client.connect();
  }

  /** SIGKILL, to this one process. */
  void kill() {
    try {
      process.destroyForcibly();
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        throw new IllegalStateException("Redis did not die");
      }
      process = null;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Starts again on the same port and data. */
  void startAgain() {
    try {
      launch();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (process == null) {
      throw new IllegalStateException("Redis did not start again");
    }
  }

  @Override
  public void close() {
    if (client != null) {
      client.shutdown();
    }
    if (process != null) {
      kill();
    }
  }
}
