package org.beamhive.persistence.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisConnectionStateAdapter;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.SslOptions;
import io.lettuce.core.StatefulRedisConnectionImpl;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import java.io.File;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Lettuce's client for one server or what Sentinels name, or its other one for a Cluster. */
interface Client extends AutoCloseable {

  RedisCodec<String, byte[]> CODEC = RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);

  /** A connection for any number of commands at a time. */
  CompletionStage<Connection> connect();

  /** A connection that only listens to channels. */
  CompletionStage<? extends StatefulRedisPubSubConnection<String, byte[]>> listen();

  /** Runs something whenever a connection is opened, also again: it may be to another server. */
  void whenConnected(Runnable action);

  @Override
  void close();

  /** An open connection and the commands that go over it. */
  record Connection(
      StatefulConnection<String, byte[]> state, RedisClusterAsyncCommands<String, byte[]> redis) {}

  static Client of(ServerSettings settings, ClientResources resources) {
    return settings.cluster()
        ? new OfCluster(settings, resources)
        : new OfServer(settings, resources);
  }

  /** What both kinds have in common. */
  static <B extends ClientOptions.Builder> B options(
      B builder, ServerSettings.Tls tls, Duration connectTimeout) {
    builder
        .protocolVersion(ProtocolVersion.RESP2)
        // Otherwise the client would send a command again whose answer had begun to arrive, and
        // add the second answer to the half of the first.
        .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
        .maintNotificationsConfig(MaintNotificationsConfig.disabled())
        .timeoutOptions(TimeoutOptions.enabled())
        .sslOptions(ssl(tls))
        .socketOptions(
            SocketOptions.builder()
                .connectTimeout(connectTimeout)
                // Finds a peer that vanished without a word, which would otherwise take the
                // system's two hours.
                .keepAlive(
                    SocketOptions.KeepAliveOptions.builder()
                        .enable()
                        .idle(Duration.ofSeconds(10))
                        .interval(Duration.ofSeconds(5))
                        .count(3)
                        .build())
                .build());
    return builder;
  }

  private static SslOptions ssl(ServerSettings.Tls tls) {
    SslOptions.Builder ssl = SslOptions.builder().jdkSslProvider();
    if (!tls.trusted().isEmpty()) {
      ssl.trustManager(new File(tls.trusted()));
    }
    if (!tls.certificate().isEmpty()) {
      ssl.keyManager(
          new File(tls.certificate()),
          new File(tls.privateKey()),
          // An empty one would be tried.
          tls.privateKeyPassword().isEmpty() ? null : tls.privateKeyPassword().toCharArray());
    }
    return ssl.build();
  }

  /** Does that for connections to data, not for those of the client's own to Sentinels or nodes. */
  static RedisConnectionStateListener listener(Runnable action) {
    return new RedisConnectionStateAdapter() {
      @Override
      public void onRedisConnected(RedisChannelHandler<?, ?> connection, SocketAddress address) {
        if (connection instanceof StatefulRedisConnectionImpl<?, ?> data
            && data.getCodec() == CODEC) {
          action.run();
        }
      }
    };
  }

  /** The client throws some of what is wrong, such as a key file that can't be read. */
  static <T> CompletionStage<T> guarded(Supplier<CompletionStage<T>> call) {
    try {
      return call.get();
    } catch (RuntimeException e) {
      return CompletableFuture.failedStage(e);
    }
  }

  /** One server, by its address or by Sentinels. */
  final class OfServer implements Client {
    private final RedisClient client;
    private final RedisURI uri;

    OfServer(ServerSettings settings, ClientResources resources) {
      this.uri = settings.uris().get(0);
      this.client = RedisClient.create(resources);
      client.setOptions(
          options(ClientOptions.builder(), settings.tls(), settings.connectTimeout()).build());
    }

    @Override
    public CompletionStage<Connection> connect() {
      return guarded(() -> client.connectAsync(CODEC, uri).thenApply(OfServer::connection));
    }

    private static Connection connection(StatefulRedisConnection<String, byte[]> opened) {
      return new Connection(opened, opened.async());
    }

    @Override
    public CompletionStage<? extends StatefulRedisPubSubConnection<String, byte[]>> listen() {
      return guarded(() -> client.connectPubSubAsync(CODEC, uri));
    }

    @Override
    public void whenConnected(Runnable action) {
      client.addListener(listener(action));
    }

    @Override
    public void close() {
      client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
    }
  }

  /** A Redis Cluster. */
  final class OfCluster implements Client {
    private final RedisClusterClient client;
    private final Duration timeout;

    /** Who serves what, as found at the first connection; the client keeps it up to date. */
    private CompletionStage<Void> nodes;

    OfCluster(ServerSettings settings, ClientResources resources) {
      this.timeout = settings.tryTimeout();
      this.client = RedisClusterClient.create(resources, settings.uris());
      ClusterClientOptions.Builder builder =
          options(ClusterClientOptions.builder(), settings.tls(), settings.connectTimeout());
      client.setOptions(
          builder
              .topologyRefreshOptions(
                  ClusterTopologyRefreshOptions.builder()
                      .enablePeriodicRefresh(Duration.ofSeconds(15))
                      .adaptiveRefreshTriggersTimeout(Duration.ofSeconds(1))
                      .build())
              .build());
    }

    @Override
    public CompletionStage<Connection> connect() {
      return nodes().thenCompose(known -> client.connectAsync(CODEC)).thenApply(this::connection);
    }

    /** The client opens no connection before it has been told to look for the nodes. */
    private synchronized CompletionStage<Void> nodes() {
      if (nodes == null || nodes.toCompletableFuture().isCompletedExceptionally()) {
        nodes = guarded(client::refreshPartitionsAsync);
      }
      return nodes;
    }

    private Connection connection(StatefulRedisClusterConnection<String, byte[]> opened) {
      opened.setTimeout(timeout);
      return new Connection(opened, opened.async());
    }

    @Override
    public CompletionStage<? extends StatefulRedisPubSubConnection<String, byte[]>> listen() {
      return nodes().thenCompose(known -> client.connectPubSubAsync(CODEC));
    }

    @Override
    public void whenConnected(Runnable action) {
      client.addListener(listener(action));
    }

    @Override
    public void close() {
      client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
    }
  }
}
