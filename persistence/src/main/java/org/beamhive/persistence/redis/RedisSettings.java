package org.beamhive.persistence.redis;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.lettuce.core.RedisURI;
import java.time.Duration;
import java.util.function.Function;

/**
 * The settings of {@code beamhive.persistence.redis}; what each means is written in {@code
 * reference.conf}.
 *
 * <p>The URL stays text, and {@link #toString} hides it, because it may hold a password.
 */
record RedisSettings(
    String url,
    int database,
    String keyPrefix,
    Duration connectTimeout,
    Duration commandTimeout,
    Duration writeTimeout,
    int replayPage,
    long maxPayloadBytes,
    long maxBatchBytes,
    long maxSnapshotBytes) {

  static final String PATH = "beamhive.persistence.redis";

  private static final Duration LONGEST = Duration.ofMinutes(30);

  /** Reads the settings from the whole configuration of an actor system. */
  static RedisSettings from(Config root) {
    RedisSettings settings =
        new RedisSettings(
            read("url", root::getString),
            read("database", root::getInt),
            read("key-prefix", root::getString),
            duration(root, "connect-timeout"),
            duration(root, "command-timeout"),
            duration(root, "write-timeout"),
            read("replay-page", root::getInt),
            positive(root, "max-payload-bytes"),
            positive(root, "max-batch-bytes"),
            positive(root, "max-snapshot-bytes"));
    try {
      settings.uri();
    } catch (IllegalArgumentException e) {
      // The cause's own text may repeat the password, so neither it nor the value is shown.
      throw wrong(
          "url", "is not an address like redis://host:6379 or rediss://user:password@host:6379");
    }
    if (settings.database < 0) {
      throw wrong("database", "is " + settings.database + ", but must be 0 or more");
    }
    if (settings.keyPrefix.isBlank()
        || settings.keyPrefix.contains("{")
        || settings.keyPrefix.contains("}")) {
      throw wrong(
          "key-prefix", "is '" + settings.keyPrefix + "', but must be a word without { and }");
    }
    if (settings.replayPage < 1) {
      throw wrong("replay-page", "is " + settings.replayPage + ", but must be 1 or more");
    }
    return settings;
  }

  /** The address for the client, with the database chosen. */
  RedisURI uri() {
    RedisURI uri = RedisURI.create(url);
    if (uri.getHost() == null) {
      throw new IllegalArgumentException("no host");
    }
    if (database > 0) {
      uri.setDatabase(database);
    }
    return uri;
  }

  /** {@code host:port} for messages to people. */
  String address() {
    RedisURI uri = uri();
    return uri.getHost() + ":" + uri.getPort();
  }

  @Override
  public String toString() {
    return "RedisSettings[" + address() + ", key-prefix=" + keyPrefix + "]";
  }

  private static <T> T read(String key, Function<String, T> getter) {
    try {
      return getter.apply(PATH + "." + key);
    } catch (ConfigException e) {
      throw wrong(key, "can't be read: " + e.getMessage());
    }
  }

  private static Duration duration(Config root, String key) {
    Duration value = read(key, root::getDuration);
    if (value.isNegative() || value.isZero() || value.compareTo(LONGEST) > 0) {
      throw wrong(
          key, "is " + value.toMillis() + " ms, but must be above 0 and at most 30 minutes");
    }
    return value;
  }

  private static long positive(Config root, String key) {
    long value = read(key, root::getBytes);
    if (value < 1) {
      throw wrong(key, "is " + value + " bytes, but must be above 0");
    }
    return value;
  }

  private static IllegalArgumentException wrong(String key, String what) {
    return new IllegalArgumentException(PATH + "." + key + " " + what);
  }
}
