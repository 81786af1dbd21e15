package org.beamhive.actors.filewriter.hdf5;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StorageTest {
  private static final int PAGE = 4096;

  @TempDir Path folder;

  @Test
  void keepsARewritableBlockWithinAPage() throws IOException {
    Storage storage = new Storage(folder.resolve("f.h5"));
    Random choice = new Random(1);
    for (int i = 0; i < 1000; i++) {
      int bytes = 1 + choice.nextInt(PAGE);
      long address = storage.allocateRewritable(bytes);
      assertThat(address % 8).isZero();
      assertThat((address + bytes - 1) / PAGE).isEqualTo(address / PAGE);
    }
    storage.close();
  }

  @Test
  void handsOutEveryByteOnce() throws IOException {
    Storage storage = new Storage(folder.resolve("f.h5"));
    Random choice = new Random(2);
    long end = 0;
    for (int i = 0; i < 1000; i++) {
      int bytes = choice.nextInt(20_000);
      long address =
          choice.nextBoolean()
              ? storage.allocate(bytes, choice.nextBoolean() ? 8 : PAGE)
              : storage.allocateRewritable(Math.max(1, bytes));
      assertThat(address).isGreaterThanOrEqualTo(end);
      end = address + bytes;
    }
    storage.close();
  }
}
