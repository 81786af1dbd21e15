package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;
import static org.beamhive.devices.type.ConfigKey.required;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;

/**
 * One or more pseudo axes over real ones: an energy over a Bragg angle, gap and centre over two
 * blades. {@code forward} gives the setpoints of the real axes, {@code inverse} the positions of
 * the pseudo axes; ophyd's {@code PseudoPositioner}.
 *
 * <p>With one pseudo axis the setpoint is a number, with several a list in their order, or a map of
 * those that are to change.
 */
final class PseudoPositioner extends DeviceOfDevices {
  static final List<ConfigKey> KEYS =
      List.of(
          required("real", Kind.ANY, "the real axes: a device, a list, or {variable: device}"),
          optional("pseudo", Kind.NAME_OR_NAMES, "the pseudo axes; else one, called as the device"),
          optional("forward", Kind.ANY, "a formula for each real axis: {axis: formula}"),
          optional("inverse", Kind.ANY, "a formula for each pseudo axis: {axis: formula}"),
          optional("transform", Kind.TEXT, "a Java class in their place, by its name"),
          optional("parameters", Kind.MAP, "numbers that the formulas use"),
          optional("limits", Kind.ANY, "[low, high], or {axis: [low, high]}"),
          optional("egu", Kind.TEXT, "its units"),
          optional("precision", Kind.WHOLE, "decimals to show"),
          optional(
              "concurrent", Kind.FLAG, "whether the real axes move at once; true if not given"),
          optional("labels", Kind.ANY, "taken and not used"));

  private final List<String> axes;
  private final PseudoTransform transform;
  private final Map<String, Double> parameters;
  private final String units;
  private final int precision;

  PseudoPositioner(DeviceOptions options, DeviceBackends backends) {
    super(options, backends, PseudoConfig.names(options.values().get("real")));
    axes = List.copyOf(PseudoConfig.pseudoAxes(options.name(), options.values()));
    transform = PseudoConfig.transform(options.name(), options.values());
    parameters = PseudoConfig.parameters(options.values());
    units = options.text("egu", "");
    precision = (int) options.number("precision", 3);
  }

  @Override
  public Set<Ability> abilities() {
    return Set.of(Ability.READABLE, Ability.MOVABLE, Ability.STAGEABLE);
  }

  private boolean single() {
    return axes.size() == 1;
  }

  /** One axis that is not given a name of its own is the device. */
  private String key(String axis) {
    return single() && axis.equals(name().value()) ? name().value() : name() + "_" + axis;
  }

  private Limits limits(String axis) {
    return PseudoConfig.limits(axis, single(), options.values());
  }

  @Override
  public DeviceFacts facts() {
    return new DeviceFacts(
        single() ? limits(axes.get(0)) : Limits.NONE,
        units,
        precision,
        axes.stream().map(this::key).toList());
  }

  // ---------------------------------------------------------------- reading

  @Override
  public CompletionStage<DeviceDescription> describe() {
    Map<String, DataKey> keys = new LinkedHashMap<>();
    for (String axis : axes) {
      keys.put(key(axis), dataKey(key(axis), Limits.NONE));
      keys.put(key(axis) + "_setpoint", dataKey(key(axis) + "_setpoint", limits(axis)));
    }
    List<CompletableFuture<Void>> asked = new ArrayList<>();
    Map<String, DataKey> real = new LinkedHashMap<>();
    for (Member member : members()) {
      String key = name() + "_" + member.variable();
      real.put(key, null);
      asked.add(
          member
              .device()
              .describe()
              .thenAccept(known -> real.put(key, known.dataKeys().get(mainKey(known))))
              .toCompletableFuture());
    }
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .thenApply(
            done -> {
              keys.putAll(real);
              return new DeviceDescription(
                  name(), "PseudoPositioner", keys, facts().hints(), settings(), settingKeys());
            });
  }

  private static String mainKey(DeviceDescription known) {
    return known.hints().isEmpty()
        ? known.dataKeys().keySet().iterator().next()
        : known.hints().get(0);
  }

  private DataKey dataKey(String key, Limits limits) {
    return SignalMeta.number("COMPUTED:" + key, units, precision, limits)
        .dataKey(name().value(), false);
  }

  private List<Reading> settings() {
    double now = backends.sim().clock().seconds();
    return parameters.entrySet().stream()
        .map(
            entry ->
                new Reading(
                    name() + "_" + entry.getKey(),
                    Value.of(entry.getValue()),
                    now,
                    AlarmSeverity.NO_ALARM))
        .toList();
  }

  private Map<String, DataKey> settingKeys() {
    Map<String, DataKey> keys = new LinkedHashMap<>();
    parameters
        .keySet()
        .forEach(
            parameter ->
                keys.put(
                    name() + "_" + parameter, DataKey.number("CONFIG:" + name(), name().value())));
    return keys;
  }

  @Override
  public CompletionStage<List<Reading>> read() {
    return readAll(Device::read).thenCombine(locateAll(), this::readings);
  }

  private List<Reading> readings(Map<String, List<Reading>> read, Map<String, Location> locations) {
    Map<String, Reading> real = new LinkedHashMap<>();
    read.forEach((variable, readings) -> real.put(variable, member(variable).main(readings)));
    Map<String, Double> at = new LinkedHashMap<>();
    real.forEach((variable, reading) -> at.put(variable, reading.value().asDouble()));
    Map<String, Double> positions = transform.inverse(at, parameters);
    Map<String, Double> setpoints = transform.inverse(setpoints(locations), parameters);
    List<Reading> used = List.copyOf(real.values());
    List<Reading> readings = new ArrayList<>();
    for (String axis : axes) {
      readings.add(reading(key(axis), positions.get(axis), used));
      readings.add(reading(key(axis) + "_setpoint", setpoints.get(axis), used));
    }
    real.forEach(
        (variable, reading) ->
            readings.add(
                new Reading(
                    name() + "_" + variable,
                    reading.value(),
                    reading.timestamp(),
                    reading.severity())));
    return readings;
  }

  private static Reading reading(String key, Double value, List<Reading> used) {
    double number = value == null ? Double.NaN : value;
    return new Reading(key, Value.of(number), newest(used), gravest(used));
  }

  private CompletionStage<Map<String, Location>> locateAll() {
    Map<String, CompletableFuture<Location>> asked = new LinkedHashMap<>();
    members()
        .forEach(
            member -> asked.put(member.variable(), member.device().locate().toCompletableFuture()));
    return CompletableFuture.allOf(asked.values().toArray(CompletableFuture[]::new))
        .thenApply(
            done -> {
              Map<String, Location> locations = new LinkedHashMap<>();
              asked.forEach((variable, location) -> locations.put(variable, location.join()));
              return locations;
            });
  }

  private static Map<String, Double> setpoints(Map<String, Location> locations) {
    Map<String, Double> setpoints = new LinkedHashMap<>();
    locations.forEach((variable, at) -> setpoints.put(variable, at.setpoint().asDouble()));
    return setpoints;
  }

  @Override
  public CompletionStage<Location> locate() {
    return locateAll()
        .thenApply(
            locations -> {
              Map<String, Double> readbacks = new LinkedHashMap<>();
              locations.forEach(
                  (variable, at) -> readbacks.put(variable, at.readback().asDouble()));
              return new Location(
                  position(transform.inverse(setpoints(locations), parameters)),
                  position(transform.inverse(readbacks, parameters)));
            });
  }

  private Value position(Map<String, Double> positions) {
    List<Value> values =
        axes.stream()
            .map(axis -> Value.of(positions.getOrDefault(axis, Double.NaN)))
            .map(Value.class::cast)
            .toList();
    return single() ? values.get(0) : Value.of(values);
  }

  // ---------------------------------------------------------------- moving

  @Override
  public DeviceFailure check(Value setpoint) {
    CompletableFuture<Map<String, Location>> now = locateAll().toCompletableFuture();
    if (!now.isDone() || now.isCompletedExceptionally()) {
      return null;
    }
    try {
      for (Target target : targets(setpoint, now.join())) {
        DeviceFailure refusal = target.member().check(target.setpoint());
        if (refusal != null) {
          return refusal;
        }
      }
      return null;
    } catch (DeviceFailure refusal) {
      return refusal;
    }
  }

  @Override
  public CompletionStage<Void> set(Value setpoint) {
    String owner = backends.owner().isEmpty() ? name().value() : backends.owner();
    return backends
        .claims()
        .alone(
            "the pseudo axis " + name(),
            owner,
            () ->
                locateAll()
                    .thenCompose(
                        now ->
                            moveAll(
                                "%s can't go to %s".formatted(name(), shown(setpoint)),
                                targets(setpoint, now),
                                options.flag("concurrent", true))));
  }

  private String shown(Value setpoint) {
    return units.isEmpty() ? setpoint.shown() : setpoint.shown() + " " + units;
  }

  /** Where the real axes must go; those that are there already stay. */
  private List<Target> targets(Value setpoint, Map<String, Location> now) {
    Map<String, Double> real = setpoints(now);
    Map<String, Double> pseudo = wanted(setpoint, real);
    for (String axis : axes) {
      double target = pseudo.get(axis);
      Limits limits = limits(axis);
      if (!Double.isFinite(target)) {
        throw new DeviceFailure(
            "not-finite",
            "%s can't be set to %s: finite numbers are needed."
                .formatted(name(), setpoint.shown()));
      }
      if (!limits.allow(target)) {
        throw new DeviceFailure(
            "beyond-limits",
            "%s can't go to %s %s: allowed are %s to %s %s."
                .formatted(key(axis), target, units, limits.low(), limits.high(), units)
                .replace(" :", ":")
                .replace(" .", "."));
      }
    }
    List<Target> targets = new ArrayList<>();
    transform
        .forward(pseudo, real, parameters)
        .forEach(
            (variable, to) -> {
              Member member = member(variable);
              if (member == null || !Double.isFinite(to)) {
                throw new DeviceFailure(
                    "no-value",
                    "%s can't go to %s: the transform gives %s = %s."
                        .formatted(name(), shown(setpoint), variable, to));
              }
              targets.add(new Target(member, Value.of(to)));
            });
    return targets;
  }

  private Map<String, Double> wanted(Value setpoint, Map<String, Double> real) {
    Map<String, Double> wanted = new LinkedHashMap<>();
    if (setpoint instanceof Value.Fields some) {
      wanted.putAll(transform.inverse(real, parameters));
      some.fields().forEach((axis, value) -> wanted.put(axis, value.asDouble()));
    } else if (setpoint instanceof Value.Items list && list.items().size() == axes.size()) {
      for (int at = 0; at < axes.size(); at++) {
        wanted.put(axes.get(at), list.items().get(at).asDouble());
      }
    } else if (single()) {
      wanted.put(axes.get(0), setpoint.asDouble());
    }
    if (!wanted.keySet().equals(Set.copyOf(axes))) {
      throw new DeviceFailure(
          "wrong-type",
          "%s can't be set to %s: %d numbers are needed, for %s."
              .formatted(name(), setpoint.shown(), axes.size(), String.join(", ", axes)));
    }
    return wanted;
  }
}
