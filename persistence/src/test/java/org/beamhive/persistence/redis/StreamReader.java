package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.ClassicActorSystemProvider;
import akka.stream.Attributes;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.SinkQueueWithCancel;
import akka.stream.javadsl.Source;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Takes the elements of a stream one by one, and asks for no more than one in advance. */
final class StreamReader<T> implements AutoCloseable {

  /** For a test that says that something does not come. */
  private static final Duration NOTHING = Duration.ofMillis(300);

  private static final long SECONDS = 30;

  /** No test stores so much: the stream doesn't end. */
  private static final int MOST = 100_000;

  private final SinkQueueWithCancel<T> queue;
  private CompletionStage<Optional<T>> asked;

  private StreamReader(SinkQueueWithCancel<T> queue) {
    this.queue = queue;
  }

  static <T> StreamReader<T> of(Source<T, ?> source, ClassicActorSystemProvider system) {
    return new StreamReader<>(
        source.runWith(
            Sink.<T>queue().withAttributes(Attributes.inputBuffer(1, 1)), system.classicSystem()));
  }

  /** Every element of a stream that ends. */
  static <T> List<T> all(Source<T, ?> source, ClassicActorSystemProvider system) {
    return of(source, system).rest();
  }

  /** Why a stream failed at its beginning. */
  static Throwable failure(Source<?, ?> source, ClassicActorSystemProvider system) {
    return of(source, system).failure();
  }

  T next() {
    return take().orElseThrow(() -> new AssertionError("The stream has ended"));
  }

  List<T> next(int count) {
    List<T> elements = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      elements.add(next());
    }
    return elements;
  }

  /** What comes before the end. */
  List<T> rest() {
    List<T> rest = new ArrayList<>();
    for (Optional<T> next = take(); next.isPresent(); next = take()) {
      rest.add(next.get());
      assertThat(rest).hasSizeLessThan(MOST);
    }
    return rest;
  }

  void expectEnd() {
    assertThat(take()).isEmpty();
  }

  void expectNothingYet() {
    try {
      Optional<T> early =
          pull().toCompletableFuture().get(NOTHING.toMillis(), TimeUnit.MILLISECONDS);
      throw new AssertionError("Not expected yet: " + early);
    } catch (TimeoutException good) {
      // What was asked for is given to the next caller.
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  Throwable failure() {
    try {
      Optional<T> element = pull().toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
      throw new AssertionError("Expected a failure instead of " + element);
    } catch (ExecutionException e) {
      return e.getCause();
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  private Optional<T> take() {
    try {
      Optional<T> element = pull().toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
      asked = null;
      return element;
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError("No element came: " + e, e);
    }
  }

  private CompletionStage<Optional<T>> pull() {
    if (asked == null) {
      asked = queue.pull();
    }
    return asked;
  }

  void cancel() {
    queue.cancel();
  }

  @Override
  public void close() {
    cancel();
  }
}
