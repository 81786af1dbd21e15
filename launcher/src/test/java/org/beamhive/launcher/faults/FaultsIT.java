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

/**
 * Each kind of fault once, on a beamline with two control nodes and a hutch with a stand-by; all
 * kinds on all nodes are in {@link AllFaultsIT}.
 */
class FaultsIT {
  private static FaultyBeamline faulty;

  @BeforeAll
  static void start(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path folder) {
    faulty =
        FaultyBeamline.start(
            folder, "control-1", "control-2", "storage", "eh1", "eh1-standby", "optics");
  }

  @AfterAll
  static void end() {
    if (faulty != null) {
      try (FaultyBeamline ending = faulty) {
        ending.finish();
      }
    }
  }

  @Test
  void theControlNodeWithTheQueueIsKilled() {
    faulty.survives(Fault.of(Fault.Kind.KILL, faulty.control(), Duration.ofSeconds(5)));
  }

  @Test
  void theHutchNodeWithTheMotorsIsKilledAndItsStandByTakesOver() {
    String home = faulty.beamline().homeOf("samx").orElseThrow();
    faulty.survives(Fault.of(Fault.Kind.KILL, home, Duration.ofSeconds(8)));
  }

  @Test
  @Tag("faults")
  void theOnlyNodeOfAHutchIsKilled() {
    faulty.survives(Fault.of(Fault.Kind.KILL, "optics", Duration.ofSeconds(3)));
  }

  @Test
  @Tag("faults")
  void theStorageNodeIsKilledWhileItWrites() {
    faulty.survives(Fault.of(Fault.Kind.KILL, "storage", Duration.ofSeconds(2)));
  }

  @Test
  @Tag("faults")
  void redisIsKilled() {
    faulty.survives(Fault.of(Fault.Kind.KILL, BeamlineUnderTest.REDIS, Duration.ofSeconds(1)));
  }

  @Test
  void theIocIsKilled() {
    faulty.survives(Fault.of(Fault.Kind.KILL, "ioc", Duration.ofSeconds(3)));
  }

  @Test
  void theControlNodeFreezesAndComesBackBelievingThatItIsInCharge() {
    faulty.survives(Fault.of(Fault.Kind.FREEZE, faulty.control(), Duration.ofSeconds(12)));
  }

  @Test
  void theControlNodeIsCutOff() {
    String control = faulty.control();
    Set<String> others = faulty.beamline().nodes();
    others.remove(control);
    faulty.survives(Fault.cut(Set.of(control), others, Duration.ofSeconds(10)));
  }

  @Test
  void theHutchNodeEndsInMidScan() {
    String home = faulty.beamline().homeOf("samx").orElseThrow();
    faulty.survives(Fault.of(Fault.Kind.LEAVE, home, Duration.ofSeconds(1)));
  }
}
