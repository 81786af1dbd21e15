package org.beamhive.persistence.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.StringCodec;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * Looks at a Redis before anything is started on it, so that a person reads one sentence instead of
 * a stack trace.
 */
public final class RedisProbe {

  private static final int MAJOR = 6;
  private static final int MINOR = 2;

  private RedisProbe() {}

  /**
   * Something about this Redis.
   *
   * @param fatal whether the plugin can't work with it, at least not now; otherwise it is a warning
   * @param sentence for a person; never holds the password
   */
  public record Finding(boolean fatal, String sentence) {}

  /**
   * Asks Redis who it is. Blocks up to {@code timeout}, so it is for start-up code and never for
   * actors.
   *
   * @return the worst finding, or empty if all is well
   */
  public static Optional<Finding> check(String url, Duration timeout) {
    RedisURI uri;
    try {
      uri = RedisURI.create(url);
    } catch (IllegalArgumentException e) {
      return fatal("The Redis URL is not an address like redis://host:6379");
    }
    uri.setTimeout(timeout);
    String address = uri.getHost() + ":" + uri.getPort();
    RedisClient client = RedisClient.create();
    client.setOptions(
        Client.options(ClientOptions.builder(), ServerSettings.Tls.NONE, timeout).build());
    try {
      StatefulRedisConnection<String, String> connection =
          client
              .connectAsync(StringCodec.UTF8, uri)
              .toCompletableFuture()
              .get(timeout.toMillis(), TimeUnit.MILLISECONDS);
      String info =
          connection
              .async()
              .info()
              .toCompletableFuture()
              .get(timeout.toMillis(), TimeUnit.MILLISECONDS);
      return judge(address, info);
    } catch (ExecutionException e) {
      return fatal(Problem.sentence(address, e.getCause()));
    } catch (TimeoutException e) {
      return fatal("Redis at " + address + " did not answer within " + timeout.toMillis() + " ms");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return fatal("The question to Redis at " + address + " was interrupted");
    } finally {
      client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
    }
  }

  /**
   * Reads the answer to INFO, which Redis gives also while it loads, and to users without access to
   * CONFIG.
   */
  static Optional<Finding> judge(String address, String info) {
    Map<String, String> facts =
        info.lines()
            .filter(line -> line.indexOf(':') > 0)
            .collect(
                Collectors.toMap(
                    line -> line.substring(0, line.indexOf(':')),
                    line -> line.substring(line.indexOf(':') + 1).strip(),
                    (one, other) -> one));
    String version = facts.getOrDefault("redis_version", "");
    if (tooOld(version)) {
      return fatal(
          "Redis at "
              + address
              + " has version "
              + version
              + ", but "
              + MAJOR
              + "."
              + MINOR
              + " is the oldest that works");
    }
    if ("1".equals(facts.get("loading"))) {
      return fatal("Redis at " + address + " is still loading its dataset");
    }
    String policy = facts.getOrDefault("maxmemory_policy", "noeviction");
    if (!policy.equals("noeviction")) {
      return Optional.of(
          new Finding(
              false,
              "Redis at "
                  + address
                  + " has maxmemory-policy "
                  + policy
                  + ", so it may throw stored events away when memory is short: set it to noeviction"));
    }
    return Optional.empty();
  }

  private static boolean tooOld(String version) {
    String[] parts = version.split("\\.");
    try {
      int major = Integer.parseInt(parts[0]);
      int minor = parts.length > 1 ? Integer.parseInt(parts[1]) : 0;
      return major < MAJOR || (major == MAJOR && minor < MINOR);
    } catch (NumberFormatException unknown) {
      // A look-alike with a version scheme of its own: its commands decide.
      return false;
    }
  }

  private static Optional<Finding> fatal(String sentence) {
    return Optional.of(new Finding(true, sentence));
  }
}
