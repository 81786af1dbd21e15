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
import java.util.Map;
import org.beamhive.actors.filewriter.actor.RecordedRun;
import org.beamhive.protocol.document.Event;
import org.beamhive.protocol.document.EventDescriptor;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.document.RunStop;
import org.beamhive.protocol.document.StreamDatum;
import org.beamhive.protocol.document.StreamResource;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.run.RunEntry;
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

  private static StreamResource deviceFile(String uid, String mimetype, Path path) {
    return new StreamResource(
        uid,
        new RunUid("r"),
        1,
        "cam_image",
        mimetype,
        "file://localhost" + path,
        Value.Fields.EMPTY.with("dataset", Value.of("/entry/data/data")));
  }

  private static List<RunEntry> row(String file, long row, long seqNum) {
    return List.of(
        new RunEntry.Referenced(
            new StreamDatum(
                file + "/" + row,
                file,
                "d",
                1,
                new StreamDatum.Range(row, row + 1),
                new StreamDatum.Range(seqNum, seqNum + 1))),
        new RunEntry.Measured(new Event("e" + seqNum, "d", seqNum, 1, List.of())));
  }

  @Test
  void linksTheFilesOfDevicesAndSaysWhichRowIsWhose() throws IOException {
    DataKey image = DataKey.inFile(List.of(1, 2, 3), "PV:X:", "<u2", "cam", DataKey.STREAM);
    DeviceDescription cam =
        new DeviceDescription(
            new DeviceName("cam"),
            "AreaDetector",
            Map.of("cam_image", image),
            List.of(),
            List.of(),
            Map.of());
    RunUid run = new RunUid("r");
    List<RunEntry> entries = new ArrayList<>();
    entries.add(new RunEntry.Started(new RunStart(run, 1, 7, Value.Fields.EMPTY)));
    entries.add(new RunEntry.Described(new EventDescriptor("d", run, 1, "primary", List.of(cam))));
    Path first = folder.resolve("frames/a.h5");
    entries.add(new RunEntry.Referenced(deviceFile("f1", "application/x-hdf5", first)));
    entries.addAll(row("f1", 0, 1));
    // a frame whose point was not saved
    entries.addAll(row("f1", 2, 2));
    // an event without a frame
    entries.add(new RunEntry.Measured(new Event("e3", "d", 3, 1, List.of())));
    Path tiffs = folder.resolve("frames/t/");
    entries.add(
        new RunEntry.Referenced(deviceFile("f2", "multipart/related;type=image/tiff", tiffs)));
    entries.addAll(row("f2", 0, 4));
    entries.add(new RunEntry.Measured(new Event("e5", "d", 5, 1, List.of())));
    entries.add(new RunEntry.Stopped(new RunStop("s", run, 2, "success", "", Map.of())));

    RunFile file = new RunFile(folder, run, NEXUS);
    file.take(1, entries);
    assertThat(file.complete()).isTrue();
    assertThat(file.deviceFiles()).containsExactly(first.toString(), tiffs.toString());
    try (HdfFile read = new HdfFile(file.path())) {
      String signal = "/entry/collection/devices/cam/cam_image/";
      assertThat(read.getDatasetByPath(signal + "file").getData())
          .isEqualTo(new long[] {0, 0, -1, 1, -1});
      assertThat(read.getDatasetByPath(signal + "row").getData())
          .isEqualTo(new long[] {0, 2, -1, 0, -1});
      assertThat(
              read.getDatasetByPath("/entry/collection/file_references/cam/cam_image_2").getData())
          .isEqualTo(tiffs.toString());
    }
    Loader.load(org.bytedeco.hdf5.global.hdf5.class);
    H5open();
    long open = H5Fopen(file.path().toString(), H5F_ACC_RDONLY, 0);
    assertThat(H5Lexists(open, "/entry/collection/file_references/cam/cam_image", H5P_DEFAULT()))
        .isPositive();
    assertThat(H5Lexists(open, "/entry/collection/devices/cam/cam_image/value", H5P_DEFAULT()))
        .isPositive();
    H5Fclose(open);
  }
}
