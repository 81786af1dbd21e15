package org.beamhive.actors.scans.check;

import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.plan.PlanDescription;
import org.beamhive.protocol.plan.PlanDescription.Kind;

/**
 * One parameter of a plan.
 *
 * @param name as clients call it
 * @param kind how it may be given
 * @param type what is allowed and what it becomes
 * @param defaultValue what it is when it is not given, or null if it must be given
 * @param help what it means, with its unit
 */
public record Parameter<T>(
    String name, Kind kind, ParameterType<T> type, Value defaultValue, String help) {
  /** One that must be given, by position or by name. */
  public static <T> Parameter<T> required(String name, ParameterType<T> type, String help) {
    return new Parameter<>(name, Kind.POSITIONAL_OR_KEYWORD, type, null, help);
  }

  /** One that may be given by position or by name. */
  public static <T> Parameter<T> optional(
      String name, ParameterType<T> type, Value defaultValue, String help) {
    return new Parameter<>(name, Kind.POSITIONAL_OR_KEYWORD, type, defaultValue, help);
  }

  /** One that may be given by name only. */
  public static <T> Parameter<T> keyword(
      String name, ParameterType<T> type, Value defaultValue, String help) {
    return new Parameter<>(name, Kind.KEYWORD_ONLY, type, defaultValue, help);
  }

  /** All further arguments by position; its type is given them as a list. */
  public static <T> Parameter<T> rest(String name, ParameterType<T> type, String help) {
    return new Parameter<>(name, Kind.VAR_POSITIONAL, type, Value.of(java.util.List.of()), help);
  }

  PlanDescription.Parameter description() {
    String shown =
        kind == Kind.VAR_POSITIONAL || defaultValue == null ? null : python(defaultValue);
    return new PlanDescription.Parameter(
        name, kind, type.annotation(), type.namesDevices(), shown, help, type.min(), type.max());
  }

  private static String python(Value value) {
    if (value instanceof Value.Bool bool) {
      return bool == Value.Bool.TRUE ? "True" : "False";
    }
    return value == Value.None.NONE ? "None" : value.shown();
  }
}
