package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;
import static org.beamhive.devices.type.ConfigKey.required;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalType;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;

/**
 * One PV as a device, or two: one to read and one to write. A put is always one with completion,
 * and the value is read again after it, because a put that succeeds says nothing about whether the
 * value was taken.
 */
final class EpicsSignal extends SignalDevice {
  /** For one that is only read. */
  static final List<ConfigKey> READ_ONLY_KEYS =
      List.of(
          required("read_pv", Kind.TEXT, "the PV to read"),
          optional(
              "auto_monitor", Kind.FLAG, "whether its changes are followed; true if not given"),
          optional("string", Kind.FLAG, "whether an enumeration is read as its label"),
          optional("timeout", Kind.POSITIVE, "taken and not used: see request-timeout"),
          optional("connection_timeout", Kind.POSITIVE, "taken and not used"),
          optional("labels", Kind.ANY, "taken and not used"));

  /** For one that is written, too. */
  static final List<ConfigKey> KEYS = keys();

  private final Signal readback;
  private final Signal setpoint;
  private final boolean limited;
  private final double tolerance;

  private static List<ConfigKey> keys() {
    List<ConfigKey> keys = new ArrayList<>(READ_ONLY_KEYS);
    keys.add(optional("write_pv", Kind.TEXT, "the PV to write, if it is another one"));
    keys.add(optional("put_complete", Kind.FLAG, "taken and not used: puts always complete"));
    keys.add(optional("limits", Kind.FLAG, "whether the PV's control limits are kept"));
    keys.add(
        optional("tolerance", Kind.POSITIVE, "how near the readback must come to what was set"));
    keys.add(optional("write_timeout", Kind.POSITIVE, "taken and not used"));
    return List.copyOf(keys);
  }

  /** One that can be read and written. */
  static EpicsSignal writable(DeviceOptions options, DeviceBackends backends) {
    return new EpicsSignal(
        "EpicsSignal", Set.of(Ability.READABLE, Ability.MOVABLE), options, backends);
  }

  /** One that can be read. */
  static EpicsSignal readOnly(DeviceOptions options, DeviceBackends backends) {
    return new EpicsSignal("EpicsSignalRO", Set.of(Ability.READABLE), options, backends);
  }

  private EpicsSignal(
      String className, Set<Ability> abilities, DeviceOptions options, DeviceBackends backends) {
    super(className, abilities, options, backends);
    String read = options.text("read_pv", "");
    String write = options.text("write_pv", read);
    readback =
        part(
            options.name().value(),
            Part.Kind.HINTED,
            read,
            options.flag("auto_monitor", true) ? SignalOptions.MONITORED : SignalOptions.POLLED,
            options.flag("string", false));
    setpoint =
        write.equals(read)
            ? readback
            : part(name() + "_setpoint", Part.Kind.OMITTED, write, SignalOptions.POLLED);
    limited = options.flag("limits", false);
    tolerance = options.number("tolerance", Double.NaN);
  }

  @Override
  protected Limits limits() {
    return limited && setpoint.meta() != null ? setpoint.meta().limits() : Limits.NONE;
  }

  @Override
  public CompletionStage<Void> set(Value wanted) {
    DeviceFailure refusal = refusal(wanted);
    if (refusal != null) {
      return CompletableFuture.failedStage(refusal);
    }
    return setpoint
        .put(wanted, backends.timeouts().moveMargin())
        .thenCompose(done -> readback.get(patience()))
        .thenCompose(
            now ->
                setpoint != readback && tolerance >= 0 && readback.monitored()
                    ? readback.await(
                        value -> near(value.asDouble(), wanted), backends.timeouts().moveMargin())
                    : CompletableFuture.completedStage(now))
        .thenApply(now -> null);
  }

  private DeviceFailure refusal(Value wanted) {
    if (!abilities().contains(Ability.MOVABLE)) {
      return new DeviceFailure("not-movable", name() + " can only be read.");
    }
    if (setpoint.meta() != null && !setpoint.meta().writable()) {
      return new DeviceFailure(
          "no-write-access",
          "%s: its PV %s does not allow writing.".formatted(name(), setpoint.name()));
    }
    boolean number = setpoint.meta() == null || setpoint.meta().type() == SignalType.NUMBER;
    return number && !(wanted instanceof Value.Items) ? checkSetpoint(wanted) : null;
  }

  private boolean near(double value, Value wanted) {
    return Math.abs(value - wanted.asDouble()) <= tolerance;
  }

  @Override
  public CompletionStage<Location> locate() {
    return setpoint
        .read(patience())
        .thenCombine(readback.read(patience()), (to, at) -> new Location(to.value(), at.value()));
  }
}
