package org.beamhive.devices.actor;

import java.util.concurrent.CompletionStage;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.type.Device;
import org.beamhive.protocol.device.DeviceProtocol.Call;
import org.beamhive.protocol.device.Operation;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;

/**
 * What may be done with a device by its configuration, its limits and its kind, and how an
 * operation that a person asks for becomes what a device type does.
 */
final class DeviceOperations {
  private final DeviceName name;
  private final DeviceConfig config;
  private final Device device;
  private final SoftLimits limits;
  private final CallBook calls;

  DeviceOperations(DeviceConfig config, Device device, SoftLimits limits, CallBook calls) {
    this.name = config.name();
    this.config = config;
    this.device = device;
    this.limits = limits;
    this.calls = calls;
  }

  /** Null if its configuration allows that it is changed by a command. */
  Refusal refusalToChange() {
    return config.readOnly()
        ? Refusal.of("read-only", name + " is read-only in its configuration.")
        : null;
  }

  /** Null if it may be moved there. */
  Refusal refusalToMove(Value setpoint) {
    Refusal refusal = refusalToChange();
    return refusal == null ? refusalOfTarget(setpoint) : refusal;
  }

  /** Null unless it is beyond our own limits. */
  private Refusal refusalOfTarget(Value target) {
    return limits.refusalOf(name, target, () -> device.facts().units());
  }

  /** Null if it may be moved by this step from this setpoint. */
  Refusal refusalOfStep(double step, Value from) {
    return Double.isFinite(from.asDouble())
        ? refusalOfTarget(target(step, from))
        : Refusal.of(
            "not-finite",
            "%s can't be moved by %s from %s: it is no number."
                .formatted(name, step, from.shown()));
  }

  /** Where a step from this setpoint leads. */
  static Value target(double step, Value from) {
    return Value.of(from.asDouble() + step);
  }

  /** Null if a person may have this done. */
  Refusal refusalOf(Operation operation) {
    // our own limits are none of its configuration: they may be set for what nobody may move
    Refusal refusal = operation instanceof Operation.SetLimits ? null : refusalToChange();
    if (refusal == null) {
      refusal = calls.refusalOf(operation);
    }
    if (refusal == null && operation instanceof Operation.MoveTo move) {
      refusal = refusalOfTarget(move.setpoint());
    }
    if (refusal == null && operation instanceof Operation.SetLimits set) {
      refusal = SoftLimits.refusalOf(name, set.limits(), device.facts());
    }
    return refusal;
  }

  /** Does what is done in one step: all but a move by a step, which begins with where it is. */
  CompletionStage<Value> perform(Call call) {
    Operation operation = call.operation();
    if (operation instanceof Operation.MoveTo move) {
      return moveTo(move.setpoint());
    } else if (operation instanceof Operation.Configure configure) {
      return nothing(device.configure(configure.settings()));
    } else if (operation instanceof Operation.SetLimits set) {
      return nothing(limits.change(name, call.who(), set.limits()));
    } else if (operation instanceof Operation.CallMethod method) {
      return device.methods().get(method.method()).body().call(method.arguments());
    } else if (operation instanceof Operation.Perform perform) {
      return nothing(
          switch (perform.action()) {
            case STAGE -> device.stage();
            case UNSTAGE -> device.unstage();
            case TRIGGER -> device.trigger();
          });
    }
    throw new IllegalStateException("no operation that is done in one step: " + operation);
  }

  /** Moves; gives where it was sent. */
  CompletionStage<Value> moveTo(Value setpoint) {
    return device.set(setpoint).thenApply(there -> setpoint);
  }

  private static CompletionStage<Value> nothing(CompletionStage<Void> done) {
    return done.thenApply(none -> Value.None.NONE);
  }
}
