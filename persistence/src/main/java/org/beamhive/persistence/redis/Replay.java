package org.beamhive.persistence.redis;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * One replay: hands over page after page, and never more than two that the receiver has not handled
 * yet, so that a history of any length takes the memory of three pages.
 */
final class Replay {

  private final PageReader<StoredEvent> reader;
  private final Receiver receiver;
  private final Consumer<StoredEvent> callback;
  private final Executor executor;
  private final CompletableFuture<Void> done = new CompletableFuture<>();

  /**
   * @param callback hands over one event
   * @param executor on which that is done
   */
  Replay(
      PageReader<StoredEvent> reader,
      Receiver receiver,
      Consumer<StoredEvent> callback,
      Executor executor) {
    this.reader = reader;
    this.receiver = receiver;
    this.callback = callback;
    this.executor = executor;
  }

  /**
   * @param max events at most
   */
  CompletionStage<Void> run(long max) {
    CompletionStage<Void> nothingSent = CompletableFuture.completedStage(null);
    step(max, nothingSent, nothingSent);
    return done;
  }

  private void step(long left, CompletionStage<Void> lastButOne, CompletionStage<Void> last) {
    if (left <= 0) {
      done.complete(null);
      return;
    }
    reader
        .next()
        .thenCombine(lastButOne, (page, handled) -> page)
        .thenAcceptAsync(
            page -> {
              if (page.isEmpty()) {
                done.complete(null);
              } else {
                handOver(page.get(), left, last);
              }
            },
            executor)
        .exceptionally(
            problem -> {
              done.completeExceptionally(RedisLink.unwrap(problem));
              return null;
            });
  }

  private void handOver(List<StoredEvent> page, long left, CompletionStage<Void> last) {
    page.stream().limit(left).forEach(callback);
    // The receiver of a short history isn't asked.
    CompletionStage<Void> handled =
        reader.isAtEnd() ? CompletableFuture.completedStage(null) : receiver.caughtUp();
    step(left - page.size(), last, handled);
  }
}
