package org.beamhive.launcher.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * The example beamline with scans that run the whole time; every fault is followed by the check of
 * what must hold.
 */
final class FaultyBeamline implements AutoCloseable {
  /** From the module's folder, where tests run. */
  static final Path EXAMPLE = Path.of("../cluster-config/example");

  private static final Duration HEALED = Duration.ofSeconds(90);
  private static final Duration ENDED = Duration.ofMinutes(3);

  private final BeamlineUnderTest beamline;
  private final ScanLoad load;
  private final Invariants invariants;

  private FaultyBeamline(BeamlineUnderTest beamline) {
    this.beamline = beamline;
    this.load = new ScanLoad(beamline.client(), new Random(4));
    this.invariants = new Invariants(beamline.client(), beamline.redisUrl());
  }

  static FaultyBeamline start(Path folder, String... nodes) {
    return startOf(EXAMPLE, folder, nodes);
  }

  static FaultyBeamline startOf(Path configuration, Path folder, String... nodes) {
    BeamlineUnderTest beamline =
        new BeamlineUnderTest(configuration, folder, List.of(nodes), Map.of());
    try {
      beamline.start();
      return new FaultyBeamline(beamline);
    } catch (RuntimeException failed) {
      beamline.close();
      throw failed;
    }
  }

  BeamlineUnderTest beamline() {
    return beamline;
  }

  /** The node with the queue and the worker. */
  String control() {
    return beamline.holder("scan-queue").orElseThrow();
  }

  /** Does it while a scan runs, and checks everything when it is in order again. */
  void survives(Fault fault) {
    try {
      strike(fault);
    } catch (RuntimeException | AssertionError failed) {
      throw new AssertionError(fault + ": " + failed.getMessage() + beamline.lastWords(), failed);
    }
  }

  private void strike(Fault fault) {
    awaitRunning();
    assertThat(beamline.strike(fault)).isEmpty();
    beamline.awaitWhole(HEALED);
    // a scan that the fault has hit must have come to its end, too
    int before = invariants.runs();
    BeamlineUnderTest.await(
        "scans go on after " + fault,
        ENDED,
        () -> {
          assertThat(invariants.check(load.accepted())).as(fault.toString()).isEmpty();
          return invariants.runs() > before + 1;
        });
    assertThat(load.failure()).isEmpty();
  }

  /** Waits until points are being taken. */
  private void awaitRunning() {
    BeamlineUnderTest.await(
        "a scan runs",
        HEALED,
        () -> !beamline.client().get("/api/re/runs/active").path("run_list").isEmpty());
  }

  /** Submits nothing more; all that was accepted comes to its end and is right. */
  void finish() {
    load.finish(ENDED);
    assertThat(invariants.check(load.accepted())).isEmpty();
    assertThat(invariants.runs()).isGreaterThanOrEqualTo(load.accepted().size());
    assertThat(beamline.sawMotion()).as("motors were seen to move").isTrue();
  }

  @Override
  public void close() {
    load.close();
    invariants.close();
    beamline.close();
  }
}
