package org.beamhive.actors.scans.trajectory;

import java.util.List;

/** The positions that one motor takes, by index. */
public sealed interface Axis permits Axis.Even, Axis.Listed {
  /** How many positions, at least one. */
  long size();

  /** The position of an index from 0 to size - 1. */
  double at(long index);

  /**
   * Evenly spaced positions with both ends included, NumPy's {@code linspace}: the ends are exact,
   * the others are {@code start + i * step}.
   *
   * @param start the first, and the only one if size is 1
   * @param stop the last
   * @param size how many
   */
  record Even(double start, double stop, long size) implements Axis {
    public Even {
      if (size < 1) {
        throw new IllegalArgumentException("Even: size must be at least 1, not " + size);
      }
    }

    @Override
    public double at(long index) {
      if (index == 0) {
        return start;
      }
      return index == size - 1 ? stop : start + index * ((stop - start) / (size - 1));
    }
  }

  /** Positions from a list. */
  record Listed(List<Double> positions) implements Axis {
    public Listed {
      positions = List.copyOf(positions);
      if (positions.isEmpty()) {
        throw new IllegalArgumentException("Listed: needs at least one position");
      }
    }

    @Override
    public long size() {
      return positions.size();
    }

    @Override
    public double at(long index) {
      return positions.get(Math.toIntExact(index));
    }
  }
}
