package org.beamhive.actors.scans.trajectory;

import java.util.List;

/**
 * The points of a scan in the space of its motors. A position is computed from the number of its
 * point alone, so that a long scan costs nothing to begin and any point can be reached directly.
 */
public interface Trajectory {
  /** How many points. */
  long size();

  /** How many motors. */
  int axes();

  /**
   * The position of a motor.
   *
   * @param axis the motor, from 0
   * @param point the point, from 0
   */
  double position(int axis, long point);

  /** All axes step together (Bluesky's inner product); they have the same size. */
  static Trajectory together(List<? extends Axis> axes) {
    return new Together(List.copyOf(axes));
  }

  /**
   * Every combination (Bluesky's outer product): the first axis is the slowest.
   *
   * @param axes from slow to fast
   * @param snaked which of them turn round on every other pass; the first can't
   */
  static Trajectory grid(List<? extends Axis> axes, List<Boolean> snaked) {
    return new Grid(List.copyOf(axes), List.copyOf(snaked));
  }
}
