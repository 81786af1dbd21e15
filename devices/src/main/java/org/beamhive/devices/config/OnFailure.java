package org.beamhive.devices.config;

/** What a device does when it can't be read (BEC's onFailure). */
public enum OnFailure {
  /** Reads once more. */
  RETRY,
  /** Says so. */
  RAISE,
  /** Gives the readings it had last, if it had any. */
  BUFFER
}
