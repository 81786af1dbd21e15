package org.beamhive.launcher;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.embedded.core.ExecutableProvider;

/**
 * The Redis inside a node: a real redis-server of its own process, on loopback, with an append-only
 * file in the data folder.
 *
 * <p>It outlives a node that is killed, and the next node on the same data folder takes it over; it
 * ends with a node that ends politely. If it dies, it is started again. Every write is handed to
 * the operating system before it is answered, so only a crash of the whole machine can lose any, at
 * most one second of them.
 */
public final class EmbeddedRedis implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedRedis.class);
  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

  private final Path folder;
  private final int port;
  private final Thread keeper;
  private volatile boolean closing;
  private volatile ProcessHandle process;

  private EmbeddedRedis(Path folder, int port, ProcessHandle process) {
    this.folder = folder;
    this.port = port;
    this.process = process;
    this.keeper = new Thread(this::keepAlive, "redis-keeper");
    this.keeper.setDaemon(true);
  }

  /** Starts one, or takes over the one that an earlier node left in this folder. */
  public static EmbeddedRedis start(Path folder, int wantedPort) {
    try {
      Files.createDirectories(folder);
      Optional<EmbeddedRedis> left = takeOver(folder, wantedPort);
      if (left.isPresent()) {
        left.get().keeper.start();
        return left.get();
      }
      int port =
          wantedPort != 0
              ? wantedPort
              : lastPort(folder).filter(EmbeddedRedis::free).orElseGet(EmbeddedRedis::freePort);
      if (!free(port)) {
        throw new StartFailure(
            "port "
                + port
                + " for the Redis inside is in use; give another with beamhive.node.redis-port");
      }
      EmbeddedRedis redis = new EmbeddedRedis(folder, port, launch(folder, port));
      redis.awaitReady();
      redis.keeper.start();
      return redis;
    } catch (IOException failed) {
      throw new StartFailure(
          "the Redis inside can't be started in '" + folder + "': " + failed.getMessage(), failed);
    }
  }

  private static Optional<EmbeddedRedis> takeOver(Path folder, int wantedPort) throws IOException {
    Path pidFile = folder.resolve("redis.pid");
    Optional<Integer> port = lastPort(folder);
    if (!Files.exists(pidFile) || port.isEmpty() || (wantedPort != 0 && wantedPort != port.get())) {
      return Optional.empty();
    }
    Optional<ProcessHandle> process =
        pid(pidFile).flatMap(ProcessHandle::of).filter(ProcessHandle::isAlive);
    if (process.isEmpty() || !ours(folder, port.get())) {
      return Optional.empty();
    }
    LOG.info("Taking over the Redis that runs in {} on port {}", folder, port.get());
    return Optional.of(new EmbeddedRedis(folder, port.get(), process.get()));
  }

  private static Optional<Long> pid(Path pidFile) throws IOException {
    String text = Files.readString(pidFile).strip();
    return text.matches("\\d+") ? Optional.of(Long.parseLong(text)) : Optional.empty();
  }

  private static Optional<Integer> lastPort(Path folder) throws IOException {
    Path file = folder.resolve("redis.port");
    return Files.exists(file)
        ? Optional.of(Integer.parseInt(Files.readString(file).strip()))
        : Optional.empty();
  }

  /** Whether what answers on the port keeps its data in this folder. */
  private static boolean ours(Path folder, int port) {
    RedisClient client = RedisClient.create(uri(port));
    try (StatefulRedisConnection<String, String> connection = client.connect()) {
      String dir = connection.sync().configGet("dir").get("dir");
      return Path.of(dir).toRealPath().equals(folder.toRealPath());
    } catch (RedisException | IOException notAnswering) {
      return false;
    } finally {
      client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
    }
  }

  private static RedisURI uri(int port) {
    return RedisURI.Builder.redis("127.0.0.1", port).withTimeout(Duration.ofSeconds(2)).build();
  }

  private static ProcessHandle launch(Path folder, int port) throws IOException {
    Path binary = folder.resolve("redis-server");
    if (!Files.isExecutable(binary)) {
      File unpacked = ExecutableProvider.newJarResourceProvider().get();
      Files.copy(unpacked.toPath(), binary, StandardCopyOption.REPLACE_EXISTING);
      if (!binary.toFile().setExecutable(true)) {
        throw new IOException("'" + binary + "' can't be made executable");
      }
    }
    Files.deleteIfExists(folder.resolve("redis.pid"));
    // as a daemon it is in a session of its own: a Ctrl-C at the terminal is for the node, which
    // still has things to write
    Process started =
        new ProcessBuilder(
                List.of(
                    binary.toString(),
                    "--bind",
                    "127.0.0.1",
                    "--port",
                    Integer.toString(port),
                    "--dir",
                    folder.toString(),
                    "--pidfile",
                    folder.resolve("redis.pid").toString(),
                    "--logfile",
                    folder.resolve("redis.log").toString(),
                    "--appendonly",
                    "yes",
                    "--appendfsync",
                    "everysec",
                    "--save",
                    "",
                    "--maxmemory-policy",
                    "noeviction",
                    "--daemonize",
                    "yes"))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("redis.log").toFile()))
            .start();
    Files.writeString(folder.resolve("redis.port"), Integer.toString(port));
    started.onExit().join();
    return await(folder);
  }

  /** The daemon writes its process id when it is about to listen. */
  private static ProcessHandle await(Path folder) throws IOException {
    Path pidFile = folder.resolve("redis.pid");
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (System.nanoTime() < deadline) {
      Optional<ProcessHandle> process =
          Files.exists(pidFile) ? pid(pidFile).flatMap(ProcessHandle::of) : Optional.empty();
      if (process.isPresent()) {
        return process.get();
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
    throw new StartFailure(
        "the Redis inside has ended at its start; see '" + folder.resolve("redis.log") + "'");
  }

  private void awaitReady() {
    long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
    while (System.nanoTime() < deadline) {
      if (!process.isAlive()) {
        throw new StartFailure(
            "the Redis inside has ended at its start; see '" + folder.resolve("redis.log") + "'");
      }
      if (ours(folder, port)) {
        return;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    throw new StartFailure(
        "the Redis inside is not ready after " + START_TIMEOUT.toSeconds() + " s");
  }

  private void keepAlive() {
    while (!closing) {
      process.onExit().join();
      if (!closing) {
        LOG.error("The Redis inside has died; it is started again");
        restart();
      }
    }
  }

  private void restart() {
    try {
      process = launch(folder, port);
    } catch (IOException failed) {
      LOG.error(
          "The Redis inside can't be started again, trying again in a second: {}",
          failed.toString());
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
    }
  }

  /** Where it is. */
  public String url() {
    return "redis://127.0.0.1:" + port;
  }

  private static boolean free(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException inUse) {
      return false;
    }
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException failed) {
      throw new StartFailure("no free port for the Redis inside: " + failed.getMessage(), failed);
    }
  }

  @Override
  public void close() {
    closing = true;
    process.destroy();
    try {
      process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
    } catch (RuntimeException tooSlow) {
      process.destroyForcibly();
    }
  }
}
