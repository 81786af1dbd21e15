package org.beamhive.devices.signal;

import java.util.List;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.Limits;

/**
 * What a signal is, learned anew at each connect and when the control system says that it has
 * changed. Limits of which the lower isn't below the upper are not set.
 *
 * @param source {@code PV:<name>} or {@code SIM:<name>}
 * @param type of its elements
 * @param count elements at most; 1 is a scalar
 * @param writable whether we may put to it
 * @param units may be empty
 * @param precision decimals to show
 * @param limits its control limits
 * @param labels of an enumeration, by index
 * @param display the range to show
 * @param alarm below and above it a MAJOR alarm is usual
 * @param warning below and above it a MINOR alarm is usual
 */
public record SignalMeta(
    String source,
    SignalType type,
    int count,
    boolean writable,
    String units,
    int precision,
    Limits limits,
    List<String> labels,
    Limits display,
    Limits alarm,
    Limits warning) {
  public SignalMeta {
    labels = List.copyOf(labels);
  }

  /** One whose display, alarm and warning ranges are not known. */
  public SignalMeta(
      String source,
      SignalType type,
      int count,
      boolean writable,
      String units,
      int precision,
      Limits limits,
      List<String> labels) {
    this(
        source,
        type,
        count,
        writable,
        units,
        precision,
        limits,
        labels,
        Limits.NONE,
        Limits.NONE,
        Limits.NONE);
  }

  /** A writable number. */
  public static SignalMeta number(String source, String units, int precision, Limits limits) {
    return new SignalMeta(source, SignalType.NUMBER, 1, true, units, precision, limits, List.of());
  }

  /** How a document describes it. */
  public DataKey dataKey(String objectName, boolean labelled) {
    boolean array = count > 1;
    boolean text = labelled && type == SignalType.ENUM;
    return new DataKey(
        array ? "array" : text ? "string" : type.dtype(),
        array ? List.of(count) : List.of(),
        source,
        units.isEmpty() ? null : units,
        type == SignalType.NUMBER ? precision : null,
        text ? null : type.dtypeNumpy(),
        objectName,
        text ? labels : null,
        limits.set() ? limits.low() : null,
        limits.set() ? limits.high() : null);
  }
}
