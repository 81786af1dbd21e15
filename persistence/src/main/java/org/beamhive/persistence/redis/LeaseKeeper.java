package org.beamhive.persistence.redis;

import akka.coordination.lease.LeaseException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Acquires, renews and releases one lease for one owner, and watches it while it is another's.
 *
 * <p>While it holds the lease it renews it every interval, and doesn't wait for an answer before it
 * sends the next renewal. A renewal that is confirmed counts from the moment when it was sent,
 * however late it was done or answered. When the last of them is too old the lease is lost, and no
 * answer that comes after that brings it back.
 *
 * <p>While it doesn't hold the lease it looks at it every interval, so that, when it is asked to
 * acquire it, it knows whether the holder has been silent.
 */
final class LeaseKeeper {

  private static final Logger log = LoggerFactory.getLogger(LeaseKeeper.class);

  /** A monotonic clock. */
  interface Clock {
    /** Nanoseconds since some moment. */
    long now();

    /** Runs something later, on a thread that isn't the caller's. */
    void after(Duration delay, Runnable action);
  }

  /**
   * The lease is ours.
   *
   * @param number of this stretch of holding it
   * @param until when it ends if no renewal is confirmed
   * @param trouble why the last renewal failed, or null
   */
  private record Hold(
      long number, long until, Consumer<Optional<Throwable>> whenLost, Throwable trouble) {
    Hold renewed(long newUntil) {
      return new Hold(number, Math.max(until, newUntil), whenLost, null);
    }

    Hold troubled(Throwable why) {
      return new Hold(number, until, whenLost, why);
    }

    Hold telling(Consumer<Optional<Throwable>> another) {
      return new Hold(number, until, another, trouble);
    }
  }

  /**
   * Somebody wants the lease.
   *
   * @param releases how many there had been then: a later one takes the question back
   */
  private record Question(
      long deadline, long releases, Consumer<Optional<Throwable>> whenLost, LeaseEntry first) {
    Question after(LeaseEntry entry) {
      return first == null ? new Question(deadline, releases, whenLost, entry) : this;
    }
  }

  private final String name;
  private final String owner;
  private final LeaseTimes times;
  private final LeaseStore store;
  private final Clock clock;
  private final Executor callbacks;
  private final LeaseWatch watch;

  /** Nobody else's ever: also a process that takes this one's place has another. */
  private final String holder = UUID.randomUUID().toString();

  private long version;
  private long holds;
  private long releases;
  private boolean looking;
  private volatile Hold hold;
  private volatile boolean ended;

  /**
   * @param callbacks runs what is to be told to the lease's user
   */
  LeaseKeeper(
      String name,
      String owner,
      LeaseTimes times,
      LeaseStore store,
      Clock clock,
      Executor callbacks) {
    this.name = name;
    this.owner = owner;
    this.times = times;
    this.store = store;
    this.clock = clock;
    this.callbacks = callbacks;
    this.watch = new LeaseWatch(owner, times.timeout());
  }

  /** Begins to watch. */
  LeaseKeeper start() {
    clock.after(Duration.ZERO, this::tick);
    return this;
  }

  /** Neither watches nor renews any more. What it held stays its own in Redis for its time. */
  synchronized void end() {
    ended = true;
    hold = null;
  }

  String name() {
    return name;
  }

  /** Who has it: this owner, or the one that was last seen. */
  synchronized Optional<String> owner() {
    return isHeld() ? Optional.of(owner) : watch.seenOwner();
  }

  /** Whether the lease is held at this moment. It waits for nothing. */
  boolean isHeld() {
    Hold current = hold;
    return current != null && !isOver(current.until);
  }

  private boolean isOver(long moment) {
    return clock.now() - moment >= 0;
  }

  // ---------------------------------------------------------------- acquiring

  /**
   * Answers false when the lease is another's, who has renewed it since it was asked for or whose
   * time isn't over when the time for this operation is.
   *
   * @param whenLost told at most once, why, if the lease is lost after it was acquired
   */
  synchronized CompletionStage<Boolean> acquire(Consumer<Optional<Throwable>> whenLost) {
    Hold current = stillHeld();
    if (current != null) {
      hold = current.telling(whenLost);
      return CompletableFuture.completedStage(true);
    }
    return ask(new Question(clock.now() + times.operation().toNanos(), releases, whenLost, null));
  }

  private synchronized CompletionStage<Boolean> ask(Question question) {
    long sent = clock.now();
    Duration within = Duration.ofNanos(question.deadline - sent);
    Optional<LeaseEntry> seen = watch.takeable(sent);
    if (seen.isEmpty()) {
      return store.look(within).thenCompose(entry -> isAnothers(question, entry));
    }
    LeaseEntry own = nextEntry();
    return store
        .take(own, seen.get(), within)
        .thenCompose(entry -> taken(question, own, sent, entry));
  }

  private synchronized CompletionStage<Boolean> taken(
      Question question, LeaseEntry own, long sent, LeaseEntry entry) {
    boolean ours =
        entry.owner().equals(owner)
            && entry.holder().equals(holder)
            && entry.version() >= own.version();
    long until = sent + times.belief().toNanos();
    if (!ours || isOver(until) || question.releases != releases || ended) {
      return isAnothers(question, entry);
    }
    watch.saw(entry, clock.now());
    Hold current = stillHeld();
    if (current == null) {
      hold = new Hold(++holds, until, question.whenLost, null);
      log.info("Lease '{}': acquired by '{}'", name, owner);
    } else {
      hold = current.renewed(until).telling(question.whenLost);
    }
    return CompletableFuture.completedStage(true);
  }

  /** Takes it if it is free now; otherwise waits until its holder shows life or has lost it. */
  private synchronized CompletionStage<Boolean> isAnothers(Question question, LeaseEntry entry) {
    long now = clock.now();
    watch.saw(entry, now);
    if (question.releases != releases || ended) {
      return CompletableFuture.completedStage(false);
    }
    if (question.deadline - now > 0 && watch.takeable(now).isPresent()) {
      return ask(question);
    }
    // What it was when this question came may have been written by a holder that died since.
    boolean lives = question.first != null && !entry.equals(question.first) && entry.hasOwner();
    long pause = Math.min(times.poll().toNanos(), watch.remaining(now) + 1);
    if (lives || question.deadline - now < pause + times.poll().toNanos()) {
      return CompletableFuture.completedStage(false);
    }
    CompletableFuture<Void> again = new CompletableFuture<>();
    clock.after(Duration.ofNanos(pause), () -> again.complete(null));
    return again.thenCompose(tick -> ask(question.after(entry)));
  }

  // ---------------------------------------------------------------- releasing

  /** Answers true. From this call on the lease isn't held here any more, whatever becomes of it. */
  synchronized CompletionStage<Boolean> release() {
    releases++;
    if (stillHeld() != null) {
      hold = null;
      log.info("Lease '{}': released by '{}'", name, owner);
    }
    return store
        .release(nextEntry(), times.operation())
        .thenApply(
            entry -> {
              saw(entry);
              return true;
            });
  }

  // ---------------------------------------------------------------- renewing and watching

  private void tick() {
    if (ended) {
      return;
    }
    Duration pause = times.interval();
    try {
      pause = renewOrLook();
    } finally {
      clock.after(pause, this::tick);
    }
  }

  /** Answers how long to wait until the next time. */
  private synchronized Duration renewOrLook() {
    Hold current = stillHeld();
    if (current == null) {
      look();
      return times.interval();
    }
    long sent = clock.now();
    Duration left = Duration.ofNanos(current.until - sent);
    if (left.isNegative() || left.isZero()) {
      return Duration.ZERO;
    }
    store
        .renew(nextEntry(), left)
        .whenComplete((entry, problem) -> renewed(current.number, sent, entry, problem));
    return left.compareTo(times.interval()) < 0 ? left : times.interval();
  }

  private synchronized void renewed(long number, long sent, LeaseEntry entry, Throwable problem) {
    if (entry != null) {
      watch.saw(entry, clock.now());
    }
    Hold current = stillHeld();
    if (current == null || current.number != number) {
      return;
    }
    if (problem != null) {
      hold = current.troubled(RedisLink.unwrap(problem));
    } else if (entry.owner().equals(owner) && entry.holder().equals(holder)) {
      hold = current.renewed(sent + times.belief().toNanos());
    } else {
      lose(current, takenBy(entry), null);
    }
  }

  private void look() {
    if (looking) {
      return;
    }
    looking = true;
    store
        .look(times.timeout())
        .whenComplete(
            (entry, problem) -> {
              looked();
              if (problem == null) {
                saw(entry);
              } else {
                log.debug("Lease '{}' can't be watched at this time", name, problem);
              }
            });
  }

  private synchronized void looked() {
    looking = false;
  }

  private synchronized void saw(LeaseEntry entry) {
    watch.saw(entry, clock.now());
  }

  private LeaseEntry nextEntry() {
    return new LeaseEntry(owner, holder, ++version);
  }

  // ---------------------------------------------------------------- losing

  /** Null if there is none; one whose time is over ends here. */
  private Hold stillHeld() {
    Hold current = hold;
    if (current == null || !isOver(current.until)) {
      return current;
    }
    lose(
        current,
        "no renewal was confirmed for %d ms%s"
            .formatted(
                times.belief().toMillis(),
                current.trouble == null ? "" : ": " + current.trouble.getMessage()),
        current.trouble);
    return null;
  }

  private String takenBy(LeaseEntry entry) {
    if (!entry.hasOwner()) {
      return "Redis says that it is released";
    }
    return entry.owner().equals(owner)
        ? "another process of the same name has acquired it"
        : "it has been acquired by '" + entry.owner() + "'";
  }

  private void lose(Hold lost, String why, Throwable cause) {
    hold = null;
    String sentence = "Lease '%s': lost by '%s', because %s".formatted(name, owner, why);
    log.warn(sentence);
    LeaseException reason = new LeaseException(sentence);
    if (cause != null) {
      reason.initCause(cause);
    }
    callbacks.execute(() -> lost.whenLost.accept(Optional.of(reason)));
  }
}
