package org.beamhive.actors.web;

import com.typesafe.config.Config;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;

/**
 * The settings of the HTTP endpoint, {@code beamhive.web}.
 *
 * @param host address to listen on
 * @param port port to listen on, 0 for a free one
 * @param apiKey the key that requests must carry; empty lets everybody in who reaches the port
 * @param allowAnonymousRead whether GET needs no key
 * @param maxBodyBytes the largest request body
 * @param askTimeout how long the queue or a device may take to answer
 * @param statusInterval how often the status socket repeats the status
 * @param callAliveInterval how often a device is told that the caller of a call is alive
 * @param shutdownTimeout how long open requests may take to end
 * @param version what {@code status} says this server is
 */
public record WebSettings(
    String host,
    int port,
    Optional<String> apiKey,
    boolean allowAnonymousRead,
    long maxBodyBytes,
    Duration askTimeout,
    Duration statusInterval,
    Duration callAliveInterval,
    Duration shutdownTimeout,
    String version) {
  private static final String ROOT = "beamhive.web";

  public WebSettings {
    require(!host.isBlank(), "host", "must not be empty");
    require(port >= 0 && port <= 65535, "port", "must be 0 to 65535, is " + port);
    require(maxBodyBytes >= 1024, "max-body-bytes", "must be at least 1024, is " + maxBodyBytes);
    require(!askTimeout.isZero() && !askTimeout.isNegative(), "ask-timeout", "must be positive");
    require(
        statusInterval.toMillis() >= 50,
        "status-interval",
        "must be at least 50 ms, is " + statusInterval.toMillis() + " ms");
    require(
        !callAliveInterval.isZero() && !callAliveInterval.isNegative(),
        "call-alive-interval",
        "must be positive");
    require(!shutdownTimeout.isNegative(), "shutdown-timeout", "must not be negative");
  }

  /** From the whole configuration. */
  public static WebSettings from(Config config) {
    Config web = config.getConfig(ROOT);
    String key = web.getString("api-key").strip();
    return new WebSettings(
        web.getString("host"),
        web.getInt("port"),
        key.isEmpty() ? Optional.empty() : Optional.of(key),
        web.getBoolean("allow-anonymous-read"),
        web.getBytes("max-body-bytes"),
        web.getDuration("ask-timeout"),
        web.getDuration("status-interval"),
        web.getDuration("call-alive-interval"),
        web.getDuration("shutdown-timeout"),
        Optional.ofNullable(WebSettings.class.getPackage().getImplementationVersion())
            .orElse("0.1.0"));
  }

  /** These settings with this key. */
  public WebSettings withApiKey(String key) {
    return new WebSettings(
        host,
        port,
        Optional.of(key),
        allowAnonymousRead,
        maxBodyBytes,
        askTimeout,
        statusInterval,
        callAliveInterval,
        shutdownTimeout,
        version);
  }

  /** These settings with this version. */
  public WebSettings withVersion(String version) {
    return new WebSettings(
        host,
        port,
        apiKey,
        allowAnonymousRead,
        maxBodyBytes,
        askTimeout,
        statusInterval,
        callAliveInterval,
        shutdownTimeout,
        version);
  }

  /** Whether only programs on this machine can reach the address. */
  boolean loopback() {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  private static void require(boolean holds, String key, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(ROOT + "." + key + " " + rule);
    }
  }
}
