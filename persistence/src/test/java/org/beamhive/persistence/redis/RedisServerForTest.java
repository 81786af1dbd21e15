package org.beamhive.persistence.redis;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.api.sync.RedisServerCommands;
import io.lettuce.core.resource.ClientResources;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A real Redis of the embedded jar, started by itself instead of by the jar's own class, because
 * tests kill it by its process and start it again on the same port and data.
 */
final class RedisServerForTest implements AutoCloseable {

  /** See {@link #fill}. */
  static final String[] SLOW_TO_LOAD = {"--key-load-delay", "50000", "--rdbcompression", "no"};

  private static final int TRIES = 10;
  private static final String READY = "Ready to accept connections";
  private static final List<String> ON_LOOPBACK = List.of("--bind", "127.0.0.1");

  /** What a node of a cluster adds to its port for the port of its bus. */
  private static final int BUS = 10_000;

  /** One set of threads for all questions of all tests. */
  private static final ClientResources THREADS =
      ClientResources.builder().ioThreadPoolSize(2).computationThreadPoolSize(2).build();

  private final Path folder = RedisProcess.folder();
  private final List<String> arguments;
  private int port;
  private RedisProcess process;

  private RedisServerForTest(List<String> arguments) {
    this.arguments = arguments;
  }

  /**
   * Starts on a free port; a port that another program takes meanwhile is given up for the next
   * one.
   */
  static RedisServerForTest start(String... arguments) {
    return start(RedisProcess::freePort, with(ON_LOOPBACK, arguments));
  }

  /**
   * In protected mode and without an address to bind to, for with one Redis 6.2 doesn't protect
   * itself: it listens everywhere, and refuses whoever doesn't come from 127.0.0.1.
   */
  static RedisServerForTest startProtected() {
    return start(RedisProcess::freePort, List.of("--protected-mode", "yes"));
  }

  /** As {@link #start}, with the port of the cluster's bus free as well. */
  static RedisServerForTest startClusterNode(String... arguments) {
    List<String> all = with(ON_LOOPBACK, arguments);
    all.addAll(List.of("--cluster-enabled", "yes"));
    return start(RedisServerForTest::portWithBus, all);
  }

  private static List<String> with(List<String> first, String... others) {
    return Stream.concat(first.stream(), Stream.of(others))
        .collect(Collectors.toCollection(ArrayList::new));
  }

  private static int portWithBus() {
    int port = RedisProcess.freePort();
    while (!RedisProcess.isFree(port + BUS)) {
      port = RedisProcess.freePort();
    }
    return port;
  }

  private static RedisServerForTest start(IntSupplier ports, List<String> arguments) {
    RedisServerForTest server = new RedisServerForTest(arguments);
    for (int i = 0; i < TRIES; i++) {
      server.port = ports.getAsInt();
      if (server.launch(READY)) {
        return server;
      }
    }
    RedisProcess.delete(server.folder);
    throw new IllegalStateException("No Redis came up in " + TRIES + " tries");
  }

  private boolean launch(String readyLine) {
    List<String> command = new ArrayList<>(List.of("--port", Integer.toString(port)));
    command.addAll(List.of("--dir", folder.toString(), "--save", ""));
    command.addAll(arguments);
    Optional<RedisProcess> launched = RedisProcess.start(command, readyLine);
    launched.ifPresent(running -> process = running);
    return launched.isPresent();
  }

  int port() {
    return port;
  }

  String url() {
    return "redis://127.0.0.1:" + port;
  }

  /** SIGKILL, to this one process. */
  void kill() {
    process.kill();
  }

  /** It keeps its port and its connections, and answers nothing until {@link #resume}. */
  void pause() {
    process.pause();
  }

  void resume() {
    process.resume();
  }

  /** Where its files lie. */
  Path folder() {
    return folder;
  }

  /** Starts again on the same port and data, and waits until it serves. */
  void startAgain() {
    if (!launch(READY)) {
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
    ask(RedisServerCommands::bgrewriteaof);
    Eventually.is(
        () -> {
          String info = info("persistence");
          return info.contains("aof_rewrite_in_progress:0")
              && info.contains("aof_rewrite_scheduled:0");
        },
        () -> "the append-only file is rewritten");
  }

  /**
   * Fills it with so much that, started with {@link #SLOW_TO_LOAD}, it loads for some four seconds.
   * It takes much data because a Redis that loads looks at its clients only every two megabytes.
   */
  void fill() {
    fill(80);
  }

  /** Each of the keys takes a twentieth of a second then. */
  void fill(int keys) {
    String value = "x".repeat(512 * 1024);
    ask(
        redis -> {
          IntStream.range(0, keys).forEach(n -> redis.set("filler" + n, value));
          return redis;
        });
  }

  /** Those of database 0 that match. */
  List<String> keys(String pattern) {
    return ask(redis -> redis.keys(pattern));
  }

  /** A section of its answer to INFO. */
  String info(String section) {
    return ask(redis -> redis.info(section));
  }

  /** Asks Redis through a bare client of its own. */
  <T> T ask(Function<RedisCommands<String, String>, T> question) {
    try (RedisClient client = RedisClient.create(THREADS, url());
        StatefulRedisConnection<String, String> connection = client.connect()) {
      return question.apply(connection.sync());
    }
  }

  /** How often Redis has carried out a command, also for scripts. */
  long calls(String command) {
    Matcher line =
        Pattern.compile("cmdstat_" + command + ":calls=(\\d+)").matcher(info("commandstats"));
    return line.find() ? Long.parseLong(line.group(1)) : 0;
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
    RedisProcess.delete(folder);
  }
}
