package org.beamhive.actors.scans.plan;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.beamhive.actors.scans.check.Beamline;
import org.beamhive.actors.scans.check.Declaration;
import org.beamhive.actors.scans.check.Refused;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.plan.PlanCheck;
import org.beamhive.protocol.plan.PlanDescription;
import org.beamhive.protocol.plan.PlanRequest;

/**
 * All plans of this installation. A check is a build whose result is thrown away, so that what
 * passes the one passes the other.
 *
 * <p>A device that is not connected is no reason to refuse a request: it may be back by the time
 * that the plan starts. The engine looks at {@link BuiltPlan#devices()} then. Where a relative plan
 * goes is known only once it runs: its limits are checked when it has asked its motors where they
 * are, before it moves any of them.
 *
 * <p>Immutable, for any number of threads.
 */
public final class PlanRegistry implements PlanCheck {
  private final Map<String, Plan> plans;

  private PlanRegistry(Map<String, Plan> plans) {
    this.plans = plans;
  }

  /** With the plans of every provider on the class path. */
  public static PlanRegistry load() {
    return of(ServiceLoader.load(PlanProvider.class, PlanRegistry.class.getClassLoader()));
  }

  /**
   * With the plans of these providers.
   *
   * @throws IllegalStateException if two plans have one name
   */
  public static PlanRegistry of(Iterable<? extends PlanProvider> providers) {
    Map<String, Plan> plans = new TreeMap<>();
    for (PlanProvider provider : providers) {
      for (Plan plan : provider.plans()) {
        Plan other = plans.putIfAbsent(plan.declaration().name(), plan);
        if (other != null) {
          throw new IllegalStateException(
              "two plans are called '%s': %s and %s"
                  .formatted(
                      plan.declaration().name(),
                      other.getClass().getName(),
                      plan.getClass().getName()));
        }
      }
    }
    return new PlanRegistry(plans);
  }

  /** What clients may ask for, by name. */
  public List<PlanDescription> descriptions() {
    return plans.values().stream().map(Plan::declaration).map(Declaration::describe).toList();
  }

  @Override
  public Optional<Refusal> check(PlanRequest request, Collection<DeviceView> devices) {
    try {
      make(request, devices);
      return Optional.empty();
    } catch (Refused refused) {
      return Optional.of(refused.refusal());
    }
  }

  /**
   * Makes a plan. The same request and devices give the same instructions.
   *
   * @throws IllegalArgumentException if {@link #check} would refuse it
   */
  public BuiltPlan build(PlanRequest request, Collection<DeviceView> devices) {
    try {
      return make(request, devices);
    } catch (Refused refused) {
      throw new IllegalArgumentException(refused.getMessage(), refused);
    }
  }

  private BuiltPlan make(PlanRequest request, Collection<DeviceView> devices) throws Refused {
    Plan plan = plans.get(request.name());
    if (plan == null) {
      throw new Refused(
          new Refusal(
              "unknown-plan",
              "Plan '" + request.name() + "' is not in the list of allowed plans.",
              Map.of("plan", request.name())));
    }
    return plan.build(plan.declaration().bind(request, new Beamline(devices)));
  }
}
