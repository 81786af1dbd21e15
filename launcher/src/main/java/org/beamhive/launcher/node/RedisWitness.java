package org.beamhive.launcher.node;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SetArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.protocol.ProtocolVersion;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.beamhive.actors.bridge.BridgeSettings;
import org.beamhive.devices.actor.DeviceSharding;
import org.beamhive.devices.actor.OwnerWitness;

/**
 * A heart-beat of each hutch node in Redis: two nodes of a hutch that can't reach each other, but
 * both reach Redis, see so that the other one is alive and leave its moves alone.
 *
 * <p>The key expires before the owner timeout is over, so that a dead node has none when it is
 * asked for. While Redis is away nobody is seen alive.
 */
final class RedisWitness implements OwnerWitness {
  private final RedisClient client = RedisClient.create();
  private final RedisURI uri;
  private final String prefix;
  private final AtomicReference<CompletableFuture<StatefulRedisConnection<String, String>>>
      connection =
          new AtomicReference<>(CompletableFuture.failedFuture(new IllegalStateException()));

  private RedisWitness(BridgeSettings redis, Duration timeout) {
    uri = RedisURI.create(redis.url());
    uri.setTimeout(timeout);
    prefix = redis.prefix() + "alive:";
    client.setOptions(
        ClientOptions.builder()
            .protocolVersion(ProtocolVersion.RESP2)
            .maintNotificationsConfig(MaintNotificationsConfig.disabled())
            // an old heart-beat is of no use
            .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
            .build());
  }

  /**
   * Begins this node's heart-beat; it ends with the node.
   *
   * @param ownerTimeout after which a node that is silent counts as dead
   */
  static OwnerWitness start(ActorSystem<?> system, BridgeSettings redis, Duration ownerTimeout) {
    RedisWitness witness = new RedisWitness(redis, ownerTimeout);
    Duration interval = ownerTimeout.dividedBy(4);
    String node = DeviceSharding.node(system);
    SetArgs expiry = SetArgs.Builder.px(ownerTimeout.minus(interval));
    system
        .scheduler()
        .scheduleWithFixedDelay(
            Duration.ZERO,
            interval,
            () -> witness.redis().thenCompose(commands -> witness.beat(commands, node, expiry)),
            system.executionContext());
    CoordinatedShutdown.get(system)
        .addTask(
            CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
            "close-hutch-witness",
            () -> witness.client.shutdownAsync().thenApply(closed -> Done.getInstance()));
    return witness;
  }

  private CompletionStage<String> beat(
      RedisAsyncCommands<String, String> redis, String node, SetArgs expiry) {
    return redis.set(prefix + node, "1", expiry);
  }

  @Override
  public CompletionStage<Boolean> seesAlive(String node) {
    return redis().thenCompose(commands -> commands.exists(prefix + node)).thenApply(n -> n == 1);
  }

  /**
   * Connected once; a connection that is lost comes back by itself, one that never was is tried.
   */
  private CompletionStage<RedisAsyncCommands<String, String>> redis() {
    CompletableFuture<StatefulRedisConnection<String, String>> current = connection.get();
    if (current.isCompletedExceptionally()) {
      CompletableFuture<Void> begin = new CompletableFuture<>();
      // only one of two that come at once connects
      if (connection.compareAndSet(
          current, begin.thenCompose(now -> client.connectAsync(StringCodec.UTF8, uri)))) {
        begin.complete(null);
      }
      current = connection.get();
    }
    return current.thenApply(StatefulRedisConnection::async);
  }
}
