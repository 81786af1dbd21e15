package org.beamhive.persistence.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.RedisBusyException;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.Delay;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections of one actor system to Redis: one for writes and one for reads, so that a long
 * replay doesn't delay writes and each has its own time-out.
 *
 * <p>A connection is opened at the first use. Once open, the client reconnects by itself and sends
 * what had no answer again; so everything that goes through here must be harmless when it is done
 * twice.
 */
final class RedisLink implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(RedisLink.class);

  /** Between tries of the first connection, and between questions to a Redis that is loading. */
  private static final Duration RETRY = Duration.ofMillis(200);

  private final RedisSettings settings;
  private final String address;
  private final ClientResources resources;
  private final RedisClient client;
  private final Lane writes;
  private final Lane reads;

  RedisLink(RedisSettings settings) {
    this.settings = settings;
    this.address = settings.address();
    this.resources =
        ClientResources.builder()
            .ioThreadPoolSize(2)
            .computationThreadPoolSize(2)
            // The client's own default grows to 30 s, which is a long stop for a beamline after a
            // short restart of Redis.
            .reconnectDelay(
                Delay.exponential(
                    Duration.ofMillis(20), Duration.ofSeconds(1), 2, TimeUnit.MILLISECONDS))
            .build();
    this.client = RedisClient.create(resources);
    client.setOptions(options(settings.connectTimeout()));
    this.writes = new Lane("writes", settings.writeTimeout());
    this.reads = new Lane("reads", settings.commandTimeout());
  }

  static ClientOptions options(Duration connectTimeout) {
    return ClientOptions.builder()
        .protocolVersion(ProtocolVersion.RESP2)
        .maintNotificationsConfig(MaintNotificationsConfig.disabled())
        .timeoutOptions(TimeoutOptions.enabled())
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
                .build())
        .build();
  }

  /**
   * Writes.
   *
   * @param doing for the message if it fails: "writing ..."
   */
  <T> CompletionStage<T> write(
      Supplier<String> doing,
      Function<RedisAsyncCommands<String, byte[]>, CompletionStage<T>> call) {
    return attempt(writes, doing, call, System.nanoTime());
  }

  /**
   * Reads.
   *
   * @param doing for the message if it fails: "reading ..."
   */
  <T> CompletionStage<T> read(
      Supplier<String> doing,
      Function<RedisAsyncCommands<String, byte[]>, CompletionStage<T>> call) {
    return attempt(reads, doing, call, System.nanoTime());
  }

  private <T> CompletionStage<T> attempt(
      Lane lane,
      Supplier<String> doing,
      Function<RedisAsyncCommands<String, byte[]>, CompletionStage<T>> call,
      long start) {
    return lane.connection()
        .thenCompose(connection -> call.apply(connection.async()))
        .handle(
            (answer, problem) -> {
              if (problem == null) {
                return CompletableFuture.completedStage(answer);
              }
              Throwable cause = unwrap(problem);
              if (comesBack(cause)
                  && System.nanoTime() - start < settings.writeTimeout().toNanos()) {
                return after(RETRY).thenCompose(again -> attempt(lane, doing, call, start));
              }
              return CompletableFuture.<T>failedStage(
                  cause instanceof RedisStoreException
                          || cause instanceof SequenceNumberTakenException
                      ? cause
                      : new RedisStoreException(
                          Problem.sentence(address, cause) + " (" + doing.get() + ")", cause));
            })
        .thenCompose(stage -> stage);
  }

  /**
   * Redis answers but can't serve yet, or the connection broke. The client repeats by itself what
   * was waiting for an answer, except for the one command that was first in line when the operating
   * system reported the broken connection: that one it fails.
   */
  private static boolean comesBack(Throwable problem) {
    return !(problem instanceof RedisStoreException)
        && (Problem.isLoading(problem)
            || Problem.isBrokenConnection(problem)
            || problem instanceof RedisBusyException);
  }

  private CompletionStage<Void> after(Duration delay) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    resources
        .eventExecutorGroup()
        .schedule(() -> done.complete(null), delay.toMillis(), TimeUnit.MILLISECONDS);
    return done;
  }

  static Throwable unwrap(Throwable problem) {
    return problem instanceof CompletionException && problem.getCause() != null
        ? unwrap(problem.getCause())
        : problem;
  }

  /**
   * Waits, because the actor system counts as terminated only when the threads of the client are
   * gone.
   */
  @Override
  public void close() {
    client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
    resources.shutdown(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }

  /** One connection, opened at the first use and again at the next use if that failed. */
  private final class Lane {
    private final String name;
    private final RedisURI uri;
    private CompletableFuture<StatefulRedisConnection<String, byte[]>> connection;

    Lane(String name, Duration answerTimeout) {
      this.name = name;
      this.uri = settings.uri();
      uri.setTimeout(answerTimeout);
    }

    synchronized CompletionStage<StatefulRedisConnection<String, byte[]>> connection() {
      if (connection == null || connection.isCompletedExceptionally()) {
        connection = connect(System.nanoTime()).toCompletableFuture();
      }
      return connection;
    }

    private CompletionStage<StatefulRedisConnection<String, byte[]>> connect(long start) {
      return client
          .connectAsync(RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE), uri)
          .handle(
              (opened, problem) -> {
                if (problem == null) {
                  log.info("Connected to Redis at {} for {}", address, name);
                  return CompletableFuture.completedStage(opened);
                }
                Throwable cause = unwrap(problem);
                long waited = System.nanoTime() - start;
                boolean again =
                    Problem.isLoading(cause)
                        ? waited < settings.writeTimeout().toNanos()
                        : !Problem.isWrongPassword(cause)
                            && waited < settings.connectTimeout().toNanos();
                return again
                    ? after(RETRY).thenCompose(tick -> connect(start))
                    : CompletableFuture.<StatefulRedisConnection<String, byte[]>>failedStage(
                        new RedisStoreException(Problem.sentence(address, cause), cause));
              })
          .thenCompose(stage -> stage);
    }
  }
}
