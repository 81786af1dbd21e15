package org.beamhive.persistence.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.beamhive.persistence.redis.StreamEntry.ascii;
import static org.beamhive.persistence.redis.StreamEntry.text;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Sends writes to Redis. A lone write goes at once; what comes while others are on their way goes
 * together in the next call, which is what makes many small writers fast: one call costs about as
 * much as one write.
 *
 * <p>In a cluster each write is a call of its own, because its keys lie in another slot.
 */
final class AppendQueue {

  /**
   * Two, so that Redis works on one while the answers of the other are given out. More would make
   * the calls smaller.
   */
  private static final int CALLS = 2;

  /** Writes and bytes of one call: Redis does nothing else meanwhile. */
  private static final int MOST_WRITES = 200;

  private static final long MOST_BYTES = 1L << 20;

  private static final int VALUES_PER_ANSWER = 3;

  private final RedisLink link;
  private final Keys keys;
  private final boolean cluster;
  private final Script append = Script.load("append.lua");
  private final Queue<Write> waiting = new ArrayDeque<>();
  private int onTheirWay;

  AppendQueue(RedisLink link, Keys keys) {
    this.link = link;
    this.keys = keys;
    this.cluster = link.settings().cluster();
  }

  /** What became of a write. */
  enum Outcome {
    STORED,
    STORED_BEFORE
  }

  private record Write(
      String persistenceId,
      List<StoredEvent> events,
      boolean list,
      long bytes,
      long deadline,
      CompletableFuture<Outcome> done) {

    String doing() {
      return "writing events %d to %d of '%s'"
          .formatted(first(), events.get(events.size() - 1).sequenceNr(), persistenceId);
    }

    long first() {
      return events.get(0).sequenceNr();
    }
  }

  /**
   * Stores all of these events or none: see {@link RedisEventStore#append}.
   *
   * @param list whether the id may not be in the list of ids yet; never in a cluster
   */
  CompletionStage<Outcome> add(String persistenceId, List<StoredEvent> events, boolean list) {
    long bytes = events.stream().mapToLong(StoredEvent::size).sum();
    Write write =
        new Write(persistenceId, events, list, bytes, link.deadline(), new CompletableFuture<>());
    if (cluster) {
      call(List.of(write))
          .whenComplete((answers, problem) -> answer(List.of(write), answers, problem));
      return write.done;
    }
    List<Write> next;
    synchronized (this) {
      waiting.add(write);
      next = next();
    }
    send(next);
    return write.done;
  }

  /** Called under the lock. */
  private List<Write> next() {
    if (onTheirWay == CALLS || waiting.isEmpty()) {
      return List.of();
    }
    onTheirWay++;
    List<Write> writes = new ArrayList<>();
    long bytes = 0;
    do {
      Write write = waiting.remove();
      bytes += write.bytes;
      writes.add(write);
    } while (!waiting.isEmpty()
        && writes.size() < MOST_WRITES
        && bytes + waiting.element().bytes <= MOST_BYTES);
    return writes;
  }

  private void send(List<Write> writes) {
    if (writes.isEmpty()) {
      return;
    }
    List<Write> inTime = expire(writes);
    CompletionStage<List<Object>> called =
        inTime.isEmpty() ? CompletableFuture.completedStage(List.of()) : call(inTime);
    called.whenComplete(
        (answers, problem) -> {
          List<Write> next;
          synchronized (this) {
            onTheirWay--;
            next = next();
          }
          send(next);
          answer(inTime, answers, problem);
        });
  }

  /** What has waited behind a Redis that doesn't answer for as long as a write may take. */
  private List<Write> expire(List<Write> writes) {
    long now = System.nanoTime();
    List<Write> inTime = new ArrayList<>(writes.size());
    for (Write write : writes) {
      if (now - write.deadline < 0) {
        inTime.add(write);
      } else {
        write.done.completeExceptionally(
            link.failure(
                write::doing,
                new RedisCommandTimeoutException("not sent, others waited for an answer")));
      }
    }
    return inTime;
  }

  private CompletionStage<List<Object>> call(List<Write> writes) {
    List<String> names = new ArrayList<>(2 * writes.size());
    List<byte[]> args = new ArrayList<>();
    writes.forEach(write -> addArguments(write, names, args));
    Supplier<String> doing =
        () ->
            writes.get(0).doing()
                + (writes.size() == 1 ? "" : " and %d more writes".formatted(writes.size() - 1));
    String[] keyNames = names.toArray(String[]::new);
    return link.write(doing, redis -> append.call(redis, keyNames, args), writes.get(0).deadline);
  }

  /** In the form that {@code append.lua} takes. */
  private void addArguments(Write write, List<String> names, List<byte[]> args) {
    boolean large = false;
    boolean more = false;
    for (StoredEvent event : write.events) {
      large |= event.size() > StreamEntry.LARGE;
      more |= !event.tags().isEmpty() || event.metadata().isPresent();
    }
    names.add(keys.events(write.persistenceId));
    if (large) {
      names.add(keys.large(write.persistenceId));
    }
    if (write.list) {
      addKeys(keys.persistenceIds(), names);
    }
    int shape = 8 * write.events.size() + (more ? 4 : 0) + (large ? 2 : 0) + (write.list ? 1 : 0);
    args.add(ascii(Integer.toString(shape)));
    args.add(write.persistenceId.getBytes(UTF_8));
    for (StoredEvent event : write.events) {
      args.add(ascii(StreamEntry.id(event.sequenceNr())));
      args.add(StreamEntry.header(event));
      args.add(event.payload().bytes());
      if (more) {
        List<String> indexed = cluster ? List.of() : event.tags();
        indexed.forEach(tag -> addKeys(keys.tag(tag), names));
        args.add(ascii(Integer.toString(indexed.size())));
        args.add(StreamEntry.metadata(event));
      }
    }
  }

  private static void addKeys(Keys.Index index, List<String> names) {
    names.add(index.members());
    names.add(index.end());
  }

  private void answer(List<Write> writes, List<Object> answers, Throwable problem) {
    for (int i = 0; i < writes.size(); i++) {
      Write write = writes.get(i);
      if (problem != null) {
        write.done.completeExceptionally(RedisLink.unwrap(problem));
      } else {
        answer(write, answers.subList(i * VALUES_PER_ANSWER, (i + 1) * VALUES_PER_ANSWER));
      }
    }
  }

  private void answer(Write write, List<Object> answer) {
    switch (((Long) answer.get(0)).intValue()) {
      case 0 -> write.done.complete(Outcome.STORED);
      case 1 -> write.done.complete(Outcome.STORED_BEFORE);
      case 2 ->
          write.done.completeExceptionally(
              new SequenceNumberTakenException(
                  write.persistenceId, write.first(), (Long) answer.get(1)));
      default ->
          write.done.completeExceptionally(
              link.failure(
                  write::doing, new RedisCommandExecutionException(text((byte[]) answer.get(2)))));
    }
  }
}
