package org.beamhive.actors.scans.plan;

import java.util.List;

/**
 * Brings plans along, found by {@link java.util.ServiceLoader}: a beamline adds its own plans by
 * putting a jar with one of these on the class path.
 */
@FunctionalInterface
public interface PlanProvider {
  /** Its plans; the name of a plan is unique among all providers. */
  List<Plan> plans();
}
