package org.beamhive.actors.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.beamhive.actors.engine.Beamlines.PLAIN;
import static org.beamhive.actors.engine.Beamlines.plan;
import static org.beamhive.actors.engine.Beamlines.steps;
import static org.beamhive.actors.engine.FakeWorld.device;
import static org.beamhive.actors.engine.FakeWorld.set;

import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.beamhive.actors.engine.FakeWorld.Open;
import org.beamhive.actors.engine.PlanInterpreter.Outcome;
import org.beamhive.actors.scans.instruction.Instruction;
import org.beamhive.actors.scans.instruction.Instruction.Checkpoint;
import org.beamhive.actors.scans.instruction.Instruction.ClearCheckpoint;
import org.beamhive.actors.scans.instruction.Instruction.CloseRun;
import org.beamhive.actors.scans.instruction.Instruction.Create;
import org.beamhive.actors.scans.instruction.Instruction.OpenRun;
import org.beamhive.actors.scans.instruction.Instruction.Read;
import org.beamhive.actors.scans.instruction.Instruction.Save;
import org.beamhive.actors.scans.instruction.Instruction.Stage;
import org.beamhive.actors.scans.instruction.Instruction.Trigger;
import org.beamhive.actors.scans.instruction.Instruction.Wait;
import org.beamhive.actors.scans.instruction.Steps;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlanInterpreterTest {
  private static final Instruction OPEN = new OpenRun(Value.Fields.EMPTY);
  private static final Instruction READ = new Read(device("det"));

  private static FakeWorld scan() {
    return new FakeWorld(steps(plan("scan", List.of("det"), "m1", 1, 3, 3), PLAIN));
  }

  private static FakeWorld world(Instruction... instructions) {
    return new FakeWorld(Steps.of(instructions));
  }

  private static Predicate<Open> at(String text) {
    return one -> one.toString().equals(text);
  }

  private static void pauseAndResume(FakeWorld world) {
    while (!world.plan.interruptible()) {
      world.answer(world.open.get(0).toString());
    }
    world.plan.interrupt();
    world.sayStopped();
    world.answerAll();
    assertThat(world.plan.stopping()).isFalse();
    world.trace.add("-- resume");
  }

  @Test
  void executesAScanFromStageToUnstage() {
    FakeWorld world = scan();
    assertThat(world.run()).isEqualTo(Outcome.ENDED);
    assertThat(world.trace)
        .startsWith("stage det", "stage m1", "open", "set m1 1.0", "trigger det", "read det")
        .endsWith("read m1", "save primary", "close success", "unstage m1", "unstage det");
    assertThat(world.events("primary"))
        .extracting(one -> one.get("m1"))
        .containsExactly(1., 2., 3.);
    assertThat(world.staged).isEmpty();
    assertThat(world.plan.runOpen()).isFalse();
    assertThat(world.plan.allLogged()).isTrue();
  }

  @Test
  void waitsForAllOfAGroupAndForNothingElse() {
    FakeWorld world =
        world(
            set("m1", 1, "a"),
            set("m2", 2, "a"),
            set("m3", 3, "b"),
            new Wait("a"),
            set("m1", 4, "a"));
    assertThat(world.plan.advance()).isEqualTo(Outcome.WAITING);
    world.answer("set m1");
    assertThat(world.plan.advance()).isEqualTo(Outcome.WAITING);
    assertThat(world.trace).hasSize(3);
    world.answer("set m2");
    assertThat(world.plan.advance()).isEqualTo(Outcome.ENDED);
    assertThat(world.trace).hasSize(4);
  }

  @Test
  void aGroupThatNobodyUsedIsDone() {
    assertThat(world(new Wait("none")).plan.advance()).isEqualTo(Outcome.ENDED);
  }

  @Test
  void failsWhenAMoveFailsEvenBeforeItIsWaitedFor() {
    FakeWorld world = world(set("m1", 1, "a"), new Instruction.Sleep(1), new Wait("a"));
    world.plan.advance();
    world.fail("set m1", "m1 is stuck");
    assertThat(world.plan.advance()).isEqualTo(Outcome.FAILED);
    assertThat(world.plan.failure().text()).isEqualTo("m1 is stuck");
  }

  @ParameterizedTest
  @ValueSource(strings = {"stage det", "set m1", "trigger det", "read det"})
  void failsWithTheFirstProblemOfADevice(String command) {
    FakeWorld world = scan();
    world.run(at(command));
    world.fail(command, "broken");
    assertThat(world.plan.advance()).isEqualTo(Outcome.FAILED);
    assertThat(world.plan.failure().text()).isEqualTo("broken");
    world.plan.end();
    world.sayStopped();
    assertThat(world.plan.stopping()).isFalse();
    world.plan.unstageAll();
    world.answerAll();
    assertThat(world.staged).isEmpty();
    assertThat(world.plan.busy()).isFalse();
  }

  @Test
  void refusesAPlanThatMakesNoSense() {
    assertThatThrownBy(() -> world(Save.SAVE).plan.advance()).hasMessageContaining("not begun");
    assertThatThrownBy(() -> world(READ).plan.advance()).hasMessageContaining("outside a point");
    assertThatThrownBy(() -> world(Create.PRIMARY).plan.advance())
        .hasMessageContaining("outside a run");
    assertThatThrownBy(() -> world(OPEN, OPEN).plan.advance()).hasMessageContaining("second run");
    assertThatThrownBy(() -> world(CloseRun.SUCCESS).plan.advance())
        .hasMessageContaining("not open");
  }

  @ParameterizedTest
  @ValueSource(strings = {"stage det", "set m1", "trigger det", "read det", "unstage m1", "logged"})
  void resumesAfterAPauseWithEachPointOnce(String where) {
    int occurrences = (int) count(scan(), where);
    for (int nth = 1; nth <= occurrences; nth++) {
      FakeWorld world = scan();
      stopAtNth(world, where, nth);
      pauseAndResume(world);
      assertThat(world.run()).as("%s number %d", where, nth).isEqualTo(Outcome.ENDED);
      assertThat(world.events("primary"))
          .as("%s number %d: %s", where, nth, world.trace)
          .extracting(one -> one.get("m1"))
          .containsExactly(1., 2., 3.);
      assertThat(world.staged).isEmpty();
      assertThat(world.count("stop")).isEqualTo(1);
    }
  }

  private static long count(FakeWorld world, String where) {
    long[] seen = {0};
    FakeWorld.Open[] last = {null};
    world.run(
        one -> {
          if (one.toString().equals(where) && !one.equals(last[0])) {
            last[0] = one;
            seen[0]++;
          }
          return false;
        });
    return seen[0];
  }

  private static void stopAtNth(FakeWorld world, String where, int nth) {
    int[] seen = {0};
    FakeWorld.Open[] last = {null};
    world.run(
        one -> {
          if (one.toString().equals(where) && !one.equals(last[0])) {
            last[0] = one;
            seen[0]++;
          }
          return seen[0] == nth;
        });
  }

  @Test
  void repeatsTheMoveThatAPauseInterrupted() {
    FakeWorld world = scan();
    world.run(at("set m1"));
    pauseAndResume(world);
    assertThat(world.positions.get(device("m1"))).isEqualTo(0.5);
    world.plan.advance();
    assertThat(world.trace).endsWith("stop m1", "-- resume", "set m1 1.0");
  }

  @Test
  void repeatsMoveAndExposureThatAPauseInterrupted() {
    FakeWorld world = scan();
    world.run(at("trigger det"));
    pauseAndResume(world);
    world.run(at("read det"));
    assertThat(world.trace)
        .endsWith(
            "stop m1",
            "stop det",
            "-- resume",
            "set m1 1.0",
            "trigger det",
            "read det",
            "read m1",
            "save primary");
  }

  @Test
  void completesAPointThatIsBeingReadBeforeAPause() {
    FakeWorld world = scan();
    world.run(at("read det"));
    assertThat(world.plan.interruptible()).isFalse();
    world.answer("read det");
    world.answer("read m1");
    assertThat(world.plan.interruptible()).isTrue();
    pauseAndResume(world);
    assertThat(world.run()).isEqualTo(Outcome.ENDED);
    assertThat(world.events("primary")).hasSize(3);
    assertThat(world.trace.subList(world.trace.indexOf("-- resume"), world.trace.size()))
        .startsWith("-- resume", "set m1 2.0");
  }

  @Test
  void sleepsAgainAfterAPause() {
    FakeWorld world = world(Checkpoint.CHECKPOINT, new Instruction.Sleep(5), set("m1", 1, "a"));
    world.run(at("sleep"));
    Open first = world.pending("sleep");
    pauseAndResume(world);
    world.plan.advance();
    world.plan.onDone(first.token());
    assertThat(world.plan.advance()).isEqualTo(Outcome.WAITING);
    assertThat(world.trace).containsExactly("sleep", "-- resume", "sleep");
  }

  @Test
  void repeatsAMoveThatNobodyHasWaitedForYet() {
    FakeWorld world =
        world(set("m1", 1, "a"), Checkpoint.CHECKPOINT, new Instruction.Sleep(5), new Wait("a"));
    world.plan.advance();
    pauseAndResume(world);
    assertThat(world.plan.advance()).isEqualTo(Outcome.WAITING);
    assertThat(world.trace)
        .containsExactly("set m1 1.0", "sleep", "stop m1", "-- resume", "set m1 1.0", "sleep");
    world.answerAll();
    assertThat(world.plan.advance()).isEqualTo(Outcome.ENDED);
  }

  @Test
  void standsAtTheNextCheckpointAfterADeferredPause() {
    FakeWorld world = scan();
    world.run(at("trigger det"));
    world.plan.askPause(true);
    assertThat(world.run()).isEqualTo(Outcome.AT_PAUSE);
    assertThat(world.events("primary")).hasSize(1);
    pauseAndResume(world);
    world.plan.askPause(false);
    assertThat(world.run()).isEqualTo(Outcome.ENDED);
    assertThat(world.events("primary"))
        .extracting(one -> one.get("m1"))
        .containsExactly(1., 2., 3.);
  }

  @Test
  void aDeferredPauseCanBeTakenBack() {
    FakeWorld world = scan();
    world.run(at("trigger det"));
    world.plan.askPause(true);
    world.plan.askPause(false);
    assertThat(world.run()).isEqualTo(Outcome.ENDED);
  }

  @Test
  void cannotBeRepeatedBetweenClearCheckpointAndTheNextCheckpoint() {
    FakeWorld world =
        world(
            ClearCheckpoint.CLEAR_CHECKPOINT,
            new Instruction.Sleep(1),
            Checkpoint.CHECKPOINT,
            new Instruction.Sleep(2));
    world.plan.advance();
    assertThat(world.plan.rewindable()).isFalse();
    world.answerAll();
    world.plan.advance();
    assertThat(world.plan.rewindable()).isTrue();
  }

  @Test
  void waitsForTheLogWhenItIsTooFarAhead() {
    FakeWorld world =
        new FakeWorld(steps(plan("scan", List.of("det"), "m1", 1, 20, 20), PLAIN), List.of(), 4);
    world.plan.advance();
    for (int i = 0; i < 1000; i++) {
      List<Open> left = world.open.stream().filter(one -> !one.kind().equals("logged")).toList();
      if (left.isEmpty()) {
        break;
      }
      world.answer(left.get(0).toString());
      world.plan.advance();
    }
    assertThat(world.events("primary")).hasSize(4);
    assertThat(world.run()).isEqualTo(Outcome.ENDED);
    assertThat(world.events("primary")).hasSize(20);
  }

  @Test
  void saysWhatIsOverdue() {
    FakeWorld world = scan();
    world.run(at("set m1"));
    world.nanos += 100;
    assertThat(world.plan.overdue(10, 200)).isNull();
    assertThat(world.plan.overdue(10, 99)).contains("'move'");
    world.run(at("read det"));
    world.nanos += 100;
    assertThat(world.plan.overdue(99, 1000)).contains("det").contains("m1");
  }

  @Test
  void remembersNoMoreThanOnePoint() {
    FakeWorld world = new FakeWorld(steps(plan("scan", List.of("det"), "m1", 1, 9, 2000), PLAIN));
    assertThat(world.run()).isEqualTo(Outcome.ENDED);
    assertThat(world.plan.busy()).isFalse();
    assertThat(world.plan.stopping()).isFalse();
  }

  // ------------------------------------------------------------------ mended

  @Test
  void anInterruptedLocateIsAnsweredLateAndAskedAgain() {
    FakeWorld world = new FakeWorld(steps(plan("rel_scan", List.of("det"), "m1", 1, 3, 3), PLAIN));
    world.run(at("locate m1"));
    Open first = world.pending("locate m1");
    world.plan.interrupt();
    world.open.remove(first);
    world.plan.onLocated(first.token(), Value.of(7.0), Value.of(7.0));
    assertThat(world.plan.stopping()).isFalse();
    assertThat(world.run()).isEqualTo(Outcome.ENDED);
    assertThat(world.events("primary"))
        .extracting(one -> one.get("m1"))
        .containsExactly(1., 2., 3.);
  }

  @Test
  void aPauseWhileAPointIsReadKeepsAMoveThatNobodyHasWaitedForYet() {
    FakeWorld world =
        world(
            OPEN,
            set("m2", 8, "far"),
            Checkpoint.CHECKPOINT,
            Create.PRIMARY,
            READ,
            Save.SAVE,
            new Wait("far"),
            CloseRun.SUCCESS);
    world.run(at("read det"));
    world.plan.standStill();
    world.sayStopped();
    assertThat(world.plan.failure()).isNull();
    world.answer("read det");
    pauseAndResume(world);
    assertThat(world.run()).isEqualTo(Outcome.ENDED);
    assertThat(world.positions).containsEntry(device("m2"), 8.0);
  }

  @Test
  void aPointThatIsTakenWhileThePlanEndsStillCountsForTheLog() {
    FakeWorld world = scan();
    world.run(at("read det"));
    world.answer("read m1");
    world.plan.end();
    world.plan.onPointTaken(1);
    world.plan.closeRun("success", "");
    world.plan.onLogged(2);
    assertThat(world.plan.allLogged()).isFalse();
    world.plan.onLogged(3);
    assertThat(world.plan.allLogged()).isTrue();
  }

  @Test
  void thePointThatIsBeingReadIsDroppedWhenThePlanEnds() {
    FakeWorld world = scan();
    world.run(at("read det"));
    world.plan.end();
    assertThat(world.trace).contains("drop");
  }

  @Test
  void aPointOfALostDeviceIsTakenAgain() {
    FakeWorld world = scan();
    world.run(at("read det"));
    assertThat(world.plan.reads(device("det"))).isTrue();
    assertThat(world.plan.reads(device("m2"))).isFalse();
    world.plan.onPointLost(1);
    pauseAndResume(world);
    assertThat(world.run()).isEqualTo(Outcome.ENDED);
    assertThat(world.events("primary"))
        .extracting(one -> one.get("m1"))
        .containsExactly(1., 2., 3.);
  }

  @Test
  void aDetectorThatStartsAnewBeforeItsOwnStreamIsReadMeasuresAgain() {
    FakeWorld world =
        new FakeWorld(steps(plan("count", List.of("det", "apart"), 2), Beamlines.WITH_ASYNC));
    world.run(at("read apart"));
    assertThat(world.events("primary")).hasSize(1);
    world.plan.onPointLost(2);
    pauseAndResume(world);
    world.plan.startedAnew(java.util.Set.of(device("apart")));
    assertThat(world.run()).isEqualTo(Outcome.ENDED);
    assertThat(world.stale).as("%s", world.trace).isEmpty();
    assertThat(world.events("primary")).hasSize(2);
    assertThat(world.events("apart")).hasSize(2);
  }

  @Test
  void anEmptyPointMakesNoEvent() {
    FakeWorld world =
        world(
            OPEN,
            Checkpoint.CHECKPOINT,
            set("m1", 1, "a"),
            new Wait("a"),
            Create.PRIMARY,
            Save.SAVE,
            CloseRun.SUCCESS);
    assertThat(world.run()).isEqualTo(Outcome.ENDED);
    assertThat(world.events("primary")).isEmpty();
    assertThat(world.count("stop")).isEqualTo(1);
  }

  @Test
  void anInterruptionForAnotherReasonKeepsADeferredPause() {
    FakeWorld world = scan();
    world.run(at("set m1"));
    world.plan.askPause(true);
    pauseAndResume(world);
    assertThat(world.run()).isEqualTo(Outcome.AT_PAUSE);
  }

  @Test
  void aStageThatFailsAfterAPauseFailsThePlan() {
    FakeWorld world = scan();
    world.run(at("stage det"));
    world.plan.interrupt();
    assertThat(world.plan.stopping()).isTrue();
    world.fail("stage det", "can't arm");
    assertThat(world.plan.stopping()).isFalse();
    assertThat(world.plan.advance()).isEqualTo(Outcome.FAILED);
  }

  @Test
  void doesNotWaitForADeviceThatIsGoneToStand() {
    FakeWorld world = scan();
    world.run(at("set m1"));
    world.plan.interrupt();
    world.plan.gone(device("m1"));
    assertThat(world.plan.stopping()).isFalse();
  }

  @Test
  void bringsADeviceThatHasStartedAnewBackWhereThePlanHadIt() {
    FakeWorld world = scan();
    world.run(one -> one.toString().equals("trigger det") && world.events("primary").size() == 1);
    world.plan.interrupt();
    world.plan.startedAnew(java.util.Set.of(device("m1")));
    world.trace.clear();
    world.sayStopped();
    world.run(at("trigger det"));
    assertThat(world.trace).startsWith("stage m1", "set m1 2.0");
    assertThat(world.run()).isEqualTo(Outcome.ENDED);
    assertThat(world.events("primary"))
        .isEqualTo(
            List.of(
                Map.of("det", 0.0, "m1", 1.0),
                Map.of("det", 0.0, "m1", 2.0),
                Map.of("det", 0.0, "m1", 3.0)));
  }

  @Test
  void pausesInTheMiddleOfAPlanWhereThePlanSaysSoAndGoesBackToTheCheckpoint() {
    FakeWorld world =
        world(
            OPEN,
            Checkpoint.CHECKPOINT,
            set("m1", 1, "a"),
            new Wait("a"),
            new Instruction.Pause(false),
            new Trigger(device("det"), "t"),
            new Wait("t"),
            CloseRun.SUCCESS);
    assertThat(world.run()).isEqualTo(Outcome.AT_PAUSE);
    pauseAndResume(world);
    assertThat(world.run()).isEqualTo(Outcome.ENDED);
    assertThat(world.trace).filteredOn("set m1 1.0"::equals).hasSize(2);
  }

  @Test
  void stagesAreRemembered() {
    FakeWorld world = world(new Stage(device("det")));
    world.run();
    world.plan.end();
    world.plan.unstageAll();
    assertThat(world.trace).endsWith("unstage det");
  }

  // ------------------------------------------------------------------ flights

  private static FakeWorld flight(Instruction... after) {
    List<Instruction> all =
        new java.util.ArrayList<>(
            List.of(
                OPEN,
                new Instruction.Kickoff(device("fly"), Value.Fields.EMPTY, "primary", "k"),
                new Wait("k"),
                new Instruction.Complete(device("fly"), "c"),
                new Wait("c"),
                new Instruction.Collect(device("fly"))));
    all.addAll(List.of(after));
    FakeWorld world = new FakeWorld(Steps.of(all));
    world.positions.put(device("fly"), 3.0);
    return world;
  }

  @Test
  void aFlightIsKickedOffCompletedAndCollected() {
    FakeWorld world = flight(Checkpoint.CHECKPOINT, CloseRun.SUCCESS);
    assertThat(world.run()).isEqualTo(Outcome.ENDED);
    assertThat(world.trace)
        .containsExactly("open", "kickoff fly", "complete fly", "collect fly", "close success");
    assertThat(world.events("primary")).hasSize(3);
    assertThat(world.count("answer")).isEqualTo(1);
    assertThat(world.plan.allLogged()).isTrue();
    world.plan.end();
    world.plan.collectFlights();
    assertThat(world.plan.collecting()).isFalse();
  }

  @Test
  void nothingIsRepeatedWhileItFlies() {
    FakeWorld world = flight(Checkpoint.CHECKPOINT, new Instruction.Sleep(1));
    world.run(at("complete fly"));
    assertThat(world.plan.rewindable()).isFalse();
    world.run(at("sleep"));
    assertThat(world.plan.rewindable()).isTrue();
  }

  @Test
  void aFlightThatIsCutShortIsStoppedAndCollectedOnce() {
    FakeWorld world = flight(CloseRun.SUCCESS);
    world.run(at("complete fly"));
    world.plan.end();
    world.sayStopped();
    assertThat(world.trace).endsWith("stop fly");
    world.plan.collectFlights();
    assertThat(world.plan.collecting()).isTrue();
    world.answerAll();
    assertThat(world.plan.collecting()).isFalse();
    assertThat(world.events("primary")).hasSize(3);
    assertThat(world.plan.allLogged()).isTrue();
  }

  @Test
  void whatIsBeingCollectedWhenThePlanEndsIsTakenInAndNotAskedForAgain() {
    FakeWorld world = flight(CloseRun.SUCCESS);
    world.run(at("collect fly"));
    world.plan.end();
    world.plan.collectFlights();
    assertThat(world.plan.collecting()).isTrue();
    world.answerAll();
    assertThat(world.trace.stream().filter("collect fly"::equals)).hasSize(1);
    assertThat(world.events("primary")).hasSize(3);
  }

  @Test
  void aFlightThatWasNotCollectedInTheLogCantGoOn() {
    List<FakeWorld.Logged> held = List.of(new FakeWorld.Logged("start", "", Map.of(), 0, null));
    List<Instruction> plan =
        List.of(
            OPEN,
            new Instruction.Kickoff(device("fly"), Value.Fields.EMPTY, "primary", "k"),
            new Instruction.Collect(device("fly")),
            Checkpoint.CHECKPOINT,
            CloseRun.SUCCESS);
    FakeWorld cut = new FakeWorld(Steps.of(plan), held, 10);
    cut.plan.recover(FakeWorld.progress(held));
    assertThat(cut.plan.rewindable()).isFalse();

    List<FakeWorld.Logged> collected = new java.util.ArrayList<>(held);
    collected.add(new FakeWorld.Logged("answer", "", Map.of(), 2, Value.of(0)));
    FakeWorld whole = new FakeWorld(Steps.of(plan), collected, 10);
    whole.plan.recover(FakeWorld.progress(collected));
    assertThat(whole.plan.rewindable()).isTrue();
    assertThat(whole.run()).isEqualTo(Outcome.ENDED);
    assertThat(whole.trace).containsExactly("close success");
  }
}
