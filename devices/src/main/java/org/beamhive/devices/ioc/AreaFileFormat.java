package org.beamhive.devices.ioc;

import java.io.IOException;
import java.nio.file.Path;

/** Writes frames to files. One file at a time is open. */
interface AreaFileFormat {
  /** Whether one file holds all frames; else each frame is a file. */
  boolean severalFrames();

  /** Begins a file for frames like this one; nothing of it is written yet. */
  void open(Path path, AreaFrame like) throws IOException;

  /** Adds a frame to the open file. */
  void write(AreaFrame frame) throws IOException;

  /** Ends the file; harmless if none is open. */
  void close() throws IOException;
}
