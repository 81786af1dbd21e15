package org.beamhive.actors.scans.trajectory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrajectoryTest {
  private static final Axis TWO = new Axis.Even(0, 1, 2);
  private static final Axis THREE = new Axis.Even(0, 2, 3);

  @Test
  void bothEndsOfALineAreExact() {
    Axis axis = new Axis.Even(0.1, 0.7, 4);
    assertThat(axis.at(0)).isEqualTo(0.1);
    assertThat(axis.at(3)).isEqualTo(0.7);
    assertThat(axis.at(1)).isEqualTo(0.1 + 1 * ((0.7 - 0.1) / 3));
    Axis many = new Axis.Even(-1, 1.0 / 3, 10_000_001);
    assertThat(many.at(10_000_000)).isEqualTo(1.0 / 3);
  }

  @Test
  void aLineOfOnePointIsItsStart() {
    assertThat(new Axis.Even(3, 9, 1).at(0)).isEqualTo(3);
  }

  @Test
  void theFirstAxisIsTheSlowest() {
    assertThat(points(Trajectory.grid(List.of(TWO, THREE), List.of(false, false))))
        .containsExactly("0 0", "0 1", "0 2", "1 0", "1 1", "1 2");
  }

  @Test
  void aSnakedAxisTurnsRoundOnEveryPass() {
    assertThat(points(Trajectory.grid(List.of(TWO, THREE), List.of(false, true))))
        .containsExactly("0 0", "0 1", "0 2", "1 2", "1 1", "1 0");
  }

  @Test
  void withAllAxesSnakedOnlyOneMovesAtATime() {
    Trajectory grid = Trajectory.grid(List.of(THREE, TWO, THREE), List.of(false, true, true));
    List<String> points = points(grid);
    assertThat(points).hasSize(18).doesNotHaveDuplicates();
    for (long point = 1; point < grid.size(); point++) {
      double way = 0;
      for (int axis = 0; axis < 3; axis++) {
        way += Math.abs(grid.position(axis, point) - grid.position(axis, point - 1));
      }
      assertThat(way).isEqualTo(1);
    }
  }

  @Test
  void anAxisInTheMiddleMaySnakeAlone() {
    assertThat(points(Trajectory.grid(List.of(TWO, TWO, TWO), List.of(false, true, false))))
        .containsExactly("0 0 0", "0 0 1", "0 1 0", "0 1 1", "1 1 0", "1 1 1", "1 0 0", "1 0 1");
  }

  @Test
  void refusesWhatIsNoTrajectory() {
    assertThatIllegalArgumentException().isThrownBy(() -> Trajectory.together(List.of(TWO, THREE)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Trajectory.grid(List.of(TWO), List.of(true)));
    assertThatIllegalArgumentException().isThrownBy(() -> new Axis.Listed(List.of()));
    assertThatIllegalArgumentException().isThrownBy(() -> new Axis.Even(0, 1, 0));
  }

  private static List<String> points(Trajectory trajectory) {
    List<String> points = new ArrayList<>();
    for (long point = 0; point < trajectory.size(); point++) {
      List<String> positions = new ArrayList<>();
      for (int axis = 0; axis < trajectory.axes(); axis++) {
        positions.add(String.valueOf((int) trajectory.position(axis, point)));
      }
      points.add(String.join(" ", positions));
    }
    return points;
  }
}
