package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;

/**
 * A number computed of the readings of other devices of the hutch: BEC's {@code ComputedSignal},
 * with a formula in place of its Python function. An input is a device, which stands for its first
 * reading, or one of its data keys as {@code device.key}.
 */
final class ComputedSignal extends DeviceOfDevices {
  static final List<ConfigKey> KEYS =
      List.of(
          optional("expression", Kind.TEXT, "the formula"),
          optional("inputs", Kind.MAP, "what its names mean: {name: device or device.key}"),
          optional(
              "input_signals",
              Kind.NAME_OR_NAMES,
              "devices or device.key that stand for themselves"),
          optional("compute_method", Kind.ANY, "Python: can't be run here, see expression"),
          optional("egu", Kind.TEXT, "its units"),
          optional("precision", Kind.WHOLE, "decimals to show"),
          optional("labels", Kind.ANY, "taken and not used"));

  /** What speaks against a {@code deviceConfig}. */
  static final DeviceChecks CHECKS = new Checks();

  /** BEC's names of the one signal that a device is about. */
  private static final List<String> MAIN = List.of("_readback", "_value");

  private final Formula formula;
  private final Map<String, Input> inputs;

  /**
   * @param key a data key of the device, or empty for its first reading
   */
  private record Input(DeviceName device, String key) {
    static Input of(String text) {
      int dot = text.indexOf('.');
      if (dot > 0) {
        return new Input(new DeviceName(text.substring(0, dot)), text.substring(dot + 1));
      }
      for (String ending : MAIN) {
        if (text.endsWith(ending)) {
          return new Input(new DeviceName(text.substring(0, text.length() - ending.length())), "");
        }
      }
      return new Input(new DeviceName(text), "");
    }
  }

  ComputedSignal(DeviceOptions options, DeviceBackends backends) {
    super(options, backends, devices(inputs(options.values())));
    formula = Formula.of(options.text("expression", ""));
    inputs = inputs(options.values());
  }

  private static Map<String, Input> inputs(Value.Fields config) {
    Map<String, Input> inputs = new LinkedHashMap<>();
    if (config.get("inputs") instanceof Value.Fields given) {
      given
          .fields()
          .forEach(
              (name, value) ->
                  inputs.put(name, Input.of(value instanceof Value.Text text ? text.value() : "")));
    }
    PseudoConfig.names(config.get("input_signals"))
        .keySet()
        .forEach(text -> inputs.put(text.replace('.', '_'), Input.of(text)));
    return inputs;
  }

  private static Map<String, DeviceName> devices(Map<String, Input> inputs) {
    Map<String, DeviceName> devices = new LinkedHashMap<>();
    inputs.values().forEach(input -> devices.put(input.device().value(), input.device()));
    return devices;
  }

  @Override
  public Set<Ability> abilities() {
    return Set.of(Ability.READABLE);
  }

  /** What it reads is not its own to stop. */
  @Override
  public CompletionStage<Void> stop() {
    return DONE;
  }

  @Override
  public DeviceFacts facts() {
    return new DeviceFacts(
        Limits.NONE,
        options.text("egu", ""),
        (int) options.number("precision", 3),
        List.of(name().value()));
  }

  @Override
  public CompletionStage<DeviceDescription> describe() {
    DeviceFacts facts = facts();
    return java.util.concurrent.CompletableFuture.completedStage(
        new DeviceDescription(
            name(),
            "ComputedSignal",
            Map.of(
                name().value(),
                SignalMeta.number(
                        "COMPUTED:" + formula, facts.units(), facts.precision(), Limits.NONE)
                    .dataKey(name().value(), false)),
            facts.hints(),
            List.of(),
            Map.of()));
  }

  @Override
  public CompletionStage<List<Reading>> read() {
    // the device itself may know already what a monitor has not yet told its instance here
    return readAll(device -> device instanceof SignalDevice own ? own.readAnew() : device.read())
        .thenApply(this::computed);
  }

  private List<Reading> computed(Map<String, List<Reading>> read) {
    Map<String, Double> values = new LinkedHashMap<>();
    List<Reading> used = new ArrayList<>();
    inputs.forEach(
        (variable, input) -> {
          Reading reading = reading(input, read.get(input.device().value()));
          used.add(reading);
          values.put(variable, reading.value().asDouble());
        });
    return List.of(
        new Reading(name().value(), Value.of(formula.value(values)), newest(used), gravest(used)));
  }

  private Reading reading(Input input, List<Reading> readings) {
    if (input.key().isEmpty()) {
      return member(input.device().value()).main(readings);
    }
    return readings.stream()
        .filter(
            reading ->
                reading.key().equals(input.key())
                    || reading.key().equals(input.device() + "_" + input.key()))
        .findFirst()
        .orElseThrow(
            () ->
                new DeviceFailure(
                    "unknown-signal",
                    "%s: %s has no reading %s; it has %s."
                        .formatted(
                            name(),
                            input.device(),
                            input.key(),
                            readings.stream().map(Reading::key).toList())));
  }

  private static final class Checks implements DeviceChecks {
    @Override
    public Set<DeviceName> members(Value.Fields config) {
      return new LinkedHashSet<>(devices(inputs(config)).values());
    }

    @Override
    public List<Problem> problems(DeviceName name, Value.Fields config) {
      if (config.get("compute_method") != null
          && config.get("compute_method") != Value.None.NONE
          && config.text("expression") == null) {
        return List.of(
            new Problem(
                "compute_method",
                "Python code is not run here: write it as a formula, expression: \"a * b\", and"
                    + " what its names mean, inputs: {a: bpm4i, b: bpm5i}"));
      }
      Map<String, Input> inputs = inputs(config);
      if (inputs.isEmpty()) {
        return List.of(new Problem("inputs", "missing; {name: device or device.key} is needed"));
      }
      if (config.text("expression") == null) {
        return List.of(new Problem("expression", "missing; a formula of the inputs is needed"));
      }
      String problem = Formula.problem(config.text("expression"), inputs.keySet());
      return problem == null ? List.of() : List.of(new Problem("expression", problem));
    }
  }
}
