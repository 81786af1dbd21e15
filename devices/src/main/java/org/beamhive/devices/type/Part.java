package org.beamhive.devices.type;

import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalType;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;

/**
 * A signal's place in a device.
 *
 * @param key its data key
 * @param kind in which readings it appears
 * @param signal the signal
 * @param labelled whether an enumeration is read as its label
 */
record Part(String key, Kind kind, Signal signal, boolean labelled) {
  /** Ophyd's kinds. */
  enum Kind {
    /** Read, and plotted. */
    HINTED,
    /** Read. */
    NORMAL,
    /** Read with the configuration. */
    CONFIG,
    /** Used by the device itself only. */
    OMITTED;

    boolean read() {
      return this == HINTED || this == NORMAL;
    }
  }

  Reading reading(SignalValue now) {
    Value value = now.value();
    SignalMeta meta = signal.meta();
    if (labelled && meta.type() == SignalType.ENUM && value instanceof Value.Int index) {
      int at = (int) index.value();
      value = Value.of(at >= 0 && at < meta.labels().size() ? meta.labels().get(at) : "" + at);
    }
    return new Reading(key, value, now.timestamp(), now.severity());
  }

  DataKey dataKey(String objectName) {
    return signal.meta().dataKey(objectName, labelled);
  }
}
