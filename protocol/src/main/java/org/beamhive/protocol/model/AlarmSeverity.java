package org.beamhive.protocol.model;

/** The EPICS alarm severities, in their order of gravity. */
public enum AlarmSeverity {
  NO_ALARM,
  MINOR,
  MAJOR,
  INVALID
}
