package org.beamhive.launcher.bench;

/**
 * What one round of a case measured.
 *
 * @param name what is measured
 * @param unit in which unit
 * @param value the subject's
 * @param baseline what it is compared with, or null
 * @param baselineValue measured in the same round
 */
record Figure(String name, String unit, double value, String baseline, double baselineValue) {
  static Figure of(String name, String unit, double value) {
    return new Figure(name, unit, value, null, 0);
  }

  Figure against(String what, double measured) {
    return new Figure(name, unit, value, what, measured);
  }
}
