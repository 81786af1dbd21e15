package org.beamhive.actors.scans.plan;

import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.beamhive.actors.scans.instruction.Steps;
import org.beamhive.protocol.model.DeviceName;

/**
 * A plan that is ready to run.
 *
 * @param steps its instructions, single use; they describe the normal way only, what must be done
 *     after an abort is up to the engine
 * @param devices all that it touches, what is read at its ends only included; the engine makes sure
 *     that they are connected before it begins
 * @param points how many points it takes, empty if it takes none or goes on until it is stopped
 * @param estimate roughly how long it takes, zero if that can't be said
 */
public record BuiltPlan(
    Steps steps, List<DeviceName> devices, OptionalLong points, Duration estimate) {
  public BuiltPlan {
    devices = List.copyOf(devices);
  }
}
