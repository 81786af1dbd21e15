package org.beamhive.actors.engine;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.beamhive.actors.scans.instruction.Steps;
import org.beamhive.actors.scans.plan.PlanRegistry;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.HutchName;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.ReadoutPriority;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.plan.PlanRequest;

/** A small beamline, and requests for its plans. */
final class Beamlines {
  static final PlanRegistry PLANS = PlanRegistry.load();

  static final DeviceView DET =
      view(
          "det",
          ReadoutPriority.ON_REQUEST,
          Ability.READABLE,
          Ability.TRIGGERABLE,
          Ability.STAGEABLE);
  static final DeviceView M1 =
      view("m1", ReadoutPriority.ON_REQUEST, Ability.READABLE, Ability.MOVABLE, Ability.STAGEABLE);
  static final DeviceView M2 =
      view("m2", ReadoutPriority.ON_REQUEST, Ability.READABLE, Ability.MOVABLE, Ability.STAGEABLE);
  static final DeviceView SLIT = view("slit", ReadoutPriority.BASELINE, Ability.READABLE);

  static final DeviceView APART =
      view(
          "apart", ReadoutPriority.ASYNC, Ability.READABLE, Ability.TRIGGERABLE, Ability.STAGEABLE);

  static final List<DeviceView> WITH_ASYNC = List.of(DET, M1, M2, SLIT, APART);
  static final List<DeviceView> PLAIN = List.of(DET, M1, M2);
  static final List<DeviceView> WITH_BASELINE = List.of(DET, M1, M2, SLIT);

  private Beamlines() {}

  static DeviceView view(String name, ReadoutPriority priority, Ability... abilities) {
    return new DeviceView(
        new DeviceName(name),
        new HutchName("eh1"),
        "127.0.0.1:25520",
        "Sim",
        "",
        DeviceView.State.READY,
        "",
        Set.of(abilities),
        priority,
        false,
        new Limits(-100, 100),
        "mm",
        3,
        List.of(name),
        Set.of(),
        false,
        List.of(),
        Value.Fields.EMPTY);
  }

  /** A plan with the detector; the last argument may be its arguments by name. */
  static PlanRequest plan(String name, Object... args) {
    return new PlanRequest(
        name,
        List.of(args).stream().map(Beamlines::value).toList(),
        Value.Fields.EMPTY,
        Value.Fields.EMPTY);
  }

  static PlanRequest named(PlanRequest plan, String key, Object value) {
    return new PlanRequest(
        plan.name(), plan.args(), plan.kwargs().with(key, value(value)), plan.metadata());
  }

  static Steps steps(PlanRequest request, List<DeviceView> devices) {
    return PLANS.build(request, devices).steps();
  }

  static Value value(Object object) {
    if (object instanceof Integer whole) {
      return Value.of(whole.longValue());
    } else if (object instanceof Double number) {
      return Value.of(number);
    } else if (object instanceof Boolean bool) {
      return Value.of(bool);
    } else if (object instanceof List<?> list) {
      return Value.of(list.stream().map(Beamlines::value).toList());
    } else if (object instanceof Map<?, ?> map) {
      Map<String, Value> fields = new LinkedHashMap<>();
      map.forEach((key, one) -> fields.put((String) key, value(one)));
      return new Value.Fields(fields);
    }
    return Value.of((String) object);
  }
}
