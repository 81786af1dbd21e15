package org.beamhive.devices.ioc;

/**
 * What a simulated motor is like. Lengths are in its units, times in seconds.
 *
 * @param egu units
 * @param precision decimals to show
 * @param velocity of a move, per second
 * @param acceleration seconds from base to full velocity
 * @param low soft limit; with {@code low} = {@code high} there are none
 * @param high soft limit
 * @param lowSwitch where the low limit switch is
 * @param highSwitch where the high limit switch is
 * @param step length of a full step
 * @param deadband how near is near enough, its RDBD
 * @param retries how often it tries again when it is not near enough, its RTRY
 * @param stepper whether it goes in full steps; else it goes anywhere
 * @param misses by which part of the way each move falls short; seen with an encoder only
 * @param tick seconds between two readbacks while it moves
 */
record MotorNature(
    String egu,
    int precision,
    double velocity,
    double acceleration,
    double low,
    double high,
    double lowSwitch,
    double highSwitch,
    double step,
    double deadband,
    int retries,
    boolean stepper,
    double misses,
    double tick) {
  /** How far beyond the soft limits the limit switches are, if nobody says. */
  static final double SWITCHES_BEYOND = 10;

  /** A servo that goes where it is told. */
  static MotorNature of(
      String egu,
      int precision,
      double velocity,
      double acceleration,
      double low,
      double high,
      double tick) {
    return new MotorNature(
        egu,
        precision,
        velocity,
        acceleration,
        low,
        high,
        low - SWITCHES_BEYOND,
        high + SWITCHES_BEYOND,
        1e-4,
        1e-3,
        10,
        false,
        0,
        tick);
  }
}
