package org.beamhive.actors.scans.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.beamhive.actors.scans.plan.Beam.build;
import static org.beamhive.actors.scans.plan.Beam.named;
import static org.beamhive.actors.scans.plan.Beam.plan;
import static org.beamhive.actors.scans.plan.Beam.trace;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.beamhive.actors.scans.instruction.Instruction;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.ReadoutPriority;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.Test;

class PlanTraceTest {
  private static List<String> lines(String text) {
    return text.lines().flatMap(line -> List.of(line.strip().split(", ")).stream()).toList();
  }

  @Test
  void scanFollowsTheCanonicalOrder() {
    BuiltPlan scan = build(plan("scan", List.of("det1"), "m1", -1, 1, 3));
    assertThat(scan.points()).isEqualTo(OptionalLong.of(3));
    assertThat(scan.devices()).containsExactly(new DeviceName("det1"), new DeviceName("m1"));
    String shot = "trigger det1, wait, create primary, read det1, read m1, save\n";
    assertThat(trace(scan))
        .isEqualTo(
            lines(
                "stage det1, stage m1, open\n"
                    + "checkpoint, set m1 -1.0, wait\n"
                    + shot
                    + "checkpoint, set m1 0.0, wait\n"
                    + shot
                    + "checkpoint, set m1 1.0, wait\n"
                    + shot
                    + "close success, unstage m1, unstage det1"));
  }

  @Test
  void scanMovesAllMotorsTogetherAndTakesNumByName() {
    BuiltPlan scan =
        build(named(plan("scan", List.of(), "m1", 0, 1, "m2", 4.0, 0), Map.of("num", 2)));
    assertThat(trace(scan))
        .containsSequence(
            lines("open, checkpoint, set m1 0.0, set m2 4.0, wait, create primary, read m1"))
        .containsSequence(lines("checkpoint, set m1 1.0, set m2 0.0, wait, create primary"));
  }

  private static DeviceView read(String name, ReadoutPriority priority, String... needs) {
    DeviceView view = Beam.detector(name).build();
    return new DeviceView(
        view.name(),
        view.hutch(),
        view.node(),
        view.deviceClass(),
        view.description(),
        view.state(),
        view.problem(),
        view.abilities(),
        priority,
        true,
        view.limits(),
        view.units(),
        view.precision(),
        view.hints(),
        view.tags(),
        false,
        java.util.Arrays.stream(needs).map(DeviceName::new).toList(),
        Value.Fields.EMPTY);
  }

  @Test
  void asyncDevicesHaveStreamsOfTheirOwnAndContinuousOnesAreNotStaged() {
    List<DeviceView> devices = new ArrayList<>(Beam.DEVICES);
    devices.add(read("camera", ReadoutPriority.ASYNC));
    devices.add(read("shutter2", ReadoutPriority.CONTINUOUS));
    BuiltPlan count = Beam.PLANS.build(plan("count", List.of("det1", "shutter2")), devices);

    assertThat(trace(count))
        .isEqualTo(
            lines(
                "stage det1, stage camera, open, checkpoint, trigger det1, trigger shutter2, trigger camera, wait\n"
                    + "create primary, read det1, read shutter2, save, create camera, read camera, save\n"
                    + "close success, unstage camera, unstage det1"));
    assertThat(trace(Beam.PLANS.build(plan("count", List.of("camera")), devices)))
        .containsSequence(
            lines("trigger camera, wait, create camera, read camera, save, close success"));
  }

  @Test
  void stagesWhatIsNeededFirst() {
    List<DeviceView> devices = new ArrayList<>(Beam.DEVICES);
    devices.add(read("camera", ReadoutPriority.ON_REQUEST, "det2"));
    BuiltPlan count = Beam.PLANS.build(plan("count", List.of("camera", "det2")), devices);
    assertThat(trace(count)).startsWith("stage det2", "stage camera", "open");
  }

  @Test
  void theEndOfAPlanStaysItsEnd() {
    BuiltPlan sleep = build(plan("sleep", 1));
    trace(sleep);
    assertThat(sleep.steps().next(Value.None.NONE)).isNull();
    BuiltPlan scan = build(plan("scan", List.of(), "m1", 0, 1, 2));
    trace(scan);
    assertThat(scan.steps().next(Value.None.NONE)).isNull();
  }

  @Test
  void countPausesBetweenShotsOnly() {
    BuiltPlan count = build(plan("count", List.of("det1", "temperature"), 3, 0.5));
    String shot =
        "checkpoint, trigger det1, wait, create primary, read det1, read temperature, save\n";
    assertThat(trace(count))
        .isEqualTo(
            lines(
                "stage det1, open\n"
                    + shot
                    + "checkpoint, sleep 0.5\n"
                    + shot
                    + "checkpoint, sleep 0.5\n"
                    + shot
                    + "close success, unstage det1"));
    assertThat(count.estimate()).isEqualTo(Duration.ofMillis(1300));
  }

  @Test
  void countTakesAListOfPauses() {
    BuiltPlan count = build(plan("count", List.of("det1"), 3, List.of(0.5, 2)));
    assertThat(trace(count))
        .filteredOn(step -> step.startsWith("sleep"))
        .containsExactly("sleep 0.5", "sleep 2.0");
  }

  @Test
  void countWithoutNumberGoesOn() {
    BuiltPlan count = build(named(plan("count", List.of("det1")), Map.of("num", Value.None.NONE)));
    assertThat(count.points()).isEmpty();
    assertThat(trace(count.steps(), 10_000)).hasSize(10_000);
  }

  @Test
  void countWithPausesButNoNumberEndsWithThePauses() {
    BuiltPlan count = build(plan("count", List.of("det1"), Value.None.NONE, List.of(1, 1)));
    assertThat(count.points()).isEqualTo(OptionalLong.of(3));
    assertThat(trace(count)).filteredOn("save"::equals).hasSize(3);
  }

  @Test
  void readsADeviceOnceThatIsNamedTwice() {
    assertThat(trace(build(plan("scan", List.of("det1", "m1", "det1"), "m1", 0, 1, 1))))
        .isEqualTo(
            lines(
                "stage det1, stage m1, open, checkpoint, set m1 0.0, wait, trigger det1, wait,"
                    + " create primary, read det1, read m1, save, close success, unstage m1,"
                    + " unstage det1"));
  }

  @Test
  void listScanVisitsEachPosition() {
    BuiltPlan scan =
        build(plan("list_scan", List.of(), "m1", List.of(1, 3, 3), "m2", List.of(0, 0, 1)));
    assertThat(moves(scan)).containsExactly("set m1 1.0", "set m2 0.0", "set m1 3.0", "set m2 1.0");
    assertThat(scan.points()).isEqualTo(OptionalLong.of(3));
  }

  @Test
  void gridMovesTheSlowAxisOnlyWhenItChanges() {
    assertThat(moves(build(plan("grid_scan", List.of("det1"), "m1", 0, 1, 2, "m2", 0, 2, 3))))
        .containsExactly(
            "set m1 0.0",
            "set m2 0.0",
            "set m2 1.0",
            "set m2 2.0", //
            "set m1 1.0",
            "set m2 0.0",
            "set m2 1.0",
            "set m2 2.0");
  }

  @Test
  void gridSnakes() {
    List<String> snake =
        List.of(
            "set m1 0.0",
            "set m2 0.0",
            "set m2 1.0",
            "set m2 2.0", //
            "set m1 1.0",
            "set m2 1.0",
            "set m2 0.0");
    var grid = plan("grid_scan", List.of("det1"), "m1", 0, 1, 2, "m2", 0, 2, 3);
    assertThat(moves(build(named(grid, Map.of("snake_axes", true))))).isEqualTo(snake);
    assertThat(moves(build(named(grid, Map.of("snake_axes", List.of("m2")))))).isEqualTo(snake);
    assertThat(moves(build(named(grid, Map.of("snake_axes", List.of()))))).hasSize(8);
  }

  @Test
  void listGridGoesThroughTheMesh() {
    var grid = plan("list_grid_scan", List.of(), "m1", List.of(1, 2), "m2", List.of(7, 5));
    assertThat(moves(build(named(grid, Map.of("snake_axes", true)))))
        .containsExactly("set m1 1.0", "set m2 7.0", "set m2 5.0", "set m1 2.0", "set m2 7.0");
  }

  @Test
  void aPointWithoutAMoveDoesNotWait() {
    assertThat(trace(build(plan("list_scan", List.of(), "m1", List.of(1, 1)))))
        .containsSequence(lines("save, checkpoint, create primary, read m1, save, close success"));
  }

  @Test
  void relativeScanGoesFromThereAndBack() {
    assertThat(trace(build(plan("rel_scan", List.of(), "m1", -1, 1, "m2", 0, 1, 2))))
        .isEqualTo(
            lines(
                "stage m1, stage m2, open, locate m1, locate m2\n"
                    + "checkpoint, set m1 4.0, set m2 5.0, wait\n"
                    + "create primary, read m1, read m2, save\n"
                    + "checkpoint, set m1 6.0, set m2 6.0, wait\n"
                    + "create primary, read m1, read m2, save\n"
                    + "checkpoint, set m1 5.0, set m2 5.0, wait\n"
                    + "close success, unstage m2, unstage m1"));
  }

  @Test
  void relativeGridsAndListsGoFromThereAndBack() {
    assertThat(moves(build(plan("rel_grid_scan", List.of(), "m1", 0, 1, 2, "m2", 0, 1, 1))))
        .containsExactly("set m1 5.0", "set m2 5.0", "set m1 6.0", "set m1 5.0", "set m2 5.0");
    assertThat(moves(build(plan("rel_list_scan", List.of(), "m1", List.of(2, -2)))))
        .containsExactly("set m1 7.0", "set m1 3.0", "set m1 5.0");
    assertThat(moves(build(plan("rel_list_grid_scan", List.of(), "m1", List.of(2)))))
        .containsExactly("set m1 7.0", "set m1 5.0");
  }

  @Test
  void relativeScanStopsBeforeItMovesBeyondALimit() {
    BuiltPlan scan = build(plan("rel_scan", List.of("det1"), "m1", -1, 6, 3));
    List<String> seen = new ArrayList<>();
    assertThatThrownBy(() -> seen.addAll(trace(scan)))
        .hasMessage(
            "motor 'm1': position 11.0 mm is beyond its limits, allowed is -10.0 to 10.0 mm");
  }

  @Test
  void relativePlansSayWhenAMotorDoesNotKnowWhereItIs() {
    BuiltPlan move = build(plan("mvr", "m1", 1));
    assertThat(move.steps().next(Value.None.NONE)).isInstanceOf(Instruction.Locate.class);
    assertThatThrownBy(() -> move.steps().next(Value.None.NONE))
        .hasMessage("motor 'm1' does not say where it is: it answered null");
  }

  @Test
  void moveSetsAllAndWaits() {
    BuiltPlan move = build(plan("mv", "m1", 1, "m2", -2.5, "shutter", "open"));
    assertThat(trace(move))
        .containsExactly("set m1 1", "set m2 -2.5", "set shutter 'open'", "wait");
    assertThat(move.devices()).hasSize(3);
    assertThat(move.points()).isEmpty();
  }

  @Test
  void relativeMoveAddsToWhereItIs() {
    assertThat(trace(build(plan("mvr", "m1", 1, "m2", -2))))
        .containsExactly("locate m1", "locate m2", "set m1 6.0", "set m2 3.0", "wait");
  }

  @Test
  void sleepSleeps() {
    BuiltPlan sleep = build(named(plan("sleep"), Map.of("time", 2)));
    assertThat(sleep.estimate()).isEqualTo(Duration.ofSeconds(2));
    assertThat(trace(sleep)).containsExactly("sleep 2.0");
  }

  @Test
  void monitoredDevicesAreReadAtEachPointWithoutDoubles() {
    List<DeviceView> devices = new ArrayList<>(Beam.DEVICES);
    devices.add(monitored("ring").can(Ability.READABLE).build());
    devices.add(
        monitored("bpm").can(Ability.READABLE, Ability.TRIGGERABLE).softwareTrigger().build());
    devices.add(monitored("camera").can(Ability.READABLE, Ability.TRIGGERABLE).build());
    devices.add(monitored("writeOnly").can(Ability.MOVABLE).build());
    devices.add(monitored("gone").can(Ability.READABLE).state(DeviceView.State.CONNECTING).build());
    devices.add(
        monitored("diode").can(Ability.READABLE, Ability.STAGEABLE, Ability.TRIGGERABLE).build());
    BuiltPlan count = Beam.PLANS.build(plan("count", List.of("diode")), devices);
    assertThat(trace(count))
        .isEqualTo(
            lines(
                "stage diode, open, checkpoint, trigger diode, trigger bpm, wait, create primary,"
                    + " read diode, read bpm, read camera, read ring, save, close success,"
                    + " unstage diode"));
  }

  @Test
  void baselineIsReadAtBothEnds() {
    List<DeviceView> devices = new ArrayList<>(Beam.DEVICES);
    devices.add(baseline("slit").can(Ability.READABLE).build());
    devices.add(
        baseline("gauge").can(Ability.READABLE, Ability.TRIGGERABLE).softwareTrigger().build());
    devices.add(baseline("table").can(Ability.READABLE, Ability.MOVABLE).build());
    BuiltPlan scan = Beam.PLANS.build(plan("rel_scan", List.of("det1"), "table", 0, 1, 1), devices);
    String ends = "checkpoint, trigger gauge, wait, create baseline, read gauge, read slit, save\n";
    assertThat(trace(scan))
        .isEqualTo(
            lines(
                "stage det1, open\n"
                    + ends
                    + "locate table, checkpoint, set table 5.0, wait, trigger det1, wait\n"
                    + "create primary, read det1, read table, save\n"
                    + "checkpoint, set table 5.0, wait\n"
                    + ends
                    + "close success, unstage det1"));
    assertThat(scan.devices())
        .extracting(DeviceName::value)
        .containsExactly("det1", "table", "gauge", "slit");
  }

  @Test
  void theSameAnswersGiveTheSameInstructions() {
    var request = plan("rel_grid_scan", List.of("det1"), "m1", 0, 1, 2, "m2", 0, 1, 3);
    assertThat(trace(build(request))).isEqualTo(trace(build(request)));
  }

  @Test
  void aScanOfTenMillionPointsStartsLikeOneOfTen() {
    var grid = plan("grid_scan", List.of("det1"), "m1", 0, 1, 10_000, "m2", 0, 1, 1000);
    BuiltPlan built = build(grid);
    assertThat(built.points()).isEqualTo(OptionalLong.of(10_000_000));
    assertThat(trace(built.steps(), 20)).hasSize(20).contains("set m1 0.0", "set m2 0.0");
    assertThat(trace(build(plan("scan", List.of("det1"), "m1", 0, 1, 10_000_000)).steps(), 20))
        .hasSize(20);
  }

  private static Beam.Device monitored(String name) {
    return new Beam.Device(name).priority(ReadoutPriority.MONITORED);
  }

  private static Beam.Device baseline(String name) {
    return new Beam.Device(name).priority(ReadoutPriority.BASELINE);
  }

  private static List<String> moves(BuiltPlan plan) {
    return trace(plan).stream().filter(step -> step.startsWith("set")).toList();
  }

  @Test
  void flyKicksOffCompletesAndCollectsAllFlyers() {
    BuiltPlan fly = build(plan("fly", List.of("flyer1")));
    assertThat(trace(fly))
        .isEqualTo(
            lines(
                "open, kickoff flyer1 primary, wait, complete flyer1, wait, collect flyer1,"
                    + " checkpoint, close success"));
    assertThat(fly.devices()).containsExactly(new DeviceName("flyer1"));
    assertThat(trace(build(plan("fly", List.of("flyer1", "flyer2")))))
        .containsSequence("kickoff flyer1 flyer1", "kickoff flyer2 flyer2", "wait")
        .containsSequence("collect flyer1", "collect flyer2", "checkpoint");
  }
}
