package org.beamhive.launcher.bench;

import java.util.List;

/** One case of a benchmark that is measured in rounds. */
interface MeasuredCase {
  /** Measures the subject and then its baseline; every round gives the same figures. */
  List<Figure> round();

  /** What is measured only once, after the rounds. */
  default List<Figure> once() {
    return List.of();
  }
}
