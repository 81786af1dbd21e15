package org.beamhive.devices.type;

import java.util.List;
import org.beamhive.protocol.model.Value;

/**
 * One key of a device type's {@code deviceConfig}.
 *
 * @param name as in the device file
 * @param kind what it takes
 * @param required whether it must be given
 * @param words the words allowed, or empty
 * @param help one line for a person
 */
public record ConfigKey(String name, Kind kind, boolean required, List<String> words, String help) {
  public ConfigKey {
    words = List.copyOf(words);
  }

  /** What a key takes, in words for a message. */
  public enum Kind {
    TEXT("a text"),
    NUMBER("a finite number"),
    POSITIVE("a number of 0 or more"),
    WHOLE("a whole number"),
    FLAG("true or false"),
    LIMITS("two numbers [low, high] with low <= high"),
    LIMITS_OR_FLAG("true, false, or two numbers [low, high] with low <= high"),
    NAMES("a name or a list of names"),
    MAP("a map"),
    ANY("any value");

    private final String shown;

    Kind(String shown) {
      this.shown = shown;
    }
  }

  /** A key that may be left out. */
  static ConfigKey optional(String name, Kind kind, String help) {
    return new ConfigKey(name, kind, false, List.of(), help);
  }

  /** A key that must be given. */
  static ConfigKey required(String name, Kind kind, String help) {
    return new ConfigKey(name, kind, true, List.of(), help);
  }

  /** A key that takes one of some words. */
  static ConfigKey oneOf(String name, List<String> words, String help) {
    return new ConfigKey(name, Kind.TEXT, false, words, help);
  }

  /** Whether it takes this value. */
  public boolean takes(Value value) {
    return switch (kind) {
      case TEXT ->
          value instanceof Value.Text text && (words.isEmpty() || words.contains(text.value()));
      case NUMBER -> Double.isFinite(value.asDouble());
      case POSITIVE -> Double.isFinite(value.asDouble()) && value.asDouble() >= 0;
      case WHOLE -> value instanceof Value.Int;
      case FLAG -> value instanceof Value.Bool;
      case LIMITS -> isLimits(value);
      case LIMITS_OR_FLAG -> value instanceof Value.Bool || isLimits(value);
      case NAMES ->
          value instanceof Value.Text
              || value instanceof Value.Items list
                  && !list.items().isEmpty()
                  && list.items().stream().allMatch(Value.Text.class::isInstance);
      case MAP -> value instanceof Value.Fields;
      case ANY -> true;
    };
  }

  private static boolean isLimits(Value value) {
    return value instanceof Value.Items pair
        && pair.items().size() == 2
        && pair.items().get(0).asDouble() <= pair.items().get(1).asDouble();
  }

  /** What it takes, in words. */
  public String allowed() {
    return words.isEmpty() ? kind.shown : "one of " + String.join(", ", words);
  }
}
