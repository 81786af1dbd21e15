package org.beamhive.actors.scans.instruction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.Test;

class StepsTest {
  private static final Instruction A = new Instruction.Wait("a");
  private static final Instruction B = new Instruction.Wait("b");
  private static final Instruction C = new Instruction.Wait("c");

  private int made;

  @Test
  void chainsPartsAndSkipsEmptyOnes() {
    Steps steps =
        Steps.concat(
            Steps::empty, () -> Steps.of(A), Steps::empty, () -> Steps.of(B, C), Steps::empty);
    assertThat(all(steps)).containsExactly(A, B, C);
    assertThat(steps.next(Value.None.NONE)).isNull();
  }

  @Test
  void makesNothingBeforeItsTurn() {
    Iterator<Integer> endless = Stream.iterate(0, i -> i + 1).peek(i -> made++).iterator();
    Steps steps = Steps.forEach(endless, i -> Steps.of(new Instruction.Sleep(i), A));
    assertThat(made).isZero();
    assertThat(steps.next(Value.None.NONE)).isEqualTo(new Instruction.Sleep(0));
    assertThat(steps.next(Value.None.NONE)).isEqualTo(A);
    assertThat(steps.next(Value.None.NONE)).isEqualTo(new Instruction.Sleep(1));
    assertThat(made).isLessThanOrEqualTo(3);
  }

  @Test
  void repeats() {
    assertThat(all(Steps.repeat(2, i -> Steps.of(new Instruction.Sleep(i)))))
        .containsExactly(new Instruction.Sleep(0), new Instruction.Sleep(1));
  }

  @Test
  void branchesOnTheAnswer() {
    Instruction where = new Instruction.Locate(new DeviceName("m1"));
    Steps steps =
        Steps.concat(
            () ->
                Steps.thenAnswered(
                    where,
                    first ->
                        Steps.thenAnswered(
                            B, second -> Steps.of(new Instruction.Sleep(second.asDouble())))),
            () -> Steps.of(C));
    assertThat(steps.next(Value.None.NONE)).isEqualTo(where);
    assertThat(steps.next(Value.of(1))).isEqualTo(B);
    assertThat(steps.next(Value.of(7))).isEqualTo(new Instruction.Sleep(7));
    assertThat(steps.next(Value.None.NONE)).isEqualTo(C);
    assertThat(steps.next(Value.None.NONE)).isNull();
  }

  @Test
  void sleepsForATimeThatCanPass() {
    for (double seconds : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatIllegalArgumentException().isThrownBy(() -> new Instruction.Sleep(seconds));
    }
  }

  private static List<Instruction> all(Steps steps) {
    return Stream.generate(() -> steps.next(Value.None.NONE))
        .takeWhile(instruction -> instruction != null)
        .toList();
  }
}
