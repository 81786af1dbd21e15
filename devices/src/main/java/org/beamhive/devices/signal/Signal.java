package org.beamhive.devices.signal;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.beamhive.protocol.model.Value;

/**
 * One value of the control system. It keeps the newest value only, so a fast PV can't fill the
 * memory. May be used from any thread.
 */
public final class Signal {
  /** A get may overtake the monitor event before it; an older value within this time is that. */
  private static final double OVERTAKEN_WITHIN_SECONDS = 5;

  /** Within this time a control system answers that works. */
  private static final Duration PROMPT = Duration.ofSeconds(1);

  private final SignalBackend backend;
  private final String name;
  private final SignalOptions options;
  private final Deadlines deadlines;
  private final AtomicReference<SignalValue> latest = new AtomicReference<>();
  private final List<Waiter> waiters = new CopyOnWriteArrayList<>();
  private volatile SignalBackend.Link link;
  private volatile SignalMeta meta;
  private volatile boolean connected;

  private record Waiter(Predicate<SignalValue> wanted, CompletableFuture<SignalValue> promise) {}

  /** What the owner of a signal is told, on any thread. */
  public interface Listener {
    /** It has connected. */
    void connected(Signal signal);

    /** It has disconnected. */
    void disconnected(Signal signal);

    /** Its newest value has changed; of very fast changes not each is told, but the last is. */
    void changed(Signal signal);

    /** Its {@link Signal#meta} has changed while it was connected. */
    default void described(Signal signal) {}
  }

  /** A signal that is not open yet. */
  public Signal(SignalBackend backend, String name, SignalOptions options) {
    this(backend, name, options, Deadlines.SYSTEM);
  }

  /** A signal that is not open yet, whose waits end by this clock. */
  public Signal(SignalBackend backend, String name, SignalOptions options, Deadlines deadlines) {
    this.backend = backend;
    this.name = name;
    this.options = options;
    this.deadlines = deadlines;
  }

  /** Starts to connect. */
  public void open(Listener owner) {
    double most =
        options.changesPerSecond() > 0 ? options.changesPerSecond() : backend.changesPerSecond();
    Pace pace =
        Pace.of(
            most,
            () -> {
              // it may have disconnected since
              if (latest.get() != null) {
                owner.changed(this);
              }
            });
    link =
        backend.open(
            name,
            options,
            new SignalBackend.Listener() {
              @Override
              public void connected(SignalMeta found) {
                meta = found;
                connected = true;
                owner.connected(Signal.this);
              }

              @Override
              public void described(SignalMeta found) {
                meta = found;
                owner.described(Signal.this);
              }

              @Override
              public void disconnected() {
                connected = false;
                latest.set(null);
                failWaiters("disconnected", name + " has disconnected.");
                owner.disconnected(Signal.this);
              }

              @Override
              public void changed(SignalValue value) {
                if (offer(value)) {
                  pace.changed();
                }
              }
            });
  }

  /** Its name in the control system. */
  public String name() {
    return name;
  }

  /** Whether its changes are followed. */
  public boolean monitored() {
    return options.monitored();
  }

  /** Whether it is connected. */
  public boolean connected() {
    return connected;
  }

  /** What it is, as far as known: null before the first connect. */
  public SignalMeta meta() {
    return meta;
  }

  /** The newest value known, or null. */
  public SignalValue latest() {
    return latest.get();
  }

  /** The newest value if it is monitored, which is complete at once; else it is asked for. */
  public CompletionStage<SignalValue> read(Duration timeout) {
    SignalValue value = options.monitored() && connected ? latest.get() : null;
    return value != null ? CompletableFuture.completedFuture(value) : get(timeout);
  }

  /**
   * Asks for the value now; it becomes the newest one known. Fails with {@code not-responding} if
   * there is no answer in time.
   */
  public CompletionStage<SignalValue> get(Duration timeout) {
    return whileConnected(
        () ->
            link.get(timeout)
                .thenApply(
                    value -> {
                      offer(value);
                      return value;
                    })
                .exceptionallyCompose(
                    error ->
                        CompletableFuture.failedFuture(
                            isTimeout(error) ? notResponding() : error)));
  }

  /**
   * Puts a value; ends when all that this has started has ended. Fails with {@code timeout} if that
   * takes longer, and with {@code not-responding} if the control system answers nothing at all.
   *
   * <p>An urgent signal is only {@link #send sent}: a control system may carry out one put with
   * completion after the other, and then a stop would wait for the end of what it is to stop.
   */
  public CompletionStage<Void> put(Value value, Duration timeout) {
    if (options.urgent()) {
      return send(value, timeout);
    }
    return whileConnected(
        () ->
            link.put(value, timeout)
                .exceptionallyCompose(
                    error ->
                        isTimeout(error) ? probed(error) : CompletableFuture.failedFuture(error)));
  }

  /**
   * Writes a value without waiting for what it starts, past all that is under way; ends when it has
   * been sent. What is asked of the same signal after that is answered after it has come.
   */
  public CompletionStage<Void> send(Value value, Duration timeout) {
    return whileConnected(() -> link.send(value, timeout));
  }

  /** A control system that hangs answers a question late or never, one that works at once. */
  private CompletionStage<Void> probed(Throwable putTimeout) {
    if (!connected) {
      return CompletableFuture.failedFuture(notConnected());
    }
    return link.get(PROMPT)
        .handle(
            (answer, silent) -> {
              throw silent == null ? new CompletionException(putTimeout) : notResponding();
            });
  }

  private static boolean isTimeout(Throwable error) {
    return DeviceFailure.refusalOf("", error).code().equals("timeout");
  }

  private DeviceFailure notResponding() {
    return new DeviceFailure(
        "not-responding", name + " is connected but does not answer: its control system hangs.");
  }

  /** Ends when a value is as wanted: at once, if the newest is. For monitored signals. */
  public CompletionStage<SignalValue> await(Predicate<SignalValue> wanted, Duration timeout) {
    CompletableFuture<SignalValue> promise = new CompletableFuture<>();
    Waiter waiter = new Waiter(wanted, promise);
    waiters.add(waiter);
    SignalValue now = latest.get();
    if (now != null && wanted.test(now)) {
      promise.complete(now);
    } else if (!connected) {
      promise.completeExceptionally(notConnected());
    }
    return deadlines
        .within(timeout, promise)
        .whenComplete((value, error) -> waiters.remove(waiter));
  }

  /** Closes it; requests still under way fail. */
  public void close() {
    SignalBackend.Link open = link;
    if (open != null) {
      open.close();
    }
    connected = false;
    failWaiters("closed", name + " has been closed.");
  }

  private <T> CompletionStage<T> whileConnected(
      java.util.function.Supplier<CompletionStage<T>> ask) {
    return connected ? ask.get() : CompletableFuture.failedFuture(notConnected());
  }

  private DeviceFailure notConnected() {
    return new DeviceFailure("disconnected", name + " is not connected.");
  }

  private boolean offer(SignalValue value) {
    SignalValue before;
    do {
      before = latest.get();
      if (before != null && overtaken(value, before)) {
        return false;
      }
    } while (!latest.compareAndSet(before, value));
    for (Waiter waiter : waiters) {
      if (waiter.wanted().test(value)) {
        waiter.promise().complete(value);
      }
    }
    return true;
  }

  /** Bounded in time, so that a clock that is set back doesn't silence the signal for ever. */
  private static boolean overtaken(SignalValue value, SignalValue before) {
    double older = before.timestamp() - value.timestamp();
    return before.stamped() && value.stamped() && older > 0 && older < OVERTAKEN_WITHIN_SECONDS;
  }

  private void failWaiters(String code, String text) {
    for (Waiter waiter : waiters) {
      waiter.promise().completeExceptionally(new DeviceFailure(code, text));
    }
  }
}
