package org.beamhive.protocol.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an event descriptor says of one device, taken once per run.
 *
 * @param name the device
 * @param className its type
 * @param dataKeys by key, in the order of its readings
 * @param hints the keys to plot
 * @param configuration its configuration readings
 * @param configurationKeys their descriptions by key
 */
public record DeviceDescription(
    DeviceName name,
    String className,
    Map<String, DataKey> dataKeys,
    List<String> hints,
    List<Reading> configuration,
    Map<String, DataKey> configurationKeys) {
  public DeviceDescription {
    dataKeys = Collections.unmodifiableMap(new LinkedHashMap<>(dataKeys));
    hints = List.copyOf(hints);
    configuration = List.copyOf(configuration);
    configurationKeys = Collections.unmodifiableMap(new LinkedHashMap<>(configurationKeys));
  }
}
