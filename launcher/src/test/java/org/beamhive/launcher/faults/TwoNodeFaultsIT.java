package org.beamhive.launcher.faults;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes that can do everything: the smallest beamline that survives the death of a node. */
@Tag("faults")
class TwoNodeFaultsIT {
  private static final Path TWO_NODES = Path.of("src/test/resources/two-nodes");

  private static FaultyBeamline faulty;

  @BeforeAll
  static void start(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path folder) {
    faulty = FaultyBeamline.startOf(TWO_NODES, folder, "a", "b");
  }

  @AfterAll
  static void end() {
    if (faulty != null) {
      try (FaultyBeamline ending = faulty) {
        ending.finish();
      }
    }
  }

  private static String older() {
    return faulty.control();
  }

  private static String younger() {
    return older().equals("a") ? "b" : "a";
  }

  @Test
  void theOlderIsKilled() {
    faulty.survives(Fault.of(Fault.Kind.KILL, older(), Duration.ofSeconds(8)));
  }

  @Test
  void theYoungerIsKilled() {
    faulty.survives(Fault.of(Fault.Kind.KILL, younger(), Duration.ofSeconds(8)));
  }

  @Test
  void theOlderFreezes() {
    faulty.survives(Fault.of(Fault.Kind.FREEZE, older(), Duration.ofSeconds(30)));
  }

  @Test
  void theYoungerFreezes() {
    faulty.survives(Fault.of(Fault.Kind.FREEZE, younger(), Duration.ofSeconds(30)));
  }

  @Test
  void theyAreCutOffFromEachOther() {
    faulty.survives(Fault.cut(Set.of("a"), Set.of("b"), Duration.ofSeconds(20)));
  }

  @Test
  void theOlderEndsInGoodOrder() {
    faulty.survives(Fault.of(Fault.Kind.LEAVE, older(), Duration.ofSeconds(2)));
  }
}
