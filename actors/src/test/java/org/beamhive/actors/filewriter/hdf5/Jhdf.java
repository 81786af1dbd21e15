package org.beamhive.actors.filewriter.hdf5;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.jhdf.HdfFile;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;

/** Opens files with jHDF, which would otherwise log every message it reads. */
final class Jhdf {
  static {
    ((Logger) LoggerFactory.getLogger("io.jhdf")).setLevel(Level.WARN);
  }

  private Jhdf() {}

  static HdfFile open(Path path) {
    return new HdfFile(path);
  }
}
