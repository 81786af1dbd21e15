package org.beamhive.protocol.plan;

import java.util.Collection;
import java.util.Optional;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Refusal;

/** Checks a request before it is queued and again before it runs, without touching a device. */
@FunctionalInterface
public interface PlanCheck {
  /**
   * Checks a request against the plans and devices known now.
   *
   * @param request what was asked for
   * @param devices every device of the beamline
   * @return why it is refused, or nothing
   */
  Optional<Refusal> check(PlanRequest request, Collection<DeviceView> devices);
}
