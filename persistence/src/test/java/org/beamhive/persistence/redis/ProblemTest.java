package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisException;
import io.lettuce.core.cluster.PartitionSelectorException;
import io.lettuce.core.cluster.models.partitions.Partitions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.concurrent.CompletionException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Texts that {@link RedisTroubleIT} can't have from the Redis that it starts: those of other
 * versions, and those of a moment.
 */
class ProblemTest {

  private static Throwable answer(String text) {
    return new CompletionException(new RedisCommandExecutionException(text));
  }

  private static Throwable connecting(Throwable cause) {
    return new CompletionException(
        new RedisConnectionException("Unable to connect to h/<unresolved>:1", cause));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // Redis 6.2, in a script: caught there, and not caught
        "FULL | @user_script: 13: -OOM command not allowed when used memory > 'maxmemory'.",
        "FULL | ERR Error running script (call to f_71e6): @user_script:1: @user_script: 1: -OOM command not allowed",
        "READ_ONLY | ERR Error running script (call to f_71e6): @user_script:9: @user_script: 9: -READONLY You can't write",
        "WRONG_TYPE | ERR Error running script (call to f_71e6): @user_script:9: WRONGTYPE Operation against a key",
        "NO_PERMISSION | @user_script: 1: The user executing the script can't access at least one of the keys",
        // Redis 7 and newer, Valkey
        "FULL | OOM command not allowed when used memory > 'maxmemory'. script: 71e6319f97b0fe8bdfa1c5df3ce4489946dda479, on @user_script:13.",
        "READ_ONLY | READONLY You can't write against a read only replica. script: 71e6319f97b0fe8bdfa1c5df3ce4489946dda479, on @user_script:13.",
        "NO_PERMISSION | ERR ACL failure in script: User bob has no permissions to run the 'xadd' command script: 71e6, on @user_script:13.",
        "NO_PERMISSION | NOPERM User bob has no permissions to run the 'xadd' command",
        "LOADING | LOADING Valkey is loading the dataset in memory",
        "BUSY | BUSY Valkey is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
        "CANT_PERSIST | MISCONF Errors writing to the AOF file: No space left on device",
        // Redis 5
        "PASSWORD_NOT_WANTED | ERR Client sent AUTH, but no password is set",
        "WRONG_PASSWORD | ERR invalid password",
        // of a moment
        "CLUSTER_MOVES | TRYAGAIN Multiple keys request during rehashing of slot",
        "CLUSTER_MOVES | ASK 3999 127.0.0.1:6381",
        "CLUSTER_MOVES | UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
        // whatever else
        "ANSWERED | BUSYGROUP Consumer Group name already exists",
        "ANSWERED | ERR syntax error",
      })
  void knowsWhatRedisAnswers(Problem problem, String text) {
    assertThat(Problem.of(answer(text))).isEqualTo(problem);
  }

  @Test
  void namesWhatRedisSaidWithoutTheWayThroughTheScript() {
    String said = "OOM command not allowed when used memory > 'maxmemory'";
    for (String text :
        new String[] {
          said + ".",
          "@user_script: 13: -" + said + ".",
          "ERR Error running script (call to f_71e6): @user_script:1: @user_script: 1: -"
              + said
              + ".",
          said + ". script: 71e6319f97b0fe8bdfa1c5df3ce4489946dda479, on @user_script:13."
        }) {
      assertThat(Problem.sentence("h:1", answer(text)))
          .isEqualTo(
              "Redis at h:1 has no memory left for writes: "
                  + said
                  + "; raise its maxmemory or remove data; nothing was stored");
    }
  }

  @Test
  void tellsTheWaysInWhichANetworkFails() {
    assertThat(Problem.of(connecting(new ConnectException("Connection refused"))))
        .isEqualTo(Problem.UNREACHABLE);
    assertThat(Problem.of(connecting(new NoRouteToHostException("No route to host"))))
        .isEqualTo(Problem.UNREACHABLE);
    assertThat(Problem.of(connecting(new SocketException("Network is unreachable"))))
        .isEqualTo(Problem.UNREACHABLE);
    // The client's own resolver hangs the answer of the name server below.
    Throwable unknown = new UnknownHostException("x").initCause(new RuntimeException("NXDOMAIN"));
    assertThat(Problem.of(connecting(unknown))).isEqualTo(Problem.UNKNOWN_HOST);
    assertThat(Problem.of(connecting(new ClosedChannelException()))).isEqualTo(Problem.HUNG_UP);
    // What the client says in the place of an answer that it was about to read.
    assertThat(
            Problem.of(
                connecting(new IllegalStateException("RedisHandshakeHandler not registered"))))
        .isEqualTo(Problem.HUNG_UP);
    assertThat(Problem.of(new IOException("Connection reset by peer")))
        .isEqualTo(Problem.CONNECTION_LOST);
    assertThat(Problem.of(new RedisException("Connection disconnected")))
        .isEqualTo(Problem.CONNECTION_LOST);
    assertThat(Problem.of(connecting(new RedisCommandTimeoutException("10 s"))))
        .isEqualTo(Problem.NO_ANSWER);
    assertThat(Problem.of(new RedisCommandTimeoutException("10 s"))).isEqualTo(Problem.TIMED_OUT);
    assertThat(Problem.of(new RedisException("Connection is closed"))).isEqualTo(Problem.CLOSED);
    assertThat(
            Problem.of(
                new PartitionSelectorException("Cannot determine a partition", new Partitions())))
        .isEqualTo(Problem.CLUSTER_DOWN);
    assertThat(Problem.of(new IllegalStateException("?"))).isEqualTo(Problem.FAILED);
  }

  @ParameterizedTest
  @CsvSource({
    "TLS_FAILED, Received fatal alert: protocol_version",
    "TLS_FAILED, Received fatal alert: handshake_failure",
    "TLS_CLIENT_REFUSED, Received fatal alert: certificate_required",
    "TLS_CLIENT_REFUSED, (certificate_required) Received fatal alert: certificate_required",
    "TLS_OTHER_HOST, No name matching redis.example found",
    "NO_ANSWER, handshake timed out after 10000ms",
  })
  void tellsTheWaysInWhichTlsFails(Problem problem, String text) {
    assertThat(Problem.of(connecting(new SSLHandshakeException(text)))).isEqualTo(problem);
  }

  @Test
  void prefersWhatRedisSaidToWhatTheClientMadeOfIt() {
    RedisException clusters = new RedisException("Cannot retrieve cluster partitions");
    clusters.addSuppressed(new IOException("Connection reset"));
    clusters.addSuppressed(answer("WRONGPASS invalid username-password pair"));
    assertThat(Problem.of(connecting(clusters))).isEqualTo(Problem.WRONG_PASSWORD);
  }

  @Test
  void endsAtExceptionsThatAreTheirOwnCause() {
    RuntimeException one = new RuntimeException("one");
    RuntimeException other = new RuntimeException("other", one);
    one.initCause(other);
    assertThat(Problem.of(one)).isEqualTo(Problem.FAILED);
  }

  @Test
  void hidesWhatRedisRepeatsOfACommand() {
    Throwable thrown =
        answer("ERR unknown command `AUTH`, with args beginning with: `bob`, `secret`, ");
    assertThat(Problem.sentence("h:1", thrown)).contains("AUTH").doesNotContain("secret");
    // Whoever logs an exception prints its causes as well.
    StringWriter log = new StringWriter();
    new RedisStoreException(Problem.sentence("h:1", thrown), thrown)
        .printStackTrace(new PrintWriter(log));
    assertThat(log.toString()).contains("AUTH").doesNotContain("secret");
  }

  @Test
  void hidesThePasswordOfAnAddress() {
    assertThat(
            Problem.sentence(
                "h:1", new IllegalArgumentException("no port: redis://bob:sec@ret@host/")))
        .contains("no port")
        .doesNotContain("bob", "sec", "ret");
  }

  @Test
  void keepsTheCauseOfAHarmlessException() {
    Throwable thrown = answer("WRONGTYPE Operation");
    assertThat(new RedisStoreException("text", thrown)).hasCause(thrown);
  }

  @Test
  void keepsSentencesOnOneLineAndShort() {
    assertThat(Problem.sentence("h:1", answer("ERR first\r\nsecond " + "x".repeat(5000))))
        .contains("ERR first second")
        .hasSizeLessThan(300)
        .doesNotContain("\n", "\r");
  }

  @Test
  void hasADistinctSentenceForEveryProblem() {
    assertThat(Arrays.stream(Problem.values()).map(problem -> problem.sentence("h:1", "")))
        .doesNotHaveDuplicates()
        .allMatch(sentence -> sentence.startsWith("Redis at h:1 "));
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "LOADING",
        "BUSY",
        "CANT_PERSIST",
        "TOO_FEW_REPLICAS",
        "TOO_MANY_CLIENTS",
        "MASTER_DOWN",
        "CLUSTER_DOWN",
        "CLUSTER_MOVES",
        "UNREACHABLE",
        "UNKNOWN_HOST",
        "HUNG_UP",
        "NO_ANSWER",
        "CONNECTION_LOST"
      })
  void waitsForWhatGoesAwayByItself(Problem problem) {
    assertThat(problem.comesBack(false)).isTrue();
    assertThat(problem.comesBack(true)).isTrue();
  }

  @ParameterizedTest
  @EnumSource(names = {"READ_ONLY", "CLUSTER_NODE"})
  void waitsForAnotherMasterOnlyIfThereWillBeOne(Problem problem) {
    assertThat(problem.comesBack(false)).isFalse();
    assertThat(problem.comesBack(true)).isTrue();
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "FULL",
        "WRONG_PASSWORD",
        "NO_PASSWORD",
        "NO_PERMISSION",
        "PROTECTED",
        "WRONG_TYPE",
        "WRONG_DATABASE",
        "TLS_UNTRUSTED",
        "TLS_WANTED",
        "FAILED"
      })
  void reportsAtOnceWhatSomebodyMustMend(Problem problem) {
    assertThat(problem.comesBack(true)).isFalse();
  }
}
