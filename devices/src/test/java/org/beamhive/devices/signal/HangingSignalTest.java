package org.beamhive.devices.signal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.Test;

/** A control system that is connected and hangs is told from one whose record takes too long. */
class HangingSignalTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private CompletionStage<SignalValue> answer = late();

  private static <T> CompletionStage<T> late() {
    return CompletableFuture.failedStage(new DeviceFailure("timeout", "No answer within 5 s."));
  }

  private Signal signal() {
    SignalBackend.Link link =
        new SignalBackend.Link() {
          @Override
          public CompletionStage<SignalValue> get(Duration timeout) {
            return answer;
          }

          @Override
          public CompletionStage<Void> put(Value value, Duration timeout) {
            return late();
          }

          @Override
          public CompletionStage<Void> send(Value value, Duration timeout) {
            return late();
          }

          @Override
          public void close() {}
        };
    Signal signal =
        new Signal(
            (name, options, listener) -> {
              listener.connected(SignalMeta.number("PV:m1", "mm", 3, Limits.NONE));
              return link;
            },
            "m1",
            SignalOptions.POLLED);
    signal.open(
        new Signal.Listener() {
          @Override
          public void connected(Signal connected) {}

          @Override
          public void disconnected(Signal disconnected) {}

          @Override
          public void changed(Signal changed) {}
        });
    return signal;
  }

  private static String code(CompletionStage<?> stage) {
    try {
      stage.toCompletableFuture().join();
      return "done";
    } catch (CompletionException e) {
      return DeviceFailure.refusalOf("m1", e).code();
    }
  }

  @Test
  void aReadThatIsNotAnsweredMeansThatItHangs() {
    assertThat(code(signal().get(TIMEOUT))).isEqualTo("not-responding");
  }

  @Test
  void aWriteThatTakesTooLongWhileReadsAreAnsweredHasTimedOut() {
    answer = CompletableFuture.completedStage(SignalValue.of(Value.of(1.0), 0));
    assertThat(code(signal().put(Value.of(2.0), TIMEOUT))).isEqualTo("timeout");
  }

  @Test
  void aWriteThatTakesTooLongWhileNothingIsAnsweredMeansThatItHangs() {
    assertThat(code(signal().put(Value.of(2.0), TIMEOUT))).isEqualTo("not-responding");
  }
}
