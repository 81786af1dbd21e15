package org.beamhive.actors.scans.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.plan.PlanDescription;
import org.beamhive.protocol.plan.PlanDescription.Kind;
import org.beamhive.protocol.plan.PlanRequest;

/**
 * The one declaration of a plan: checks, {@code plans_allowed}, help and forms come from it.
 *
 * @param name as clients call it
 * @param description what it does
 * @param parameters in their order; at most one takes the rest of the arguments by position, and
 *     what stands after it is given by name
 * @param last a parameter that is also taken from the last argument by position if it is not given
 *     by name and the others don't come out even, or null; only with {@link
 *     ParameterTypes.MotorGroups}
 */
public record Declaration(
    String name, String description, List<Parameter<?>> parameters, Parameter<?> last) {
  public Declaration {
    parameters = List.copyOf(parameters);
  }

  /** Without a parameter that is taken from the last argument. */
  public static Declaration of(String name, String description, Parameter<?>... parameters) {
    return new Declaration(name, description, List.of(parameters), null);
  }

  /** For clients. */
  public PlanDescription describe() {
    return new PlanDescription(
        name, description, parameters.stream().map(Parameter::description).toList());
  }

  /**
   * Checks what a client gave, argument by argument.
   *
   * @throws Refused at the first that is not allowed
   */
  public Arguments bind(PlanRequest request, Beamline beamline) throws Refused {
    MetadataCheck.check("meta", request.metadata());
    Map<String, Value> given = assign(request);
    Map<String, Object> parsed = new HashMap<>();
    for (Parameter<?> parameter : parameters) {
      Value value = given.get(parameter.name());
      if (value == null) {
        if (parameter.defaultValue() == null) {
          throw missing(parameter.name());
        }
        value = parameter.defaultValue();
        given.put(parameter.name(), value);
      }
      parsed.put(parameter.name(), parameter.type().parse(parameter.name(), value, beamline));
    }
    return new Arguments(beamline, request.metadata(), given, parsed);
  }

  /** That an argument must be given. */
  public Refused missing(String parameter) {
    return new Refused(
        new Refusal(
            "missing-argument",
            "missing a required argument: '%s'; plan '%s' takes %s"
                .formatted(parameter, name, names()),
            Map.of("argument", parameter)));
  }

  /** Which argument goes to which parameter, by Python's rules. */
  private Map<String, Value> assign(PlanRequest request) throws Refused {
    Map<String, Value> given = new LinkedHashMap<>();
    int taken = 0;
    List<Value> args = request.args();
    for (Parameter<?> parameter : parameters) {
      if (parameter.kind() == Kind.POSITIONAL_OR_KEYWORD && taken < args.size()) {
        given.put(parameter.name(), args.get(taken++));
      } else if (parameter.kind() == Kind.VAR_POSITIONAL) {
        taken = assignRest(parameter, request, taken, given);
      }
    }
    if (taken < args.size()) {
      throw Refused.of(
          "unknown-argument",
          "too many positional arguments: %d given; plan '%s' takes %s"
              .formatted(args.size(), name, names()));
    }
    for (Map.Entry<String, Value> argument : request.kwargs().fields().entrySet()) {
      assignNamed(argument.getKey(), argument.getValue(), given);
    }
    return given;
  }

  private int assignRest(
      Parameter<?> parameter, PlanRequest request, int taken, Map<String, Value> given) {
    List<Value> rest = new ArrayList<>(request.args().subList(taken, request.args().size()));
    if (last != null
        && parameter.type() instanceof ParameterTypes.MotorGroups groups
        && request.kwargs().fields().getOrDefault(last.name(), Value.None.NONE) == Value.None.NONE
        && rest.size() % groups.size() == 1) {
      given.put(last.name(), rest.remove(rest.size() - 1));
    }
    given.put(parameter.name(), Value.of(rest));
    return request.args().size();
  }

  private void assignNamed(String argument, Value value, Map<String, Value> given) throws Refused {
    Parameter<?> parameter =
        parameters.stream()
            .filter(one -> one.name().equals(argument) && one.kind() != Kind.VAR_POSITIONAL)
            .findFirst()
            .orElse(null);
    if (parameter == null) {
      throw new Refused(
          new Refusal(
              "unknown-argument",
              "got an unexpected keyword argument '%s'; plan '%s' takes %s"
                  .formatted(argument, name, names()),
              Map.of("argument", argument)));
    }
    boolean takenFromLast = parameter == last && value == Value.None.NONE;
    if (given.containsKey(argument) && !takenFromLast) {
      throw new Refused(
          new Refusal(
              "bad-argument",
              "multiple values for argument '%s': once by position and once by name"
                  .formatted(argument),
              Map.of("argument", argument)));
    }
    given.putIfAbsent(argument, value);
  }

  private String names() {
    return parameters.stream()
        .map(one -> one.kind() == Kind.VAR_POSITIONAL ? "*" + one.name() : one.name())
        .collect(Collectors.joining(", "));
  }
}
