package org.beamhive.devices.signal;

import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.beamhive.protocol.model.Refusal;

/** How a request to a signal or device fails: always with a reason that a person can read. */
public final class DeviceFailure extends RuntimeException {
  private final transient Refusal refusal;

  /** From what is to be answered. No stack trace: it is an answer, not a defect. */
  public DeviceFailure(Refusal refusal) {
    super(refusal.text(), null, false, false);
    this.refusal = refusal;
  }

  /** From code and sentence. */
  public DeviceFailure(String code, String text) {
    this(Refusal.of(code, text));
  }

  /** What to answer. */
  public Refusal refusal() {
    return refusal;
  }

  /** What to answer for any error; one that nobody foresaw gets the code {@code device-error}. */
  public static Refusal refusalOf(String device, Throwable error) {
    Throwable cause = error;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof DeviceFailure failure) {
      return failure.refusal();
    }
    if (cause instanceof TimeoutException) {
      return Refusal.of("timeout", device + " did not answer in time.");
    }
    return Refusal.of("device-error", device + " has failed: " + cause + ".");
  }
}
