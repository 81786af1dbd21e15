package org.beamhive.devices.type;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.signal.Signal;
import org.beamhive.protocol.model.Value;

/**
 * What staging has changed, to be put back in the opposite order. One caller at a time; the stages
 * follow each other.
 */
final class AreaStaging {
  private record Before(Signal setting, Value value) {}

  private final Deque<Before> changed = new ArrayDeque<>();
  private final Duration patience;

  AreaStaging(Duration patience) {
    this.patience = patience;
  }

  /** Puts a value and remembers what it was, if that is not remembered yet. */
  CompletionStage<Void> put(Signal setting, Value value) {
    // the setting itself: not every one has a readback
    return setting
        .get(patience)
        .thenCompose(
            now -> {
              remember(setting, now.value());
              return setting.put(value, patience);
            });
  }

  private synchronized void remember(Signal setting, Value value) {
    if (changed.stream().noneMatch(before -> before.setting().equals(setting))) {
      changed.push(new Before(setting, value));
    }
  }

  /** What was there before is not put back: somebody wants the setting to stay as it is now. */
  synchronized void keep(Signal setting) {
    changed.removeIf(before -> before.setting().equals(setting));
  }

  /** Puts everything back, the last change first; goes on after a failure and fails then. */
  CompletionStage<Void> restore() {
    CompletionStage<Void> all = CompletableFuture.completedStage(null);
    Before last = pop();
    while (last != null) {
      Before one = last;
      CompletionStage<Void> before = all;
      all =
          before
              .handle((done, error) -> error)
              .thenCompose(
                  error ->
                      one.setting()
                          .put(one.value(), patience)
                          .thenCompose(
                              done ->
                                  error == null
                                      ? CompletableFuture.<Void>completedStage(null)
                                      : CompletableFuture.<Void>failedStage(error)));
      last = pop();
    }
    return all;
  }

  private synchronized Before pop() {
    return changed.poll();
  }
}
