package org.beamhive.devices.signal;

/**
 * How a signal is to be opened.
 *
 * @param monitored whether its changes are followed, so that its newest value is always at hand
 * @param urgent whether it needs a way of its own, which a busy signal can't block: for stops. What
 *     is put to it is only sent, and waits for no put that is under way
 * @param text whether an array of characters is one text
 * @param changesPerSecond at most so many changes a second are told to its owner, who learns the
 *     newest value in any case; 0 leaves that to the backend
 */
public record SignalOptions(
    boolean monitored, boolean urgent, boolean text, double changesPerSecond) {
  /** Its changes are followed. */
  public static final SignalOptions MONITORED = new SignalOptions(true, false);

  /** It is asked when needed. */
  public static final SignalOptions POLLED = new SignalOptions(false, false);

  /** It stops something. */
  public static final SignalOptions URGENT = new SignalOptions(false, true);

  public SignalOptions {
    if (!(changesPerSecond >= 0)) {
      throw new IllegalArgumentException(
          "changes per second must be 0 or more, are " + changesPerSecond);
    }
  }

  /** One that is no text, as fast as the backend allows. */
  public SignalOptions(boolean monitored, boolean urgent) {
    this(monitored, urgent, false, 0);
  }

  /** The same; an array of characters is one text. */
  public SignalOptions asText() {
    return new SignalOptions(monitored, urgent, true, changesPerSecond);
  }

  /** The same, with at most so many changes a second told. */
  public SignalOptions atMost(double changes) {
    return new SignalOptions(monitored, urgent, text, changes);
  }
}
