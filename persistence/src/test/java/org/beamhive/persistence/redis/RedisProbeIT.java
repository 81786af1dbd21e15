package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.beamhive.persistence.redis.RedisProbe.Finding;
import org.junit.jupiter.api.Test;

class RedisProbeIT {

  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** A good Redis, in the words of INFO; each test changes one of them. */
  private static final String GOOD =
      """
      # Server\r
      redis_version:6.2.11\r
      # Memory\r
      used_memory:1000000\r
      maxmemory:2000000\r
      maxmemory_policy:noeviction\r
      mem_not_counted_for_evict:4\r
      # Persistence\r
      loading:0\r
      rdb_last_bgsave_status:ok\r
      aof_enabled:1\r
      aof_last_bgrewrite_status:ok\r
      aof_last_write_status:ok\r
      # Replication\r
      role:master\r
      """;

  private static String butWith(String... lines) {
    String info = GOOD;
    for (String line : lines) {
      String key = line.substring(0, line.indexOf(':') + 1);
      info = info.replaceAll("(?m)^" + key + ".*\r\n", "") + line + "\r\n";
    }
    return info;
  }

  private static Finding only(List<Finding> findings) {
    assertThat(findings).hasSize(1);
    return findings.get(0);
  }

  private static List<RedisProbe.Finding> findings(String url, Duration timeout) {
    return RedisProbe.findings(
        ConfigFactory.parseMap(Map.of("beamhive.persistence.redis.url", url))
            .withFallback(ConfigFactory.load()),
        timeout);
  }

  @Test
  void findsNothingWrongWithAGoodRedis() {
    try (RedisServerForTest redis = RedisServerForTest.start("--appendonly", "yes")) {
      assertThat(findings(redis.url(), TIMEOUT)).isEmpty();
      assertThat(RedisProbe.check(redis.url(), TIMEOUT)).isEmpty();
    }
    assertThat(RedisProbe.judge("h:1", GOOD)).isEmpty();
  }

  @Test
  void warnsOfARedisThatThrowsDataAway() {
    try (RedisServerForTest redis =
        RedisServerForTest.start("--appendonly", "yes", "--maxmemory-policy", "allkeys-lru")) {
      Finding finding = only(findings(redis.url(), TIMEOUT));
      assertThat(finding.fatal()).isFalse();
      assertThat(finding.sentence())
          .startsWith("Redis at 127.0.0.1:" + redis.port() + " has maxmemory-policy allkeys-lru")
          .endsWith("set it to noeviction");
    }
  }

  @Test
  void warnsOfARedisThatKeepsNothingOnDisk() {
    try (RedisServerForTest redis = RedisServerForTest.start()) {
      Finding finding = only(findings(redis.url(), TIMEOUT));
      assertThat(finding.fatal()).isFalse();
      assertThat(finding.sentence())
          .startsWith("Redis at 127.0.0.1:" + redis.port() + " keeps no append-only file");
    }
  }

  @Test
  void warnsOfARedisThatCouldNotSave() {
    Finding finding = only(RedisProbe.judge("h:1", butWith("rdb_last_bgsave_status:err")));
    assertThat(finding.fatal()).isFalse();
    assertThat(finding.sentence()).startsWith("Redis at h:1 could not save its data to disk");
  }

  @Test
  void refusesARedisThatIsFull() {
    try (RedisServerForTest redis =
        RedisServerForTest.start("--appendonly", "yes", "--maxmemory", "1000")) {
      Finding finding = only(findings(redis.url(), TIMEOUT));
      assertThat(finding.fatal()).isTrue();
      assertThat(finding.sentence())
          .startsWith("Redis at 127.0.0.1:" + redis.port() + " has no memory left for writes")
          .contains("may use 1000");
    }
    String[] overfull = {"used_memory:2000005", "maxmemory_policy:noeviction"};
    assertThat(only(RedisProbe.judge("h:1", butWith(overfull))).fatal()).isTrue();
    assertThat(RedisProbe.judge("h:1", butWith("used_memory:2000004"))).isEmpty();
    assertThat(RedisProbe.judge("h:1", butWith("used_memory:2000005", "maxmemory:0"))).isEmpty();
  }

  @Test
  void refusesAReplicaAndNamesItsMaster() {
    try (RedisServerForTest master = RedisServerForTest.start("--appendonly", "yes");
        RedisServerForTest replica =
            RedisServerForTest.start(
                "--appendonly", "yes", "--replicaof", "127.0.0.1", "" + master.port())) {
      Finding finding = only(findings(replica.url(), TIMEOUT));
      assertThat(finding.fatal()).isTrue();
      assertThat(finding.sentence())
          .startsWith("Redis at 127.0.0.1:" + replica.port() + " is a read-only replica")
          .contains("its master is 127.0.0.1:" + master.port());
    }
  }

  @Test
  void warnsOfAReplicaThatLosesWhatIsWrittenToIt() {
    Finding finding =
        only(
            RedisProbe.judge(
                "h:1",
                butWith("role:slave", "slave_read_only:0", "master_host:m", "master_port:2")));
    assertThat(finding.fatal()).isFalse();
    assertThat(finding.sentence())
        .startsWith("Redis at h:1 is a writable replica")
        .contains("its master is m:2");
  }

  @Test
  void tellsAWrongPasswordFromAMissingOne() {
    try (RedisServerForTest redis =
        RedisServerForTest.start("--appendonly", "yes", "--requirepass", "right")) {
      String address = "127.0.0.1:" + redis.port();
      assertThat(RedisProbe.check("redis://:right@" + address, TIMEOUT)).isEmpty();
      Finding wrong = only(findings("redis://:secret@" + address, TIMEOUT));
      assertThat(wrong.fatal()).isTrue();
      assertThat(wrong.sentence())
          .startsWith("Redis at " + address + " refused the user name or password")
          .doesNotContain("secret");
      Finding missing = only(findings(redis.url(), TIMEOUT));
      assertThat(missing.fatal()).isTrue();
      assertThat(missing.sentence()).startsWith("Redis at " + address + " asks for a password");
    }
  }

  @Test
  void onlyWarnsIfTheUserMayDoEverythingButAskForInfo() {
    try (RedisServerForTest redis =
        RedisServerForTest.start("--user", "bob", "on", ">pw", "~*", "+@all", "-info")) {
      Finding finding = only(findings("redis://bob:pw@127.0.0.1:" + redis.port(), TIMEOUT));
      assertThat(finding.fatal()).isFalse();
      assertThat(finding.sentence()).contains("'info'").contains("+info");
    }
  }

  @Test
  void waitsForARedisThatIsLoadingAndSaysSoIfItTakesTooLong() {
    try (RedisServerForTest redis = RedisServerForTest.start(RedisServerForTest.SLOW_TO_LOAD)) {
      // long enough that it is still loading when a machine that stood still has asked it
      redis.fill(160);
      redis.ask(commands -> commands.save());
      redis.kill();
      redis.startAgainLoading();
      Finding finding = only(findings(redis.url(), Duration.ofSeconds(3)));
      assertThat(finding.fatal()).isTrue();
      assertThat(finding.sentence())
          .startsWith("Redis at 127.0.0.1:" + redis.port() + " is still loading its dataset");
      assertThat(findings(redis.url(), TIMEOUT)).noneMatch(Finding::fatal);
      assertThat(redis.info("persistence")).contains("loading:0");
    }
  }

  @Test
  void saysHowFarALoadingRedisHasCome() {
    assertThat(
            only(RedisProbe.judge("h:1", butWith("loading:1", "loading_loaded_perc:12.50")))
                .sentence())
        .startsWith("Redis at h:1 is still loading its dataset: 12.50 % are done");
  }

  @Test
  void findsTheMasterThroughTheSentinel() {
    try (SentinelForTest servers = SentinelForTest.start("--appendonly", "yes")) {
      assertThat(findings(servers.url(), TIMEOUT)).isEmpty();
      Finding finding =
          only(findings("redis-sentinel://127.0.0.1:" + servers.port() + "#nobody", TIMEOUT));
      assertThat(finding.fatal()).isTrue();
      assertThat(finding.sentence())
          .startsWith(
              "Redis at 127.0.0.1:" + servers.port() + "#nobody is a Sentinel that knows no such")
          .contains("nobody");
    }
  }

  @Test
  void saysThatNobodyIsThere() {
    int port = RedisProcess.freePort();
    Finding finding = only(findings("redis://127.0.0.1:" + port, TIMEOUT));
    assertThat(finding.fatal()).isTrue();
    assertThat(finding.sentence())
        .startsWith("Redis at 127.0.0.1:" + port + " can't be reached: Connection refused");
  }

  @Test
  void endsInTimeIfNobodyAnswers() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      String address = "127.0.0.1:" + silent.getLocalPort();
      long start = System.nanoTime();
      Finding finding = only(findings("redis://" + address, Duration.ofMillis(500)));
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(TIMEOUT);
      assertThat(finding.fatal()).isTrue();
      assertThat(finding.sentence()).startsWith("Redis at " + address).contains("not answer");
    }
  }

  @Test
  void saysThatTheUrlIsNone() {
    Finding finding = only(findings("redis://:sec ret@", TIMEOUT));
    assertThat(finding.fatal()).isTrue();
    assertThat(finding.sentence()).contains("not an address").doesNotContain("sec");
  }

  @Test
  void saysThatTheVersionIsTooOld() {
    Finding finding = only(RedisProbe.judge("h:1", butWith("redis_version:6.0.16")));
    assertThat(finding.fatal()).isTrue();
    assertThat(finding.sentence())
        .startsWith("Redis at h:1 is too old")
        .contains("6.0.16")
        .contains("6.2");
    for (String good : List.of("6.2.0", "7.4.0", "10.0", "valkey")) {
      assertThat(RedisProbe.judge("h:1", butWith("redis_version:" + good))).isEmpty();
    }
  }

  @Test
  void namesTheWorstFirst() {
    List<Finding> findings =
        RedisProbe.judge(
            "h:1",
            butWith(
                "aof_enabled:0",
                "maxmemory_policy:volatile-lru",
                "role:slave",
                "slave_read_only:1",
                "redis_version:5.0.1"));
    assertThat(findings).extracting(Finding::fatal).containsExactly(true, true, false, false);
    assertThat(findings.get(2).sentence()).contains("volatile-lru");
  }
}
