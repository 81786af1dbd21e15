package org.beamhive.devices.type;

import java.util.List;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalValue;

/** How areaDetector lays out the colours of a frame, as far as it matters to its shape. */
enum AreaColour {
  /** Rows and columns: grey, or the mosaic of a Bayer filter. */
  FLAT,
  /** Rows, columns and in the third place the three colours. */
  RGB1,
  /** Any other, of which the shape is not described. */
  OTHER;

  private static final List<String> FLAT_LABELS = List.of("Mono", "Bayer");

  /** By a ColorMode_RBV; the other one if there is none. */
  static AreaColour of(Signal colorMode, AreaColour otherwise) {
    String label = label(colorMode);
    if (label.isEmpty()) {
      return otherwise;
    }
    return FLAT_LABELS.contains(label) ? FLAT : label.equals("RGB1") ? RGB1 : OTHER;
  }

  /** What the control system calls the mode, empty if it tells none. */
  static String label(Signal colorMode) {
    SignalValue now = colorMode.connected() ? colorMode.latest() : null;
    if (now == null) {
      return "";
    }
    List<String> labels = colorMode.meta().labels();
    int at = (int) now.asDouble();
    return at >= 0 && at < labels.size() ? labels.get(at) : "";
  }
}
