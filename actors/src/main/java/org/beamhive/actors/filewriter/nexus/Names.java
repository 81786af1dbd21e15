package org.beamhive.actors.filewriter.nexus;

import java.nio.charset.StandardCharsets;

/** Names of groups and datasets: HDF5 takes neither every text nor every length. */
final class Names {
  private static final int MAX_BYTES = 200;

  private Names() {}

  /** The text as a name: {@code /} and other impossible characters become {@code _}. */
  static String safe(String text) {
    String name = text.replace('/', '_').replace('\0', '_');
    while (name.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
      name = name.substring(0, name.length() - 1);
    }
    return name.isEmpty() || name.equals(".") || name.equals("..") ? "_" : name;
  }
}
