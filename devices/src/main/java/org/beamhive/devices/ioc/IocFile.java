package org.beamhive.devices.ioc;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.beamhive.devices.backend.sim.SettableSimClock;
import org.beamhive.devices.backend.sim.SimClock;
import org.beamhive.protocol.model.Value;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;

/**
 * An IOC in YAML: {@code prefix}, {@code port} and {@code records}, a map from names to {@code
 * type} and the type's parameters. All mistakes are told at once.
 *
 * @param prefix before all names
 * @param port UDP and TCP port; 0 takes free ones
 * @param records in the order of the file
 */
public record IocFile(String prefix, int port, List<Entry> records) {
  private static final int STANDARD_PORT = 5064;
  private static final int MOST = 65535;

  /** A record of the file. */
  public static final class Entry {
    private final String name;
    private final int line;
    private final RecordType type;
    private final Value.Fields given;

    private Entry(String name, int line, RecordType type, Value.Fields given) {
      this.name = name;
      this.line = line;
      this.type = type;
      this.given = given;
    }

    /** Its name, without the prefix. */
    public String name() {
      return name;
    }

    /** The word of its type. */
    public String type() {
      return type.name();
    }
  }

  /**
   * One thing that is wrong in a file.
   *
   * @param file where
   * @param line counted from 1
   * @param text what it is, what was given and what is allowed
   */
  public record Mistake(String file, int line, String text) {
    @Override
    public String toString() {
      return file + ":" + line + ": " + text;
    }
  }

  /** Says what is wrong with a file: one line for each mistake. */
  public static final class Wrong extends RuntimeException {
    private final transient List<Mistake> mistakes;

    private Wrong(List<Mistake> mistakes) {
      super(mistakes.stream().map(Mistake::toString).collect(Collectors.joining("\n")));
      this.mistakes = mistakes;
    }

    /** All mistakes. */
    public List<Mistake> mistakes() {
      return mistakes;
    }
  }

  public IocFile {
    records = List.copyOf(records);
  }

  /**
   * Reads a file.
   *
   * @throws IOException if it can't be read
   * @throws Wrong naming all mistakes
   */
  public static IocFile load(Path file) throws IOException {
    return parse(file.toString(), Files.readString(file));
  }

  /**
   * Reads the text of a file.
   *
   * @param file its name, for messages
   * @throws Wrong naming all mistakes
   */
  public static IocFile parse(String file, String text) {
    Reader reader = new Reader(file);
    IocFile read = reader.read(text);
    if (reader.mistakes.isEmpty()) {
      // what only shows when the records are made, as a name that two of them want
      read.build(new SettableSimClock(0), reader);
    }
    if (!reader.mistakes.isEmpty()) {
      reader.mistakes.sort(Comparator.comparingInt(Mistake::line));
      throw new Wrong(reader.mistakes);
    }
    return read;
  }

  /** Its records, in the time of this clock, without a network. */
  public IocRecords build(SimClock clock) {
    return build(clock, null);
  }

  private IocRecords build(SimClock clock, Reader reader) {
    IocRecords ioc = new IocRecords(prefix, clock);
    Map<Entry, Runnable> links = new LinkedHashMap<>();
    for (Entry entry : records) {
      told(
          reader,
          entry,
          () ->
              links.put(
                  entry,
                  entry
                      .type
                      .maker()
                      .make(
                          prefix + entry.name,
                          new RecordType.Given(prefix, entry.type, entry.given),
                          ioc)));
    }
    links.forEach((entry, link) -> told(reader, entry, link));
    return ioc;
  }

  private static void told(Reader reader, Entry entry, Runnable task) {
    try {
      task.run();
    } catch (IllegalArgumentException wrong) {
      if (reader == null) {
        throw wrong;
      }
      reader.wrong(entry.line, "records.%s: %s".formatted(entry.name, wrong.getMessage()));
    }
  }

  /** What types of record there are, with their parameters, for people. */
  public static String types() {
    StringBuilder all = new StringBuilder();
    for (RecordType type : RecordTypes.all()) {
      all.append("%s: %s%n".formatted(type.name(), type.help()));
      for (Parameter parameter : type.parameters()) {
        all.append(
            "  %s: %s; %s (%s)%n"
                .formatted(
                    parameter.name(),
                    parameter.help(),
                    parameter.allowed(),
                    parameter.fallback() == null
                        ? "required"
                        : "default " + parameter.fallback().shown()));
      }
    }
    return all.toString();
  }

  /** Reads one file and collects what is wrong with it. */
  private static final class Reader {
    private static final List<String> KEYS = List.of("prefix", "port", "records");

    private final String file;
    private final YamlNodes yaml = new YamlNodes();
    private final List<Mistake> mistakes = new ArrayList<>();
    private final Map<String, RecordType> types =
        RecordTypes.all().stream()
            .collect(
                Collectors.toMap(
                    RecordType::name, type -> type, (one, other) -> one, LinkedHashMap::new));
    private final List<Entry> entries = new ArrayList<>();
    private String prefix = "";
    private int port = STANDARD_PORT;

    Reader(String file) {
      this.file = file;
    }

    void wrong(int line, String text) {
      mistakes.add(new Mistake(file, line, text));
    }

    IocFile read(String text) {
      Node root = null;
      try {
        root = new Yaml(new LoaderOptions()).compose(new StringReader(text));
      } catch (MarkedYAMLException e) {
        int line = e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1;
        wrong(line, "this is no YAML: " + e.getProblem());
        return empty();
      } catch (YAMLException e) {
        wrong(1, "this is no YAML: " + e.getMessage());
        return empty();
      }
      if (!(root instanceof MappingNode map)) {
        wrong(1, "a map with the keys %s is needed".formatted(String.join(", ", KEYS)));
        return empty();
      }
      boolean any = false;
      Set<String> seen = new HashSet<>();
      for (NodeTuple entry : map.getValue()) {
        String key = YamlNodes.text(entry.getKeyNode());
        int line = YamlNodes.line(entry.getKeyNode());
        any |= key.equals("records");
        if (!seen.add(key)) {
          wrong(line, key + ": given twice");
        } else {
          readKey(key, line, entry.getValueNode());
        }
      }
      if (!any) {
        wrong(1, "records: missing; a map from names to records is needed");
      }
      return new IocFile(prefix, port, entries);
    }

    private static IocFile empty() {
      return new IocFile("", 0, List.of());
    }

    private void readKey(String key, int line, Node node) {
      switch (key) {
        case "prefix" -> prefix = YamlNodes.text(node);
        case "port" -> {
          Value value = yaml.value(node);
          if (value instanceof Value.Int given && given.value() >= 0 && given.value() <= MOST) {
            port = (int) given.value();
          } else {
            wrong(
                line,
                "port: is %s, must be a whole number from 0 to %d; 0 takes a free one"
                    .formatted(value.shown(), MOST));
          }
        }
        case "records" -> {
          if (node instanceof MappingNode map) {
            readRecords(map);
          } else {
            wrong(line, "records: a map from names to records is needed");
          }
        }
        default ->
            wrong(line, "%s: no such key; allowed are %s".formatted(key, String.join(", ", KEYS)));
      }
    }

    private void readRecords(MappingNode map) {
      Map<String, Integer> lines = new LinkedHashMap<>();
      for (NodeTuple entry : map.getValue()) {
        String name = YamlNodes.text(entry.getKeyNode());
        int line = YamlNodes.line(entry.getKeyNode());
        Integer before = lines.putIfAbsent(name, line);
        if (before != null) {
          wrong(line, "records.%s: is in this file already, at line %d".formatted(name, before));
        } else if (!name.matches("[A-Za-z0-9_:;<>\\[\\]{}-]+")) {
          wrong(
              line,
              "records.%s: a name has letters, digits and _ - : ; < > [ ] { } only"
                  .formatted(name));
        } else if (entry.getValueNode() instanceof MappingNode body) {
          readRecord(name, line, body);
        } else {
          wrong(line, "records.%s: a map with the key type is needed".formatted(name));
        }
      }
    }

    private void readRecord(String name, int line, MappingNode body) {
      Map<String, Node> nodes = new LinkedHashMap<>();
      for (NodeTuple entry : body.getValue()) {
        String key = YamlNodes.text(entry.getKeyNode());
        if (nodes.putIfAbsent(key, entry.getValueNode()) != null) {
          wrong(
              YamlNodes.line(entry.getKeyNode()),
              "records.%s.%s: given twice".formatted(name, key));
        }
      }
      Node word = nodes.remove("type");
      RecordType type = word == null ? null : types.get(YamlNodes.text(word));
      if (type == null) {
        wrong(
            word == null ? line : YamlNodes.line(word),
            "records.%s.type: %s, must be one of %s"
                .formatted(
                    name,
                    word == null ? "missing" : "is " + YamlNodes.text(word),
                    String.join(", ", types.keySet())));
        return;
      }
      entries.add(new Entry(name, line, type, parameters(name, line, type, nodes)));
    }

    private Value.Fields parameters(
        String name, int line, RecordType type, Map<String, Node> nodes) {
      Map<String, Value> given = new LinkedHashMap<>();
      nodes.forEach(
          (key, node) -> {
            Parameter parameter = type.parameter(key);
            Value value = yaml.value(node);
            if (parameter == null) {
              wrong(
                  YamlNodes.line(node),
                  "records.%s.%s: %s has no such parameter; allowed are %s"
                      .formatted(
                          name,
                          key,
                          type.name(),
                          type.parameters().stream()
                              .map(Parameter::name)
                              .collect(Collectors.joining(", "))));
            } else if (!parameter.check().test(value)) {
              wrong(
                  YamlNodes.line(node),
                  "records.%s.%s: is %s, must be %s"
                      .formatted(name, key, value.shown(), parameter.allowed()));
            } else {
              given.put(key, value);
            }
          });
      for (Parameter parameter : type.parameters()) {
        if (parameter.fallback() == null && !nodes.containsKey(parameter.name())) {
          wrong(
              line,
              "records.%s.%s: missing; must be %s"
                  .formatted(name, parameter.name(), parameter.allowed()));
        }
      }
      return new Value.Fields(given);
    }
  }
}
