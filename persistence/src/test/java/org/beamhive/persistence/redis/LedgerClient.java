package org.beamhive.persistence.redis;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.AskPattern;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * Writes to one {@link Ledger} without end, one text after the other, and keeps the books: what was
 * acknowledged, and what may or may not be stored.
 *
 * <p>After a failure it reads the ledger. A careful client then writes the same text again if it
 * isn't there; that is defined, because the number that the first try would have taken can't be
 * taken by both. A careless one goes on with its next text.
 */
final class LedgerClient {

  /** By then every outage of the tests is over: an answer that takes longer has been lost. */
  private static final Duration ANSWER = Duration.ofSeconds(60);

  /**
   * A question after a failure is asked anew after so long, because Akka 2.8.5 doesn't handle the
   * first message behind the failure of a batch before another one has come: it takes the failures
   * of the batch's other events through the restart, and stops at each of them when it empties its
   * stash.
   */
  private static final Duration NUDGE = Duration.ofMillis(500);

  private final String name;
  private final ActorSystem<?> system;
  private final ActorRef<Ledger.Command> ledger;
  private final boolean careful;
  private final Random random;
  private final CompletableFuture<Void> finished = new CompletableFuture<>();
  private final List<String> acknowledged = new ArrayList<>();
  private final List<String> doubtful = new ArrayList<>();
  private volatile boolean stopping;
  private volatile int writes;
  private volatile int stored;
  private volatile int failed;
  private volatile int found;
  private volatile Duration longestFailure = Duration.ZERO;

  /**
   * @param name first part of its texts, which no other client of this ledger may have
   */
  LedgerClient(
      String name,
      ActorSystem<?> system,
      ActorRef<Ledger.Command> ledger,
      boolean careful,
      long seed) {
    this.name = name;
    this.system = system;
    this.ledger = ledger;
    this.careful = careful;
    this.random = new Random(seed);
  }

  LedgerClient start() {
    next();
    return this;
  }

  /** Completes when what is under way has ended; fails if something was never answered. */
  CompletionStage<Void> stop() {
    stopping = true;
    return finished;
  }

  /** Writes that were acknowledged, or found after a failure. */
  int stored() {
    return stored;
  }

  /** Writes that were reported as failed. */
  int failed() {
    return failed;
  }

  /** Writes that were reported as failed and then found stored; a careful client alone looks. */
  int found() {
    return found;
  }

  /** How long it took at most until a failure was reported. */
  Duration longestFailure() {
    return longestFailure;
  }

  /** Texts that must be stored, in this order. To be asked after the end. */
  List<String> acknowledged() {
    return acknowledged;
  }

  /** Texts that may be stored, but not twice. To be asked after the end. */
  List<String> doubtful() {
    return doubtful;
  }

  private void next() {
    if (stopping) {
      finished.complete(null);
    } else {
      write(name + "-" + ++writes, 1 + random.nextInt(3));
    }
  }

  private void write(String text, int copies) {
    long start = System.nanoTime();
    CompletionStage<Ledger.Result> result =
        AskPattern.ask(
            ledger, replyTo -> new Ledger.Write(text, copies, replyTo), ANSWER, system.scheduler());
    then(
        result,
        answer -> {
          if (answer == Ledger.Result.STORED) {
            isStored(text, copies);
            return;
          }
          failed++;
          Duration waited = Duration.ofNanos(System.nanoTime() - start);
          if (waited.compareTo(longestFailure) > 0) {
            longestFailure = waited;
          }
          look(text, copies);
        });
  }

  private void isStored(String text, int copies) {
    acknowledged.addAll(Ledger.texts(text, copies));
    stored++;
    CompletableFuture.delayedExecutor(random.nextInt(10), TimeUnit.MILLISECONDS)
        .execute(this::next);
  }

  private void look(String text, int copies) {
    then(
        read(System.nanoTime() + ANSWER.toNanos()),
        entries -> {
          if (!careful) {
            doubtful.addAll(Ledger.texts(text, copies));
            next();
          } else if (entries.texts().containsAll(Ledger.texts(text, copies))) {
            found++;
            isStored(text, copies);
          } else {
            write(text, copies);
          }
        });
  }

  private CompletionStage<Ledger.Entries> read(long deadline) {
    return AskPattern.<Ledger.Command, Ledger.Entries>ask(
            ledger, Ledger.Read::new, NUDGE, system.scheduler())
        .handle(
            (entries, problem) ->
                problem == null
                    ? CompletableFuture.completedStage(entries)
                    : System.nanoTime() - deadline < 0
                        ? read(deadline)
                        : CompletableFuture.<Ledger.Entries>failedStage(problem))
        .thenCompose(stage -> stage);
  }

  private interface Step<T> {
    void accept(T answer);
  }

  private <T> void then(CompletionStage<T> answer, Step<T> step) {
    answer
        .thenAccept(step::accept)
        .exceptionally(
            problem -> {
              finished.completeExceptionally(problem);
              return null;
            });
  }
}
