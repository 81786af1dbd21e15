package org.beamhive.devices.config;

/**
 * One thing that is wrong in a device file.
 *
 * @param file where
 * @param line counted from 1
 * @param text what it is, what was given and what is allowed
 */
public record Mistake(String file, int line, String text) {
  @Override
  public String toString() {
    return file + ":" + line + ": " + text;
  }
}
