package org.beamhive.persistence.redis;

import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells live queries that there may be something new: Redis publishes on a channel whenever a
 * stream or list of this name grows. A message only says "look"; whoever is told reads for itself.
 * So a lost message delays and loses nothing, and after a broken connection everybody is told.
 */
final class Wakeups {

  private static final Logger log = LoggerFactory.getLogger(Wakeups.class);
  private static final Duration RETRY = Duration.ofSeconds(1);

  private final RedisLink link;
  private final Map<String, Set<Wakeup>> byChannel = new HashMap<>();

  private final AtomicBoolean warned = new AtomicBoolean();

  /** Subscriptions are sent one after the other, as they were asked for. */
  private CompletionStage<StatefulRedisPubSubConnection<String, byte[]>> connection;

  Wakeups(RedisLink link) {
    this.link = link;
  }

  /** Remembers whether it was told since it was cleared. */
  static final class Wakeup {
    private final String channel;
    private final AtomicReference<CompletableFuture<Void>> told =
        new AtomicReference<>(new CompletableFuture<>());

    private Wakeup(String channel) {
      this.channel = channel;
    }

    /** To be called before looking. */
    void clear() {
      told.set(new CompletableFuture<>());
    }

    /** Completes when it has been told since the last {@link #clear}, or after some time. */
    CompletionStage<Void> orAfter(Duration time) {
      return told.get().copy().completeOnTimeout(null, time.toMillis(), TimeUnit.MILLISECONDS);
    }

    void tell() {
      told.get().complete(null);
    }
  }

  synchronized Wakeup listen(String channel) {
    Wakeup wakeup = new Wakeup(channel);
    Set<Wakeup> there = byChannel.computeIfAbsent(channel, c -> new HashSet<>());
    if (there.add(wakeup) && there.size() == 1) {
      connection = connection().thenApply(opened -> settle(opened, channel));
    }
    return wakeup;
  }

  /** Lets Redis know whether we listen, as often as the connection is broken meanwhile. */
  private synchronized StatefulRedisPubSubConnection<String, byte[]> settle(
      StatefulRedisPubSubConnection<String, byte[]> opened, String channel) {
    (byChannel.containsKey(channel)
            ? opened.async().subscribe(channel)
            : opened.async().unsubscribe(channel))
        .exceptionally(
            problem -> {
              if (Problem.of(problem) == Problem.NO_PERMISSION) {
                warn(problem);
              } else {
                link.after(RETRY).thenRun(() -> settle(opened, channel));
              }
              return null;
            });
    return opened;
  }

  private void warn(Throwable problem) {
    if (warned.compareAndSet(false, true)) {
      log.warn(
          "Live queries can't listen to Redis and look every refresh-interval instead: {}",
          link.failure(() -> "listening", RedisLink.unwrap(problem)).getMessage());
    }
  }

  synchronized void stop(Wakeup wakeup) {
    Set<Wakeup> there = byChannel.getOrDefault(wakeup.channel, Set.of());
    if (there.remove(wakeup) && there.isEmpty()) {
      byChannel.remove(wakeup.channel);
      connection = connection().thenApply(opened -> settle(opened, wakeup.channel));
    }
  }

  private CompletionStage<StatefulRedisPubSubConnection<String, byte[]>> connection() {
    if (connection == null) {
      connection = connect();
    }
    return connection;
  }

  /** Tries for ever: without it the queries look from time to time. */
  private CompletionStage<StatefulRedisPubSubConnection<String, byte[]>> connect() {
    return link.listen()
        .handle(
            (opened, problem) -> {
              if (problem == null) {
                opened.addListener(new Listener());
                return CompletableFuture.completedStage(opened);
              }
              log.debug("Live queries can't listen to Redis yet", problem);
              return link.after(RETRY).thenCompose(tick -> connect());
            })
        .thenCompose(stage -> stage);
  }

  private void tell(String channel) {
    List<Wakeup> there;
    synchronized (this) {
      there = new ArrayList<>(byChannel.getOrDefault(channel, Set.of()));
    }
    there.forEach(Wakeup::tell);
  }

  private final class Listener extends RedisPubSubAdapter<String, byte[]> {
    @Override
    public void message(String channel, byte[] message) {
      tell(channel);
    }

    /** Also after every reconnection. */
    @Override
    public void subscribed(String channel, long count) {
      tell(channel);
    }
  }
}
