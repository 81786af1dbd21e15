package org.beamhive.devices.actor;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.beamhive.devices.type.ConfigKey;
import org.beamhive.devices.type.Device;
import org.beamhive.devices.type.DeviceMethod;
import org.beamhive.protocol.device.DeviceDetails.CallView;
import org.beamhive.protocol.device.DeviceDetails.Method;
import org.beamhive.protocol.device.DeviceDetails.Parameter;
import org.beamhive.protocol.device.DeviceProtocol.Call;
import org.beamhive.protocol.device.Operation;
import org.beamhive.protocol.device.Operation.CallMethod;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;

/**
 * The calls of one device from outside any scan: which may be done at all, and what became of the
 * last ones, so that whoever has not waited can ask later. Forgotten when the device is started
 * anew.
 */
final class CallBook {
  /** So many ended calls are remembered. */
  private static final int REMEMBERED = 20;

  private final DeviceName name;
  private final Device device;
  private final Deque<CallView> calls = new ArrayDeque<>();

  CallBook(DeviceName name, Device device) {
    this.name = name;
    this.device = device;
  }

  // ---------------------------------------------------------------- what may be done

  /** Null if this kind of device does such a thing with these arguments. */
  Refusal refusalOf(Operation operation) {
    if (operation instanceof CallMethod call) {
      return refusalOf(call);
    }
    if (operation instanceof Operation.Perform perform) {
      return refusalOf(perform.action());
    }
    boolean movable = device.abilities().contains(Ability.MOVABLE);
    if (!movable && !(operation instanceof Operation.Configure)) {
      return Refusal.of("not-movable", name + " can't be moved: it is no motor or setpoint.");
    }
    if (operation instanceof Operation.MoveBy move && !Double.isFinite(move.step())) {
      return Refusal.of(
          "not-finite",
          "%s can't be moved by %s: a finite number is needed.".formatted(name, move.step()));
    }
    if (operation instanceof Operation.SetLimits set
        && !set.limits().equals(Limits.NONE)
        && !(Double.isFinite(set.limits().low())
            && Double.isFinite(set.limits().high())
            && set.limits().set())) {
      return Refusal.of(
          "wrong-limits",
          "%s can't have the limits %s to %s: two finite numbers are needed, low below high."
              .formatted(name, set.limits().low(), set.limits().high()));
    }
    return null;
  }

  private Refusal refusalOf(Operation.Action action) {
    if (action == Operation.Action.TRIGGER) {
      return device.abilities().contains(Ability.TRIGGERABLE)
          ? null
          : Refusal.of("not-triggerable", name + " can't be triggered: it measures by itself.");
    }
    return device.abilities().contains(Ability.STAGEABLE)
        ? null
        : Refusal.of("not-stageable", name + " can't be staged: it needs no preparation.");
  }

  private Refusal refusalOf(CallMethod call) {
    Map<String, DeviceMethod> methods = new TreeMap<>(device.methods());
    DeviceMethod method = methods.get(call.method());
    if (method == null) {
      return Refusal.of(
          "unknown-method",
          "%s has no method '%s': %s."
              .formatted(
                  name,
                  call.method(),
                  methods.isEmpty()
                      ? "nothing may be called on it"
                      : "allowed are " + String.join(", ", methods.keySet())));
    }
    for (String given : call.arguments().fields().keySet()) {
      if (method.parameters().stream().noneMatch(key -> key.name().equals(given))) {
        return wrong(call, "does not take '" + given + "'", method);
      }
    }
    for (ConfigKey key : method.parameters()) {
      Value given = call.arguments().get(key.name());
      if (given == null || given == Value.None.NONE) {
        if (key.required()) {
          return wrong(call, "needs '" + key.name() + "', " + key.allowed(), method);
        }
      } else if (!key.takes(given)) {
        return wrong(
            call,
            "takes for '%s' %s, not %s".formatted(key.name(), key.allowed(), given.shown()),
            method);
      }
    }
    return null;
  }

  private Refusal wrong(CallMethod call, String what, DeviceMethod method) {
    String all =
        method.parameters().stream()
            .map(key -> key.name() + " (" + key.allowed() + (key.required() ? ")" : ", optional)"))
            .collect(Collectors.joining(", "));
    return Refusal.of(
        "wrong-argument",
        "%s.%s %s: its parameters are %s."
            .formatted(name, call.method(), what, all.isEmpty() ? "none" : all));
  }

  /** What may be called, in the order of names. */
  List<Method> methods() {
    List<Method> methods = new ArrayList<>();
    Map<String, DeviceMethod> all = device.methods();
    for (String method : new TreeSet<>(all.keySet())) {
      methods.add(
          new Method(
              method,
              all.get(method).help(),
              all.get(method).parameters().stream()
                  .map(key -> new Parameter(key.name(), key.allowed(), key.required(), key.help()))
                  .toList()));
    }
    return methods;
  }

  // ---------------------------------------------------------------- what became of them

  void began(Call call, double seconds) {
    calls.addLast(
        new CallView(
            call.id(),
            call.who(),
            call.operation().shown(),
            seconds,
            Double.NaN,
            Value.None.NONE,
            "",
            ""));
    if (calls.size() > REMEMBERED) {
      calls.removeFirst();
    }
  }

  /** The newest call, which is the only one that can be under way, has ended. */
  void ended(double seconds, Value result, Refusal problem) {
    CallView last = calls.removeLast();
    calls.addLast(
        new CallView(
            last.id(),
            last.who(),
            last.what(),
            last.began(),
            seconds,
            result,
            problem == null ? "" : problem.code(),
            problem == null ? "" : problem.text()));
  }

  List<CallView> views() {
    return List.copyOf(calls);
  }
}
