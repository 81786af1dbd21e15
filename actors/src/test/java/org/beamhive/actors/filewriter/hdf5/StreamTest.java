package org.beamhive.actors.filewriter.hdf5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jhdf.HdfFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Growing datasets of all types and lengths. */
class StreamTest {
  @TempDir Path folder;
  private Path path;

  @BeforeEach
  void choosePath() {
    path = folder.resolve("scan.h5");
  }

  /**
   * One row per chunk, so that the lengths are those at which the index gets a block of the next
   * kind.
   */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 4, 5, 20, 21, 244, 245, 1025, 5000})
  void keepsEveryRowAtTheBordersOfTheIndex(int rows) throws IOException {
    try (ScanFile file = ScanFile.create(path)) {
      Stream single = file.root().stream("single", ElementType.FLOAT64, new long[0], 1);
      Stream whole = file.root().stream("whole", ElementType.FLOAT64);
      file.publish();
      for (int i = 0; i < rows; i++) {
        single.append(i + 0.5);
        whole.append(i + 0.5);
        if (i % 7 == 0) {
          file.flush();
        }
      }
      assertThat(single.rows()).isEqualTo(rows);
    }

    double[] expected = numbers(rows);
    try (LibHdf5 lib = LibHdf5.open(path);
        HdfFile jhdf = Jhdf.open(path)) {
      assertThat(lib.doubles("/single")).isEqualTo(expected);
      assertThat(lib.doubles("/whole")).isEqualTo(expected);
      if (rows > 0) {
        assertThat(jhdf.getDatasetByPath("/single").getData()).isEqualTo(expected);
        assertThat(jhdf.getDatasetByPath("/whole").getData()).isEqualTo(expected);
      }
    }
  }

  @Test
  void keepsLongStreams() throws IOException {
    int rows = 300_000;
    int chunks = 70_000; // from 65,520 on, blocks of the index are larger than a page
    try (ScanFile file = ScanFile.create(path)) {
      Stream single = file.root().stream("single", ElementType.FLOAT64, new long[0], 1);
      Stream whole = file.root().stream("whole", ElementType.FLOAT64);
      for (int i = 0; i < rows; i++) {
        if (i < chunks) {
          single.append(i + 0.5);
        }
        whole.append(i + 0.5);
      }
    }

    double[] expected = numbers(rows);
    try (LibHdf5 lib = LibHdf5.open(path);
        HdfFile jhdf = Jhdf.open(path)) {
      assertThat(lib.doubles("/single")).isEqualTo(numbers(chunks));
      assertThat(lib.doubles("/whole")).isEqualTo(expected);
      assertThat(jhdf.getDatasetByPath("/whole").getData()).isEqualTo(expected);
    }
  }

  private static double[] numbers(int rows) {
    return IntStream.range(0, rows).mapToDouble(i -> i + 0.5).toArray();
  }

  @Test
  void keepsStrings() throws IOException {
    List<String> expected = new ArrayList<>();
    try (ScanFile file = ScanFile.create(path)) {
      Stream stream = file.root().stream("s", ElementType.STRING);
      file.publish();
      for (int i = 0; i < 3000; i++) {
        String text = i % 5 == 0 ? "" : "Größe " + i + " 試料😀".repeat(i % 11);
        if (i % 1000 == 999) {
          text = text + "x".repeat(10_000 + i);
        }
        stream.append(text);
        expected.add(text);
        if (i % 13 == 0) {
          file.flush();
          if (i % 260 == 0) {
            try (LibHdf5 lib = LibHdf5.open(path)) {
              assertThat(lib.strings("/s")).isEqualTo(expected);
            }
          }
        }
      }
    }

    try (LibHdf5 lib = LibHdf5.open(path);
        HdfFile jhdf = Jhdf.open(path)) {
      assertThat(lib.strings("/s")).isEqualTo(expected);
      assertThat(jhdf.getDatasetByPath("/s").getData()).isEqualTo(expected.toArray(String[]::new));
    }
  }

  @Test
  void keepsEveryTypeOfNumber() throws IOException {
    try (ScanFile file = ScanFile.create(path)) {
      Group root = file.root();
      Stream longs = root.stream("int64", ElementType.INT64);
      Stream ints = root.stream("int32", ElementType.INT32);
      Stream shorts = root.stream("uint16", ElementType.UINT16);
      Stream floats = root.stream("float32", ElementType.FLOAT32);
      Stream doubles = root.stream("float64", ElementType.FLOAT64);
      Stream truths = root.stream("bool", ElementType.BOOL);
      longs.append(Long.MIN_VALUE);
      longs.append(Long.MAX_VALUE);
      ints.append(Integer.MIN_VALUE);
      ints.append(Integer.MAX_VALUE);
      shorts.append(0);
      shorts.append(65_535);
      floats.append(0.5);
      floats.append(3L);
      doubles.append(Double.NaN);
      doubles.append(3L);
      truths.append(true);
      truths.append(false);
    }

    try (LibHdf5 lib = LibHdf5.open(path);
        HdfFile jhdf = Jhdf.open(path)) {
      assertThat(lib.longs("/int64")).containsExactly(Long.MIN_VALUE, Long.MAX_VALUE);
      assertThat(lib.longs("/int32")).containsExactly(Integer.MIN_VALUE, Integer.MAX_VALUE);
      assertThat(lib.longs("/uint16")).containsExactly(0, 65_535);
      assertThat(lib.doubles("/float32")).containsExactly(0.5, 3);
      assertThat(lib.doubles("/float64")).containsExactly(Double.NaN, 3);
      assertThat(lib.bytes("/bool")).containsExactly(1, 0);
      assertThat(lib.enumNames("/bool")).containsExactly("FALSE", "TRUE");
      assertThat(jhdf.getDatasetByPath("/uint16").getData()).isEqualTo(new int[] {0, 65_535});
      assertThat(jhdf.getDatasetByPath("/bool").getData())
          .isEqualTo(new String[] {"TRUE", "FALSE"});
    }
  }

  @Test
  void keepsRowsOfNumbers() throws IOException {
    try (ScanFile file = ScanFile.create(path)) {
      Stream rows = file.root().stream("rows", ElementType.FLOAT64, new long[] {3}, 4);
      Stream batches = file.root().stream("batches", ElementType.FLOAT64);
      file.publish();
      for (int i = 0; i < 10; i++) {
        rows.append(new double[] {i, i + 0.1, i + 0.2});
        file.flush();
      }
      rows.append(new double[] {10, 10.1, 10.2, 11, 11.1, 11.2});
      assertThat(rows.rows()).isEqualTo(12);
      batches.append(numbers(700));
      batches.append(numbers(2500));
      batches.append(new double[0]);
      assertThat(batches.rows()).isEqualTo(3200);
    }

    try (LibHdf5 lib = LibHdf5.open(path);
        HdfFile jhdf = Jhdf.open(path)) {
      assertThat(lib.shape("/rows")).containsExactly(12, 3);
      double[] rows = lib.doubles("/rows");
      for (int i = 0; i < 12; i++) {
        assertThat(rows[3 * i]).isEqualTo(i);
        assertThat(rows[3 * i + 2]).isEqualTo(i + 0.2);
      }
      assertThat(((double[][]) jhdf.getDatasetByPath("/rows").getData())[11])
          .containsExactly(11, 11.1, 11.2);
      double[] batches = lib.doubles("/batches");
      assertThat(batches[699]).isEqualTo(699.5);
      assertThat(batches[700]).isEqualTo(0.5);
      assertThat(batches[3199]).isEqualTo(2499.5);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 8})
  void keepsFrames(int chunkRows) throws IOException {
    int frames = 25;
    int height = 20;
    int width = 30;
    try (ScanFile file = ScanFile.create(path)) {
      Stream stream =
          file.root().stream("frames", ElementType.UINT16, new long[] {height, width}, chunkRows);
      ByteBuffer two = ByteBuffer.allocateDirect(2 * 2 * height * width);
      file.publish();
      for (int i = 0; i < frames; i += 2) {
        int count = Math.min(2, frames - i);
        two.clear().order(ByteOrder.LITTLE_ENDIAN);
        for (int j = 0; j < count * height * width; j++) {
          two.putShort((short) (i * height * width + j));
        }
        two.order(ByteOrder.BIG_ENDIAN); // must not matter
        stream.append(two.flip());
        assertThat(two.hasRemaining()).isFalse();
        file.flush();
      }
      assertThat(stream.rows()).isEqualTo(frames);
    }

    try (LibHdf5 lib = LibHdf5.open(path);
        HdfFile jhdf = Jhdf.open(path)) {
      assertThat(lib.shape("/frames")).containsExactly(frames, height, width);
      short[] pixels = lib.shorts("/frames");
      int[] same = (int[]) jhdf.getDatasetByPath("/frames").getDataFlat();
      for (int i = 0; i < pixels.length; i++) {
        assertThat(pixels[i]).isEqualTo((short) i);
        assertThat((short) same[i]).isEqualTo((short) i);
      }
    }
  }

  @Test
  void mixesStreamsWithManyFlushesAndPublications() throws IOException {
    int streams = 12;
    try (ScanFile file = ScanFile.create(path)) {
      List<Stream> all = new ArrayList<>();
      for (int step = 0; step < 600; step++) {
        if (step % 50 == 0) {
          Group group = file.root().group("device-" + all.size());
          all.add(group.stream("value", ElementType.INT64, new long[0], 16));
          file.publish();
        }
        for (Stream stream : all) {
          stream.append(step);
        }
        file.root().group("device-0").attribute("step", step);
        all.get(0).attribute("step", step);
        if (step % 3 == 0) {
          file.publish();
        } else {
          file.flush();
        }
      }
    }

    try (LibHdf5 lib = LibHdf5.open(path);
        HdfFile jhdf = Jhdf.open(path)) {
      for (int i = 0; i < streams; i++) {
        long[] expected = IntStream.range(i * 50, 600).asLongStream().toArray();
        assertThat(lib.longs("/device-" + i + "/value")).isEqualTo(expected);
        assertThat(jhdf.getDatasetByPath("/device-" + i + "/value").getData()).isEqualTo(expected);
      }
      assertThat(lib.longAttribute("/device-0", "step")).containsExactly(599);
      assertThat(lib.longAttribute("/device-0/value", "step")).containsExactly(599);
      assertThat(jhdf.getByPath("/device-0/value").getAttribute("step").getData()).isEqualTo(599L);
    }
  }

  @Test
  void refusesValuesOfAnotherTypeAndKeepsItsRows() throws IOException {
    try (ScanFile file = ScanFile.create(path)) {
      Group root = file.root();
      Stream doubles = root.stream("doubles", ElementType.FLOAT64);
      Stream shorts = root.stream("shorts", ElementType.UINT16);
      Stream strings = root.stream("strings", ElementType.STRING);
      Stream rows = root.stream("rows", ElementType.FLOAT64, new long[] {3}, 10);
      doubles.append(1.0);

      assertThatThrownBy(() -> doubles.append("one"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Stream /doubles holds FLOAT64 and cannot append a String");
      assertThatThrownBy(() -> doubles.append(true)).hasMessageContaining("a boolean");
      assertThatThrownBy(() -> shorts.append(1.0)).hasMessageContaining("a double");
      assertThatThrownBy(() -> shorts.append(65_536)).hasMessageContaining("no room for 65536");
      assertThatThrownBy(() -> shorts.append(-1)).hasMessageContaining("no room for -1");
      assertThatThrownBy(() -> shorts.append(new double[1])).hasMessageContaining("a double[]");
      assertThatThrownBy(() -> strings.append(1)).hasMessageContaining("a long");
      assertThatThrownBy(() -> strings.append((String) null)).hasMessageContaining("null");
      assertThatThrownBy(() -> strings.append(ByteBuffer.allocate(16)))
          .hasMessageContaining("a ByteBuffer");
      assertThatThrownBy(() -> rows.append(1.0)).hasMessageContaining("rows of FLOAT64");
      assertThatThrownBy(() -> rows.append(new double[4]))
          .hasMessageContaining("whole rows of 24 bytes, but was given 32");
      assertThatThrownBy(() -> rows.append(ByteBuffer.allocate(25))).hasMessageContaining("25");
    }

    try (LibHdf5 lib = LibHdf5.open(path)) {
      assertThat(lib.doubles("/doubles")).containsExactly(1);
      assertThat(lib.shape("/shorts")).containsExactly(0);
      assertThat(lib.shape("/strings")).containsExactly(0);
      assertThat(lib.shape("/rows")).containsExactly(0, 3);
    }
  }

  @Test
  void refusesShapesThatHdf5CannotHold() throws IOException {
    try (ScanFile file = ScanFile.create(path)) {
      Group root = file.root();
      assertThatThrownBy(() -> root.stream("s", ElementType.INT32, new long[] {0}, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("Stream /s");
      assertThatThrownBy(
              () -> root.stream("s", ElementType.INT32, new long[] {1 << 20, 1 << 20}, 1))
          .hasMessageContaining("below 2 GiB");
      assertThatThrownBy(() -> root.stream("s", ElementType.INT32, new long[] {1 << 20}, 1 << 20))
          .hasMessageContaining("rows per chunk");
      assertThatThrownBy(() -> root.stream("s", ElementType.INT32, new long[0], 0))
          .hasMessageContaining("0 rows per chunk");
      assertThatThrownBy(() -> root.stream("s", ElementType.INT32, new long[32], 1))
          .hasMessageContaining("32 dimensions");
      assertThatThrownBy(() -> root.stream("s", ElementType.STRING, new long[] {2}, 1))
          .hasMessageContaining("single strings");
      root.stream("s", ElementType.INT32).append(1);
    }
    try (LibHdf5 lib = LibHdf5.open(path)) {
      assertThat(lib.longs("/s")).containsExactly(1);
    }
  }
}
