package org.beamhive.actors.scans.trajectory;

import java.util.List;

/** Axes of one size that step together. */
record Together(List<Axis> list) implements Trajectory {
  Together {
    if (list.isEmpty() || list.stream().mapToLong(Axis::size).distinct().count() != 1) {
      throw new IllegalArgumentException("Together: needs axes of one size");
    }
  }

  @Override
  public long size() {
    return list.get(0).size();
  }

  @Override
  public int axes() {
    return list.size();
  }

  @Override
  public double position(int axis, long point) {
    return list.get(axis).at(point);
  }
}
