package org.beamhive.persistence.redis;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisException;
import io.lettuce.core.cluster.PartitionException;
import io.lettuce.core.protocol.RedisProtocolException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;

/**
 * What an exception of the client means.
 *
 * @param said the telling part of its text, on one line; it never holds a password or stored data
 */
record Diagnosis(Problem problem, String said) {

  private static final int LONGEST = 200;

  /**
   * What stands before an error inside a script. Redis 6.2 wraps it once where the script calls
   * ({@code @user_script: 13: -OOM ...}), and twice more if the script lets it pass.
   */
  private static final Pattern AROUND_A_SCRIPTS_ERROR =
      Pattern.compile(
          "^(?:ERR Error running script \\(call to [^)]*\\): |@?user_script: ?\\d+: |-)+");

  /** What newer versions put behind it instead. */
  private static final Pattern BEHIND_A_SCRIPTS_ERROR =
      Pattern.compile(" script: \\w+, on @user_script:\\d+\\.?.*$");

  /** Redis repeats what it did not understand: that may be a password, or an event. */
  private static final Pattern ARGUMENTS = Pattern.compile(",? with args beginning with.*$");

  /** In front of the words, one behind the other. */
  private static final Pattern JAVAS_NAMES = Pattern.compile("^.*Exception: ");

  private static final Pattern USER_INFO = Pattern.compile("://\\S*@");

  private static final Map<String, Problem> BY_CODE =
      Map.ofEntries(
          Map.entry("WRONGPASS", Problem.WRONG_PASSWORD),
          Map.entry("NOAUTH", Problem.NO_PASSWORD),
          Map.entry("NOPERM", Problem.NO_PERMISSION),
          Map.entry("DENIED", Problem.PROTECTED),
          Map.entry("OOM", Problem.FULL),
          Map.entry("READONLY", Problem.READ_ONLY),
          Map.entry("LOADING", Problem.LOADING),
          Map.entry("MISCONF", Problem.CANT_PERSIST),
          Map.entry("NOREPLICAS", Problem.TOO_FEW_REPLICAS),
          Map.entry("MASTERDOWN", Problem.MASTER_DOWN),
          Map.entry("BUSY", Problem.BUSY),
          Map.entry("WRONGTYPE", Problem.WRONG_TYPE),
          Map.entry("CLUSTERDOWN", Problem.CLUSTER_DOWN),
          Map.entry("TRYAGAIN", Problem.CLUSTER_MOVES),
          Map.entry("ASK", Problem.CLUSTER_MOVES),
          // what a waiting read is told when its master is made a replica
          Map.entry("UNBLOCKED", Problem.CLUSTER_MOVES),
          Map.entry("MOVED", Problem.CLUSTER_NODE));

  /** What comes without a code of its own. */
  private static final Map<String, Problem> BY_TEXT =
      Map.ofEntries(
          Map.entry("without any password configured", Problem.PASSWORD_NOT_WANTED),
          Map.entry("but no password is set", Problem.PASSWORD_NOT_WANTED),
          Map.entry("invalid password", Problem.WRONG_PASSWORD),
          Map.entry("The user executing the script ", Problem.NO_PERMISSION),
          Map.entry("ACL failure in script", Problem.NO_PERMISSION),
          Map.entry("max number of clients", Problem.TOO_MANY_CLIENTS),
          Map.entry("unknown command", Problem.UNKNOWN_COMMAND),
          Map.entry("Unknown Redis command", Problem.UNKNOWN_COMMAND),
          Map.entry("DB index", Problem.WRONG_DATABASE),
          Map.entry("SELECT is not allowed", Problem.WRONG_DATABASE),
          Map.entry("cluster support disabled", Problem.NO_CLUSTER),
          Map.entry("non local key", Problem.CLUSTER_NODE));

  private static final Map<String, Problem> BY_TLS_TEXT =
      Map.ofEntries(
          Map.entry("not an SSL/TLS record", Problem.TLS_NOT_SPOKEN),
          Map.entry("handshake timed out", Problem.NO_ANSWER),
          Map.entry("No subject alternative", Problem.TLS_OTHER_HOST),
          Map.entry("No name matching", Problem.TLS_OTHER_HOST),
          Map.entry("fatal alert: bad_certificate", Problem.TLS_CLIENT_REFUSED),
          Map.entry("fatal alert: certificate_", Problem.TLS_CLIENT_REFUSED),
          Map.entry("fatal alert: unsupported_certificate", Problem.TLS_CLIENT_REFUSED),
          Map.entry("fatal alert: unknown_ca", Problem.TLS_CLIENT_REFUSED),
          Map.entry("fatal alert: access_denied", Problem.TLS_CLIENT_REFUSED),
          Map.entry("PKIX path", Problem.TLS_UNTRUSTED),
          Map.entry("trustAnchors", Problem.TLS_UNTRUSTED));

  /**
   * The client wraps what happened in exceptions of its own, and hangs what it tried before beside
   * them. What Redis itself said tells most, wherever it is.
   */
  static Diagnosis of(Throwable thrown) {
    List<Throwable> all = everything(thrown);
    boolean connecting = all.stream().anyMatch(RedisConnectionException.class::isInstance);
    return first(all, Diagnosis::answer)
        .or(() -> first(all, Diagnosis::tls))
        .or(() -> first(all, one -> client(one, connecting)))
        .or(() -> first(all, one -> network(one, connecting)))
        .orElseGet(() -> new Diagnosis(Problem.FAILED, clean(all.get(0).toString())));
  }

  /** The innermost first. */
  private static List<Throwable> everything(Throwable thrown) {
    List<Throwable> all = new ArrayList<>();
    collect(thrown, all, Collections.newSetFromMap(new IdentityHashMap<>()));
    return all;
  }

  private static void collect(Throwable thrown, List<Throwable> all, Set<Throwable> seen) {
    if (thrown == null || !seen.add(thrown)) {
      return;
    }
    collect(thrown.getCause(), all, seen);
    all.add(thrown);
    for (Throwable beside : thrown.getSuppressed()) {
      collect(beside, all, seen);
    }
  }

  private static Optional<Diagnosis> first(
      List<Throwable> all, Function<Throwable, Optional<Diagnosis>> look) {
    return all.stream().map(look).flatMap(Optional::stream).findFirst();
  }

  private static Optional<Diagnosis> answer(Throwable thrown) {
    String text = text(thrown);
    if (!(thrown instanceof RedisCommandExecutionException)
        && !RedisConnectionException.isProtectedMode(text)) {
      return Optional.empty();
    }
    String inner = AROUND_A_SCRIPTS_ERROR.matcher(text).replaceFirst("");
    String said = clean(BEHIND_A_SCRIPTS_ERROR.matcher(inner).replaceFirst(""));
    Problem byCode = BY_CODE.get(said.split(" ", 2)[0]);
    return found(
        byCode != null ? byCode : find(BY_TEXT, said).orElse(Problem.ANSWERED),
        // Redis goes on with advice of its own, some of it a page long.
        said.split("\\. ", 2)[0]);
  }

  private static Optional<Diagnosis> tls(Throwable thrown) {
    if (!(thrown instanceof SSLException)) {
      return Optional.empty();
    }
    String text = text(thrown);
    return found(
        find(BY_TLS_TEXT, text).orElse(Problem.TLS_FAILED),
        JAVAS_NAMES.matcher(text).replaceFirst(""));
  }

  private static Optional<Diagnosis> client(Throwable thrown, boolean connecting) {
    String text = text(thrown);
    if (thrown instanceof RedisCommandTimeoutException) {
      return found(connecting ? Problem.NO_ANSWER : Problem.TIMED_OUT, text);
    }
    if (thrown instanceof RedisProtocolException) {
      // The first byte of TLS' own records.
      return text.startsWith("Invalid first byte: 21 ")
              || text.startsWith("Invalid first byte: 22 ")
          ? found(Problem.TLS_WANTED, "")
          : found(Problem.NOT_REDIS, text);
    }
    if (thrown instanceof PartitionException) {
      return found(Problem.CLUSTER_DOWN, text);
    }
    if (text.equals("Connection closed prematurely")
        || text.equals("RedisHandshakeHandler not registered")) {
      return found(Problem.HUNG_UP, "");
    }
    if (thrown instanceof RedisException) {
      if (text.startsWith("Cannot provide redisAddress using sentinel")) {
        return found(Problem.NO_MASTER, text.substring(text.lastIndexOf(' ') + 1));
      }
      if (text.startsWith("Currently not connected") || text.equals("Connection disconnected")) {
        return found(Problem.CONNECTION_LOST, "");
      }
      if (text.equals("Connection is closed") || text.equals("Connection closed")) {
        return found(Problem.CLOSED, "");
      }
    }
    return Optional.empty();
  }

  private static Optional<Diagnosis> network(Throwable thrown, boolean connecting) {
    if (thrown instanceof UnknownHostException || thrown instanceof UnresolvedAddressException) {
      return found(Problem.UNKNOWN_HOST, "");
    }
    if (thrown instanceof ConnectException
        || thrown instanceof NoRouteToHostException
        || text(thrown).startsWith("Network is unreachable")) {
      return found(Problem.UNREACHABLE, text(thrown));
    }
    if (thrown instanceof IOException) {
      return found(connecting ? Problem.HUNG_UP : Problem.CONNECTION_LOST, "");
    }
    return Optional.empty();
  }

  private static Optional<Diagnosis> found(Problem problem, String said) {
    return Optional.of(new Diagnosis(problem, clean(said)));
  }

  private static String text(Throwable thrown) {
    return thrown.getMessage() == null ? "" : thrown.getMessage();
  }

  private static Optional<Problem> find(Map<String, Problem> known, String text) {
    return known.entrySet().stream()
        .filter(entry -> text.contains(entry.getKey()))
        .map(Map.Entry::getValue)
        .findFirst();
  }

  /** On one line, without what nobody should read. */
  private static String clean(String text) {
    String line = ARGUMENTS.matcher(text.replaceAll("\\s+", " ")).replaceFirst("");
    String open = USER_INFO.matcher(line).replaceAll("://***@").strip();
    if (open.length() > LONGEST) {
      return open.substring(0, LONGEST) + "...";
    }
    return open.endsWith(".") ? open.substring(0, open.length() - 1) : open;
  }

  /**
   * The exception itself, or, if one of its texts repeats a password or stored data, one in its
   * place: whoever logs it prints the texts of all its causes.
   */
  static Throwable harmless(Throwable thrown) {
    List<Throwable> all = everything(thrown);
    return all.stream().anyMatch(one -> ARGUMENTS.matcher(text(one)).find())
        ? new RedisException(of(thrown).said())
        : thrown;
  }
}
