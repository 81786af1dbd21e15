package org.beamhive.protocol.model;

/**
 * The range that a setpoint must lie in, both ends included, in the device's units.
 *
 * @param low lowest setpoint allowed
 * @param high highest setpoint allowed; {@code low >= high} means that there are no limits (the
 *     EPICS convention)
 */
public record Limits(double low, double high) {
  /** No limits. */
  public static final Limits NONE = new Limits(0, 0);

  /** Whether there are limits at all. */
  public boolean set() {
    return low < high;
  }

  /** Whether a setpoint is allowed. */
  public boolean allow(double setpoint) {
    return !set() || (setpoint >= low && setpoint <= high);
  }

  /**
   * What both allow. If that is nothing, the others: whoever needs both checks each for itself.
   *
   * @param others count where the two exclude each other
   */
  public Limits narrowedBy(Limits others) {
    if (!set() || !others.set()) {
      return others.set() ? others : this;
    }
    double lowest = Math.max(low, others.low);
    double highest = Math.min(high, others.high);
    return lowest < highest ? new Limits(lowest, highest) : others;
  }
}
