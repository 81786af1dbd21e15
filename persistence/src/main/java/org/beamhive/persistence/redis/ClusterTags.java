package org.beamhive.persistence.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Indexes tags in a Redis Cluster, where the list of a tag lies in another slot than the events, so
 * that no script can change both. A write with tags is announced first and settled when its tags
 * are in their lists; what was announced and not settled (a process has died in between) is settled
 * by whoever meets it: the next recovery of that persistence id, or a query by tag.
 *
 * <p>Without a cluster all of this does nothing.
 */
final class ClusterTags {

  private static final Logger log = LoggerFactory.getLogger(ClusterTags.class);
  private static final int PAGE = 1000;

  private final RedisEventStore store;
  private final RedisLink link;
  private final Keys keys;
  private final Script left = Script.load("left.lua");

  ClusterTags(RedisEventStore store, RedisLink link, Keys keys) {
    this.store = store;
    this.link = link;
    this.keys = keys;
  }

  /** A write as it is announced: {@code first:last:persistence id}. */
  private record Announced(long first, long last, String persistenceId) {
    static Announced read(String member) {
      String[] parts = member.split(":", 3);
      return new Announced(Long.parseLong(parts[0]), Long.parseLong(parts[1]), parts[2]);
    }

    String member() {
      return first + ":" + last + ":" + persistenceId;
    }
  }

  private static Announced announced(String persistenceId, List<StoredEvent> events) {
    return new Announced(
        events.get(0).sequenceNr(), events.get(events.size() - 1).sequenceNr(), persistenceId);
  }

  private static boolean tagged(List<StoredEvent> events) {
    return events.stream().anyMatch(event -> !event.tags().isEmpty());
  }

  /** Before a write. */
  CompletionStage<Void> announce(String persistenceId, List<StoredEvent> events) {
    if (!tagged(events)) {
      return CompletableFuture.completedStage(null);
    }
    String member = announced(persistenceId, events).member();
    return link.write(
            () -> "announcing tags of '%s'".formatted(persistenceId),
            redis ->
                redis.zadd(keys.untagged(), System.currentTimeMillis(), member.getBytes(UTF_8)))
        .thenAccept(done -> {});
  }

  /** After a write that has succeeded. */
  CompletionStage<Void> settle(String persistenceId, List<StoredEvent> events) {
    return tagged(events)
        ? index(persistenceId, events).thenCompose(done -> forget(announced(persistenceId, events)))
        : CompletableFuture.completedStage(null);
  }

  private CompletionStage<Void> index(String persistenceId, List<StoredEvent> events) {
    Map<String, List<String>> byTag = new LinkedHashMap<>();
    for (StoredEvent event : events) {
      for (String tag : event.tags()) {
        byTag
            .computeIfAbsent(tag, t -> new ArrayList<>())
            .add(TaggedEvent.member(event.sequenceNr(), persistenceId));
      }
    }
    return CompletableFuture.allOf(
        byTag.entrySet().stream()
            .map(tag -> store.index(keys.tag(tag.getKey()), tag.getValue()).toCompletableFuture())
            .toArray(CompletableFuture<?>[]::new));
  }

  private CompletionStage<Void> forget(Announced write) {
    return link.write(
            () -> "settling tags of '%s'".formatted(write.persistenceId),
            redis -> redis.zrem(keys.untagged(), write.member().getBytes(UTF_8)))
        .thenAccept(done -> {});
  }

  /** Settles what was left of this persistence id, before it goes on: its order is kept. */
  CompletionStage<Void> settleLeftOf(String persistenceId) {
    if (!link.settings().cluster()) {
      return CompletableFuture.completedStage(null);
    }
    return link.read(
            () -> "reading which tags of '%s' are not settled".formatted(persistenceId),
            redis ->
                left.call(
                    redis,
                    new String[] {keys.untagged()},
                    List.of((":" + persistenceId).getBytes(UTF_8))))
        .thenCompose(
            found -> {
              CompletionStage<Void> settled = CompletableFuture.completedStage(null);
              for (Object member : found) {
                Announced write = Announced.read(StreamEntry.text((byte[]) member));
                // A persistence id may end like another one.
                if (write.persistenceId.equals(persistenceId)) {
                  settled = settled.thenCompose(done -> settle(write, false));
                }
              }
              return settled;
            });
  }

  /** By then a write has ended one way or the other. */
  private Duration patience() {
    return link.settings().callTimeout().multipliedBy(2);
  }

  /** Settles what others have left and can't be about to settle themselves. */
  CompletionStage<Void> settleOld() {
    if (!link.settings().cluster()) {
      return CompletableFuture.completedStage(null);
    }
    long old = System.currentTimeMillis() - patience().toMillis();
    return link.read(
            () -> "reading the writes whose tags are not settled",
            redis -> redis.zrangebyscore(keys.untagged(), Range.create(0, old), Limit.from(PAGE)))
        .thenCompose(
            found -> {
              CompletionStage<Void> settled = CompletableFuture.completedStage(null);
              for (byte[] member : found) {
                Announced write = Announced.read(StreamEntry.text(member));
                settled = settled.thenCompose(done -> settleOld(write));
              }
              return settled;
            });
  }

  /** One write that can't be read must not stop all queries. */
  private CompletionStage<Void> settleOld(Announced write) {
    return settle(write, true)
        .handle(
            (done, problem) -> {
              Throwable cause = RedisLink.unwrap(problem);
              if (cause instanceof UnreadableException) {
                log.warn("Events stay without their tags: {}", cause.getMessage());
                return forget(write);
              }
              return problem == null
                  ? CompletableFuture.<Void>completedStage(null)
                  : CompletableFuture.<Void>failedStage(cause);
            })
        .thenCompose(stage -> stage);
  }

  private CompletionStage<Void> settle(Announced write, boolean abandoned) {
    return read(write, write.first, new ArrayList<>())
        .thenCompose(
            events ->
                index(write.persistenceId, events)
                    .thenCompose(
                        done ->
                            // Without events the write has failed, or is still on its way.
                            events.isEmpty() && !abandoned
                                ? CompletableFuture.completedStage(null)
                                : forget(write)));
  }

  private CompletionStage<List<StoredEvent>> read(
      Announced write, long from, List<StoredEvent> events) {
    return store
        .read(write.persistenceId, from, write.last, new RedisEventStore.Page(PAGE, 1), true)
        .thenCompose(
            page -> {
              events.addAll(page.stream().filter(event -> !event.tags().isEmpty()).toList());
              return page.isEmpty()
                  ? CompletableFuture.completedStage(events)
                  : read(write, page.get(page.size() - 1).sequenceNr() + 1, events);
            });
  }
}
