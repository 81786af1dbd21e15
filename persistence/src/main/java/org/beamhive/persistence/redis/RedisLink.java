package org.beamhive.persistence.redis;

import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import io.netty.util.Timeout;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections of one actor system to one Redis: one for writes and one for reads, so that a
 * long replay doesn't delay writes.
 *
 * <p>A connection is opened at the first use. Once open, the client reconnects by itself. What had
 * no answer when it broke is sent again, and what got no answer in {@code command-timeout} is sent
 * again over a new connection. So everything that goes through here must be harmless when it is
 * done twice. A call is given up after {@code call-timeout}.
 */
final class RedisLink implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(RedisLink.class);

  /** Between tries of a connection, and between questions to a Redis that is loading. */
  private static final Duration RETRY = Duration.ofMillis(200);

  private final ServerSettings settings;
  private final String address;
  private final ClientResources resources;
  private final Client client;
  private final Lane writes = new Lane("writes");
  private final Lane reads = new Lane("reads");
  private final Wakeups wakeups = new Wakeups(this);

  RedisLink(ServerSettings settings, ClientResources resources) {
    this.settings = settings;
    this.address = settings.address();
    this.resources = resources;
    this.client = Client.of(settings, resources);
  }

  ServerSettings settings() {
    return settings;
  }

  /** Of all live queries that go to this Redis, whatever they read. */
  Wakeups wakeups() {
    return wakeups;
  }

  /** Runs something whenever a connection is opened, also again: it may be to another server. */
  void whenConnected(Runnable action) {
    client.whenConnected(action);
  }

  /**
   * Writes.
   *
   * @param doing for the message if it fails: "writing ..."
   */
  <T> CompletionStage<T> write(
      Supplier<String> doing,
      Function<RedisClusterAsyncCommands<String, byte[]>, CompletionStage<T>> call) {
    return write(doing, call, deadline());
  }

  /** When a call that begins now has to be answered, as {@link System#nanoTime}. */
  long deadline() {
    return System.nanoTime() + settings.callTimeout().toNanos();
  }

  <T> CompletionStage<T> write(
      Supplier<String> doing,
      Function<RedisClusterAsyncCommands<String, byte[]>, CompletionStage<T>> call,
      long deadline) {
    return attempt(writes, doing, call, deadline);
  }

  /**
   * Reads.
   *
   * @param doing for the message if it fails: "reading ..."
   */
  <T> CompletionStage<T> read(
      Supplier<String> doing,
      Function<RedisClusterAsyncCommands<String, byte[]>, CompletionStage<T>> call) {
    return attempt(reads, doing, call, deadline());
  }

  private <T> CompletionStage<T> attempt(
      Lane lane,
      Supplier<String> doing,
      Function<RedisClusterAsyncCommands<String, byte[]>, CompletionStage<T>> call,
      long deadline) {
    CompletableFuture<T> tried =
        lane.connection()
            .thenCompose(
                connection ->
                    isOver(deadline)
                        // Its failure has been told: it must not be done after all.
                        ? CompletableFuture.<T>failedStage(new TimeoutException())
                        : call.apply(connection.redis())
                            .whenComplete((answer, problem) -> lane.look(connection, problem)))
            .toCompletableFuture();
    return until(deadline, tried)
        .handle(
            (answer, problem) -> {
              if (problem == null) {
                return CompletableFuture.completedStage(answer);
              }
              Throwable cause = unwrap(problem);
              if (cause instanceof TimeoutException) {
                return CompletableFuture.<T>failedStage(failure(doing, lane.whyNoAnswer()));
              }
              if (comesBack(cause) && !isOver(deadline)) {
                return after(RETRY).thenCompose(again -> attempt(lane, doing, call, deadline));
              }
              return CompletableFuture.<T>failedStage(failure(doing, cause));
            })
        .thenCompose(stage -> stage);
  }

  /** Fails it when its time is over. Java's own time-outs wake a thread for each. */
  private <T> CompletableFuture<T> until(long deadline, CompletableFuture<T> tried) {
    if (!tried.isDone()) {
      Timeout over =
          resources
              .timer()
              .newTimeout(
                  timeout -> tried.completeExceptionally(new TimeoutException()),
                  deadline - System.nanoTime(),
                  TimeUnit.NANOSECONDS);
      tried.whenComplete((answer, problem) -> over.cancel());
    }
    return tried;
  }

  private static boolean isOver(long deadline) {
    return System.nanoTime() - deadline >= 0;
  }

  /** With the address and what was being done. */
  RuntimeException failure(Supplier<String> doing, Throwable cause) {
    return cause instanceof RedisStoreException || cause instanceof SequenceNumberTakenException
        ? (RuntimeException) cause
        : new RedisStoreException(
            Problem.sentence(address, cause) + " (" + doing.get() + ")", cause);
  }

  /** Redis answers but can't serve yet, or it doesn't answer, or the connection broke. */
  private boolean comesBack(Throwable problem) {
    return !(problem instanceof RedisStoreException)
        && Problem.of(problem).comesBack(settings.takesOver());
  }

  /** A connection for listening to channels. */
  CompletionStage<StatefulRedisPubSubConnection<String, byte[]>> listen() {
    return client.listen().thenApply(opened -> opened);
  }

  CompletionStage<Void> after(Duration delay) {
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

  @Override
  public void close() {
    client.close();
  }

  /** One connection, opened at the first use and again at the next use if that failed. */
  private final class Lane {
    private final String name;
    private CompletableFuture<Client.Connection> connection;
    private volatile boolean hasBeenOpen;

    /** Why the last try to connect failed; null if it didn't. */
    private volatile Throwable obstacle;

    Lane(String name) {
      this.name = name;
    }

    synchronized CompletionStage<Client.Connection> connection() {
      if (connection == null || connection.isCompletedExceptionally()) {
        connection = connect(System.nanoTime()).toCompletableFuture();
      }
      return connection;
    }

    /** What a call is told that was still waiting when its time was over. */
    Throwable whyNoAnswer() {
      Throwable known = obstacle;
      return known != null
          ? known
          : new RedisCommandTimeoutException(
              "nothing in %d ms".formatted(settings.callTimeout().toMillis()));
    }

    /**
     * A connection that has given no answer in time is replaced: if the network swallows its
     * packets, the operating system would notice after a quarter of an hour. So is one to a master
     * that has become a replica: the Sentinels know the new one.
     */
    void look(Client.Connection used, Throwable problem) {
      if (problem == null) {
        return;
      }
      Problem known = Problem.of(problem);
      if (known == Problem.TIMED_OUT) {
        replace(used, known);
      } else if (known == Problem.READ_ONLY && settings.takesOver() && replace(used, known)) {
        // It answers reads, but with what it had.
        reads.replace(reads.open(), known);
      }
    }

    /** Null if there is none. */
    private synchronized Client.Connection open() {
      return connection == null || connection.isCompletedExceptionally()
          ? null
          : connection.getNow(null);
    }

    private synchronized boolean replace(Client.Connection used, Problem why) {
      // Several calls may find out about the same connection.
      if (used == null || open() != used) {
        return false;
      }
      log.warn("New connection for {}, because {}", name, why.sentence(address, ""));
      connection = null;
      // What is still waiting on the old one ends by its own time-out.
      after(settings.tryTimeout().plus(RETRY)).thenRun(() -> used.state().closeAsync());
      return true;
    }

    private CompletionStage<Client.Connection> connect(long start) {
      return client
          .connect()
          .handle(
              (opened, problem) -> {
                if (problem == null) {
                  opened(opened);
                  return CompletableFuture.completedStage(opened);
                }
                Throwable cause = unwrap(problem);
                obstacle = cause;
                Problem known = Problem.of(cause);
                Duration patience =
                    hasBeenOpen || known == Problem.LOADING
                        ? settings.callTimeout()
                        : settings.connectTimeout();
                boolean again =
                    known.comesBack(settings.takesOver())
                        && System.nanoTime() - start < patience.toNanos();
                return again
                    ? after(RETRY).thenCompose(tick -> connect(start))
                    : CompletableFuture.<Client.Connection>failedStage(
                        new RedisStoreException(Problem.sentence(address, cause), cause));
              })
          .thenCompose(stage -> stage);
    }

    private void opened(Client.Connection opened) {
      log.info("Connected to Redis at {} for {}", address, name);
      if (!hasBeenOpen && this == writes) {
        // A user without access to INFO can't be warned.
        opened.redis().info().thenAccept(this::judge);
      }
      hasBeenOpen = true;
      obstacle = null;
    }

    private void judge(String info) {
      for (RedisProbe.Finding finding : RedisProbe.judge(address, info)) {
        if (finding.fatal()) {
          log.error(finding.sentence());
        } else {
          log.warn(finding.sentence());
        }
      }
    }
  }
}
