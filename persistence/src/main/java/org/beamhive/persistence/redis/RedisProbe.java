package org.beamhive.persistence.redis;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.lettuce.core.resource.ClientResources;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Looks at a Redis before anything is started on it, so that a person reads one sentence instead of
 * a stack trace.
 */
public final class RedisProbe {

  private static final int MAJOR = 6;
  private static final int MINOR = 2;
  private static final String NO_EVICTION = "noeviction";

  /** Between questions to a Redis that is loading. */
  private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(200);

  /** To learn why Redis hung up; see {@link Problem#HUNG_UP}. */
  private static final int TRIES = 4;

  private RedisProbe() {}

  /**
   * Something about this Redis.
   *
   * @param fatal whether the plugin can't work with it, at least not now; otherwise it is a warning
   * @param sentence for a person; never holds the password
   */
  public record Finding(boolean fatal, String sentence) {}

  /**
   * Asks Redis who it is; see {@link #findings}.
   *
   * @return the worst finding, or empty if all is well
   */
  public static Optional<Finding> check(String url, Duration timeout) {
    return findings(
            ConfigFactory.parseMap(Map.of(Section.ROOT + ".url", url))
                .withFallback(ConfigFactory.defaultReference()),
            timeout)
        .stream()
        .findFirst();
  }

  /**
   * Asks Redis who it is, and waits for one that is loading its dataset. Blocks up to {@code
   * timeout}, so it is for start-up code and never for actors.
   *
   * @param system the configuration of an actor system, which says where Redis is
   * @return the worst first; nothing if all is well
   */
  public static List<Finding> findings(Config system, Duration timeout) {
    ServerSettings settings;
    try {
      Config section = system.getConfig(Section.ROOT);
      settings = ServerSettings.from(Section.of(section, Section.ROOT, system));
    } catch (IllegalArgumentException e) {
      return fatal(e.getMessage());
    }
    ClientResources resources = RedisLinks.resources();
    try (Client client = Client.of(settings, resources)) {
      return waitAndLook(client, settings.address(), System.nanoTime() + timeout.toNanos());
    } catch (TimeoutException e) {
      return fatal(
          "Redis at "
              + settings.address()
              + " did not answer within "
              + timeout.toMillis()
              + " ms");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return fatal("The question to Redis at " + settings.address() + " was interrupted");
    } finally {
      resources.shutdown(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
    }
  }

  private static List<Finding> waitAndLook(Client client, String address, long deadline)
      throws InterruptedException, TimeoutException {
    Look look = look(client, address, deadline);
    for (int tries = 1;
        (look.loading || (look.hungUp && tries < TRIES)) && System.nanoTime() + PAUSE < deadline;
        tries++) {
      LockSupport.parkNanos(PAUSE);
      try {
        look = look(client, address, deadline);
      } catch (TimeoutException noBetter) {
        return look.findings;
      }
    }
    return look.findings;
  }

  private record Look(boolean loading, boolean hungUp, List<Finding> findings) {}

  private static Look look(Client client, String address, long deadline)
      throws InterruptedException, TimeoutException {
    try {
      // The client closes its connections in the end.
      return look(address, await(client.connect(), deadline), deadline);
    } catch (ExecutionException e) {
      Problem problem = Problem.of(e.getCause());
      return new Look(
          problem == Problem.LOADING,
          problem == Problem.HUNG_UP,
          fatal(Problem.sentence(address, e.getCause())));
    }
  }

  private static Look look(String address, Client.Connection connection, long deadline)
      throws ExecutionException, InterruptedException, TimeoutException {
    try {
      String info = await(connection.redis().info(), deadline);
      return new Look("1".equals(facts(info).get("loading")), false, judge(address, info));
    } catch (ExecutionException e) {
      if (Problem.of(e.getCause()) == Problem.NO_PERMISSION) {
        // What the store itself needs may be allowed all the same.
        return new Look(
            false, false, List.of(new Finding(false, Problem.sentence(address, e.getCause()))));
      }
      throw e;
    }
  }

  private static <T> T await(CompletionStage<T> stage, long deadline)
      throws ExecutionException, InterruptedException, TimeoutException {
    return stage
        .toCompletableFuture()
        .get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
  }

  /**
   * Reads the answer to INFO, which Redis gives also while it loads, and to users without access to
   * CONFIG.
   *
   * @return the worst first; nothing if all is well
   */
  static List<Finding> judge(String address, String info) {
    Map<String, String> facts = facts(info);
    return Stream.of(
            version(facts).map(said -> new Finding(true, Problem.TOO_OLD.sentence(address, said))),
            loading(facts).map(said -> new Finding(true, Problem.LOADING.sentence(address, said))),
            replica(facts, "1")
                .map(said -> new Finding(true, Problem.READ_ONLY.sentence(address, said))),
            full(facts).map(said -> new Finding(true, Problem.FULL.sentence(address, said))),
            danger(address, eviction(facts)),
            danger(
                address,
                replica(facts, "0")
                    .map(
                        said ->
                            "is a writable replica, so what is stored there is lost when it next"
                                + " copies its master: "
                                + said)),
            danger(address, unsaved(facts)),
            danger(address, withoutLog(facts)))
        .flatMap(Optional::stream)
        .toList();
  }

  private static Map<String, String> facts(String info) {
    return info.lines()
        .filter(line -> line.indexOf(':') > 0)
        .collect(
            Collectors.toMap(
                line -> line.substring(0, line.indexOf(':')),
                line -> line.substring(line.indexOf(':') + 1).strip(),
                (one, other) -> one));
  }

  private static Optional<Finding> danger(String address, Optional<String> what) {
    return what.map(words -> new Finding(false, "Redis at " + address + " " + words));
  }

  private static Optional<String> version(Map<String, String> facts) {
    String version = facts.getOrDefault("redis_version", "");
    String[] parts = version.split("\\.");
    try {
      int major = Integer.parseInt(parts[0]);
      int minor = parts.length > 1 ? Integer.parseInt(parts[1]) : 0;
      return major < MAJOR || (major == MAJOR && minor < MINOR)
          ? Optional.of("it has version " + version)
          : Optional.empty();
    } catch (NumberFormatException unknown) {
      // A look-alike with a version scheme of its own: its commands decide.
      return Optional.empty();
    }
  }

  private static Optional<String> loading(Map<String, String> facts) {
    String done = facts.get("loading_loaded_perc");
    return "1".equals(facts.get("loading"))
        ? Optional.of(done == null ? "" : done + " % are done")
        : Optional.empty();
  }

  private static Optional<String> replica(Map<String, String> facts, String readOnly) {
    return "slave".equals(facts.get("role")) && readOnly.equals(facts.get("slave_read_only"))
        ? Optional.of("its master is " + facts.get("master_host") + ":" + facts.get("master_port"))
        : Optional.empty();
  }

  /** With another policy Redis makes room by itself; that is the next finding. */
  private static Optional<String> full(Map<String, String> facts) {
    long limit = number(facts, "maxmemory");
    long used = number(facts, "used_memory") - number(facts, "mem_not_counted_for_evict");
    return limit > 0 && used > limit && NO_EVICTION.equals(facts.get("maxmemory_policy"))
        ? Optional.of("it uses " + used + " bytes and may use " + limit)
        : Optional.empty();
  }

  private static long number(Map<String, String> facts, String key) {
    String value = facts.getOrDefault(key, "");
    return value.matches("\\d{1,18}") ? Long.parseLong(value) : 0;
  }

  private static Optional<String> eviction(Map<String, String> facts) {
    String policy = facts.getOrDefault("maxmemory_policy", NO_EVICTION);
    return policy.equals(NO_EVICTION)
        ? Optional.empty()
        : Optional.of(
            "has maxmemory-policy "
                + policy
                + ", so it may throw stored events away when memory is short: set it to "
                + NO_EVICTION);
  }

  private static Optional<String> unsaved(Map<String, String> facts) {
    return Stream.of("rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status")
        .filter(key -> "err".equals(facts.get(key)))
        .findFirst()
        .map(
            key ->
                "could not save its data to disk the last time ("
                    + key
                    + ":err): look for a full disk or missing rights in its folder");
  }

  private static Optional<String> withoutLog(Map<String, String> facts) {
    return "0".equals(facts.get("aof_enabled"))
        ? Optional.of(
            "keeps no append-only file, so when it crashes all is lost that was stored since its"
                + " last snapshot file, and everything if it makes none: set appendonly to yes")
        : Optional.empty();
  }

  private static List<Finding> fatal(String sentence) {
    return List.of(new Finding(true, sentence));
  }
}
