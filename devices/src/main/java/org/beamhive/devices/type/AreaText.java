package org.beamhive.devices.type;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalType;
import org.beamhive.protocol.model.Value;

/** Texts longer than EPICS's 40 characters, which areaDetector keeps in arrays of bytes. */
final class AreaText {
  private AreaText() {}

  /** What to put to the signal. */
  static Value toPut(Signal signal, String text) {
    if (signal.meta() != null && signal.meta().type() == SignalType.TEXT) {
      return Value.of(text);
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (signal.meta() != null && bytes.length >= signal.meta().count()) {
      throw new DeviceFailure(
          "too-long",
          "%s takes at most %d bytes, '%s' has %d."
              .formatted(signal.name(), signal.meta().count() - 1, text, bytes.length));
    }
    List<Value> items = new ArrayList<>(bytes.length + 1);
    for (byte each : bytes) {
      items.add(Value.of(each));
    }
    items.add(Value.of(0));
    return Value.of(items);
  }

  /** The text that was read. */
  static String read(Value value) {
    if (value instanceof Value.Text text) {
      return text.value();
    }
    if (!(value instanceof Value.Items items)) {
      return "";
    }
    byte[] bytes = new byte[items.items().size()];
    int length = 0;
    while (length < bytes.length && items.items().get(length).asDouble() != 0) {
      bytes[length] = (byte) items.items().get(length).asDouble();
      length++;
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }
}
