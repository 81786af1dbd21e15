package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;

import akka.persistence.query.EventEnvelope;
import com.typesafe.config.Config;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The plugin as a user of Redis' access control list, in a database and under a prefix. */
class AclIT {

  private static final String PASSWORD = "geh3im";

  private static RedisServerForTest redis;

  @BeforeAll
  static void start() {
    redis =
        RedisServerForTest.start(
            ("--user bob on >%1$s ~lab:* resetchannels &lab:*"
                    + " +@read +@write +@scripting +@pubsub +@connection +select +info"
                    + " --user deaf on >%1$s ~lab:* resetchannels"
                    + " +@read +@write +@scripting +@pubsub +@connection +select +info"
                    + " --user reader on >%1$s ~lab:* resetchannels &lab:*"
                    + " +@read +@pubsub +@connection +select +info")
                .formatted(PASSWORD)
                .split(" "));
  }

  @AfterAll
  static void stop() {
    redis.close();
  }

  /** The url is {@code redis://<user info><host and port><path>}. */
  private static Config config(String userInfo, String path, String... settings) {
    return redis.config(
        "beamhive.persistence.redis {",
        "url = \"redis://%s127.0.0.1:%d%s\"".formatted(userInfo, redis.port(), path),
        "key-prefix = lab",
        String.join("\n", settings),
        "}");
  }

  @ParameterizedTest
  @CsvSource({
    "bob:" + PASSWORD + "@, '', ''",
    "'', bob, " + PASSWORD,
    ":" + PASSWORD + "@, bob, ''",
    PASSWORD + "@, bob, ''",
    "bob:old@, '', " + PASSWORD,
    "nobody:old@, bob, " + PASSWORD,
  })
  void userAndPasswordMayStandInTheUrlOrInSettingsOfTheirOwn(
      String userInfo, String username, String password) {
    Config config =
        config(userInfo, "", "username = \"" + username + "\"", "password = \"" + password + "\"");
    try (LogForTest log = LogForTest.open()) {
      try (NotebooksForTest books = NotebooksForTest.on(config)) {
        books.write(books.open("who"), "x");
      }
      assertThat(NotebooksForTest.recovered(config, "who")).isNotEmpty();
      assertThat(log.text()).doesNotContain(PASSWORD);
    }
    assertThat(redis.keys("*")).isNotEmpty().allMatch(key -> key.startsWith("lab:"));
  }

  @Test
  void aWrongPasswordIsSaidButNotRepeated() {
    try (LogForTest log = LogForTest.open();
        NotebooksForTest books =
            NotebooksForTest.on(config("bob:" + PASSWORD + "-wrong@", "", "password = \"\""))) {
      books.open("wrong");
      log.await("ERROR", "refused the user name or password: WRONGPASS");
      assertThat(log.text()).doesNotContain(PASSWORD);
    }
  }

  @Test
  void aMissingRightIsNamed() {
    try (LogForTest log = LogForTest.open();
        NotebooksForTest books = NotebooksForTest.on(config("reader:" + PASSWORD + "@", ""))) {
      books.open("refused");
      log.await("ERROR", "does not allow this user all that is needed: NOPERM", "evalsha");
      log.await("ERROR", "give the user ~<key-prefix>:*");
    }
  }

  @Test
  void twoDatabasesDoNotSeeEachOther() {
    Config one = config("bob:" + PASSWORD + "@", "/3");
    Config other = config("bob:" + PASSWORD + "@", "/3", "database = 4");
    for (Config config : new Config[] {one, other}) {
      try (NotebooksForTest books = NotebooksForTest.on(config)) {
        books.write(books.open("both"), config == one ? "one" : "other");
      }
    }
    assertThat(NotebooksForTest.recovered(one, "both")).containsExactly("one.0");
    assertThat(NotebooksForTest.recovered(other, "both")).containsExactly("other.0");
    assertThat(redis.info("keyspace")).contains("db3:", "db4:");
  }

  @Test
  void whoMayNotListenIsWarnedOnceAndFindsNewsByLooking() {
    Config config = config("deaf:" + PASSWORD + "@", "", "query.refresh-interval = 300ms");
    try (LogForTest log = LogForTest.open();
        NotebooksForTest books = NotebooksForTest.on(config);
        StreamReader<EventEnvelope> one = live(books, "heard");
        StreamReader<EventEnvelope> other = live(books, "too")) {
      books.write(books.open("heard"), "x");
      books.write(books.open("too"), "y");
      assertThat(NotebooksForTest.text(one.next())).isEqualTo("x.0");
      assertThat(NotebooksForTest.text(other.next())).isEqualTo("y.0");
      log.await("WARN", "refresh-interval", "NOPERM");
      assertThat(log.count("refresh-interval")).isEqualTo(1);
    }
  }

  private static StreamReader<EventEnvelope> live(NotebooksForTest books, String name) {
    return StreamReader.of(
        books.queries().eventsByPersistenceId(Notebook.id(name), 0, Long.MAX_VALUE),
        books.system());
  }
}
