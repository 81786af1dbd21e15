package org.beamhive.actors.filewriter.nexus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.bytedeco.hdf5.global.hdf5.*;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.jhdf.HdfFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.beamhive.actors.filewriter.actor.RecordedRun;
import org.beamhive.protocol.document.Event;
import org.beamhive.protocol.document.EventDescriptor;
import org.beamhive.protocol.document.RunStop;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class RunFileTest {
  static {
    ((Logger) LoggerFactory.getLogger("io.jhdf")).setLevel(Level.WARN);
  }

  private static final RunLayout.Maker NEXUS =
      NexusLayout.of(new Facility("", "", "Synchrotron X-ray Source", "x-ray"));

  @TempDir Path folder;

  /**
   * Fails each event and the stop once after writing it, as a disk does that is full for a while.
   */
  private record Flaky(RunLayout inner, List<Object> failed) implements RunLayout {
    @Override
    public void describe(EventDescriptor descriptor) {
      inner.describe(descriptor);
    }

    @Override
    public void add(Event event) throws IOException {
      inner.add(event);
      failOnce(event);
    }

    @Override
    public void stop(RunStop stop) throws IOException {
      inner.stop(stop);
      failOnce(stop);
    }

    private void failOnce(Object document) throws IOException {
      if (!failed.contains(document)) {
        failed.add(document);
        throw new IOException("No space left on device");
      }
    }
  }

  @Test
  void whatFailedIsTakenInOnceWhenItIsGivenAgain() throws IOException {
    RecordedRun run = new RecordedRun(1).start().describe().points(5).stop("success", "");
    List<Object> failed = new ArrayList<>();
    RunFile file =
        new RunFile(
            folder, run.run(), (scan, start) -> new Flaky(NEXUS.begin(scan, start), failed));
    int failures = 0;
    while (!file.complete()) {
      try {
        file.take(1, run.entries());
      } catch (IOException full) {
        failures++;
      }
    }
    assertThat(failures).isEqualTo(6);
    try (HdfFile read = new HdfFile(file.path())) {
      assertThat(read.getDatasetByPath("/entry/collection/streams/primary/seq_num").getData())
          .isEqualTo(new long[] {1, 2, 3, 4, 5});
      assertThat(read.getDatasetByPath("/entry/data/i0").getData())
          .isEqualTo(new double[] {1, 2, 3, 4, 5});
    }
  }

  @Test
  void entriesMayComeTwiceButNotWithAGap() throws IOException {
    RecordedRun run = new RecordedRun(2).start().describe().points(6);
    try (RunFile file = new RunFile(folder, run.run(), NEXUS)) {
      file.take(1, run.entries().subList(0, 5));
      file.take(3, run.entries().subList(2, 7));
      assertThat(file.next()).isEqualTo(8);
      assertThatThrownBy(() -> file.take(10, run.entries()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("8 was expected");
      try (HdfFile read = new HdfFile(file.path())) {
        assertThat(read.getDatasetByPath("/entry/collection/streams/primary/seq_num").getData())
            .isEqualTo(new long[] {1, 2, 3, 4, 5});
      }
    }
  }

  @Test
  void namesFoldersInBundlesOfAThousand() {
    assertThat(RunFile.folder(Path.of("/b"), 123)).isEqualTo(Path.of("/b/S00000-00999/S00123"));
    assertThat(RunFile.folder(Path.of("/b"), 41_000)).isEqualTo(Path.of("/b/S41000-41999/S41000"));
  }

  @Test
  void theLibraryReadsThePlot() throws IOException {
    RecordedRun run = new RecordedRun(3).start().describe().points(2000).stop("success", "");
    RunFile file = new RunFile(folder, run.run(), NEXUS);
    file.take(1, run.entries());
    Loader.load(org.bytedeco.hdf5.global.hdf5.class);
    H5open();
    long open = H5Fopen(file.path().toString(), H5F_ACC_RDONLY, 0);
    assertThat(open).isPositive();
    for (String path : List.of("/entry/data/samx", "/entry/data/i0")) {
      long dataset = H5Dopen2(open, path, 0);
      assertThat(dataset).as(path).isPositive();
      double[] values = new double[2000];
      try (DoublePointer memory = new DoublePointer(values.length)) {
        assertThat(H5Dread(dataset, H5T_NATIVE_DOUBLE_g(), 0, 0, 0, memory)).isNotNegative();
        memory.get(values);
      }
      assertThat(values[1999]).isEqualTo(path.endsWith("i0") ? 2000 : 1000);
      H5Dclose(dataset);
    }
    H5Fclose(open);
  }
}
