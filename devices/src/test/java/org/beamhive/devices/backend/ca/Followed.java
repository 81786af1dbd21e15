package org.beamhive.devices.backend.ca;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalBackend;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.protocol.model.Value;

/** An open signal, and what was told of it. */
final class Followed implements Signal.Listener {
  static final Duration LONG = Duration.ofSeconds(20);

  final AtomicInteger connects = new AtomicInteger();
  final AtomicInteger disconnects = new AtomicInteger();
  final AtomicInteger descriptions = new AtomicInteger();
  final AtomicInteger changes = new AtomicInteger();
  final Signal signal;

  Followed(SignalBackend link, String name, SignalOptions options) {
    signal = new Signal(link, name, options);
    signal.open(this);
  }

  @Override
  public void connected(Signal which) {
    connects.incrementAndGet();
  }

  @Override
  public void disconnected(Signal which) {
    disconnects.incrementAndGet();
  }

  @Override
  public void described(Signal which) {
    descriptions.incrementAndGet();
  }

  @Override
  public void changed(Signal which) {
    changes.incrementAndGet();
  }

  Followed awaitConnected() {
    await(signal.name() + " to connect", signal::connected);
    return this;
  }

  Followed awaitDisconnected() {
    await(signal.name() + " to disconnect", () -> !signal.connected());
    return this;
  }

  Followed awaitValue(Value value) {
    await(
        signal.name() + " to be " + value.shown(),
        () -> signal.latest() != null && signal.latest().value().equals(value));
    return this;
  }

  SignalMeta meta() {
    return signal.meta();
  }

  SignalValue get() {
    return done(signal.get(LONG));
  }

  void put(Value value) {
    done(signal.put(value, LONG));
  }

  static void await(String what, BooleanSupplier condition) {
    await(what, Duration.ofSeconds(40), condition);
  }

  static void await(String what, Duration patience, BooleanSupplier condition) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited too long for %s", what).isLessThan(deadline);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
    }
  }

  static <T> T done(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().get(40, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** The code of the refusal, or {@code done}. */
  static String code(CompletionStage<?> stage) {
    DeviceFailure failure = failure(stage);
    return failure == null ? "done" : failure.refusal().code();
  }

  /** How it fails, or null. */
  static DeviceFailure failure(CompletionStage<?> stage) {
    try {
      stage.toCompletableFuture().get(40, TimeUnit.SECONDS);
      return null;
    } catch (ExecutionException e) {
      return (DeviceFailure) e.getCause();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
