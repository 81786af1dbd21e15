package org.beamhive.devices.type;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What a simulated detector sees around a centre; 1 at the top. */
enum PeakShape {
  /** A normal distribution; the width is its standard deviation. */
  GAUSSIAN {
    @Override
    double at(double away) {
      return Math.exp(-away * away / 2);
    }
  },
  /** A resonance; the width is half of what it has at half of its height. */
  LORENTZIAN {
    @Override
    double at(double away) {
      return 1 / (1 + away * away);
    }
  },
  /** An edge, as a knife sees a Gaussian beam: a half at the centre, and 1 far above it. */
  STEP {
    @Override
    double at(double away) {
      return (1 + erf(away / Math.sqrt(2))) / 2;
    }
  };

  /** How high it is so many widths away from the centre. */
  abstract double at(double away);

  static List<String> words() {
    return Arrays.stream(values()).map(PeakShape::word).toList();
  }

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  static PeakShape ofWord(String word) {
    return valueOf(word.toUpperCase(Locale.ROOT));
  }

  /** Abramowitz and Stegun, 7.1.26: right to 1.5e-7. */
  private static double erf(double x) {
    double t = 1 / (1 + 0.3275911 * Math.abs(x));
    double series =
        t
            * (0.254829592
                + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
    double positive = 1 - series * Math.exp(-x * x);
    return x < 0 ? -positive : positive;
  }
}
