package org.beamhive.protocol.model;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * One value that a device has read. Written as an array, since a run stores millions of them; a new
 * component goes to the end.
 *
 * @param key the data key, as in the device's description
 * @param value the value in the data key's units
 * @param timestamp when the hardware took it, seconds since 1970
 * @param severity its alarm severity
 */
@JsonFormat(shape = JsonFormat.Shape.ARRAY)
@JsonPropertyOrder({"key", "value", "timestamp", "severity"})
public record Reading(String key, Value value, double timestamp, AlarmSeverity severity) {}
