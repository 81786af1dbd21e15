package org.beamhive.launcher.client;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.IntStream;
import org.hipparchus.exception.MathRuntimeException;
import org.hipparchus.fitting.GaussianCurveFitter;
import org.hipparchus.fitting.WeightedObservedPoints;

/** Finds the peak of a curve: maximum, centre of mass, width, and a Gaussian through it. */
public final class PeakFinder {
  private static final int MIN_POINTS = 3;
  private static final int MAX_ITERATIONS = 200;

  /** Full width at half maximum of a Gaussian, in units of its sigma. */
  private static final double FWHM_OF_SIGMA = 2 * Math.sqrt(2 * Math.log(2));

  private PeakFinder() {}

  /**
   * A peak.
   *
   * @param max the highest value
   * @param maxAt where it is
   * @param centreOfMass the mean position, weighted with the height above the lowest value
   * @param fwhm the distance of the outermost crossings of half the height; NaN if the curve
   *     crosses on one side only
   * @param fit the Gaussian, if one fits
   */
  public record Peak(
      double max, double maxAt, double centreOfMass, double fwhm, Optional<Gaussian> fit) {}

  /**
   * A Gaussian over a constant background, which is the curve's lowest value.
   *
   * @param height above the background
   * @param centre its centre
   * @param fwhm its full width at half maximum
   */
  public record Gaussian(double height, double centre, double fwhm) {}

  /**
   * The peak of a curve; points that are not finite are left out, their order does not matter.
   *
   * @return nothing if there are fewer than three points or they are all equally high
   */
  public static Optional<Peak> find(double[] x, double[] y) {
    if (x.length != y.length) {
      throw new IllegalArgumentException(
          "x has " + x.length + " points, y has " + y.length + ": they must be as many");
    }
    int[] order =
        IntStream.range(0, x.length)
            .filter(i -> Double.isFinite(x[i]) && Double.isFinite(y[i]))
            .boxed()
            .sorted(Comparator.comparingDouble(i -> x[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] xs = Arrays.stream(order).mapToDouble(i -> x[i]).toArray();
    double[] ys = Arrays.stream(order).mapToDouble(i -> y[i]).toArray();
    if (xs.length < MIN_POINTS || xs[0] == xs[xs.length - 1]) {
      return Optional.empty();
    }
    int top = IntStream.range(0, ys.length).reduce(0, (a, b) -> ys[b] > ys[a] ? b : a);
    double low = Arrays.stream(ys).min().getAsDouble();
    double height = ys[top] - low;
    if (!(height > 0)) {
      return Optional.empty();
    }
    double weights = Arrays.stream(ys).map(value -> value - low).sum();
    double centre =
        IntStream.range(0, xs.length).mapToDouble(i -> xs[i] * (ys[i] - low)).sum() / weights;
    double fwhm = width(xs, ys, low + height / 2);
    return Optional.of(new Peak(ys[top], xs[top], centre, fwhm, gaussian(xs, ys, top, low, fwhm)));
  }

  private static double width(double[] xs, double[] ys, double level) {
    double first = Double.NaN;
    double last = Double.NaN;
    for (int i = 1; i < xs.length; i++) {
      if ((ys[i - 1] < level) != (ys[i] < level)) {
        double at = xs[i - 1] + (level - ys[i - 1]) / (ys[i] - ys[i - 1]) * (xs[i] - xs[i - 1]);
        first = Double.isNaN(first) ? at : first;
        last = at;
      }
    }
    return last > first ? last - first : Double.NaN;
  }

  private static Optional<Gaussian> gaussian(
      double[] xs, double[] ys, int top, double low, double fwhm) {
    double range = xs[xs.length - 1] - xs[0];
    double sigma = (Double.isNaN(fwhm) ? range / 4 : fwhm) / FWHM_OF_SIGMA;
    WeightedObservedPoints points = new WeightedObservedPoints();
    for (int i = 0; i < xs.length; i++) {
      points.add(xs[i], ys[i] - low);
    }
    try {
      double[] found =
          GaussianCurveFitter.create()
              .withMaxIterations(MAX_ITERATIONS)
              .withStartPoint(new double[] {ys[top] - low, xs[top], sigma})
              .fit(points.toList());
      double width = Math.abs(found[2]) * FWHM_OF_SIGMA;
      boolean sensible =
          found[0] > 0 && found[1] >= xs[0] && found[1] <= xs[xs.length - 1] && width <= 2 * range;
      return sensible ? Optional.of(new Gaussian(found[0], found[1], width)) : Optional.empty();
    } catch (MathRuntimeException noFit) {
      return Optional.empty();
    }
  }
}
