package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SslOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The servers that other tests stand on do what these tests take for granted. */
class TestServersIT {

  @Test
  void aPausedRedisKeepsItsConnectionsAndAnswersWhenItGoesOn() {
    try (RedisServerForTest redis = RedisServerForTest.start();
        RedisClient client = RedisClient.create(redis.url());
        StatefulRedisConnection<String, String> connection = client.connect()) {
      connection.sync().set("a", "1");
      redis.pause();
      connection.setTimeout(Duration.ofMillis(300));
      assertThatThrownBy(() -> connection.sync().get("a"))
          .isInstanceOf(RedisCommandTimeoutException.class);
      redis.resume();
      connection.setTimeout(Duration.ofSeconds(30));
      assertThat(connection.sync().get("a")).isEqualTo("1");
    }
  }

  @Test
  void aServerLeavesNothingBehind() {
    Path folder;
    try (RedisServerForTest redis = RedisServerForTest.start("--appendonly", "yes")) {
      redis.ask(commands -> commands.set("a", "1"));
      folder = redis.folder();
      assertThat(folder).isNotEmptyDirectory();
    }
    assertThat(Files.exists(folder)).isFalse();
  }

  @Test
  void aClusterSpreadsKeysOverAllItsNodes() {
    try (RedisClusterForTest cluster = RedisClusterForTest.start();
        RedisClusterClient client = RedisClusterClient.create(cluster.node(0).url());
        StatefulRedisClusterConnection<String, String> connection = client.connect()) {
      IntStream.range(0, 100).forEach(n -> connection.sync().set("key" + n, "value" + n));
      assertThat(IntStream.range(0, cluster.size()).mapToObj(cluster::node))
          .allSatisfy(node -> assertThat(keys(node)).isPositive());
      assertThat(connection.sync().get("key99")).isEqualTo("value99");
    }
  }

  @Test
  void aClusterIsDownWithoutOneOfItsNodesAndUpAgainWithIt() {
    try (RedisClusterForTest cluster =
            RedisClusterForTest.start("--appendonly", "yes", "--appendfsync", "always");
        RedisClusterClient client = RedisClusterClient.create(cluster.node(0).url());
        StatefulRedisClusterConnection<String, String> connection = client.connect()) {
      // These two lie on the first and on the last node.
      connection.sync().set("b", "1");
      connection.sync().set("a", "1");
      assertThat(keys(cluster.node(2))).isEqualTo(1);
      cluster.node(2).kill();
      cluster.awaitDownWithout(2);
      assertThatThrownBy(() -> connection.sync().set("b", "2"))
          .hasMessageStartingWith("CLUSTERDOWN");
      cluster.node(2).startAgain();
      cluster.awaitUp();
      assertThat(connection.sync().get("a")).isEqualTo("1");
      assertThat(connection.sync().set("b", "2")).isEqualTo("OK");
    }
  }

  @Test
  void aSentinelMakesTheReplicaTheMasterWhenTheMasterIsKilled() {
    try (SentinelForTest servers = SentinelForTest.start();
        RedisClient client = RedisClient.create(servers.url());
        StatefulRedisConnection<String, String> connection = client.connect()) {
      connection.sync().set("a", "before");
      assertThat(servers.masterPort()).isEqualTo(servers.master().port());
      servers.failOver();
      // The client asks the Sentinel again when it connects again.
      assertThat(connection.sync().set("a", "after")).isEqualTo("OK");
      assertThat(a(servers.replica())).isEqualTo("after");
      servers.startMasterAgain();
      assertThat(a(servers.master())).isEqualTo("after");
    }
  }

  @Test
  void tlsIsSpokenToWhoTrustsTheCertificateAndNobodyElse() throws Exception {
    try (RedisServerForTest redis = RedisServerForTest.start();
        TlsProxy tls = TlsProxy.before(redis)) {
      assertThat(ping(tls.url(), SslOptions.builder().trustManager(tls.certificate().toFile())))
          .isEqualTo("PONG");
      assertThat(
              ping(
                  tls.url(),
                  SslOptions.builder().truststore(tls.trustStore().toFile(), TlsProxy.PASSWORD)))
          .isEqualTo("PONG");
      assertThatThrownBy(() -> ping(tls.url(), SslOptions.builder()))
          .isInstanceOf(RedisConnectionException.class)
          .hasRootCauseMessage("unable to find valid certification path to requested target");
    }
  }

  @Test
  void tlsCanAskForTheCertificateOfTheClient() throws Exception {
    try (RedisServerForTest redis = RedisServerForTest.start();
        TlsProxy tls = TlsProxy.askingForACertificate(redis)) {
      assertThat(
              ping(
                  tls.url(),
                  SslOptions.builder()
                      .trustManager(tls.certificate().toFile())
                      .keyManager(
                          tls.clientCertificate().toFile(), tls.clientKey().toFile(), null)))
          .isEqualTo("PONG");
      assertThat(
              ping(
                  tls.url(),
                  SslOptions.builder()
                      .trustManager(tls.certificate().toFile())
                      .keystore(tls.clientKeyStore().toFile(), TlsProxy.PASSWORD.toCharArray())))
          .isEqualTo("PONG");
      assertThatThrownBy(
              () -> ping(tls.url(), SslOptions.builder().trustManager(tls.certificate().toFile())))
          .isInstanceOf(RedisConnectionException.class);
    }
  }

  @Test
  void protectedModeRefusesWhoComesFromAfarAndNobodyElse() throws Exception {
    try (RedisServerForTest redis = RedisServerForTest.startProtected();
        PassingProxy proxy = PassingProxy.fromAfar(redis.port())) {
      assertThat(ping(redis.url(), SslOptions.builder())).isEqualTo("PONG");
      assertThatThrownBy(() -> ping("redis://127.0.0.1:" + proxy.port(), SslOptions.builder()))
          .isInstanceOf(RedisConnectionException.class);
    }
  }

  private static long keys(RedisServerForTest redis) {
    return redis.ask(RedisCommands::dbsize);
  }

  private static String a(RedisServerForTest redis) {
    return redis.ask(commands -> commands.get("a"));
  }

  private static String ping(String url, SslOptions.Builder ssl) {
    try (RedisClient client = RedisClient.create(RedisURI.create(url))) {
      client.setOptions(ClientOptions.builder().sslOptions(ssl.jdkSslProvider().build()).build());
      try (StatefulRedisConnection<String, String> connection = client.connect()) {
        return connection.sync().ping();
      }
    }
  }
}
