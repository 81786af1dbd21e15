package org.beamhive.actors.scans.plan;

import org.beamhive.actors.scans.check.Arguments;
import org.beamhive.actors.scans.check.Declaration;
import org.beamhive.actors.scans.check.Refused;

/** One plan that clients can ask for. */
public interface Plan {
  /** Its name, parameters and help. */
  Declaration declaration();

  /**
   * Makes the plan. Called for a check as well as to run it: it must be cheap and touch nothing;
   * the work is done by the steps while they are asked for.
   *
   * @param arguments checked against the declaration
   * @throws Refused if they make no sense together or lead where a motor must not go
   */
  BuiltPlan build(Arguments arguments) throws Refused;
}
