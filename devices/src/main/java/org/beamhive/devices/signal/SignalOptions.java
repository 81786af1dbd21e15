package org.beamhive.devices.signal;

/**
 * How a signal is to be opened.
 *
 * @param monitored whether its changes are followed, so that its newest value is always at hand
 * @param urgent whether it needs a way of its own, which a busy signal can't block: for stops
 */
public record SignalOptions(boolean monitored, boolean urgent) {
  /** Its changes are followed. */
  public static final SignalOptions MONITORED = new SignalOptions(true, false);

  /** It is asked when needed. */
  public static final SignalOptions POLLED = new SignalOptions(false, false);

  /** It stops something. */
  public static final SignalOptions URGENT = new SignalOptions(false, true);
}
