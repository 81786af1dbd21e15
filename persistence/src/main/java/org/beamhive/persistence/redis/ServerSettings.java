package org.beamhive.persistence.redis;

import io.lettuce.core.RedisCredentials;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SslVerifyMode;
import io.lettuce.core.cluster.RedisClusterURIUtil;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Where Redis is and how it is talked to. Plugins with equal settings share their connections. What
 * each means is written in {@code reference.conf}.
 *
 * <p>The URL stays text, and {@link #toString} hides it, because it may hold a password.
 */
record ServerSettings(
    String url,
    boolean cluster,
    int database,
    String username,
    String password,
    String sentinelPassword,
    Tls tls,
    Duration connectTimeout,
    Duration commandTimeout,
    Duration callTimeout) {

  /**
   * Certificates of a TLS connection, as PEM files; an empty name is none.
   *
   * @param trusted whom to trust; empty for those that Java trusts
   * @param certificate our own, for a server that asks for one
   */
  record Tls(
      String trusted,
      String certificate,
      String privateKey,
      String privateKeyPassword,
      SslVerifyMode verify) {
    /** Java's own certificates. */
    static final Tls NONE = new Tls("", "", "", "", SslVerifyMode.FULL);

    static final Map<String, SslVerifyMode> VERIFY =
        Map.of("full", SslVerifyMode.FULL, "ca", SslVerifyMode.CA, "none", SslVerifyMode.NONE);
  }

  static ServerSettings from(Section section) {
    ServerSettings settings =
        new ServerSettings(
            section.text("url"),
            section.flag("cluster"),
            section.number("database", 0, Integer.MAX_VALUE),
            section.text("username"),
            section.text("password"),
            section.text("sentinel-password"),
            tls(section),
            section.duration("connect-timeout"),
            section.duration("command-timeout"),
            section.duration("call-timeout"));
    try {
      settings.uris();
    } catch (IllegalArgumentException e) {
      // The cause's own text may repeat the password, so neither it nor the value is shown.
      throw section.wrong(
          "url",
          "is not an address like redis://host:6379, rediss://user:password@host:6379"
              + " or redis-sentinel://host:26379,host2:26379/0#master"
              + (settings.cluster ? "; of a cluster redis://host:6379,host2:6379" : ""));
    }
    if (settings.cluster && settings.uris().get(0).getDatabase() > 0) {
      throw section.wrong("database", "must be 0: a Redis Cluster has only that one");
    }
    if (settings.cluster && settings.isSentinel()) {
      throw section.wrong("cluster", "is on, but the url names Sentinels: only one of them fits");
    }
    if (!settings.username.isEmpty() && !settings.hasPassword()) {
      throw section.wrong(
          "password",
          "is missing: the user '" + settings.username + "' needs one, here or in the url");
    }
    return settings;
  }

  /** The same Redis for calls that can't wait long. */
  ServerSettings impatient(Duration tryTimeout, Duration newCallTimeout) {
    return new ServerSettings(
        url,
        cluster,
        database,
        username,
        password,
        sentinelPassword,
        tls,
        shorter(connectTimeout, tryTimeout),
        shorter(commandTimeout, tryTimeout),
        newCallTimeout);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private boolean hasPassword() {
    RedisCredentials all = uris().get(0).getCredentialsProvider().resolveCredentials().block();
    return all != null && all.hasPassword() && all.getPassword().length > 0;
  }

  /** How long one try waits for its answer. */
  Duration tryTimeout() {
    return shorter(commandTimeout, callTimeout);
  }

  private static Tls tls(Section section) {
    String verify = section.text("tls.verify").toLowerCase(Locale.ROOT);
    if (!Tls.VERIFY.containsKey(verify)) {
      throw section.wrong("tls.verify", "is '" + verify + "', but must be full, ca or none");
    }
    Tls tls =
        new Tls(
            section.file("tls.trusted"),
            section.file("tls.certificate"),
            section.file("tls.private-key"),
            section.text("tls.private-key-password"),
            Tls.VERIFY.get(verify));
    if (tls.certificate.isEmpty() != tls.privateKey.isEmpty()) {
      throw section.wrong(
          tls.certificate.isEmpty() ? "tls.certificate" : "tls.private-key",
          "is missing: a certificate and its private key are given together");
    }
    return tls;
  }

  /** Whether another server becomes the master when one is lost. */
  boolean takesOver() {
    return cluster || isSentinel();
  }

  boolean isSentinel() {
    return !uris().get(0).getSentinels().isEmpty();
  }

  /** The address for the client, with database and credentials; of a cluster one per node. */
  List<RedisURI> uris() {
    List<RedisURI> uris =
        cluster ? RedisClusterURIUtil.toRedisURIs(URI.create(url)) : List.of(RedisURI.create(url));
    uris.forEach(this::complete);
    return uris;
  }

  private void complete(RedisURI uri) {
    uri.setTimeout(tryTimeout());
    if (uri.getHost() == null && uri.getSentinels().isEmpty()) {
      throw new IllegalArgumentException("no host");
    }
    if (database > 0) {
      uri.setDatabase(database);
    }
    identify(uri);
    uri.setVerifyPeer(tls.verify);
    for (RedisURI sentinel : uri.getSentinels()) {
      sentinel.setTimeout(tryTimeout());
      sentinel.setVerifyPeer(tls.verify);
      if (!sentinelPassword.isEmpty()) {
        sentinel.setAuthentication(null, sentinelPassword.toCharArray());
      }
    }
  }

  /** Each of user and password comes from its own setting or else from the url. */
  private void identify(RedisURI uri) {
    if (username.isEmpty() && password.isEmpty()) {
      return;
    }
    RedisCredentials inUrl = uri.getCredentialsProvider().resolveCredentials().block();
    String user = username;
    char[] word = password.toCharArray();
    if (user.isEmpty() && inUrl != null && inUrl.hasUsername()) {
      user = inUrl.getUsername();
    }
    if (word.length == 0 && inUrl != null && inUrl.hasPassword()) {
      word = inUrl.getPassword();
    }
    uri.setAuthentication(user.isEmpty() ? null : user, word);
  }

  /** For messages to people: {@code host:port}, and behind Sentinels {@code #master}. */
  String address() {
    List<RedisURI> uris = uris();
    RedisURI first = uris.get(0);
    return first.getSentinels().isEmpty()
        ? hosts(uris)
        : hosts(first.getSentinels()) + "#" + first.getSentinelMasterId();
  }

  private static String hosts(List<RedisURI> uris) {
    return uris.stream()
        .map(uri -> uri.getHost() + ":" + uri.getPort())
        .collect(Collectors.joining(","));
  }

  @Override
  public String toString() {
    return "ServerSettings[" + address() + "]";
  }
}
