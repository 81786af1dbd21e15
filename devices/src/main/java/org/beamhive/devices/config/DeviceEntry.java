package org.beamhive.devices.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.beamhive.devices.type.ConfigKey;
import org.beamhive.devices.type.DeviceChecks;
import org.beamhive.devices.type.DeviceType;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.ReadoutPriority;
import org.beamhive.protocol.model.Value;

/** Reads the settings of one device and collects what is wrong with them. */
final class DeviceEntry {
  private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z][A-Za-z0-9_]*");
  private static final Set<String> PYTHON_KEYWORDS =
      Set.of(
          "False",
          "None",
          "True",
          "and",
          "as",
          "assert",
          "async",
          "await",
          "break",
          "class",
          "continue",
          "def",
          "del",
          "elif",
          "else",
          "except",
          "finally",
          "for",
          "from",
          "global",
          "if",
          "import",
          "in",
          "is",
          "lambda",
          "nonlocal",
          "not",
          "or",
          "pass",
          "raise",
          "return",
          "try",
          "while",
          "with",
          "yield");

  /** What a name would hide: resources of the HTTP interface, and what BEC's clients call. */
  private static final Set<String> RESERVED =
      Set.of(
          "allowed",
          "clear",
          "config",
          "copy",
          "existing",
          "fromkeys",
          "get",
          "items",
          "keys",
          "pop",
          "popitem",
          "setdefault",
          "show_all",
          "stop",
          "update",
          "values",
          "wm",
          "ws");

  /** The keys of a device, in the order in which they are written. */
  static final List<String> KEYS =
      List.of(
          "deviceClass",
          "deviceConfig",
          "enabled",
          "readoutPriority",
          "readOnly",
          "softwareTrigger",
          "onFailure",
          "needs",
          "connectionTimeout",
          "deviceTags",
          "userParameter",
          "description");

  private final String name;
  private final Place place;
  private final Placed body;
  private final DeviceTypes types;
  private final List<Mistake> mistakes;
  private final List<Mistake> warnings;
  private final Map<String, Placed> given = new LinkedHashMap<>();
  // of a disabled device whose type is not known here
  private String unknownType = "";

  DeviceEntry(
      Placed.Field entry, DeviceTypes types, List<Mistake> mistakes, List<Mistake> warnings) {
    this.name = entry.name();
    this.place = entry.place();
    this.body = entry.value();
    this.types = types;
    this.mistakes = mistakes;
    this.warnings = warnings;
  }

  String name() {
    return name.isEmpty() ? "?" : name;
  }

  /** The device, or null if there are mistakes. */
  DeviceConfig read() {
    int before = mistakes.size();
    checkName();
    if (!body.map()) {
      wrong(place, "%s: a map with the keys %s is needed".formatted(name, join(KEYS)));
      return null;
    }
    for (Placed.Field entry : body.fields()) {
      String key = entry.name();
      if (!KEYS.contains(key)) {
        wrong(
            entry.place(),
            "%s.%s: no such key; allowed are %s%s"
                .formatted(name, key, join(KEYS), Suggestion.of(key, KEYS)));
      } else if (given.putIfAbsent(key, entry.value()) != null) {
        wrong(entry.place(), "%s.%s: given twice".formatted(name, key));
      }
    }
    Optional<DeviceType> type = type();
    Value.Fields config =
        type.map(this::deviceConfig)
            // of a type that is not known here everything may be right
            .orElseGet(() -> unknownType.isEmpty() ? Value.Fields.EMPTY : fields("deviceConfig"));
    if (mistakes.size() == before) {
      type.ifPresent(known -> checkWhole(known, config));
    }
    DeviceConfig device =
        new DeviceConfig(
            new DeviceName(name()),
            type.map(DeviceType::name).orElse(unknownType),
            config,
            flag("enabled", null),
            readoutPriority(),
            flag("readOnly", false),
            flag("softwareTrigger", false),
            onFailure(),
            needs(mistakes.size() == before ? type : Optional.empty(), config),
            connectionTimeout(),
            new LinkedHashSet<>(texts("deviceTags")),
            fields("userParameter"),
            description());
    return mistakes.size() == before ? device : null;
  }

  private void checkName() {
    if (!IDENTIFIER.matcher(name).matches() || PYTHON_KEYWORDS.contains(name)) {
      wrong(
          place,
          "device name '%s': must be an identifier: a letter, then letters, digits or _, and no"
                  .formatted(name)
              + " Python keyword");
    } else if (RESERVED.contains(name)) {
      wrong(place, "device name '%s': is taken, clients call something else so".formatted(name));
    }
  }

  private Optional<DeviceType> type() {
    Value given = value("deviceClass", true);
    if (given == null) {
      return Optional.empty();
    }
    Optional<DeviceType> type =
        given instanceof Value.Text text ? types.find(text.value()) : Optional.empty();
    if (type.isEmpty()) {
      Mistake wrong = wrongType(given);
      if (given instanceof Value.Text text && disabled()) {
        // it is listed, and can be enabled when there is such a type
        unknownType = text.value();
        warnings.add(wrong);
      } else {
        mistakes.add(wrong);
      }
    }
    return type;
  }

  private boolean disabled() {
    Placed written = given.get("enabled");
    return written != null && written.value() == Value.Bool.FALSE;
  }

  private Mistake wrongType(Value given) {
    Place at = this.given.get("deviceClass").place();
    String text = given instanceof Value.Text written ? written.value() : "";
    String last = text.substring(text.lastIndexOf('.') + 1);
    if (text.contains(".")) {
      return new Mistake(
          at.file(),
          at.line(),
          "%s.deviceClass: there is no device type for the Python class '%s'; there are %s%s"
              .formatted(name, text, join(types.names()), Suggestion.of(last, types.names())));
    }
    return new Mistake(
        at.file(),
        at.line(),
        "%s.deviceClass: is %s, must be one of %s, or a Python class that one of these stands for%s"
            .formatted(
                name, given.shown(), join(types.names()), Suggestion.of(last, types.names())));
  }

  private Value.Fields deviceConfig(DeviceType type) {
    Placed written = given.get("deviceConfig");
    Value.Fields config = fields("deviceConfig");
    Map<String, ConfigKey> keys =
        type.keys().stream().collect(Collectors.toMap(ConfigKey::name, key -> key));
    if (written != null && written.map()) {
      Set<String> seen = new TreeSet<>();
      for (Placed.Field entry : written.fields()) {
        check(type, keys, seen, entry);
      }
    }
    for (ConfigKey key : type.keys()) {
      if (key.required() && config.get(key.name()) == null) {
        wrong(
            written == null ? place : written.place(),
            "%s.deviceConfig.%s: missing; %s needs it: %s"
                .formatted(name, key.name(), type.name(), key.help()));
      }
    }
    return config;
  }

  /** What single keys can't tell; asked only where they are right. */
  private void checkWhole(DeviceType type, Value.Fields config) {
    Placed written = given.get("deviceConfig");
    for (DeviceChecks.Problem problem : type.checks().problems(new DeviceName(name), config)) {
      wrong(
          placeOf(written, problem.key()),
          "%s.deviceConfig.%s: %s".formatted(name, problem.key(), problem.text()));
    }
  }

  private Place placeOf(Placed config, String key) {
    if (config == null) {
      return place;
    }
    return !config.map()
        ? config.place()
        : config.fields().stream()
            .filter(field -> field.name().equals(key))
            .map(Placed.Field::place)
            .findFirst()
            .orElse(config.place());
  }

  /** Those that the file names, and then those that it is made of. */
  private List<DeviceName> needs(Optional<DeviceType> type, Value.Fields config) {
    Set<DeviceName> needs = new LinkedHashSet<>();
    Set<DeviceName> members = type.map(known -> known.checks().members(config)).orElse(Set.of());
    texts("needs").forEach(needed -> needs.add(new DeviceName(needed)));
    needs.removeAll(members);
    needs.addAll(members);
    return List.copyOf(needs);
  }

  private void check(
      DeviceType type, Map<String, ConfigKey> keys, Set<String> seen, Placed.Field entry) {
    String key = entry.name();
    ConfigKey known = keys.get(key);
    Value value = entry.value().value();
    if (known == null) {
      wrong(
          entry.place(),
          "%s.deviceConfig.%s: %s has no such key; allowed are %s%s"
              .formatted(
                  name,
                  key,
                  type.name(),
                  join(new TreeSet<>(keys.keySet())),
                  Suggestion.of(key, keys.keySet())));
    } else if (!seen.add(key)) {
      wrong(entry.place(), "%s.deviceConfig.%s: given twice".formatted(name, key));
    } else if (!known.takes(value) && !(value == Value.None.NONE && !known.required())) {
      wrong(
          entry.place(),
          "%s.deviceConfig.%s: is %s, must be %s%s"
              .formatted(
                  name, key, value.shown(), known.allowed(), suggestion(value, known.words())));
    }
  }

  private static String suggestion(Value given, List<String> words) {
    return given instanceof Value.Text text ? Suggestion.of(text.value(), words) : "";
  }

  private ReadoutPriority readoutPriority() {
    Value given = value("readoutPriority", true);
    List<String> words =
        Arrays.stream(ReadoutPriority.values()).map(ReadoutPriority::word).toList();
    if (given instanceof Value.Text text && words.contains(text.value())) {
      return ReadoutPriority.ofWord(text.value());
    }
    if (given != null) {
      mistake("readoutPriority", given, "one of " + join(words) + suggestion(given, words));
    }
    return ReadoutPriority.ON_REQUEST;
  }

  private OnFailure onFailure() {
    Value given = value("onFailure", false);
    List<String> words =
        Arrays.stream(OnFailure.values())
            .map(each -> each.name().toLowerCase(Locale.ROOT))
            .toList();
    if (given instanceof Value.Text text && words.contains(text.value())) {
      return OnFailure.valueOf(text.value().toUpperCase(Locale.ROOT));
    }
    if (given != null) {
      mistake("onFailure", given, "one of " + join(words) + suggestion(given, words));
    }
    return OnFailure.RETRY;
  }

  private Duration connectionTimeout() {
    Value given = value("connectionTimeout", false);
    if (given == null) {
      return DeviceConfig.CONNECTION_TIMEOUT;
    }
    double seconds = given.asDouble();
    if (!(seconds > 0 && seconds <= 3600)) {
      mistake("connectionTimeout", given, "a number of seconds above 0, at most 3600");
      return DeviceConfig.CONNECTION_TIMEOUT;
    }
    return Duration.ofMillis(Math.max(1, (long) (seconds * 1000)));
  }

  /**
   * @param otherwise null if it must be given
   */
  private boolean flag(String key, Boolean otherwise) {
    Value given = value(key, otherwise == null);
    if (given instanceof Value.Bool flag) {
      return flag == Value.Bool.TRUE;
    }
    if (given != null) {
      mistake(key, given, "true or false");
    }
    return Boolean.TRUE.equals(otherwise);
  }

  private List<String> texts(String key) {
    Value given = value(key, false);
    List<String> texts = new ArrayList<>();
    if (given instanceof Value.Items list) {
      for (Value item : list.items()) {
        if (item instanceof Value.Text text && !text.value().isEmpty()) {
          texts.add(text.value());
        } else {
          mistake(key, item, "a list of texts");
        }
      }
    } else if (given instanceof Value.Fields set
        && set.fields().values().stream().allMatch(Value.None.class::isInstance)) {
      // YAML's set, as BEC writes its tags
      texts.addAll(set.fields().keySet());
    } else if (given != null) {
      mistake(key, given, "a list of texts");
    }
    return texts;
  }

  private Value.Fields fields(String key) {
    Value given = value(key, false);
    if (given instanceof Value.Fields fields) {
      return fields;
    }
    if (given != null) {
      mistake(key, given, "a map");
    }
    return Value.Fields.EMPTY;
  }

  private String description() {
    Value written = value("description", false);
    if (written instanceof Value.Items || written instanceof Value.Fields) {
      mistake("description", written, "a text");
      return "";
    }
    // as it is written: a version such as 1.10 is no number
    return written == null ? "" : given.get("description").text();
  }

  /** Null if it is not given, or null in the file. */
  private Value value(String key, boolean required) {
    Placed written = given.get(key);
    Value value = written == null ? Value.None.NONE : written.value();
    if (value != Value.None.NONE) {
      return value;
    }
    if (required) {
      wrong(written == null ? place : written.place(), "%s.%s: missing".formatted(name, key));
    }
    return null;
  }

  private void mistake(String key, Value is, String allowed) {
    wrong(
        given.get(key).place(),
        "%s.%s: is %s, must be %s".formatted(name, key, is.shown(), allowed));
  }

  private void wrong(Place at, String text) {
    mistakes.add(new Mistake(at.file(), at.line(), text));
  }

  private static String join(Iterable<String> words) {
    return String.join(", ", words);
  }
}
