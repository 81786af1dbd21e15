package org.beamhive.devices.type;

import java.util.Random;

/** Random numbers that detectors add. */
final class Noise {
  /** Above this mean a normal distribution can't be told from Poisson's, and costs less. */
  private static final double NORMAL_ABOVE = 50;

  private Noise() {}

  /** A count of Poisson's distribution with this mean. */
  static double poisson(Random random, double mean) {
    if (!(mean > 0)) {
      return 0;
    }
    if (mean > NORMAL_ABOVE) {
      return Math.max(0, Math.rint(mean + Math.sqrt(mean) * random.nextGaussian()));
    }
    double limit = Math.exp(-mean);
    double product = random.nextDouble();
    int count = 0;
    while (product > limit) {
      product *= random.nextDouble();
      count++;
    }
    return count;
  }
}
