package org.beamhive.protocol.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** When a device is read in a scan (BEC's readoutPriority). */
public enum ReadoutPriority {
  /** At every point. */
  MONITORED,
  /** Once at the start and once at the end of a run, into the stream {@code baseline}. */
  BASELINE,
  /** In its own data stream. */
  ASYNC,
  /** Only where a scan names it. */
  ON_REQUEST,
  /** All the time, outside scans. */
  CONTINUOUS;

  /** The word of the device file: lower case. */
  @JsonValue
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** From the word of the device file. */
  @JsonCreator
  public static ReadoutPriority ofWord(String word) {
    return valueOf(word.toUpperCase(Locale.ROOT));
  }
}
