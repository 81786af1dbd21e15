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
  /** The largest array that is itself a reading; larger ones belong into a file. */
  static final int MOST_ELEMENTS = 65_536;

  /** The longest that a detector may count: 30 days, as for the pauses of plans. */
  static final double LONGEST_SECONDS = 30 * 86_400.0;

  public ConfigKey {
    words = List.copyOf(words);
  }

  /** What a key takes, in words for a message. */
  public enum Kind {
    TEXT("a text"),
    NUMBER("a finite number"),
    POSITIVE("a number of 0 or more"),
    ABOVE_ZERO("a number above 0"),
    SECONDS("seconds from 0 to " + (long) LONGEST_SECONDS + " (30 days)"),
    WHOLE("a whole number"),
    FLAG("true or false"),
    FRACTION("a number from 0 to less than 1"),
    LENGTH("a whole number from 1 to " + MOST_ELEMENTS),
    /** Of an image that is read: it is sent in messages and stored with every point of a run. */
    SHAPE("two whole numbers [rows, columns], at most " + MOST_ELEMENTS + " pixels together"),
    NAMES("a list of names: letters, digits and _"),
    LIMITS("two numbers [low, high] with low <= high"),
    TEXTS("a text or a list of texts"),
    LIMITS_OR_FLAG("true, false, or two numbers [low, high] with low <= high"),
    NAME_OR_NAMES("a name or a list of names"),
    MAP("a map"),
    FILLED_MAP("a map that is not empty"),
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
      case ABOVE_ZERO -> Double.isFinite(value.asDouble()) && value.asDouble() > 0;
      case SECONDS -> value.asDouble() >= 0 && value.asDouble() <= LONGEST_SECONDS;
      case WHOLE -> value instanceof Value.Int;
      case FRACTION -> value.asDouble() >= 0 && value.asDouble() < 1;
      case LENGTH -> isLength(value);
      case SHAPE ->
          value instanceof Value.Items shape
              && shape.items().size() == 2
              && shape.items().stream().allMatch(ConfigKey::isLength)
              && fits((long) (shape.items().get(0).asDouble() * shape.items().get(1).asDouble()));
      case NAMES ->
          value instanceof Value.Items names
              && names.items().stream()
                  .allMatch(
                      each -> each instanceof Value.Text name && name.value().matches("\\w+"));
      case FLAG -> value instanceof Value.Bool;
      case LIMITS -> isLimits(value);
      case LIMITS_OR_FLAG -> value instanceof Value.Bool || isLimits(value);
      case TEXTS -> value instanceof Value.Text || areTexts(value);
      case NAME_OR_NAMES ->
          value instanceof Value.Text
              || areTexts(value) && !((Value.Items) value).items().isEmpty();
      case MAP -> value instanceof Value.Fields;
      case FILLED_MAP -> value instanceof Value.Fields fields && !fields.fields().isEmpty();
      case ANY -> true;
    };
  }

  private static boolean isLength(Value value) {
    return value instanceof Value.Int length && fits(length.value());
  }

  private static boolean fits(long length) {
    return length >= 1 && length <= MOST_ELEMENTS;
  }

  private static boolean areTexts(Value value) {
    return value instanceof Value.Items texts
        && texts.items().stream().allMatch(Value.Text.class::isInstance);
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
