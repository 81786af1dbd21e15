package org.beamhive.actors.web;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.beamhive.protocol.model.Value;

/**
 * The parameters of a request: the members of its JSON body and, where the body has none of that
 * name, its query. What is missing or null is null. Texts stand for the numbers, lists and maps
 * that a query can't carry otherwise.
 */
final class Params {
  private static final ObjectReader VALUES =
      new ObjectMapper()
          .readerFor(Value.class)
          .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private static final Pattern INNER_PLACE =
      Pattern.compile("at \\[Source: .*?; line: (\\d+), column: (\\d+)]");

  private final Value.Fields fields;

  private Params(Value.Fields fields) {
    this.fields = fields;
  }

  /** From a body, which may be empty, and a query. */
  static Params of(byte[] body, Map<String, String> query) {
    Value.Fields fields = Value.Fields.EMPTY;
    if (!new String(body, StandardCharsets.UTF_8).isBlank()) {
      Value value = json(body);
      if (!(value instanceof Value.Fields map)) {
        throw ApiException.badRequest(
            "The JSON body must be an object with the parameters as its members.");
      }
      fields = map;
    }
    for (Map.Entry<String, String> entry : query.entrySet()) {
      if (!fields.fields().containsKey(entry.getKey())) {
        fields = fields.with(entry.getKey(), Value.of(entry.getValue()));
      }
    }
    return new Params(fields);
  }

  /** Refuses parameters of other names. */
  void allowOnly(Set<String> names) {
    for (String given : fields.fields().keySet()) {
      if (!names.contains(given)) {
        throw ApiException.badRequest(
            "Unknown parameter '"
                + given
                + "': "
                + (names.isEmpty()
                    ? "this request takes none."
                    : "this request takes " + String.join(", ", new TreeSet<>(names)) + "."));
      }
    }
  }

  boolean has(String name) {
    return value(name) != null;
  }

  /** Whether it is there at all, be it as null. */
  boolean given(String name) {
    return fields.fields().containsKey(name);
  }

  Value value(String name) {
    Value value = fields.get(name);
    return value == Value.None.NONE ? null : value;
  }

  String text(String name) {
    Value value = value(name);
    if (value == null || value instanceof Value.Text) {
      return value == null ? null : ((Value.Text) value).value();
    }
    throw wrong(name, "a text", value);
  }

  boolean flag(String name, boolean otherwise) {
    Value value = value(name);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof Value.Bool bool) {
      return bool == Value.Bool.TRUE;
    }
    if (value instanceof Value.Text text && text.value().matches("(?i)true|false")) {
      return Boolean.parseBoolean(text.value());
    }
    throw wrong(name, "true or false", value);
  }

  /** A whole number, or nothing if the parameter is missing. */
  OptionalInt whole(String name) {
    Value value = value(name);
    if (value == null) {
      return OptionalInt.empty();
    }
    OptionalInt whole = wholeOf(value);
    if (whole.isEmpty()) {
      throw wrong(name, "a whole number", value);
    }
    return whole;
  }

  /** An index in the queue: a whole number, 0 for "front", -1 for "back". */
  OptionalInt index(String name) {
    Value value = value(name);
    if (value == null) {
      return OptionalInt.empty();
    }
    if (value instanceof Value.Text text && text.value().equals("front")) {
      return OptionalInt.of(0);
    }
    if (value instanceof Value.Text text && text.value().equals("back")) {
      return OptionalInt.of(-1);
    }
    OptionalInt whole = wholeOf(value);
    if (whole.isEmpty()) {
      throw wrong(name, "a whole number, \"front\" or \"back\"", value);
    }
    return whole;
  }

  Value.Fields map(String name) {
    Value value = parsed(name);
    if (value == null || value instanceof Value.Fields) {
      return (Value.Fields) value;
    }
    throw wrong(name, "an object", value);
  }

  List<Value.Fields> maps(String name) {
    Value value = parsed(name);
    if (value == null) {
      return null;
    }
    if (!(value instanceof Value.Items items)) {
      throw wrong(name, "a list of objects", value);
    }
    List<Value.Fields> maps = new ArrayList<>();
    for (Value item : items.items()) {
      if (!(item instanceof Value.Fields map)) {
        throw wrong(name, "a list of objects", value);
      }
      maps.add(map);
    }
    return maps;
  }

  List<String> texts(String name) {
    Value value = value(name);
    if (value == null) {
      return null;
    }
    if (value instanceof Value.Text text && !text.value().startsWith("[")) {
      return List.of(text.value().split(","));
    }
    value = parsed(name);
    if (!(value instanceof Value.Items items)) {
      throw wrong(name, "a list of texts", value);
    }
    List<String> texts = new ArrayList<>();
    for (Value item : items.items()) {
      if (!(item instanceof Value.Text text)) {
        throw wrong(name, "a list of texts", value);
      }
      texts.add(text.value());
    }
    return texts;
  }

  private Value parsed(String name) {
    Value value = value(name);
    if (value instanceof Value.Text text && text.value().matches("(?s)\\s*[\\[{].*")) {
      return json(text.value().getBytes(StandardCharsets.UTF_8));
    }
    return value;
  }

  private static OptionalInt wholeOf(Value value) {
    if (value instanceof Value.Int whole && whole.value() == (int) whole.value()) {
      return OptionalInt.of((int) whole.value());
    }
    if (value instanceof Value.Text text && text.value().matches("-?\\d{1,9}")) {
      return OptionalInt.of(Integer.parseInt(text.value()));
    }
    return OptionalInt.empty();
  }

  private static ApiException wrong(String name, String wanted, Value given) {
    String shown = given.shown();
    return ApiException.badRequest(
        "Parameter '"
            + name
            + "' must be "
            + wanted
            + ", not "
            + (shown.length() > 200 ? shown.substring(0, 200) + "..." : shown)
            + ".");
  }

  private static Value json(byte[] text) {
    Value value;
    try {
      value = VALUES.readValue(text);
    } catch (JsonProcessingException e) {
      throw ApiException.badRequest(sentence(e));
    } catch (IOException e) {
      throw ApiException.badRequest("The body can't be read: " + e.getMessage() + ".");
    }
    if (!finite(value)) {
      throw ApiException.badRequest("The JSON holds a number that is too large for a float.");
    }
    if (value != null && !wellFormed(value)) {
      throw ApiException.badRequest(
          "The JSON holds half of a character (an unpaired surrogate such as \\ud800), which is no text.");
    }
    return value == null ? Value.None.NONE : value;
  }

  /** Half a character can be read, but never be stored again. */
  private static boolean wellFormed(Value value) {
    if (value instanceof Value.Text text) {
      return wellFormed(text.value());
    }
    if (value instanceof Value.Items list) {
      return list.items().stream().allMatch(Params::wellFormed);
    }
    return !(value instanceof Value.Fields map)
        || map.fields().entrySet().stream()
            .allMatch(field -> wellFormed(field.getKey()) && wellFormed(field.getValue()));
  }

  private static boolean wellFormed(String text) {
    return text.codePoints()
        .noneMatch(point -> point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE);
  }

  private static boolean finite(Value value) {
    if (value instanceof Value.Num num) {
      return Double.isFinite(num.value());
    }
    if (value instanceof Value.Items list) {
      return list.items().stream().allMatch(Params::finite);
    }
    return !(value instanceof Value.Fields map)
        || map.fields().values().stream().allMatch(Params::finite);
  }

  private static String sentence(JsonProcessingException e) {
    String problem = e.getOriginalMessage();
    int line = problem.indexOf('\n');
    problem = line < 0 ? problem : problem.substring(0, line);
    // where something has begun is told with a remark on the parser's own settings
    problem = INNER_PLACE.matcher(problem).replaceAll("at line $1, column $2");
    String place =
        e.getLocation() == null
            ? ""
            : " at line "
                + e.getLocation().getLineNr()
                + ", column "
                + e.getLocation().getColumnNr();
    if (e instanceof JsonParseException && problem.matches(".*(NaN|Infinity|INF).*")) {
      return "The JSON holds NaN or Infinity"
          + place
          + ": JSON has no such numbers, leave the value out or give null.";
    }
    return "The body is not valid JSON" + place + ": " + problem + ".";
  }
}
