package org.beamhive.persistence.redis;

import com.typesafe.config.Config;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.sentinel.api.StatefulRedisSentinelConnection;
import io.lettuce.core.sentinel.api.sync.RedisSentinelCommands;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * A real master, its replica and one Sentinel that decides alone: it makes the replica the master a
 * second or two after the master has died.
 */
final class SentinelForTest implements AutoCloseable {

  static final String MASTER = "beamline";

  private static final int TRIES = 10;

  private final Path folder = RedisProcess.folder();
  private RedisServerForTest master;
  private RedisServerForTest replica;
  private RedisProcess sentinel;
  private int port;

  private SentinelForTest() {}

  /** Returns when the replica follows and the Sentinel could promote it. */
  static SentinelForTest start(String... arguments) {
    SentinelForTest all = new SentinelForTest();
    try {
      all.launch(arguments);
      return all;
    } catch (RuntimeException | Error failed) {
      all.close();
      throw failed;
    }
  }

  private void launch(String... arguments) {
    master = RedisServerForTest.start(arguments);
    replica = RedisServerForTest.start(arguments);
    replica.ask(redis -> redis.replicaof("127.0.0.1", master.port()));
    Eventually.is(
        () -> replica.info("replication").contains("master_link_status:up"),
        () -> "the replica follows");
    for (int i = 0; i < TRIES && sentinel == null; i++) {
      port = RedisProcess.freePort();
      sentinel =
          RedisProcess.start(List.of(configuration(), "--sentinel"), "+monitor").orElse(null);
    }
    if (sentinel == null) {
      throw new IllegalStateException("No Sentinel came up in " + TRIES + " tries");
    }
    Eventually.is(
        () -> ask(redis -> redis.replicas(MASTER)).stream().anyMatch(SentinelForTest::promotable),
        () -> "the Sentinel knows the replica\n" + sentinel.lastLines());
  }

  private static boolean promotable(Map<String, String> replica) {
    return "slave".equals(replica.get("flags")) && "ok".equals(replica.get("master-link-status"));
  }

  /** A file and not arguments, because the Sentinel writes into it what it learns. */
  private String configuration() {
    Path file = folder.resolve("sentinel.conf");
    try {
      Files.writeString(
          file,
          """
          port %1$d
          bind 127.0.0.1
          dir %2$s
          sentinel monitor %3$s 127.0.0.1 %4$d 1
          sentinel down-after-milliseconds %3$s 1000
          sentinel failover-timeout %3$s 5000
          """
              .formatted(port, folder, MASTER, master.port()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file.toString();
  }

  /** The server that is the master at first. */
  RedisServerForTest master() {
    return master;
  }

  /** The server that is its replica at first. */
  RedisServerForTest replica() {
    return replica;
  }

  /** Port of the Sentinel. */
  int port() {
    return port;
  }

  /** As Lettuce writes it. */
  String url() {
    return "redis-sentinel://127.0.0.1:" + port + "#" + MASTER;
  }

  /** Both plugins on whom the Sentinel names, with further lines of configuration in front. */
  Config config(String... lines) {
    List<String> all = new ArrayList<>(List.of(lines));
    all.add("beamhive.persistence.redis.url = \"" + url() + "\"");
    return master.config(all.toArray(String[]::new));
  }

  /**
   * Master and replica change places while both run, and nobody cuts the connections of the old
   * master: it goes on answering, as a replica.
   */
  void changePlaces() {
    replica.ask(RedisCommands::replicaofNoOne);
    master.ask(redis -> redis.replicaof("127.0.0.1", replica.port()));
    ask(
        redis -> {
          redis.remove(MASTER);
          return redis.monitor(MASTER, "127.0.0.1", replica.port(), 1);
        });
  }

  /** Whom the Sentinel calls the master now. */
  int masterPort() {
    return ((InetSocketAddress) ask(redis -> redis.getMasterAddrByName(MASTER))).getPort();
  }

  /**
   * Starts the first master again and waits until the Sentinel has made it a replica of the other.
   */
  void startMasterAgain() {
    master.startAgain();
    Eventually.is(
        () -> master.info("replication").contains("master_link_status:up"),
        () -> "the old master follows\n" + sentinel.lastLines());
  }

  /** Kills the master and waits until the replica is the master. */
  void failOver() {
    master.kill();
    Eventually.is(
        () -> masterPort() == replica.port(),
        () -> "the Sentinel calls the replica the master\n" + sentinel.lastLines());
    Eventually.is(
        () -> replica.info("replication").contains("role:master"), () -> "the replica is a master");
  }

  private <T> T ask(Function<RedisSentinelCommands<String, String>, T> question) {
    try (RedisClient client = RedisClient.create(url());
        StatefulRedisSentinelConnection<String, String> connection = client.connectSentinel()) {
      return question.apply(connection.sync());
    }
  }

  @Override
  public void close() {
    Optional.ofNullable(sentinel).ifPresent(RedisProcess::kill);
    Optional.ofNullable(replica).ifPresent(RedisServerForTest::close);
    Optional.ofNullable(master).ifPresent(RedisServerForTest::close);
    RedisProcess.delete(folder);
  }
}
