package org.beamhive.devices.type;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.signal.Signal;
import org.beamhive.protocol.model.Value;

/**
 * What a device sets for a scan and gives back afterwards, ophyd's {@code stage_sigs}: put in order
 * when it is staged, restored in reverse when it is unstaged.
 */
final class StagedSettings {
  private final Map<Signal, Value> wanted = new LinkedHashMap<>();
  private final Deque<Original> originals = new ArrayDeque<>();

  private record Original(Signal signal, Value value) {}

  /** Adds one; in the order in which they are put. */
  StagedSettings with(Signal signal, Value value) {
    wanted.put(signal, value);
    return this;
  }

  /** Puts them. What is staged already is restored first. If one fails, all are restored. */
  CompletionStage<Void> stage(Duration patience) {
    CompletionStage<Void> done = unstage(patience);
    for (Map.Entry<Signal, Value> entry : wanted.entrySet()) {
      done = done.thenCompose(before -> put(entry.getKey(), entry.getValue(), patience));
    }
    return done.exceptionallyCompose(
        error ->
            unstage(patience)
                .handle((restored, second) -> error)
                .thenCompose(CompletableFuture::failedStage));
  }

  /** One that the IOC has not is left out. */
  private CompletionStage<Void> put(Signal signal, Value value, Duration patience) {
    if (!signal.connected()) {
      return Device.DONE;
    }
    return signal
        .get(patience)
        .thenCompose(
            before -> {
              if (SignalSettings.same(signal, before.value(), value)) {
                return Device.DONE;
              }
              remember(new Original(signal, before.value()));
              return signal
                  .put(value, patience)
                  .thenCompose(done -> signal.get(patience))
                  .thenApply(now -> null);
            });
  }

  private synchronized void remember(Original original) {
    originals.push(original);
  }

  private synchronized Original last() {
    return originals.poll();
  }

  /** Restores what {@link #stage} has changed; harmless without it. */
  CompletionStage<Void> unstage(Duration patience) {
    Original original = last();
    return original == null
        ? Device.DONE
        : original
            .signal()
            .put(original.value(), patience)
            .handle((done, error) -> error)
            .thenCompose(
                error ->
                    unstage(patience)
                        .thenCompose(
                            rest ->
                                error == null
                                    ? Device.DONE
                                    : CompletableFuture.failedStage(error)));
  }
}
