package org.beamhive.launcher.client;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.IntStream;
import org.hipparchus.exception.MathRuntimeException;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.ArrayRealVector;
import org.hipparchus.linear.RealMatrix;
import org.hipparchus.linear.RealVector;
import org.hipparchus.optim.nonlinear.vector.leastsquares.LeastSquaresBuilder;
import org.hipparchus.optim.nonlinear.vector.leastsquares.LeastSquaresOptimizer;
import org.hipparchus.optim.nonlinear.vector.leastsquares.LevenbergMarquardtOptimizer;
import org.hipparchus.optim.nonlinear.vector.leastsquares.MultivariateJacobianFunction;
import org.hipparchus.util.Pair;

/** Finds the peak of a curve: maximum, centre of mass, width, and a Gaussian through it. */
public final class PeakFinder {
  private static final int MIN_POINTS = 3;
  private static final int MAX_ITERATIONS = 200;

  /** Of the fit: height, centre, sigma, background. */
  private static final int PARAMETERS = 4;

  /** A Gaussian that is wider than so many scanned ranges is not determined by them. */
  private static final double MOST_RANGES = 3;

  /** Below this a parameter counts as not determined; relative to the others. */
  private static final double SINGULAR = 1e-10;

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
   * @param fit the Gaussian, if the points determine one
   */
  public record Peak(
      double max, double maxAt, double centreOfMass, double fwhm, Optional<Gaussian> fit) {}

  /**
   * A Gaussian over a constant background, which is fitted, too.
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

  /**
   * Height, centre, sigma and background are all fitted: a scan that does not reach the tails never
   * sees the background, so its lowest point must not be taken for it. Positions are in units of
   * the range and heights in units of the curve's, which keeps the fit well-conditioned.
   */
  private static Optional<Gaussian> gaussian(
      double[] xs, double[] ys, int top, double low, double fwhm) {
    if (xs.length <= PARAMETERS) {
      return Optional.empty();
    }
    double range = xs[xs.length - 1] - xs[0];
    double height = ys[top] - low;
    double[] us = Arrays.stream(xs).map(x -> (x - xs[0]) / range).toArray();
    double[] vs = Arrays.stream(ys).map(y -> (y - low) / height).toArray();
    double sigma = (Double.isNaN(fwhm) ? 0.25 : fwhm / range) / FWHM_OF_SIGMA;
    try {
      LeastSquaresOptimizer.Optimum found =
          new LevenbergMarquardtOptimizer()
              .optimize(
                  new LeastSquaresBuilder()
                      .start(new double[] {1, us[top], sigma, 0})
                      .target(vs)
                      .model(model(us))
                      .maxIterations(MAX_ITERATIONS)
                      .maxEvaluations(MAX_ITERATIONS)
                      .build());
      return sensible(found, 1.0 / (xs.length - 1))
          ? Optional.of(
              new Gaussian(
                  found.getPoint().getEntry(0) * height,
                  xs[0] + found.getPoint().getEntry(1) * range,
                  Math.abs(found.getPoint().getEntry(2)) * FWHM_OF_SIGMA * range))
          : Optional.empty();
    } catch (MathRuntimeException noFit) {
      return Optional.empty();
    }
  }

  /** Of the Gaussian over its background at some positions: the values and their derivatives. */
  private static MultivariateJacobianFunction model(double[] us) {
    return parameters -> {
      double height = parameters.getEntry(0);
      double centre = parameters.getEntry(1);
      double sigma = parameters.getEntry(2);
      RealVector values = new ArrayRealVector(us.length);
      RealMatrix derivatives = new Array2DRowRealMatrix(us.length, PARAMETERS);
      for (int i = 0; i < us.length; i++) {
        double from = (us[i] - centre) / sigma;
        double bell = Math.exp(-from * from / 2);
        values.setEntry(i, height * bell + parameters.getEntry(3));
        derivatives.setRow(
            i,
            new double[] {
              bell, height * bell * from / sigma, height * bell * from * from / sigma, 1
            });
      }
      return new Pair<>(values, derivatives);
    };
  }

  /** Whether the points determine it, and it lies where they are: at most a step beside them. */
  private static boolean sensible(LeastSquaresOptimizer.Optimum found, double step) {
    double centre = found.getPoint().getEntry(1);
    double fwhm = Math.abs(found.getPoint().getEntry(2)) * FWHM_OF_SIGMA;
    RealVector errors =
        found.getSigma(SINGULAR).mapMultiply(Math.sqrt(found.getReducedChiSquare(PARAMETERS)));
    return found.getPoint().getEntry(0) > 0
        && centre >= -step
        && centre <= 1 + step
        && fwhm <= MOST_RANGES
        && errors.getEntry(1) <= fwhm / 2
        && errors.getEntry(2) * FWHM_OF_SIGMA <= fwhm / 2;
  }
}
