package org.beamhive.actors.filewriter.actor;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.jhdf.HdfFile;
import io.jhdf.api.Dataset;
import io.jhdf.api.Node;
import java.nio.file.Path;
import java.util.Arrays;
import org.slf4j.LoggerFactory;

/** Reads a file with jHDF. */
final class Hdf implements AutoCloseable {
  static {
    ((Logger) LoggerFactory.getLogger("io.jhdf")).setLevel(Level.WARN);
  }

  private final HdfFile file;

  Hdf(Path path) {
    file = new HdfFile(path);
  }

  Object data(String path) {
    return ((Dataset) file.getByPath(path)).getData();
  }

  double[] doubles(String path) {
    return (double[]) data(path);
  }

  long[] longs(String path) {
    return (long[]) data(path);
  }

  int rows(String path) {
    return ((Dataset) file.getByPath(path)).getDimensions()[0];
  }

  Object attribute(String path, String name) {
    Node node = path.equals("/") ? file : file.getByPath(path);
    return node.getAttribute(name) == null ? null : node.getAttribute(name).getData();
  }

  boolean has(String path) {
    try {
      return file.getByPath(path) != null;
    } catch (io.jhdf.exceptions.HdfInvalidPathException missing) {
      return false;
    }
  }

  /** 1, 2, 3, ... */
  static long[] upTo(int count) {
    long[] numbers = new long[count];
    Arrays.setAll(numbers, i -> i + 1L);
    return numbers;
  }

  @Override
  public void close() {
    file.close();
  }
}
