package org.beamhive.devices.type;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;

/** The {@code deviceConfig} of a {@link PseudoPositioner}, read and checked. */
final class PseudoConfig implements DeviceChecks {
  private static final List<PseudoTransform> TRANSFORMS =
      ServiceLoader.load(PseudoTransform.class).stream().map(ServiceLoader.Provider::get).toList();

  /** Names by variable, from a map, a list or a single name. */
  static Map<String, DeviceName> names(Value given) {
    Map<String, DeviceName> names = new LinkedHashMap<>();
    if (given instanceof Value.Fields map) {
      map.fields()
          .forEach(
              (variable, name) -> {
                if (name instanceof Value.Text text) {
                  names.put(variable, new DeviceName(text.value()));
                }
              });
    } else if (given instanceof Value.Items list) {
      list.items().forEach(item -> names.putAll(names(item)));
    } else if (given instanceof Value.Text text) {
      names.put(text.value(), new DeviceName(text.value()));
    }
    return names;
  }

  static Set<String> pseudoAxes(DeviceName name, Value.Fields config) {
    Set<String> axes = names(config.get("pseudo")).keySet();
    return axes.isEmpty() ? Set.of(name.value()) : new LinkedHashSet<>(axes);
  }

  static Map<String, Double> parameters(Value.Fields config) {
    Map<String, Double> parameters = new HashMap<>();
    if (config.get("parameters") instanceof Value.Fields given) {
      given.fields().forEach((key, value) -> parameters.put(key, value.asDouble()));
    }
    return parameters;
  }

  static Limits limits(String axis, boolean single, Value.Fields config) {
    Value given = config.get("limits");
    Value of = given instanceof Value.Fields byAxis ? byAxis.get(axis) : single ? given : null;
    return of instanceof Value.Items pair && pair.items().size() == 2
        ? new Limits(pair.items().get(0).asDouble(), pair.items().get(1).asDouble())
        : Limits.NONE;
  }

  /** The formulas of {@code forward} or {@code inverse}; a single text is that of the one axis. */
  private static Map<String, String> texts(Value given, Set<String> axes) {
    Map<String, String> texts = new LinkedHashMap<>();
    if (given instanceof Value.Text text && axes.size() == 1) {
      texts.put(axes.iterator().next(), text.value());
    } else if (given instanceof Value.Fields map) {
      map.fields()
          .forEach(
              (axis, value) ->
                  texts.put(axis, value instanceof Value.Text text ? text.value() : value.shown()));
    }
    return texts;
  }

  /** What makes setpoints of positions and back; the file has been checked. */
  static PseudoTransform transform(DeviceName name, Value.Fields config) {
    String wanted = config.text("transform");
    if (wanted != null) {
      return TRANSFORMS.stream()
          .filter(each -> each.name().equals(wanted))
          .findFirst()
          .orElseThrow(
              () -> new DeviceFailure("unknown-transform", name + ": " + noTransform(wanted)));
    }
    Set<String> pseudo = pseudoAxes(name, config);
    Map<String, Formula> forward = new LinkedHashMap<>();
    texts(config.get("forward"), names(config.get("real")).keySet())
        .forEach((axis, text) -> forward.put(axis, Formula.of(text)));
    Map<String, Formula> inverse = new LinkedHashMap<>();
    texts(config.get("inverse"), pseudo)
        .forEach((axis, text) -> inverse.put(axis, Formula.of(text)));
    return new Formulas(forward, inverse);
  }

  private static String noTransform(String wanted) {
    return "there is no transform '%s'; there are %s"
        .formatted(wanted, TRANSFORMS.stream().map(PseudoTransform::name).sorted().toList());
  }

  private record Formulas(Map<String, Formula> forward, Map<String, Formula> inverse)
      implements PseudoTransform {
    @Override
    public String name() {
      return "formulas";
    }

    @Override
    public Map<String, Double> forward(
        Map<String, Double> pseudo, Map<String, Double> real, Map<String, Double> parameters) {
      Map<String, Double> known = new HashMap<>(parameters);
      known.putAll(real);
      known.putAll(pseudo);
      Map<String, Double> targets = new LinkedHashMap<>();
      forward.forEach((axis, formula) -> targets.put(axis, formula.value(known)));
      return targets;
    }

    @Override
    public Map<String, Double> inverse(Map<String, Double> real, Map<String, Double> parameters) {
      Map<String, Double> known = new HashMap<>(parameters);
      known.putAll(real);
      Map<String, Double> positions = new LinkedHashMap<>();
      inverse.forEach(
          (axis, formula) -> {
            try {
              positions.put(axis, formula.value(known));
            } catch (DeviceFailure none) {
              // as sin(bragg) = 0: it is somewhere, but that has no name
              positions.put(axis, Double.NaN);
            }
          });
      return positions;
    }
  }

  // ---------------------------------------------------------------- checks

  @Override
  public Set<DeviceName> members(Value.Fields config) {
    return new LinkedHashSet<>(names(config.get("real")).values());
  }

  @Override
  public List<Problem> problems(DeviceName name, Value.Fields config) {
    List<Problem> problems = new ArrayList<>();
    Set<String> real = names(config.get("real")).keySet();
    Set<String> pseudo = pseudoAxes(name, config);
    if (real.isEmpty()) {
      problems.add(new Problem("real", "a device, a list of devices, or {variable: device}"));
    }
    parameters(config)
        .forEach(
            (key, value) -> {
              if (!Double.isFinite(value)) {
                problems.add(new Problem("parameters", key + " must be a finite number"));
              }
            });
    for (String axis : pseudo) {
      if (real.contains(axis)) {
        problems.add(new Problem("pseudo", "'%s' is a real axis, too".formatted(axis)));
      }
    }
    String transform = config.text("transform");
    if (transform != null) {
      if (TRANSFORMS.stream().noneMatch(each -> each.name().equals(transform))) {
        problems.add(new Problem("transform", noTransform(transform)));
      }
      return problems;
    }
    Set<String> known = new LinkedHashSet<>(real);
    known.addAll(parameters(config).keySet());
    check("inverse", texts(config.get("inverse"), pseudo), pseudo, pseudo, known, problems);
    known.addAll(pseudo);
    check("forward", texts(config.get("forward"), real), real, Set.of(), known, problems);
    return problems;
  }

  private static void check(
      String key,
      Map<String, String> formulas,
      Set<String> allowed,
      Set<String> needed,
      Set<String> known,
      List<Problem> problems) {
    if (formulas.isEmpty()) {
      problems.add(
          new Problem(
              key,
              "a formula for each of %s is needed, or a transform"
                  .formatted(String.join(", ", allowed))));
      return;
    }
    for (String axis : needed) {
      if (!formulas.containsKey(axis)) {
        problems.add(new Problem(key, "there is none for " + axis));
      }
    }
    formulas.forEach(
        (axis, text) -> {
          String problem =
              allowed.contains(axis)
                  ? Formula.problem(text, known)
                  : "'%s' is none of %s".formatted(axis, String.join(", ", allowed));
          if (problem != null) {
            problems.add(new Problem(key, problem));
          }
        });
  }
}
