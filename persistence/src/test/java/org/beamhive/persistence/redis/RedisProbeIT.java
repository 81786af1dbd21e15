package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RedisProbeIT {

  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  @Test
  void findsNothingWrongWithAGoodRedis() {
    try (RedisServerForTest redis = RedisServerForTest.start()) {
      assertThat(RedisProbe.check(redis.url(), TIMEOUT)).isEmpty();
    }
  }

  @Test
  void warnsOfARedisThatThrowsDataAway() {
    try (RedisServerForTest redis = RedisServerForTest.start("--maxmemory-policy", "allkeys-lru")) {
      assertThat(RedisProbe.check(redis.url(), TIMEOUT))
          .hasValueSatisfying(
              finding -> {
                assertThat(finding.fatal()).isFalse();
                assertThat(finding.sentence()).contains("allkeys-lru").contains("noeviction");
              });
    }
  }

  @Test
  void tellsAWrongPasswordFromAMissingOne() {
    try (RedisServerForTest redis = RedisServerForTest.start("--requirepass", "right")) {
      String good = "redis://:right@127.0.0.1:" + redis.port();
      String wrong = "redis://:secret@127.0.0.1:" + redis.port();
      assertThat(RedisProbe.check(good, TIMEOUT)).isEmpty();
      for (String url : new String[] {wrong, redis.url()}) {
        assertThat(RedisProbe.check(url, TIMEOUT))
            .hasValueSatisfying(
                finding -> {
                  assertThat(finding.fatal()).isTrue();
                  assertThat(finding.sentence())
                      .startsWith("Redis at 127.0.0.1:" + redis.port() + " refused the user name")
                      .doesNotContain("secret");
                });
      }
    }
  }

  @Test
  void saysThatNobodyIsThere() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    assertThat(RedisProbe.check("redis://127.0.0.1:" + port, TIMEOUT))
        .hasValueSatisfying(
            finding -> {
              assertThat(finding.fatal()).isTrue();
              assertThat(finding.sentence()).contains("127.0.0.1:" + port).contains("reached");
            });
  }

  @Test
  void saysThatTheUrlIsNone() {
    assertThat(RedisProbe.check("not a url", TIMEOUT))
        .hasValueSatisfying(finding -> assertThat(finding.fatal()).isTrue());
  }

  @Test
  void saysThatTheVersionIsTooOld() {
    assertThat(RedisProbe.judge("h:1", "redis_version:6.0.16\r\n"))
        .hasValueSatisfying(
            finding -> {
              assertThat(finding.fatal()).isTrue();
              assertThat(finding.sentence()).contains("6.0.16").contains("6.2");
            });
    assertThat(RedisProbe.judge("h:1", "redis_version:7.4.0\r\n")).isEmpty();
  }
}
