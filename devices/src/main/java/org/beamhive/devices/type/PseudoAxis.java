package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;
import static org.beamhive.devices.type.ConfigKey.required;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;

/**
 * One axis of a {@link PseudoPositioner} that has several, as a device that a scan can move:
 * ophyd's {@code PseudoSingle}. The others keep their setpoints.
 */
final class PseudoAxis extends DeviceOfDevices {
  static final List<ConfigKey> KEYS =
      List.of(
          required("positioner", Kind.TEXT, "the PseudoPositioner that it belongs to"),
          required("axis", Kind.TEXT, "what that one calls it"),
          optional("labels", Kind.ANY, "taken and not used"));

  /** Its positioner is a device of the file. */
  static final DeviceChecks CHECKS =
      new DeviceChecks() {
        @Override
        public List<Problem> problems(DeviceName name, Value.Fields config) {
          return List.of();
        }

        @Override
        public Set<DeviceName> members(Value.Fields config) {
          String positioner = config.text("positioner");
          return positioner == null ? Set.of() : Set.of(new DeviceName(positioner));
        }
      };

  private static final String POSITIONER = "positioner";

  private final String axis;
  private final String key;
  private volatile Limits limits = Limits.NONE;

  PseudoAxis(DeviceOptions options, DeviceBackends backends) {
    super(options, backends, Map.of(POSITIONER, new DeviceName(options.text("positioner", ""))));
    axis = options.text("axis", "");
    key = options.text("positioner", "") + "_" + axis;
  }

  private Member positioner() {
    return member(POSITIONER);
  }

  @Override
  public Set<Ability> abilities() {
    return Set.of(Ability.READABLE, Ability.MOVABLE, Ability.STAGEABLE);
  }

  @Override
  public DeviceFacts facts() {
    DeviceFacts of = positioner().device().facts();
    return new DeviceFacts(limits, of.units(), of.precision(), List.of(name().value()));
  }

  /** Its own name for a key of the positioner; null if it is about another axis. */
  private String mine(String theirs) {
    return theirs.equals(key)
        ? name().value()
        : theirs.equals(key + "_setpoint") ? name() + "_setpoint" : null;
  }

  @Override
  public CompletionStage<DeviceDescription> describe() {
    return positioner().device().describe().thenApply(this::described);
  }

  private DeviceDescription described(DeviceDescription of) {
    Map<String, DataKey> keys = new LinkedHashMap<>();
    of.dataKeys()
        .forEach(
            (theirs, dataKey) -> {
              if (mine(theirs) != null) {
                keys.put(mine(theirs), dataKey);
              }
            });
    if (keys.isEmpty()) {
      throw noAxis();
    }
    DataKey setpoint = keys.get(name() + "_setpoint");
    if (setpoint != null && setpoint.lowerCtrlLimit() != null) {
      limits = new Limits(setpoint.lowerCtrlLimit(), setpoint.upperCtrlLimit());
    }
    return new DeviceDescription(
        name(),
        "PseudoAxis",
        keys,
        List.of(name().value()),
        of.configuration(),
        of.configurationKeys());
  }

  private DeviceFailure noAxis() {
    return new DeviceFailure(
        "unknown-axis",
        "%s: %s has no axis '%s' among several."
            .formatted(name(), positioner().device().name(), axis));
  }

  @Override
  public CompletionStage<List<Reading>> read() {
    return positioner()
        .device()
        .read()
        .thenApply(
            readings ->
                readings.stream()
                    .filter(reading -> mine(reading.key()) != null)
                    .map(
                        reading ->
                            new Reading(
                                mine(reading.key()),
                                reading.value(),
                                reading.timestamp(),
                                reading.severity()))
                    .toList());
  }

  private Value only(Value setpoint) {
    return new Value.Fields(Map.of(axis, setpoint));
  }

  @Override
  public DeviceFailure check(Value setpoint) {
    return positioner().check(only(setpoint));
  }

  @Override
  public CompletionStage<Void> set(Value setpoint) {
    return moveAll(
        "%s can't go to %s".formatted(name(), setpoint.shown()),
        List.of(new Target(positioner(), only(setpoint))),
        true);
  }

  @Override
  public CompletionStage<Location> locate() {
    return read()
        .thenApply(
            readings -> {
              if (readings.size() != 2) {
                throw noAxis();
              }
              return new Location(readings.get(1).value(), readings.get(0).value());
            });
  }
}
