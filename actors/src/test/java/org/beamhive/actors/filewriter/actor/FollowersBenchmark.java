package org.beamhive.actors.filewriter.actor;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.beamhive.actors.filewriter.nexus.Facility;
import org.beamhive.actors.filewriter.nexus.NexusLayout;
import org.beamhive.actors.filewriter.nexus.RunFile;
import org.beamhive.protocol.run.RunEntry;

/**
 * Measures how fast the entries of a run with one motor and one detector become a file; run by
 * hand: {@code FollowersBenchmark folder points batch}.
 */
final class FollowersBenchmark {
  private FollowersBenchmark() {}

  public static void main(String[] args) throws IOException {
    int points = Integer.parseInt(args[1]);
    int batch = Integer.parseInt(args[2]);
    for (int round = 1; round <= 5; round++) {
      RecordedRun run =
          new RecordedRun(round).start().describe().points(points).stop("success", "");
      List<RunEntry> entries = List.copyOf(run.entries());
      long start = System.nanoTime();
      long cpuStart = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
      RunFile file =
          new RunFile(Path.of(args[0]), run.run(), NexusLayout.of(new Facility("", "", "", "")));
      for (int from = 0; from < entries.size(); from += batch) {
        file.take(from + 1L, entries.subList(from, Math.min(entries.size(), from + batch)));
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      double cpu = (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - cpuStart) / 1e9;
      System.out.printf(
          "%,.0f points/s, CPU %.2f of %.2f s, %,d bytes%n",
          points / seconds, cpu, seconds, Files.size(file.path()));
    }
  }
}
