package org.beamhive.persistence.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.beamhive.persistence.redis.StreamEntry.ascii;
import static org.beamhive.persistence.redis.StreamEntry.text;

import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.ScoredValue;
import io.lettuce.core.XTrimArgs;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Events in Redis: one stream per persistence id, with the sequence number as entry id. So the
 * order, the refusal of a number that is taken, and the memory of the highest number after a
 * deletion are Redis' own. Beside them two kinds of ordered lists: of all persistence ids, and of
 * the events of each tag.
 *
 * <p>No actors here: journal and queries use it from any thread.
 */
final class RedisEventStore {

  /** Entries that one call deletes: a single huge trim would let everybody else wait. */
  private static final long TRIM = 20_000;

  /** Ids remembered as listed; beyond that all are forgotten, which costs a look-up each. */
  private static final int LISTED = 100_000;

  private final RedisLink link;
  private final Keys keys;
  private final AppendQueue queue;
  private final ClusterTags clusterTags;
  private final Script indexScript = Script.load("index.lua");
  private final Script headScript = Script.load("head.lua");
  private final Script readScript = Script.load("read.lua");

  /**
   * Ids that are in the list, for all we know. Another one after each connection: it may be to a
   * Redis that lacks the last writes, and an id that was taken for listed would never be listed.
   */
  private volatile Set<String> listed = ConcurrentHashMap.newKeySet();

  RedisEventStore(RedisLink link, Keys keys) {
    this.link = link;
    this.keys = keys;
    this.queue = new AppendQueue(link, keys);
    this.clusterTags = new ClusterTags(this, link, keys);
    link.whenConnected(() -> listed = ConcurrentHashMap.newKeySet());
  }

  Keys keys() {
    return keys;
  }

  Wakeups wakeups() {
    return link.wakeups();
  }

  /**
   * Stores all of these events or none. They are of one persistence id, in ascending order. Storing
   * the very same events again succeeds and changes nothing; other events under numbers that are
   * taken fail with {@link SequenceNumberTakenException}.
   *
   * <p>A gap before the first is allowed: Akka leaves one after a rejected event and when a
   * snapshot is newer than the journal.
   */
  CompletionStage<Void> append(String persistenceId, List<StoredEvent> events) {
    Set<String> known = listed;
    boolean list = !known.contains(persistenceId);
    return (link.settings().cluster()
            ? appendInCluster(persistenceId, events, list)
            : queue.add(persistenceId, events, list))
        .thenAccept(
            stored -> {
              if (list) {
                remember(persistenceId, known);
              }
            });
  }

  private static void remember(String persistenceId, Set<String> known) {
    if (known.size() >= LISTED) {
      known.clear();
    }
    known.add(persistenceId);
  }

  /** The lists lie in other slots: see {@link ClusterTags}. */
  private CompletionStage<AppendQueue.Outcome> appendInCluster(
      String persistenceId, List<StoredEvent> events, boolean list) {
    // Going first, the list never lacks an id that has events.
    CompletionStage<?> ready =
        list
            ? index(keys.persistenceIds(), List.of(persistenceId))
            : CompletableFuture.completedStage(null);
    return ready
        .thenCompose(done -> clusterTags.announce(persistenceId, events))
        .thenCompose(done -> queue.add(persistenceId, events, false))
        .thenCompose(
            outcome -> clusterTags.settle(persistenceId, events).thenApply(done -> outcome));
  }

  /** Adds what is not there yet at the end of a list. */
  CompletionStage<Void> index(Keys.Index index, Collection<String> members) {
    List<byte[]> args = members.stream().map(member -> member.getBytes(UTF_8)).toList();
    return link.write(
            () -> "adding to the list '%s'".formatted(index.members()),
            redis -> indexScript.call(redis, keysOf(index), args))
        .thenAccept(done -> {});
  }

  private static String[] keysOf(Keys.Index index) {
    return new String[] {index.members(), index.end()};
  }

  /**
   * What a reader must know before it reads.
   *
   * @param first sequence number that there is; 0 if there is none
   * @param highest sequence number ever stored, also if it has been deleted; 0 if there is none
   * @param large whether there may be events above {@link StreamEntry#LARGE}
   */
  record Head(long first, long highest, boolean large) {}

  CompletionStage<Head> head(String persistenceId) {
    return link.read(
            () -> "reading the highest sequence number of '%s'".formatted(persistenceId),
            redis -> headScript.call(redis, streamOf(persistenceId), List.of()))
        .thenApply(
            answer ->
                new Head(
                    Long.parseLong(text((byte[]) answer.get(0))),
                    Long.parseLong(text((byte[]) answer.get(1))),
                    (Long) answer.get(2) == 1));
  }

  private String[] streamOf(String persistenceId) {
    return new String[] {keys.events(persistenceId), keys.large(persistenceId)};
  }

  /** How much one answer may hold. */
  record Page(int events, long bytes) {}

  static final Page ONE = new Page(1, 1);

  /**
   * A page of the events from sequence number {@code from} to {@code to}, both included; empty only
   * if there are none.
   *
   * @param large as {@link #head} has said, after the last of them was stored
   */
  CompletionStage<List<StoredEvent>> read(
      String persistenceId, long from, long to, Page page, boolean large) {
    long lowest = Math.max(0, from);
    if (lowest > to || page.events < 1) {
      return CompletableFuture.completedStage(List.of());
    }
    String first = StreamEntry.id(lowest);
    String last = StreamEntry.id(to);
    return link.read(
            () -> "reading events of '%s' from %d on".formatted(persistenceId, from),
            redis ->
                large
                    ? readLarge(redis, persistenceId, first, last, page)
                    : readSmall(redis, persistenceId, first, last, page.events))
        .thenApply(entries -> entries.stream().map(entry -> entry.read(persistenceId)).toList());
  }

  private CompletionStage<List<StreamEntry>> readSmall(
      RedisClusterAsyncCommands<String, byte[]> redis,
      String persistenceId,
      String first,
      String last,
      int count) {
    return redis.dispatch(
        CommandType.XRANGE,
        new EntriesOutput(),
        new CommandArgs<>(Client.CODEC)
            .addKey(keys.events(persistenceId))
            .add(first)
            .add(last)
            .add("COUNT")
            .add(count));
  }

  private CompletionStage<List<StreamEntry>> readLarge(
      RedisClusterAsyncCommands<String, byte[]> redis,
      String persistenceId,
      String first,
      String last,
      Page page) {
    return readScript.call(
        redis,
        EntriesOutput::new,
        streamOf(persistenceId),
        List.of(
            ascii(first),
            ascii(last),
            ascii(Integer.toString(page.events)),
            ascii(Long.toString(page.bytes))));
  }

  /** Deletes the events up to and with {@code to}. The highest sequence number is remembered. */
  CompletionStage<Void> deleteTo(String persistenceId, long to) {
    return head(persistenceId)
        .thenCompose(
            head -> {
              long last = Math.min(to, head.highest);
              if (head.first == 0 || head.first > last) {
                return CompletableFuture.completedStage(null);
              }
              long next = Math.min(head.first + TRIM, last + 1);
              return trim(persistenceId, next)
                  .thenCompose(
                      gone ->
                          next > last
                              ? CompletableFuture.completedStage(null)
                              : deleteTo(persistenceId, last));
            });
  }

  private CompletionStage<Long> trim(String persistenceId, long next) {
    return link.write(
        () -> "deleting events of '%s' below %d".formatted(persistenceId, next),
        redis ->
            redis.xtrim(
                keys.events(persistenceId),
                XTrimArgs.Builder.minId(StreamEntry.id(next)).exactTrimming()));
  }

  /**
   * A member of an ordered list.
   *
   * @param position from 1 on, rising
   */
  record Listed(long position, String member) {}

  /** The last position of a list; 0 if nothing was ever added. */
  CompletionStage<Long> end(Keys.Index index) {
    return link.read(
            () -> "reading the end of the list '%s'".formatted(index.members()),
            redis -> redis.get(index.end()))
        .thenApply(end -> end == null ? 0L : Long.parseLong(text(end)));
  }

  /** At most {@code count} members of a list from one position to another, both included. */
  CompletionStage<List<Listed>> members(Keys.Index index, long from, long to, int count) {
    return link.read(
            () -> "reading the list '%s' from %d on".formatted(index.members(), from),
            redis ->
                redis.zrangebyscoreWithScores(
                    index.members(), Range.create(from, to), Limit.from(count)))
        .thenApply(members -> members.stream().map(RedisEventStore::listed).toList());
  }

  private static Listed listed(ScoredValue<byte[]> member) {
    return new Listed((long) member.getScore(), text(member.getValue()));
  }

  /** Takes a member that has lost its meaning out of a list. */
  CompletionStage<Long> remove(Keys.Index index, String member) {
    return link.write(
        () -> "removing from the list '%s'".formatted(index.members()),
        redis -> redis.zrem(index.members(), member.getBytes(UTF_8)));
  }

  ClusterTags clusterTags() {
    return clusterTags;
  }
}
