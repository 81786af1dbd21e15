package org.beamhive.actors.filewriter.hdf5;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures scalar streams that are flushed often; run by hand: {@code StreamBenchmark file streams
 * rows rowsPerFlush [rowsPerSecond]}.
 */
final class StreamBenchmark {
  private StreamBenchmark() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    Path path = Path.of(args[0]);
    int streams = Integer.parseInt(args[1]);
    int rows = Integer.parseInt(args[2]);
    int rowsPerFlush = Integer.parseInt(args[3]);
    int rowsPerSecond = args.length > 4 ? Integer.parseInt(args[4]) : Integer.MAX_VALUE;
    for (int round = 0; round < 3; round++) {
      measure(path, streams, rows, rowsPerFlush, rowsPerSecond);
    }
  }

  private static void measure(Path path, int streams, int rows, int rowsPerFlush, int rowsPerSecond)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    long cpuStart = cpuNanos();
    try (ScanFile file = ScanFile.create(path)) {
      List<Stream> all = new ArrayList<>();
      for (int i = 0; i < streams; i++) {
        all.add(file.root().stream("s" + i, ElementType.FLOAT64));
      }
      file.publish();
      for (int row = 0; row < rows; row++) {
        for (Stream stream : all) {
          stream.append((double) row);
        }
        if (row % rowsPerFlush == 0) {
          file.flush();
          long due = start + (long) (row * 1e9 / rowsPerSecond);
          while (System.nanoTime() < due) {
            Thread.sleep(1);
          }
        }
      }
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    double cpu = (cpuNanos() - cpuStart) / 1e9;
    System.out.printf(
        "%,.0f rows/s of %d values, %.2f s, CPU %.2f s, file %,d bytes%n",
        rows / seconds, streams, seconds, cpu, Files.size(path));
  }

  private static long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }
}
