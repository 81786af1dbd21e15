package org.beamhive.actors.scans.plan;

import java.util.List;

/** The plans that Bluesky's users know, with Bluesky's names and meanings. */
public final class BlueskyPlans implements PlanProvider {
  /** For the service loader. */
  public BlueskyPlans() {}

  @Override
  public List<Plan> plans() {
    return List.of(
        new CountPlan(),
        new ScanPlan(false),
        new ScanPlan(true),
        new ListScanPlan(false),
        new ListScanPlan(true),
        new GridScanPlan(false),
        new GridScanPlan(true),
        new ListGridScanPlan(false),
        new ListGridScanPlan(true),
        new FlyPlan(),
        new MovePlan(false),
        new MovePlan(true),
        new SleepPlan());
  }
}
