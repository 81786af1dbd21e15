package org.beamhive.actors.filewriter.hdf5;

import static org.assertj.core.api.Assertions.assertThat;

import io.jhdf.HdfFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What readers see while the file grows, and after its writer died. */
class LiveReadingTest {
  /** Where the superblock tells the end of the file. */
  private static final int PROMISED_END = 28;

  @TempDir Path folder;
  private Path path;

  @BeforeEach
  void choosePath() {
    path = folder.resolve("scan.h5");
  }

  @Test
  void aReaderSeesExactlyTheFlushedRows() throws IOException {
    Random choice = new Random(1);
    try (ScanFile file = ScanFile.create(path)) {
      Stream numbers = file.root().stream("numbers", ElementType.INT64, new long[0], 32);
      Stream texts = file.root().stream("texts", ElementType.STRING, new long[0], 32);
      file.publish();
      for (int flush = 0; flush < 60; flush++) {
        for (int i = choice.nextInt(60); i > 0; i--) {
          numbers.append(numbers.rows());
          texts.append("row " + texts.rows());
        }
        file.flush();
        long flushed = numbers.rows();
        numbers.append(-1L - flush); // not flushed: must not be seen now, but later
        texts.append("row " + texts.rows());

        expect(path, flushed, flush);
        Path copy = folder.resolve("copy.h5");
        Files.copy(path, copy, StandardCopyOption.REPLACE_EXISTING);
        expect(copy, flushed, flush);
      }
    }
  }

  private static void expect(Path file, long rows, int flushesBefore) {
    try (LibHdf5 lib = LibHdf5.open(file);
        HdfFile jhdf = Jhdf.open(file)) {
      long[] numbers = lib.longs("/numbers");
      assertThat(numbers).hasSize((int) rows);
      assertThat(LongStream.of(numbers).filter(n -> n < 0)).hasSize(flushesBefore);
      for (int i = 0; i < numbers.length; i++) {
        assertThat(numbers[i] < 0 || numbers[i] == i).isTrue();
      }
      assertThat(lib.strings("/texts"))
          .isEqualTo(IntStream.range(0, (int) rows).mapToObj(i -> "row " + i).toList());
      if (rows > 0) {
        assertThat(jhdf.getDatasetByPath("/numbers").getData()).isEqualTo(numbers);
      }
    }
  }

  @Test
  void aReaderThatStaysOpenFollowsTheStream() throws IOException {
    try (ScanFile file = ScanFile.create(path)) {
      Stream stream = file.root().stream("s", ElementType.INT64, new long[0], 4);
      stream.attribute("units", "mm");
      stream.append(0);
      file.publish();
      try (LibHdf5 lib = LibHdf5.openForSwmrRead(path)) {
        assertThat(lib.longs("/s")).containsExactly(0);
        for (int i = 1; i < 2000; i++) {
          stream.append(i);
          if (i % 100 == 0) {
            stream.attribute("units", "mm" + i);
            file.publish();
            assertThat(lib.refreshedShape("/s")).containsExactly(i + 1);
            assertThat(lib.longs("/s"))
                .isEqualTo(IntStream.rangeClosed(0, i).asLongStream().toArray());
          }
        }
      }
    }
  }

  /**
   * Afterwards the rest of the file is what it may be after a kill: cut at its promised end, or
   * full of anything.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void aFileWhoseWriterDiedHasAllFlushedRows(int seed) throws IOException {
    Random choice = new Random(seed);
    ScanFile file = ScanFile.create(path);
    Group entry = file.root().group("entry").attribute("state", "running");
    Stream numbers = entry.stream("numbers", ElementType.INT64, new long[0], 50);
    Stream texts = entry.stream("texts", ElementType.STRING, new long[0], 50);
    Stream frames = entry.stream("frames", ElementType.UINT16, new long[] {64, 64}, 1);
    file.publish();
    ByteBuffer frame = ByteBuffer.allocate(2 * 64 * 64).order(ByteOrder.LITTLE_ENDIAN);
    for (int flush = choice.nextInt(40); flush >= 0; flush--) {
      for (int i = choice.nextInt(20); i >= 0; i--) {
        numbers.append(numbers.rows());
        texts.append("row " + texts.rows());
        frames.append(frame.clear().putShort(0, (short) frames.rows()));
      }
      file.flush();
    }
    int flushed = (int) numbers.rows();
    Path safe = folder.resolve("flushed.h5");
    Files.copy(path, safe);
    for (int i = 0; i < 30; i++) {
      numbers.append(-1);
      texts.append("lost");
      frames.append(frame.clear());
    }
    entry.attribute("state", "never published").group("never published");

    expectFlushed(path, flushed);
    damageFrom(path, usedEnd(safe), choice);
    expectFlushed(path, flushed);
    cutAtPromisedEnd(path);
    expectFlushed(path, flushed);
    LibHdf5.edit(path, "/entry/later");
    expectFlushed(path, flushed);
  }

  private static void expectFlushed(Path file, int rows) {
    try (LibHdf5 lib = LibHdf5.open(file);
        HdfFile jhdf = Jhdf.open(file)) {
      long[] expected = IntStream.range(0, rows).asLongStream().toArray();
      assertThat(lib.names("/entry")).contains("frames", "numbers", "texts");
      assertThat(lib.names("/entry")).doesNotContain("never published");
      assertThat(lib.stringAttribute("/entry", "state")).containsExactly("running");
      assertThat(lib.longs("/entry/numbers")).isEqualTo(expected);
      assertThat(lib.strings("/entry/texts"))
          .isEqualTo(IntStream.range(0, rows).mapToObj(i -> "row " + i).toList());
      short[] pixels = lib.shorts("/entry/frames");
      assertThat(pixels).hasSize(rows * 64 * 64);
      for (int i = 0; i < rows; i++) {
        assertThat(pixels[i * 64 * 64]).isEqualTo((short) i);
      }
      assertThat(jhdf.getDatasetByPath("/entry/numbers").getData()).isEqualTo(expected);
    }
  }

  /** The end of the last byte that is not zero. */
  private static long usedEnd(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int end = bytes.length;
    while (bytes[end - 1] == 0) {
      end--;
    }
    return end + 2L * 64 * 64; // a frame ends with zeros
  }

  private static void damageFrom(Path file, long position, Random choice) throws IOException {
    byte[] garbage = new byte[(int) (Files.size(file) - position) + 5000];
    choice.nextBytes(garbage);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(garbage), position);
    }
  }

  private static void cutAtPromisedEnd(Path file) throws IOException {
    ByteBuffer end = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      channel.read(end, PROMISED_END);
      channel.truncate(end.getLong(0));
    }
  }
}
