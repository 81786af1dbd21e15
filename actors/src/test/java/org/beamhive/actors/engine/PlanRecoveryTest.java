package org.beamhive.actors.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.actors.engine.Beamlines.PLAIN;
import static org.beamhive.actors.engine.Beamlines.WITH_ASYNC;
import static org.beamhive.actors.engine.Beamlines.WITH_BASELINE;
import static org.beamhive.actors.engine.Beamlines.named;
import static org.beamhive.actors.engine.Beamlines.plan;
import static org.beamhive.actors.engine.Beamlines.steps;
import static org.beamhive.actors.engine.FakeWorld.device;
import static org.beamhive.actors.engine.FakeWorld.progress;
import static org.beamhive.actors.engine.FakeWorld.set;

import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.beamhive.actors.engine.FakeWorld.Logged;
import org.beamhive.actors.engine.PlanInterpreter.Outcome;
import org.beamhive.actors.scans.instruction.Instruction;
import org.beamhive.actors.scans.instruction.Instruction.Checkpoint;
import org.beamhive.actors.scans.instruction.Instruction.ClearCheckpoint;
import org.beamhive.actors.scans.instruction.Instruction.CloseRun;
import org.beamhive.actors.scans.instruction.Instruction.Create;
import org.beamhive.actors.scans.instruction.Instruction.OpenRun;
import org.beamhive.actors.scans.instruction.Instruction.Read;
import org.beamhive.actors.scans.instruction.Instruction.Save;
import org.beamhive.actors.scans.instruction.Instruction.Trigger;
import org.beamhive.actors.scans.instruction.Instruction.Wait;
import org.beamhive.actors.scans.instruction.Steps;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.plan.PlanRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A run whose log ends anywhere goes on as if nothing had happened. */
class PlanRecoveryTest {
  private static final Instruction OPEN = new OpenRun(Value.Fields.EMPTY);

  static Stream<Arguments> plans() {
    PlanRequest grid = plan("grid_scan", List.of("det"), "m1", 0, 2, 3, "m2", 0, 3, 4);
    return Stream.of(
        Arguments.of(plan("scan", List.of("det"), "m1", -1, 1, 5), PLAIN),
        Arguments.of(plan("scan", List.of("det"), "m1", -1, 1, "m2", 5, 9, 5), WITH_BASELINE),
        Arguments.of(named(grid, "snake_axes", true), PLAIN),
        Arguments.of(named(grid, "snake_axes", true), WITH_BASELINE),
        Arguments.of(plan("rel_scan", List.of("det"), "m1", -1, 1, "m2", 0, 1, 4), PLAIN),
        Arguments.of(plan("rel_scan", List.of("det"), "m1", -1, 1, "m2", 0, 1, 4), WITH_BASELINE),
        Arguments.of(plan("list_scan", List.of("det"), "m1", List.of(1, 1, 5, 5, 2)), PLAIN),
        Arguments.of(plan("count", List.of("det"), 4, 0.5), WITH_BASELINE),
        Arguments.of(plan("count", List.of("det"), 3), PLAIN),
        Arguments.of(plan("count", List.of("det", "apart"), 3), WITH_ASYNC),
        Arguments.of(plan("scan", List.of("det", "apart"), "m1", -1, 1, 3), WITH_ASYNC));
  }

  private static List<Logged> uninterrupted(Supplier<Steps> steps) {
    FakeWorld world = new FakeWorld(steps.get());
    start(world);
    assertThat(world.run()).isEqualTo(Outcome.ENDED);
    return world.log;
  }

  /** Where relative plans begin. */
  private static void start(FakeWorld world) {
    world.positions.put(device("m1"), 10.0);
    world.positions.put(device("m2"), 20.0);
  }

  /** Nobody knows where the motors are after a crash. */
  private static FakeWorld recovered(Supplier<Steps> steps, List<Logged> held, long seed) {
    FakeWorld world = new FakeWorld(steps.get(), held, 1000);
    boolean began = held.stream().anyMatch(entry -> entry.kind().equals("answer"));
    start(world);
    if (began
        || held.stream()
            .anyMatch(entry -> entry.kind().equals("event") && entry.stream().equals("primary"))) {
      Random random = new Random(seed);
      world.positions.put(
          device("m1"), 10.0 + (began && answered(held) < 2 ? 0 : random.nextInt(50)));
      world.positions.put(
          device("m2"), 20.0 + (answered(held) < 2 && began ? 0 : random.nextInt(50)));
    }
    world.plan.recover(progress(held));
    return world;
  }

  private static long answered(List<Logged> held) {
    return held.stream().filter(entry -> entry.kind().equals("answer")).count();
  }

  private static void finishes(FakeWorld world, List<Logged> whole, String where) {
    assertThat(world.plan.rewindable()).as(where).isTrue();
    assertThat(world.run()).as("%s: %s", where, world.trace).isEqualTo(Outcome.ENDED);
    assertThat(world.stale).as("%s: %s", where, world.trace).isEmpty();
    for (String stream : List.of("primary", "baseline", "apart")) {
      assertThat(world.events(stream))
          .as("%s, %s: %s", where, stream, world.trace)
          .isEqualTo(eventsOf(whole, stream));
    }
    assertThat(world.count("start")).as(where).isEqualTo(1);
    assertThat(world.count("stop")).as(where).isEqualTo(1);
    assertThat(world.log.get(world.log.size() - 1).kind()).isEqualTo("stop");
    assertThat(world.staged).as(where).isEmpty();
    assertThat(world.plan.runOpen()).isFalse();
  }

  private static List<?> eventsOf(List<Logged> log, String stream) {
    return log.stream()
        .filter(entry -> entry.kind().equals("event") && entry.stream().equals(stream))
        .map(Logged::positions)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("plans")
  void goesOnFromEveryPrefixOfItsLog(PlanRequest request, List<DeviceView> devices) {
    Supplier<Steps> steps = () -> steps(request, devices);
    List<Logged> whole = uninterrupted(steps);
    for (int cut = 0; cut < whole.size(); cut++) {
      FakeWorld world = recovered(steps, whole.subList(0, cut), cut);
      finishes(world, whole, "after " + cut + " entries");
    }
  }

  @ParameterizedTest
  @MethodSource("plans")
  void goesOnTwice(PlanRequest request, List<DeviceView> devices) {
    Supplier<Steps> steps = () -> steps(request, devices);
    List<Logged> whole = uninterrupted(steps);
    for (int first = 0; first < whole.size(); first++) {
      FakeWorld once = recovered(steps, whole.subList(0, first), first);
      once.run();
      for (int second = first; second < once.log.size(); second++) {
        FakeWorld twice = recovered(steps, once.log.subList(0, second), second);
        finishes(twice, whole, "after " + first + " and " + second + " entries");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("plans")
  void stagesAgainBeforeItMeasuresAgain(PlanRequest request, List<DeviceView> devices) {
    Supplier<Steps> steps = () -> steps(request, devices);
    List<Logged> whole = uninterrupted(steps);
    for (int cut = 1; cut < whole.size() - 1; cut++) {
      FakeWorld world = recovered(steps, whole.subList(0, cut), cut);
      world.run(one -> List.of("set", "trigger", "read").contains(one.kind()));
      assertThat(world.staged).as("after %d", cut).contains(device("det"));
    }
  }

  @ParameterizedTest
  @MethodSource("plans")
  void unstagesWhatTheLastWorkerHadStagedIfItEndsAtOnce(
      PlanRequest request, List<DeviceView> devices) {
    Supplier<Steps> steps = () -> steps(request, devices);
    List<Logged> whole = uninterrupted(steps);
    FakeWorld world = recovered(steps, whole.subList(0, whole.size() / 2), 1);
    world.plan.end();
    world.plan.unstageAll();
    assertThat(world.trace).contains("unstage det");
  }

  @Test
  void staysClosedWhenTheLogIsComplete() {
    Supplier<Steps> steps = () -> steps(plan("scan", List.of("det"), "m1", 1, 3, 3), PLAIN);
    List<Logged> whole = uninterrupted(steps);
    FakeWorld world = recovered(steps, whole, 1);
    assertThat(world.plan.runOpen()).isFalse();
    assertThat(world.run()).isEqualTo(Outcome.ENDED);
    assertThat(world.count("stop")).isEqualTo(1);
  }

  @Test
  void aMoveWithoutARunIsMadeAgain() {
    FakeWorld world = recovered(() -> steps(plan("mv", "m1", 4), PLAIN), List.of(), 1);
    assertThat(world.run()).isEqualTo(Outcome.ENDED);
    assertThat(world.positions).containsEntry(device("m1"), 4.0);
  }

  @Test
  void aRelativeMoveGoesWhereItWentTheFirstTime() {
    Supplier<Steps> steps = () -> steps(plan("mvr", "m1", 4), PLAIN);
    List<Logged> whole = uninterrupted(steps);
    FakeWorld world = new FakeWorld(steps.get(), whole, 1000);
    world.positions.put(device("m1"), 13.0);
    world.plan.recover(progress(whole));
    assertThat(world.run()).isEqualTo(Outcome.ENDED);
    assertThat(world.positions).containsEntry(device("m1"), 14.0);
  }

  @Test
  void isNotRewindableWhereThePlanSaysSo() {
    Supplier<Steps> steps =
        () ->
            Steps.of(
                OPEN,
                Checkpoint.CHECKPOINT,
                ClearCheckpoint.CLEAR_CHECKPOINT,
                Create.PRIMARY,
                new Read(device("det")),
                Save.SAVE,
                Checkpoint.CHECKPOINT,
                Create.PRIMARY,
                new Read(device("det")),
                Save.SAVE,
                CloseRun.SUCCESS);
    List<Logged> whole = uninterrupted(steps);
    assertThat(recovered(steps, whole.subList(0, 1), 1).plan.rewindable()).isFalse();
    assertThat(recovered(steps, whole.subList(0, 3), 1).plan.rewindable()).isTrue();
  }

  /** The motor moves on while the last point is still being saved. */
  @Test
  void measuresWhereThePlanHadTheMotorEvenIfItMovesAfterTheShot() {
    Supplier<Steps> steps =
        () ->
            Steps.of(
                OPEN,
                Checkpoint.CHECKPOINT,
                set("m1", 1, "a"),
                new Wait("a"),
                Checkpoint.CHECKPOINT,
                new Trigger(device("det"), "t"),
                new Wait("t"),
                Create.PRIMARY,
                new Read(device("m1")),
                set("m1", 2, "a"),
                Save.SAVE,
                new Wait("a"),
                CloseRun.SUCCESS);
    FakeWorld world =
        recovered(steps, List.of(new Logged("start", "", java.util.Map.of(), 0, null)), 1);
    assertThat(world.run()).isEqualTo(Outcome.ENDED);
    assertThat(world.events("primary")).containsExactly(java.util.Map.of("m1", 1.0));
    assertThat(world.positions).containsEntry(device("m1"), 2.0);
  }

  @Test
  void aLostDeviceOfARunThatComesBackIsStagedOnce() {
    Supplier<Steps> steps = () -> steps(plan("scan", List.of("det"), "m1", 1, 3, 3), PLAIN);
    List<Logged> whole = uninterrupted(steps);
    FakeWorld world = recovered(steps, whole.subList(0, 3), 1);
    world.plan.startedAnew(Set.of(device("det"), device("m1")));
    finishes(world, whole, "with lost devices");
    assertThat(world.trace).filteredOn("stage det"::equals).hasSize(1);
  }

  @Test
  void emptyPointsDoNotShiftTheCount() {
    Supplier<Steps> steps =
        () ->
            Steps.of(
                OPEN,
                Checkpoint.CHECKPOINT,
                Create.PRIMARY,
                Save.SAVE,
                Checkpoint.CHECKPOINT,
                set("m1", 3, "a"),
                new Wait("a"),
                Create.PRIMARY,
                new Read(device("m1")),
                Save.SAVE,
                CloseRun.SUCCESS);
    List<Logged> whole = uninterrupted(steps);
    assertThat(eventsOf(whole, "primary")).hasSize(1);
    for (int cut = 0; cut < whole.size(); cut++) {
      finishes(recovered(steps, whole.subList(0, cut), cut), whole, "after " + cut);
    }
  }
}
