package org.beamhive.launcher.faults;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.beamhive.cluster.BeamlineFolder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every fault on every node of the whole example beamline. Takes about an hour: {@code -Pfaults}.
 */
@Tag("faults")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AllFaultsIT {
  private static final Duration FROZEN = Duration.ofSeconds(30);

  private final List<String> nodes = new BeamlineFolder(FaultyBeamline.EXAMPLE).nodes();
  private FaultyBeamline faulty;

  @BeforeAll
  void start(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path folder) {
    faulty = FaultyBeamline.start(folder, nodes.toArray(String[]::new));
  }

  @AfterAll
  void end() {
    if (faulty != null) {
      try (FaultyBeamline ending = faulty) {
        ending.finish();
      }
    }
  }

  Stream<String> everything() {
    return Stream.concat(nodes.stream(), Stream.of(BeamlineUnderTest.REDIS, "ioc"));
  }

  Stream<String> nodes() {
    return nodes.stream();
  }

  @ParameterizedTest
  @MethodSource("everything")
  void killed(String whom) {
    faulty.survives(Fault.of(Fault.Kind.KILL, whom, Duration.ofSeconds(6)));
  }

  @ParameterizedTest
  @MethodSource("everything")
  void frozen(String whom) {
    faulty.survives(Fault.of(Fault.Kind.FREEZE, whom, FROZEN));
  }

  @ParameterizedTest
  @MethodSource("nodes")
  void endedInGoodOrder(String whom) {
    faulty.survives(Fault.of(Fault.Kind.LEAVE, whom, Duration.ofSeconds(2)));
  }

  @ParameterizedTest
  @MethodSource("nodes")
  void cutOffFromTheOtherNodes(String whom) {
    faulty.survives(Fault.cut(Set.of(whom), others(Set.of(whom)), Duration.ofSeconds(15)));
  }

  @ParameterizedTest
  @MethodSource("nodes")
  void cutOffFromEverything(String whom) {
    Set<String> others = others(Set.of(whom));
    others.add(BeamlineUnderTest.REDIS);
    faulty.survives(Fault.cut(Set.of(whom), others, Duration.ofSeconds(15)));
  }

  Stream<Set<String>> groups() {
    return Stream.of(
        Set.of("control-1", "storage"),
        Set.of("control-1", "control-2"),
        Set.of("control-1", "eh1", "gateway", "storage"),
        Set.of("eh1", "eh1-standby", "eh2", "optics"),
        Set.of("gateway", "storage"));
  }

  @ParameterizedTest
  @MethodSource("groups")
  void cutInTwo(Set<String> group) {
    faulty.survives(Fault.cut(group, others(group), Duration.ofSeconds(15)));
  }

  @Test
  void allNodesAreStartedAnewOneByOne() {
    for (String node : nodes) {
      faulty.beamline().strike(Fault.of(Fault.Kind.LEAVE, node, Duration.ZERO));
      faulty.beamline().awaitWhole(Duration.ofSeconds(90));
    }
    faulty.survives(Fault.of(Fault.Kind.LEAVE, nodes.get(0), Duration.ZERO));
  }

  private Set<String> others(Set<String> group) {
    Set<String> others = new LinkedHashSet<>(nodes);
    others.removeAll(group);
    return others;
  }
}
