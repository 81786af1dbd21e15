package org.beamhive.launcher.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.beamhive.launcher.client.PeakFinder.Peak;
import org.junit.jupiter.api.Test;

class PeakFinderTest {
  private static double[] positions(int points) {
    return IntStream.range(0, points).mapToDouble(i -> -5 + 10.0 * i / (points - 1)).toArray();
  }

  private static double gaussian(double x) {
    return 10 + 1000 * Math.exp(-Math.pow((x - 1.2) / 0.8, 2) / 2);
  }

  @Test
  void findsAGaussianOverABackground() {
    double[] x = positions(101);
    double[] y = Arrays.stream(x).map(PeakFinderTest::gaussian).toArray();
    Peak peak = PeakFinder.find(x, y).orElseThrow();

    assertThat(peak.maxAt()).isCloseTo(1.2, within(0.05));
    assertThat(peak.centreOfMass()).isCloseTo(1.2, within(0.01));
    assertThat(peak.fwhm()).isCloseTo(0.8 * 2.3548, within(0.02));
    assertThat(peak.fit().orElseThrow().centre()).isCloseTo(1.2, within(0.001));
    assertThat(peak.fit().orElseThrow().fwhm()).isCloseTo(0.8 * 2.3548, within(0.005));
    assertThat(peak.fit().orElseThrow().height()).isCloseTo(1000, within(1.0));
  }

  @Test
  void findsANoisyPeakWhateverTheOrderOfItsPoints() {
    Random random = new Random(7);
    double[] x = positions(51);
    for (int i = 0; i < x.length / 2; i++) {
      double swapped = x[i];
      x[i] = x[x.length - 1 - i];
      x[x.length - 1 - i] = swapped;
    }
    double[] y = Arrays.stream(x).map(v -> gaussian(v) + random.nextGaussian() * 20).toArray();
    y[3] = Double.NaN;
    Peak peak = PeakFinder.find(x, y).orElseThrow();

    assertThat(peak.fit().orElseThrow().centre()).isCloseTo(1.2, within(0.1));
  }

  @Test
  void findsNoPeakWhereThereIsNone() {
    assertThat(PeakFinder.find(positions(11), new double[11])).isEmpty();
    assertThat(PeakFinder.find(new double[] {1, 2}, new double[] {1, 2})).isEmpty();
    assertThat(PeakFinder.find(new double[] {1, 1, 1}, new double[] {1, 2, 3})).isEmpty();
  }

  @Test
  void tellsNoWidthOfAStep() {
    Peak peak = PeakFinder.find(new double[] {0, 1, 2, 3}, new double[] {0, 0, 1, 1}).orElseThrow();
    assertThat(peak.fwhm()).isNaN();
  }

  private static Peak ofGaussian(double from, double to, int points) {
    double[] x =
        IntStream.range(0, points)
            .mapToDouble(i -> from + (to - from) * i / (points - 1))
            .toArray();
    return PeakFinder.find(x, Arrays.stream(x).map(v -> Math.exp(-v * v / 2)).toArray())
        .orElseThrow();
  }

  @Test
  void fitsTheBackgroundOfAScanThatDoesNotReachTheTails() {
    PeakFinder.Gaussian fit = ofGaussian(-1, 1, 10).fit().orElseThrow();
    assertThat(fit.fwhm()).isCloseTo(2.3548, within(0.001));
    assertThat(fit.centre()).isCloseTo(0, within(0.001));
    assertThat(fit.height()).isCloseTo(1, within(0.001));
  }

  @Test
  void findsTheCentreOfHalfAPeak() {
    for (Peak half : List.of(ofGaussian(0, 3, 16), ofGaussian(-3, 0, 16), ofGaussian(0, 1, 11))) {
      PeakFinder.Gaussian fit = half.fit().orElseThrow();
      assertThat(fit.centre()).isCloseTo(0, within(0.001));
      assertThat(fit.fwhm()).isCloseTo(2.3548, within(0.001));
    }
  }

  @Test
  void showsNoGaussianThatThePointsDoNotDetermine() {
    assertThat(ofGaussian(-1, 1, 4).fit()).as("as many points as parameters").isEmpty();
    assertThat(ofGaussian(-0.1, 0.1, 11).fit()).as("wider than three ranges").isEmpty();
    assertThat(ofGaussian(1.5, 4, 11).fit()).as("its centre is not in the scan").isEmpty();
    Random random = new Random(3);
    double[] x = positions(21);
    double[] noise = Arrays.stream(x).map(v -> random.nextGaussian()).toArray();
    noise[7] = 30;
    assertThat(PeakFinder.find(x, noise).orElseThrow().fit()).as("a single point").isEmpty();
    double[] slope = Arrays.stream(x).map(v -> 3 * v + random.nextGaussian()).toArray();
    assertThat(PeakFinder.find(x, slope).orElseThrow().fit()).as("a slope").isEmpty();
  }
}
