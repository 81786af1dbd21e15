package org.beamhive.actors.scans.trajectory;

import java.util.List;

/** The mesh of its axes, the first one slowest. */
final class Grid implements Trajectory {
  private final Axis[] list;
  private final boolean[] snaked;
  private final long[] pointsPerStep;
  private final long size;

  Grid(List<Axis> axes, List<Boolean> snaked) {
    if (axes.isEmpty() || axes.size() != snaked.size() || snaked.get(0)) {
      throw new IllegalArgumentException("Grid: needs axes, and the slowest can't snake");
    }
    this.list = axes.toArray(Axis[]::new);
    this.snaked = new boolean[list.length];
    this.pointsPerStep = new long[list.length];
    long points = 1;
    for (int axis = list.length - 1; axis >= 0; axis--) {
      this.snaked[axis] = snaked.get(axis);
      pointsPerStep[axis] = points;
      points = Math.multiplyExact(points, list[axis].size());
    }
    this.size = points;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int axes() {
    return list.length;
  }

  @Override
  public double position(int axis, long point) {
    long steps = point / pointsPerStep[axis];
    long length = list[axis].size();
    long index = steps % length;
    boolean back = snaked[axis] && (steps / length) % 2 == 1;
    return list[axis].at(back ? length - 1 - index : index);
  }
}
