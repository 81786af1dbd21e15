package org.beamhive.protocol.model;

import com.fasterxml.jackson.annotation.JsonFormat;

/**
 * The EPICS alarm severities, in their order of gravity and with their EPICS numbers, by which they
 * are stored.
 */
@JsonFormat(shape = JsonFormat.Shape.NUMBER)
public enum AlarmSeverity {
  NO_ALARM,
  MINOR,
  MAJOR,
  INVALID
}
