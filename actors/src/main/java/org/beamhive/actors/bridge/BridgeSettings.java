package org.beamhive.actors.bridge;

import com.typesafe.config.Config;
import io.lettuce.core.RedisURI;
import java.time.Duration;

/**
 * Settings of the Redis bridge, {@code beamhive.bridge}.
 *
 * @param url where Redis is
 * @param prefix first part of every key and channel
 * @param maxLength documents that the stream keeps at least
 * @param positionTtl how long it is remembered that an ended run is published
 * @param commandTimeout how long an answer of Redis may take
 * @param retryMin first wait before Redis is tried again
 * @param retryMax longest such wait
 * @param renewInterval how often states are written anew even if nothing changed
 */
public record BridgeSettings(
    String url,
    String prefix,
    long maxLength,
    Duration positionTtl,
    Duration commandTimeout,
    Duration retryMin,
    Duration retryMax,
    Duration renewInterval) {
  private static final String ROOT = "beamhive.bridge";

  public BridgeSettings {
    require(validUrl(url), "url", "is not an address like redis://host:6379");
    require(!prefix.isBlank(), "prefix", "must not be empty");
    require(maxLength > 0, "max-length", "must be positive, is " + maxLength);
    require(positionTtl.toSeconds() > 0, "position-ttl", "must be at least 1 s");
    require(commandTimeout.toMillis() > 0, "command-timeout", "must be positive");
    require(
        retryMin.toMillis() > 0 && retryMin.compareTo(retryMax) <= 0,
        "retry-min",
        "must be positive and at most retry-max, is " + retryMin.toMillis() + " ms");
    require(renewInterval.toMillis() > 0, "renew-interval", "must be positive");
  }

  /** From the whole configuration. */
  public static BridgeSettings from(Config config) {
    Config own = config.getConfig(ROOT);
    return new BridgeSettings(
        own.getString("url"),
        own.getString("prefix"),
        own.getLong("max-length"),
        own.getDuration("position-ttl"),
        own.getDuration("command-timeout"),
        own.getDuration("retry-min"),
        own.getDuration("retry-max"),
        own.getDuration("renew-interval"));
  }

  /** How long to wait after so many failures in a row. */
  Duration retryAfter(int failures) {
    Duration wait = retryMin.multipliedBy(1L << Math.max(0, Math.min(failures - 1, 16)));
    return wait.compareTo(retryMax) < 0 ? wait : retryMax;
  }

  /** The address for the client. */
  RedisURI uri() {
    RedisURI uri = RedisURI.create(url);
    uri.setTimeout(commandTimeout);
    return uri;
  }

  /** The address for messages to people, without the password. */
  String address() {
    RedisURI uri = uri();
    return uri.getHost() == null ? "the sentinels" : uri.getHost() + ":" + uri.getPort();
  }

  @Override
  public String toString() {
    return "BridgeSettings[" + address() + ", prefix=" + prefix + "]";
  }

  // the cause's own text may repeat the password, so neither it nor the value is shown
  private static boolean validUrl(String url) {
    try {
      RedisURI uri = RedisURI.create(url);
      return uri.getHost() != null || !uri.getSentinels().isEmpty();
    } catch (IllegalArgumentException wrong) {
      return false;
    }
  }

  private static void require(boolean holds, String key, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(ROOT + "." + key + " " + rule);
    }
  }
}
