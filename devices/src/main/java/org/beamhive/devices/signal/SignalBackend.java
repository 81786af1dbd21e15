package org.beamhive.devices.signal;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.beamhive.protocol.model.Value;

/** Brings signals from one control system. No type of that system shows here. */
public interface SignalBackend {
  /**
   * Starts to connect, returns at once and never gives up until the link is closed. The listener is
   * told of each connect and disconnect.
   */
  Link open(String name, SignalOptions options, Listener listener);

  /**
   * How many changes a second of one signal are told to its owner if its options don't say; 0: all
   * of them.
   */
  default double changesPerSecond() {
    return 0;
  }

  /** One open signal. Every request ends: by its answer, an error, a disconnect or the time-out. */
  interface Link {
    /** Asks for the value now. */
    CompletionStage<SignalValue> get(Duration timeout);

    /** Puts a value; ends when all that this has started has ended. */
    CompletionStage<Void> put(Value value, Duration timeout);

    /**
     * Writes a value without asking when what it starts has ended, which passes a put that is still
     * under way; ends when it has been sent. Whether it was taken, only a reading tells.
     */
    CompletionStage<Void> send(Value value, Duration timeout);

    /** Closes it; requests still under way fail. */
    void close();
  }

  /** Called on any thread: hand over and return. */
  interface Listener {
    /** It is there, and what it is. */
    void connected(SignalMeta meta);

    /** It is still there, but its units, limits, labels or access have changed. */
    default void described(SignalMeta meta) {}

    /** It is gone; {@link #connected} follows when it comes back. */
    void disconnected();

    /** A monitored signal has a new value. */
    void changed(SignalValue value);
  }
}
