package org.beamhive.devices.type;

import java.nio.charset.StandardCharsets;
import java.util.List;
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
 * @param required whether the device can't be without it; else it is used where it exists
 */
record Part(String key, Kind kind, Signal signal, boolean labelled, boolean required) {
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

  /** The same under another data key. */
  Part as(String otherKey) {
    return new Part(otherKey, kind, signal, labelled, required);
  }

  /** Whether it can be used now. */
  boolean there() {
    return required || signal.connected();
  }

  Reading reading(SignalValue now) {
    Value value = now.value();
    SignalMeta meta = signal.meta();
    if (labelled && meta.type() == SignalType.ENUM && value instanceof Value.Int index) {
      int at = (int) index.value();
      value = Value.of(at >= 0 && at < meta.labels().size() ? meta.labels().get(at) : "" + at);
    }
    if (characters()) {
      value = Value.of(text(value));
    }
    return new Reading(key, value, now.timestamp(), now.severity());
  }

  /** An array of characters that is to be read as a text. */
  private boolean characters() {
    SignalMeta meta = signal.meta();
    return labelled && meta.type() == SignalType.INTEGER && meta.count() > 1;
  }

  private static String text(Value characters) {
    List<Value> items = characters instanceof Value.Items list ? list.items() : List.of(characters);
    byte[] bytes = new byte[items.size()];
    int length = 0;
    for (Value item : items) {
      byte next = (byte) item.asDouble();
      if (next == 0) {
        break;
      }
      bytes[length++] = next;
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  DataKey dataKey(String objectName) {
    SignalMeta meta = signal.meta();
    SignalMeta shown =
        characters()
            ? new SignalMeta(
                meta.source(),
                SignalType.TEXT,
                1,
                meta.writable(),
                "",
                0,
                meta.limits(),
                meta.labels())
            : meta;
    return shown.dataKey(objectName, labelled);
  }
}
