package org.beamhive.protocol.model;

/**
 * One value that a device has read.
 *
 * @param key the data key, as in the device's description
 * @param value the value in the data key's units
 * @param timestamp when the hardware took it, seconds since 1970
 * @param severity its alarm severity
 */
public record Reading(String key, Value value, double timestamp, AlarmSeverity severity) {}
