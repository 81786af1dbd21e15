package org.beamhive.persistence.redis;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * Reads something that has rising positions, page by page: to what was there at the beginning, or
 * on and on as more comes. It fetches one page ahead and otherwise only what is asked for.
 *
 * <p>Not to be asked for the next page before the last one is there.
 */
final class PageReader<E> {

  /** What is read. */
  interface Pages<E> {

    /** The last position that there is now. */
    CompletionStage<Long> end();

    /** Some of what is between two positions, both included; nothing only if there is nothing. */
    CompletionStage<List<E>> read(long from, long to);

    long position(E element);
  }

  private final Pages<E> pages;
  private final long to;
  private final Live live;
  private long next;
  private long end;
  private boolean looked;
  private CompletionStage<List<E>> ahead;
  private volatile boolean stopped;

  /** How a reader learns that there is more: it is told, and looks from time to time anyway. */
  record Live(Wakeups.Wakeup wakeup, Duration refresh) {}

  /**
   * @param to last position of interest
   * @param live null to read only what is there at the first call
   */
  PageReader(Pages<E> pages, long from, long to, Live live) {
    this(pages, from, to, live, from - 1, false);
  }

  private PageReader(Pages<E> pages, long from, long to, Live live, long end, boolean looked) {
    this.pages = pages;
    this.next = from;
    this.to = to;
    this.live = live;
    this.end = end;
    this.looked = looked;
  }

  /** Reads what is known to be there. */
  static <E> PageReader<E> ofKnown(Pages<E> pages, long from, long to) {
    return new PageReader<>(pages, from, to, null, to, true);
  }

  /** The next page, or empty at the end. */
  CompletionStage<Optional<List<E>>> next() {
    CompletableFuture<Optional<List<E>>> result = new CompletableFuture<>();
    step(result);
    return result;
  }

  /** Whether the next page of a reader that isn't live is going to be the end. */
  boolean isAtEnd() {
    return looked && next > end;
  }

  /** Ends a reader, from any thread, that would otherwise look for news for ever. */
  void stop() {
    stopped = true;
    if (live != null) {
      live.wakeup.tell();
    }
  }

  private void step(CompletableFuture<Optional<List<E>>> result) {
    if (stopped || next > to) {
      result.complete(Optional.empty());
    } else if (next <= end) {
      then(result, ahead == null ? pages.read(next, end) : ahead, page -> took(result, page));
    } else if (!looked) {
      look(result);
    } else if (live == null) {
      result.complete(Optional.empty());
    } else {
      then(result, live.wakeup.orAfter(live.refresh), told -> look(result));
    }
  }

  private void look(CompletableFuture<Optional<List<E>>> result) {
    if (live != null) {
      live.wakeup.clear();
    }
    then(
        result,
        pages.end(),
        last -> {
          looked = true;
          end = Math.max(end, Math.min(last, to));
          step(result);
        });
  }

  private void took(CompletableFuture<Optional<List<E>>> result, List<E> page) {
    ahead = null;
    if (page.isEmpty()) {
      next = end + 1;
      step(result);
      return;
    }
    next = pages.position(page.get(page.size() - 1)) + 1;
    if (next <= end) {
      ahead = pages.read(next, end);
    }
    result.complete(Optional.of(page));
  }

  private static <T, R> void then(
      CompletableFuture<R> result, CompletionStage<T> stage, Consumer<T> then) {
    stage.whenComplete(
        (value, problem) -> {
          if (problem != null) {
            result.completeExceptionally(RedisLink.unwrap(problem));
            return;
          }
          try {
            then.accept(value);
          } catch (RuntimeException e) {
            result.completeExceptionally(e);
          }
        });
  }
}
