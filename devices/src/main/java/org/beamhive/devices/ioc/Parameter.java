package org.beamhive.devices.ioc;

import java.util.List;
import java.util.function.Predicate;
import org.beamhive.protocol.model.Value;

/**
 * A parameter of a record in an IOC's file.
 *
 * @param name its key
 * @param fallback what it is if nobody gives it; null if it must be given
 * @param allowed what it may be, for people
 * @param check whether a value is allowed
 * @param help what it means, with units
 */
record Parameter(String name, Value fallback, String allowed, Predicate<Value> check, String help) {
  static Parameter number(String name, double fallback, String help) {
    return new Parameter(name, Value.of(fallback), "a number", Parameter::finite, help);
  }

  static Parameter atLeastZero(String name, double fallback, String help) {
    return new Parameter(
        name,
        Value.of(fallback),
        "a number, 0 or more",
        value -> finite(value) && value.asDouble() >= 0,
        help);
  }

  static Parameter positive(String name, double fallback, String help) {
    return new Parameter(
        name,
        Value.of(fallback),
        "a number above 0",
        value -> finite(value) && value.asDouble() > 0,
        help);
  }

  static Parameter part(String name, double fallback, String help) {
    return new Parameter(
        name,
        Value.of(fallback),
        "a number from 0 to below 1",
        value -> finite(value) && value.asDouble() >= 0 && value.asDouble() < 1,
        help);
  }

  static Parameter whole(String name, int fallback, int least, int most, String help) {
    return new Parameter(
        name,
        Value.of((long) fallback),
        "a whole number from %d to %d".formatted(least, most),
        value -> value instanceof Value.Int n && n.value() >= least && n.value() <= most,
        help);
  }

  static Parameter flag(String name, boolean fallback, String help) {
    return new Parameter(
        name, Value.of(fallback), "true or false", Value.Bool.class::isInstance, help);
  }

  static Parameter text(String name, String fallback, String help) {
    return new Parameter(
        name,
        Value.of(fallback),
        "a text of at most 39 characters",
        value -> value instanceof Value.Text text && text.value().length() < 40,
        help);
  }

  static Parameter word(String name, String fallback, List<String> words, String help) {
    return new Parameter(
        name,
        Value.of(fallback),
        "one of " + String.join(", ", words),
        value -> value instanceof Value.Text text && words.contains(text.value()),
        help);
  }

  /** Two numbers, the second not below the first. */
  static Parameter range(String name, double low, double high, String help) {
    return new Parameter(
        name,
        Value.of(List.of(Value.of(low), Value.of(high))),
        "two numbers, [low, high]; equal ones are no limits",
        value -> {
          List<Value> both = list(value);
          return both.size() == 2
              && both.stream().allMatch(Parameter::finite)
              && both.get(0).asDouble() <= both.get(1).asDouble();
        },
        help);
  }

  static boolean finite(Value value) {
    return value.numeric() && Double.isFinite(value.asDouble());
  }

  static List<Value> list(Value value) {
    return value instanceof Value.Items items ? items.items() : List.of();
  }
}
