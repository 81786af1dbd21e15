package org.beamhive.devices.config;

/**
 * Where something stands.
 *
 * @param file empty for what does not come from a file
 * @param line counted from 1; 0 for what does not come from a file
 */
record Place(String file, int line) {
  /** Not in a file: what a client has sent. */
  static final Place NOWHERE = new Place("", 0);

  /** As another place is told of it. */
  String seenFrom(Place other) {
    return file.equals(other.file) ? "line " + line : file + ":" + line;
  }
}
