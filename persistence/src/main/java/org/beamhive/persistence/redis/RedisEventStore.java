package org.beamhive.persistence.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XTrimArgs;
import io.lettuce.core.api.async.RedisAsyncCommands;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Events in Redis: one stream per persistence id, with the sequence number as entry id. So the
 * order, the refusal of a number that is taken, and the memory of the highest number after a
 * deletion are Redis' own.
 *
 * <p>No actors here: journal and queries use it from any thread.
 */
final class RedisEventStore {

  /** Entries that one call deletes: a single huge trim would let everybody else wait. */
  private static final long TRIM = 20_000;

  private final RedisLink link;
  private final Keys keys;
  private final Script append = Script.load("append.lua");

  RedisEventStore(RedisLink link, Keys keys) {
    this.link = link;
    this.keys = keys;
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
    long first = events.get(0).sequenceNr();
    long last = events.get(events.size() - 1).sequenceNr();
    List<byte[]> args = new ArrayList<>(events.size() * StreamEntry.MOST_ARGUMENTS);
    events.forEach(event -> StreamEntry.addArguments(event, args));
    String[] stream = {keys.events(persistenceId)};
    return link.write(
            () -> "writing events %d to %d of '%s'".formatted(first, last, persistenceId),
            redis -> {
              // The list of ids lies in another slot of a cluster, so it can't be in the script.
              // Going first, it never lacks
              // an id that has events.
              CompletionStage<?> listed =
                  first == 1 ? list(redis, persistenceId) : CompletableFuture.completedStage(null);
              CompletionStage<List<Long>> stored =
                  append.call(redis, ScriptOutputType.MULTI, stream, args);
              return listed.thenCombine(stored, (x, answer) -> answer);
            })
        .thenAccept(
            answer -> {
              if (answer.get(0) == 2) {
                throw new SequenceNumberTakenException(persistenceId, first, answer.get(1));
              }
            });
  }

  private CompletionStage<Long> list(
      RedisAsyncCommands<String, byte[]> redis, String persistenceId) {
    return redis.zadd(keys.persistenceIds(), 0, persistenceId.getBytes(UTF_8));
  }

  /**
   * At most {@code count} events from sequence number {@code from} to {@code to}, both included.
   */
  CompletionStage<List<StoredEvent>> read(String persistenceId, long from, long to, int count) {
    if (from > to || count < 1) {
      return CompletableFuture.completedStage(List.of());
    }
    return link.read(
            () -> "reading events of '%s' from %d on".formatted(persistenceId, from),
            redis ->
                redis.xrange(
                    keys.events(persistenceId),
                    Range.create(StreamEntry.id(Math.max(0, from)), StreamEntry.id(to)),
                    Limit.from(count)))
        .thenApply(entries -> entries.stream().map(StreamEntry::read).toList());
  }

  /** The highest sequence number ever stored, also if it has been deleted; 0 if there is none. */
  CompletionStage<Long> highest(String persistenceId) {
    return link.read(
        () -> "reading the highest sequence number of '%s'".formatted(persistenceId),
        redis ->
            redis
                .xinfoStream(keys.events(persistenceId))
                .handle(
                    (info, problem) -> {
                      if (problem == null) {
                        return CompletableFuture.completedStage(lastId(info));
                      }
                      Throwable cause = RedisLink.unwrap(problem);
                      return cause instanceof RedisCommandExecutionException
                              && "ERR no such key".equals(cause.getMessage())
                          ? CompletableFuture.completedStage(0L)
                          : CompletableFuture.<Long>failedStage(cause);
                    })
                .thenCompose(stage -> stage));
  }

  private static long lastId(List<Object> info) {
    for (int i = 0; i + 1 < info.size(); i += 2) {
      if ("last-generated-id".equals(word(info.get(i)))) {
        return StreamEntry.sequenceNr(word(info.get(i + 1)));
      }
    }
    throw new IllegalStateException("XINFO STREAM without last-generated-id");
  }

  private static String word(Object value) {
    return value instanceof byte[] bytes ? StreamEntry.text(bytes) : String.valueOf(value);
  }

  /** Deletes the events up to and with {@code to}. The highest sequence number is remembered. */
  CompletionStage<Void> deleteTo(String persistenceId, long to) {
    return highest(persistenceId)
        .thenCompose(
            highest ->
                link.read(
                        () -> "reading the first event of '%s'".formatted(persistenceId),
                        redis ->
                            redis.xrange(
                                keys.events(persistenceId), Range.unbounded(), Limit.from(1)))
                    .thenCompose(
                        first ->
                            first.isEmpty()
                                ? CompletableFuture.completedStage(null)
                                : trim(persistenceId, sequenceNr(first), Math.min(to, highest))));
  }

  private static long sequenceNr(List<StreamMessage<String, byte[]>> first) {
    return StreamEntry.sequenceNr(first.get(0).getId());
  }

  private CompletionStage<Void> trim(String persistenceId, long first, long to) {
    if (first > to) {
      return CompletableFuture.completedStage(null);
    }
    long next = Math.min(first + TRIM, to + 1);
    return link.write(
            () -> "deleting events of '%s' to %d".formatted(persistenceId, to),
            redis ->
                redis.xtrim(
                    keys.events(persistenceId),
                    XTrimArgs.Builder.minId(StreamEntry.id(next)).exactTrimming()))
        .thenCompose(gone -> trim(persistenceId, next, to));
  }

  /**
   * At most {@code count} persistence ids in the order of the alphabet.
   *
   * @param after only ids behind this one; empty for the first page
   */
  CompletionStage<List<String>> persistenceIds(String after, int count) {
    Range.Boundary<byte[]> lower =
        after.isEmpty()
            ? Range.Boundary.unbounded()
            : Range.Boundary.excluding(after.getBytes(UTF_8));
    return link.read(
            () -> "reading the list of persistence ids",
            redis ->
                redis.zrangebylex(
                    keys.persistenceIds(),
                    Range.from(lower, Range.Boundary.unbounded()),
                    Limit.from(count)))
        .thenApply(ids -> ids.stream().map(StreamEntry::text).toList());
  }
}
