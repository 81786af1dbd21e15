package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedisSettingsTest {

  private static RedisSettings with(String key, String value) {
    return OpenStore.settings(
        ConfigFactory.parseString("beamhive.persistence.redis." + key + " = " + value)
            .withFallback(ConfigFactory.defaultReference())
            .resolve());
  }

  @ParameterizedTest
  @CsvSource({
    "url, \"http://host\"",
    "url, \"nonsense\"",
    "database, -1",
    "database, many",
    "key-prefix, \"\"",
    "key-prefix, \"a{b}\"",
    "connect-timeout, 0s",
    "command-timeout, soon",
    "call-timeout, 31m",
    "replay-page, 0",
    "replay-page-bytes, 0",
    "replay-stall-timeout, 0s",
    "cluster, perhaps",
    "tls.verify, sometimes",
    "tls.trusted, /no/such/file.pem",
    "max-payload-bytes, 0",
    "max-batch-bytes, 0",
    "max-snapshot-bytes, -5"
  })
  void namesTheKeyThatIsWrong(String key, String value) {
    assertThatThrownBy(() -> with(key, value))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("beamhive.persistence.redis." + key + " ");
  }

  @Test
  void keepsThePasswordToItself() {
    RedisSettings settings = with("url", "\"rediss://user:secret@example.org:7000/3\"");
    assertThat(settings.toString()).contains("example.org:7000").doesNotContain("secret");
    assertThat(settings.server().uris().get(0).getDatabase()).isEqualTo(3);
    assertThat(settings.server().uris().get(0).isSsl()).isTrue();
  }

  @Test
  void databaseGoesBeforeTheUrl() {
    assertThat(with("database", "5").server().uris().get(0).getDatabase()).isEqualTo(5);
  }

  @Test
  void aUserNeedsAPasswordFromSomewhere() {
    assertThatThrownBy(() -> with("username", "bob"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "beamhive.persistence.redis.password is missing: the user 'bob' needs one, here or in"
                + " the url");
  }

  @Test
  void knowsSentinelsWithAndWithoutTls() {
    for (String scheme : List.of("redis-sentinel", "rediss-sentinel")) {
      ServerSettings server = with("url", "\"" + scheme + "://:secret@a:1,b:2/3#m\"").server();
      assertThat(server.takesOver()).as(scheme).isTrue();
      assertThat(server.address()).isEqualTo("a:1,b:2#m");
      assertThat(server.toString()).doesNotContain("secret");
      assertThat(server.uris().get(0).getDatabase()).isEqualTo(3);
      assertThat(server.uris().get(0).isSsl()).isEqualTo(scheme.startsWith("rediss"));
    }
    assertThat(with("url", "\"redis://a:1\"").server().takesOver()).isFalse();
  }
}
