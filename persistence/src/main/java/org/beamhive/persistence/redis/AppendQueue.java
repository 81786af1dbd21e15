package org.beamhive.persistence.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.beamhive.persistence.redis.StreamEntry.ascii;
import static org.beamhive.persistence.redis.StreamEntry.text;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
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

  /** The first value of an answer if Redis had an error. */
  private static final int FAILED = 3;

  private final RedisLink link;
  private final Keys keys;
  private final boolean cluster;
  private final Script append = Script.load("append.lua");
  private final Script appendPlain = Script.load("append-plain.lua");
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

  /**
   * A write on its way.
   *
   * @param plain whether {@code append-plain.lua} can do it
   * @param call its part of the call
   */
  private record Write(
      String persistenceId,
      List<StoredEvent> events,
      boolean plain,
      Arguments call,
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

  /** Of a script. */
  private record Arguments(List<String> keys, List<byte[]> values) {}

  /**
   * Stores all of these events or none: see {@link RedisEventStore#append}.
   *
   * @param list whether the id may not be in the list of ids yet; never in a cluster
   */
  CompletionStage<Outcome> add(String persistenceId, List<StoredEvent> events, boolean list) {
    long bytes = 0;
    boolean large = false;
    boolean more = false;
    for (StoredEvent event : events) {
      bytes += event.size();
      large |= event.size() > StreamEntry.LARGE;
      more |= !event.tags().isEmpty() || event.metadata().isPresent();
    }
    boolean plain = events.size() == 1 && !list && !large && !more;
    Write write =
        new Write(
            persistenceId,
            events,
            plain,
            plain
                ? plain(persistenceId, events.get(0))
                : arguments(persistenceId, events, list, large, more),
            bytes,
            link.deadline(),
            new CompletableFuture<>());
    if (cluster) {
      call(List.of(write));
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

  /** In the form that {@code append-plain.lua} takes. */
  private Arguments plain(String persistenceId, StoredEvent event) {
    return new Arguments(
        List.of(keys.events(persistenceId)),
        List.of(
            ascii(Long.toString(event.sequenceNr())),
            StreamEntry.header(event),
            event.payload().bytes()));
  }

  /** In the form that {@code append.lua} takes. */
  private Arguments arguments(
      String persistenceId, List<StoredEvent> events, boolean list, boolean large, boolean more) {
    List<String> names = new ArrayList<>();
    names.add(keys.events(persistenceId));
    if (large) {
      names.add(keys.large(persistenceId));
    }
    if (list) {
      addKeys(keys.persistenceIds(), names);
    }
    int shape = 8 * events.size() + (more ? 4 : 0) + (large ? 2 : 0) + (list ? 1 : 0);
    List<byte[]> args = new ArrayList<>(2 + 3 * events.size());
    args.add(ascii(Integer.toString(shape)));
    args.add(persistenceId.getBytes(UTF_8));
    for (StoredEvent event : events) {
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
    return new Arguments(names, args);
  }

  private static void addKeys(Keys.Index index, List<String> names) {
    names.add(index.members());
    names.add(index.end());
  }

  /** Called under the lock: what goes in the next call, all of it plain or none. */
  private List<Write> next() {
    if (onTheirWay == CALLS || waiting.isEmpty()) {
      return List.of();
    }
    onTheirWay++;
    boolean plain = waiting.element().plain;
    List<Write> writes = new ArrayList<>();
    long bytes = 0;
    do {
      Write write = waiting.remove();
      bytes += write.bytes;
      writes.add(write);
    } while (!waiting.isEmpty()
        && waiting.element().plain == plain
        && writes.size() < MOST_WRITES
        && bytes + waiting.element().bytes <= MOST_BYTES);
    return writes;
  }

  private void send(List<Write> writes) {
    if (!writes.isEmpty()) {
      call(expire(writes));
    }
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

  private void call(List<Write> writes) {
    if (writes.isEmpty()) {
      ended();
    } else if (writes.get(0).plain) {
      call(appendPlain, writes, this::answerPlain);
    } else {
      call(append, writes, this::answer);
    }
  }

  private void call(
      Script script, List<Write> writes, BiConsumer<List<Write>, List<Object>> giveOut) {
    call(script, writes)
        .whenComplete((answers, problem) -> ended())
        .thenAccept(answers -> giveOut.accept(writes, answers))
        .exceptionally(
            problem -> {
              fail(writes, problem);
              return null;
            });
  }

  private CompletionStage<List<Object>> call(Script script, List<Write> writes) {
    List<String> names = new ArrayList<>(2 * writes.size());
    List<byte[]> args = new ArrayList<>(5 * writes.size());
    for (Write write : writes) {
      names.addAll(write.call.keys);
      args.addAll(write.call.values);
    }
    Supplier<String> doing =
        () ->
            writes.get(0).doing()
                + (writes.size() == 1 ? "" : " and %d more writes".formatted(writes.size() - 1));
    String[] keyNames = names.toArray(String[]::new);
    return link.write(doing, redis -> script.call(redis, keyNames, args), writes.get(0).deadline);
  }

  /** A call has ended: the next one goes before the answers of this one are given out. */
  private void ended() {
    if (cluster) {
      return;
    }
    List<Write> next;
    synchronized (this) {
      onTheirWay--;
      next = next();
    }
    send(next);
  }

  private static void fail(List<Write> writes, Throwable problem) {
    writes.forEach(write -> write.done.completeExceptionally(RedisLink.unwrap(problem)));
  }

  /** Those that Redis has not taken are tried the long way. */
  private void answerPlain(List<Write> writes, List<Object> failed) {
    Set<Long> places = new HashSet<>();
    failed.forEach(place -> places.add((Long) place));
    for (int i = 0; i < writes.size(); i++) {
      Write write = writes.get(i);
      if (places.contains(i + 1L)) {
        tryAgain(write);
      } else {
        write.done.complete(Outcome.STORED);
      }
    }
  }

  /**
   * Alone, so that {@link RedisLink} sees what is wrong: it may be about to go away, or mean that
   * another server is the master now.
   */
  private void tryAgain(Write write) {
    Arguments call =
        write.plain
            ? arguments(write.persistenceId, write.events, false, false, false)
            : write.call;
    String[] names = call.keys.toArray(String[]::new);
    link.write(
            write::doing,
            redis ->
                append.call(redis, names, call.values).thenCompose(AppendQueue::failedIfNotStored),
            write.deadline)
        .thenAccept(answer -> answer(write, answer))
        .exceptionally(
            problem -> {
              fail(List.of(write), problem);
              return null;
            });
  }

  private static CompletionStage<List<Object>> failedIfNotStored(List<Object> answer) {
    return ((Long) answer.get(0)).intValue() == FAILED
        ? CompletableFuture.failedStage(
            new RedisCommandExecutionException(text((byte[]) answer.get(2))))
        : CompletableFuture.completedStage(answer);
  }

  private void answer(List<Write> writes, List<Object> answers) {
    for (int i = 0; i < writes.size(); i++) {
      answer(writes.get(i), answers.subList(i * VALUES_PER_ANSWER, (i + 1) * VALUES_PER_ANSWER));
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
      default -> tryAgain(write);
    }
  }
}
