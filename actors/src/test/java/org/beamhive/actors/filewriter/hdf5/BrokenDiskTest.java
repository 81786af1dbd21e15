package org.beamhive.actors.filewriter.hdf5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Stops the file at each of its writes in turn: what is there must be readable, and what follows
 * must be able to go on.
 */
class BrokenDiskTest {
  private static final int PAGE = 4096;
  private static final int STEPS = 90;
  private static final int ROWS_PER_CHUNK = 2;

  @TempDir Path folder;

  /** Lets some writes through, then one up to the next page border, as a kill may do, then none. */
  private static final class BreakingStorage extends Storage {
    private int writesLeft;
    private int writes;

    BreakingStorage(Path path, int writesLeft) throws IOException {
      super(path);
      this.writesLeft = writesLeft;
    }

    /** So little that the promised end matters in a small file, too. */
    @Override
    long headroom() {
      return 2000;
    }

    @Override
    void write(ByteBuffer bytes, long address) throws IOException {
      writes++;
      if (writesLeft-- > 0) {
        super.write(bytes, address);
        return;
      }
      if (writesLeft == -1) {
        int inPage = (int) Math.min(bytes.remaining(), PAGE - address % PAGE);
        if (inPage < bytes.remaining()) {
          super.write(bytes.slice(bytes.position(), inPage), address);
        }
      }
      throw new IOException("disk is broken");
    }
  }

  private interface Action {
    void run() throws IOException;
  }

  /** A small scan: what is appended, what is flushed, and what is published so far. */
  private static final class Scan {
    private final ScanFile file;
    private final Stream numbers;
    private final Stream texts;
    private final Stream frames;
    private int step;
    private int publishedStep = -1;
    private long flushed;

    Scan(BreakingStorage storage) throws IOException {
      file = ScanFile.create(storage);
      Group data = file.root().group("data");
      numbers = data.stream("numbers", ElementType.INT64, new long[0], ROWS_PER_CHUNK);
      texts = data.stream("texts", ElementType.STRING, new long[0], ROWS_PER_CHUNK);
      frames = data.stream("frames", ElementType.UINT16, new long[] {700}, 1);
    }

    List<Action> script() {
      List<Action> script = new ArrayList<>();
      for (int i = 0; i < STEPS; i++) {
        int row = i;
        ByteBuffer frame = ByteBuffer.allocate(1400).putShort(0, Short.reverseBytes((short) row));
        script.add(() -> numbers.append(row));
        script.add(() -> texts.append("row " + row));
        script.add(() -> frames.append(frame));
        if (i % 3 == 0) {
          script.add(() -> flushAs(file::flush));
        }
        if (i % 10 == 0) {
          script.add(
              () -> {
                step = row;
                file.root().group("data").attribute("step", row);
                file.root().group("data").group("step " + row).dataset("step", row);
                numbers.attribute("step", row);
              });
          script.add(
              () -> {
                flushAs(file::publish);
                publishedStep = step;
              });
        }
      }
      return script;
    }

    private void flushAs(Action action) throws IOException {
      action.run();
      flushed = frames.rows();
    }
  }

  @Test
  void leavesAllFlushedRowsReadableWhereverItStops() throws IOException {
    int writes = countWrites();
    assertThat(writes).isGreaterThan(400);
    for (int allowed = 6; allowed < writes; allowed++) {
      Path path = folder.resolve("stopped.h5");
      Scan scan = new Scan(new BreakingStorage(path, allowed));
      try {
        for (Action action : scan.script()) {
          action.run();
        }
      } catch (IOException e) {
        assertThat(e).hasMessageContaining("broken");
      }
      expectReadable(path, scan);
      assertThatThrownBy(scan.file::close).hasMessageContaining("broken");
    }
  }

  private int countWrites() throws IOException {
    BreakingStorage storage = new BreakingStorage(folder.resolve("count.h5"), Integer.MAX_VALUE);
    Scan scan = new Scan(storage);
    for (Action action : scan.script()) {
      action.run();
    }
    scan.file.close();
    return storage.writes;
  }

  private static void expectReadable(Path path, Scan scan) {
    try (LibHdf5 lib = LibHdf5.open(path)) {
      if (scan.publishedStep < 0) {
        return;
      }
      long[] numbers = lib.longs("/data/numbers");
      List<String> texts = lib.strings("/data/texts");
      assertThat((long) numbers.length).isBetween(scan.flushed, scan.numbers.rows());
      assertThat((long) texts.size()).isBetween(scan.flushed, scan.texts.rows());
      assertThat(lib.shape("/data/frames")[0]).isBetween(scan.flushed, scan.frames.rows());
      expectRows(lib, numbers, texts);
      long step = lib.longAttribute("/data", "step")[0];
      assertThat(step).isBetween((long) scan.publishedStep, (long) scan.step);
      assertThat(lib.longAttribute("/data/numbers", "step")[0])
          .isBetween((long) scan.publishedStep, (long) scan.step);
      assertThat(lib.longs("/data/step " + step + "/step")).containsExactly(step);
    }
  }

  private static void expectRows(LibHdf5 lib, long[] numbers, List<String> texts) {
    assertThat(numbers).isEqualTo(IntStream.range(0, numbers.length).asLongStream().toArray());
    assertThat(texts)
        .isEqualTo(IntStream.range(0, texts.size()).mapToObj(i -> "row " + i).toList());
    short[] pixels = lib.shorts("/data/frames");
    for (int i = 0; i < pixels.length; i += 700) {
      assertThat(pixels[i]).isEqualTo((short) (i / 700));
    }
  }

  @Test
  void losesNothingWhenTheDiskRecovers() throws IOException {
    int writes = countWrites();
    for (int allowed = 6; allowed < writes; allowed += 3) {
      Path path = folder.resolve("recovered.h5");
      BreakingStorage storage = new BreakingStorage(path, allowed);
      Scan scan = new Scan(storage);
      for (Action action : scan.script()) {
        try {
          action.run();
        } catch (IOException e) {
          storage.writesLeft = Integer.MAX_VALUE;
          action.run();
        }
      }
      storage.writesLeft = Integer.MAX_VALUE;
      scan.file.close();

      try (LibHdf5 lib = LibHdf5.open(path)) {
        long[] numbers = lib.longs("/data/numbers");
        assertThat(numbers).hasSize(STEPS);
        assertThat(lib.shape("/data/frames")).containsExactly(STEPS, 700);
        List<String> texts = lib.strings("/data/texts");
        assertThat(texts).hasSize(STEPS);
        expectRows(lib, numbers, texts);
        assertThat(lib.names("/data")).hasSize(3 + STEPS / 10);
      }
    }
  }
}
