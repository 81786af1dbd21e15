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
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;

/** Reads one entry of a device file and collects what is wrong with it. */
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
  private static final List<String> KEYS =
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

  private final String file;
  private final String name;
  private final int line;
  private final Node body;
  private final DeviceTypes types;
  private final List<Mistake> mistakes;
  private final Map<String, Node> given = new LinkedHashMap<>();

  DeviceEntry(String file, NodeTuple entry, DeviceTypes types, List<Mistake> mistakes) {
    this.file = file;
    this.name = YamlValues.text(entry.getKeyNode());
    this.line = YamlValues.line(entry.getKeyNode());
    this.body = entry.getValueNode();
    this.types = types;
    this.mistakes = mistakes;
  }

  String name() {
    return name.isEmpty() ? "?" : name;
  }

  int line() {
    return line;
  }

  /** The device, or null if there are mistakes. */
  DeviceConfig read() {
    int before = mistakes.size();
    checkName();
    if (!(body instanceof MappingNode map)) {
      wrong(line, "%s: a map with the keys %s is needed".formatted(name, join(KEYS)));
      return null;
    }
    for (NodeTuple entry : map.getValue()) {
      String key = YamlValues.text(entry.getKeyNode());
      int at = YamlValues.line(entry.getKeyNode());
      if (!KEYS.contains(key)) {
        wrong(at, "%s.%s: no such key; allowed are %s".formatted(name, key, join(KEYS)));
      } else if (given.putIfAbsent(key, entry.getValueNode()) != null) {
        wrong(at, "%s.%s: given twice".formatted(name, key));
      }
    }
    Optional<DeviceType> type = type();
    Value.Fields config = type.map(this::deviceConfig).orElse(Value.Fields.EMPTY);
    if (mistakes.size() == before) {
      type.ifPresent(known -> checkWhole(known, config));
    }
    DeviceConfig device =
        new DeviceConfig(
            new DeviceName(name()),
            type.map(DeviceType::name).orElse("?"),
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
          line,
          "device name '%s': must be an identifier: a letter, then letters, digits or _, and no"
                  .formatted(name)
              + " Python keyword");
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
      mistake(
          "deviceClass",
          given,
          "one of " + join(types.names()) + ", or a Python class that one of these stands for");
    }
    return type;
  }

  private Value.Fields deviceConfig(DeviceType type) {
    Node node = given.get("deviceConfig");
    Value.Fields config = fields("deviceConfig");
    Map<String, ConfigKey> keys =
        type.keys().stream().collect(Collectors.toMap(ConfigKey::name, key -> key));
    if (node instanceof MappingNode map) {
      Set<String> seen = new TreeSet<>();
      for (NodeTuple entry : map.getValue()) {
        check(type, keys, seen, entry);
      }
    }
    for (ConfigKey key : type.keys()) {
      if (key.required() && config.get(key.name()) == null) {
        wrong(
            node == null ? line : YamlValues.line(node),
            "%s.deviceConfig.%s: missing; %s needs it: %s"
                .formatted(name, key.name(), type.name(), key.help()));
      }
    }
    return config;
  }

  /** What single keys can't tell; asked only where they are right. */
  private void checkWhole(DeviceType type, Value.Fields config) {
    Node node = given.get("deviceConfig");
    for (DeviceChecks.Problem problem : type.checks().problems(new DeviceName(name), config)) {
      int at = node == null ? line : YamlValues.line(node);
      if (node instanceof MappingNode map) {
        for (NodeTuple entry : map.getValue()) {
          if (YamlValues.text(entry.getKeyNode()).equals(problem.key())) {
            at = YamlValues.line(entry.getKeyNode());
          }
        }
      }
      wrong(at, "%s.deviceConfig.%s: %s".formatted(name, problem.key(), problem.text()));
    }
  }

  /** Those that the file names, and those that it is made of. */
  private List<DeviceName> needs(Optional<DeviceType> type, Value.Fields config) {
    Set<DeviceName> needs = new LinkedHashSet<>();
    texts("needs").forEach(needed -> needs.add(new DeviceName(needed)));
    type.ifPresent(known -> needs.addAll(known.checks().members(config)));
    return List.copyOf(needs);
  }

  private void check(
      DeviceType type, Map<String, ConfigKey> keys, Set<String> seen, NodeTuple entry) {
    String key = YamlValues.text(entry.getKeyNode());
    int at = YamlValues.line(entry.getKeyNode());
    ConfigKey known = keys.get(key);
    Value value = YamlValues.value(entry.getValueNode());
    if (known == null) {
      wrong(
          at,
          "%s.deviceConfig.%s: %s has no such key; allowed are %s"
              .formatted(name, key, type.name(), join(new TreeSet<>(keys.keySet()))));
    } else if (!seen.add(key)) {
      wrong(at, "%s.deviceConfig.%s: given twice".formatted(name, key));
    } else if (!known.takes(value) && !(value == Value.None.NONE && !known.required())) {
      wrong(
          at,
          "%s.deviceConfig.%s: is %s, must be %s"
              .formatted(name, key, value.shown(), known.allowed()));
    }
  }

  private ReadoutPriority readoutPriority() {
    Value given = value("readoutPriority", true);
    List<String> words =
        Arrays.stream(ReadoutPriority.values()).map(ReadoutPriority::word).toList();
    if (given instanceof Value.Text text && words.contains(text.value())) {
      return ReadoutPriority.ofWord(text.value());
    }
    if (given != null) {
      mistake("readoutPriority", given, "one of " + join(words));
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
      mistake("onFailure", given, "one of " + join(words));
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
    return value("description", false) == null ? "" : YamlValues.text(given.get("description"));
  }

  /** Null if it is not given, or null in the file. */
  private Value value(String key, boolean required) {
    Node node = given.get(key);
    Value value = node == null ? Value.None.NONE : YamlValues.value(node);
    if (value != Value.None.NONE) {
      return value;
    }
    if (required) {
      wrong(node == null ? line : YamlValues.line(node), "%s.%s: missing".formatted(name, key));
    }
    return null;
  }

  private void mistake(String key, Value is, String allowed) {
    wrong(
        YamlValues.line(given.get(key)),
        "%s.%s: is %s, must be %s".formatted(name, key, is.shown(), allowed));
  }

  private void wrong(int at, String text) {
    mistakes.add(new Mistake(file, at, text));
  }

  private static String join(Iterable<String> words) {
    return String.join(", ", words);
  }
}
