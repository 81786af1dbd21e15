package org.beamhive.actors.scans.check;

import org.beamhive.protocol.model.Value;

/**
 * What a parameter allows, and what a value that is allowed becomes. {@link ParameterTypes} has the
 * types that plans need.
 */
public interface ParameterType<T> {
  /** The type in the queue server's notation. */
  String annotation();

  /** Whether texts in it name devices. */
  default boolean namesDevices() {
    return false;
  }

  /** The lowest number, or null. */
  default Double min() {
    return null;
  }

  /** The highest number, or null. */
  default Double max() {
    return null;
  }

  /**
   * Checks a value.
   *
   * @param argument the name for messages
   * @param given what the client gave
   * @param beamline the devices known now
   * @throws Refused if it is not allowed
   */
  T parse(String argument, Value given, Beamline beamline) throws Refused;
}
