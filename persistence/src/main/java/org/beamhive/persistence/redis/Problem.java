package org.beamhive.persistence.redis;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisLoadingException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.util.Locale;

/** What went wrong with Redis, in words for a person. */
final class Problem {

  private Problem() {}

  /** One sentence with the address and the cause. */
  static String sentence(String address, Throwable problem) {
    Throwable root = root(problem);
    if (isWrongPassword(root)) {
      return "Redis at " + address + " refused the user name or password: " + root.getMessage();
    }
    if (isLoading(root)) {
      return "Redis at " + address + " is still loading its dataset";
    }
    if (root instanceof UnknownHostException || root instanceof UnresolvedAddressException) {
      return "Redis at " + address + " can't be reached: the host name is unknown";
    }
    if (root instanceof ConnectException) {
      return "Redis at " + address + " can't be reached: " + root.getMessage();
    }
    if (root instanceof IOException) {
      return "Redis at " + address + " can't be reached: the connection broke";
    }
    if (root instanceof RedisCommandTimeoutException) {
      return "Redis at " + address + " did not answer in time: " + root.getMessage();
    }
    if (root instanceof RedisCommandExecutionException) {
      return "Redis at " + address + " answered: " + root.getMessage();
    }
    return "Redis at " + address + " failed: " + root;
  }

  static boolean isWrongPassword(Throwable problem) {
    Throwable root = root(problem);
    if (!(root instanceof RedisCommandExecutionException) || root.getMessage() == null) {
      return false;
    }
    String text = root.getMessage().toUpperCase(Locale.ROOT);
    return text.startsWith("WRONGPASS")
        || text.startsWith("NOAUTH")
        || text.startsWith("NOPERM")
        || text.startsWith("ERR AUTH")
        || text.startsWith("ERR INVALID PASSWORD");
  }

  static boolean isLoading(Throwable problem) {
    Throwable root = root(problem);
    return root instanceof RedisLoadingException
        || (root instanceof RedisCommandExecutionException
            && root.getMessage() != null
            && root.getMessage().startsWith("LOADING"));
  }

  static boolean isBrokenConnection(Throwable problem) {
    return root(problem) instanceof IOException;
  }

  private static Throwable root(Throwable problem) {
    Throwable root = problem;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    return root;
  }
}
