package org.beamhive.devices.config;

/**
 * One thing that is wrong with the settings of devices.
 *
 * @param file where; empty for what a client has sent
 * @param line counted from 1; 0 for what a client has sent
 * @param text what it is, what was given and what is allowed
 */
public record Mistake(String file, int line, String text) {
  @Override
  public String toString() {
    return file.isEmpty() ? text : file + ":" + line + ": " + text;
  }
}
