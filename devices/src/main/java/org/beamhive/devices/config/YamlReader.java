package org.beamhive.devices.config;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.beamhive.protocol.model.Value;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Reads YAML with YAML 1.1's rules, as Python does ({@code yes} is true), and with {@code
 * !include}: the content of another file, named relative to the one that names it.
 */
final class YamlReader {
  private static final Tag INCLUDE = new Tag("!include");

  /** Deeper than any device needs; an alias that holds itself has no end. */
  private static final int MOST_DEPTH = 50;

  private final List<Mistake> mistakes;
  private final Scalars scalars = new Scalars();
  // the files that are being read, the outermost first
  private final Deque<String> files = new ArrayDeque<>();
  private final List<String> read = new ArrayList<>();

  YamlReader(List<Mistake> mistakes) {
    this.mistakes = mistakes;
  }

  private static final class Scalars extends SafeConstructor {
    Scalars() {
      super(new LoaderOptions());
    }

    Object of(Node node) {
      return constructObject(node);
    }
  }

  /** All files read so far, in the order in which they were begun. */
  List<String> files() {
    return read;
  }

  /** The content of a file; null if it is empty or no YAML, and then there is a mistake. */
  Placed read(String file, String text) {
    files.addLast(file);
    if (!read.contains(file)) {
      read.add(file);
    }
    try {
      Node root = new Yaml(new LoaderOptions()).compose(new StringReader(text));
      return root == null ? null : placed(root, 0);
    } catch (MarkedYAMLException e) {
      int line = e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1;
      mistakes.add(new Mistake(file, line, "this is no YAML: " + e.getProblem()));
    } catch (YAMLException e) {
      mistakes.add(new Mistake(file, 1, "this is no YAML: " + e.getMessage()));
    } finally {
      files.removeLast();
    }
    return null;
  }

  private Place place(Node node) {
    return new Place(files.getLast(), node.getStartMark().getLine() + 1);
  }

  private Placed placed(Node node, int depth) {
    if (depth > MOST_DEPTH) {
      throw new YAMLException("nested more than " + MOST_DEPTH + " deep");
    }
    Place place = place(node);
    if (node.getTag().equals(INCLUDE)) {
      return include(node, place);
    }
    if (node instanceof MappingNode map) {
      return Placed.map(place, fields(map, depth));
    }
    if (node instanceof SequenceNode list) {
      return Placed.list(
          place, list.getValue().stream().map(item -> placed(item, depth + 1)).toList());
    }
    return Placed.scalar(place, text(node), scalar(node));
  }

  private List<Placed.Field> fields(MappingNode map, int depth) {
    List<Placed.Field> fields = new ArrayList<>();
    Map<String, Placed.Field> merged = new LinkedHashMap<>();
    for (NodeTuple entry : map.getValue()) {
      Placed value = placed(entry.getValueNode(), depth + 1);
      if (entry.getKeyNode().getTag().equals(Tag.MERGE)) {
        List<Placed> from = value.items() == null ? List.of(value) : value.items();
        from.stream()
            .filter(Placed::map)
            .flatMap(each -> each.fields().stream())
            .forEach(field -> merged.putIfAbsent(field.name(), field));
      } else {
        fields.add(new Placed.Field(text(entry.getKeyNode()), place(entry.getKeyNode()), value));
      }
    }
    // what is written here counts more than what is merged in
    fields.forEach(field -> merged.remove(field.name()));
    fields.addAll(0, merged.values());
    return fields;
  }

  private Placed include(Node node, Place place) {
    if (node instanceof SequenceNode list) {
      return Placed.list(
          place, list.getValue().stream().map(item -> include(item, place(item))).toList());
    }
    Placed content = node instanceof ScalarNode path ? content(path.getValue(), place) : null;
    if (content == null && !(node instanceof ScalarNode)) {
      mistakes.add(
          new Mistake(
              place.file(), place.line(), "!include: the path of a file, or a list, is needed"));
    }
    return (content == null ? Placed.map(place, List.of()) : content).asIncluded();
  }

  /** Null if there is none. */
  private Placed content(String given, Place place) {
    Path path;
    try {
      path = Path.of(files.getLast()).resolveSibling(given).normalize();
    } catch (InvalidPathException e) {
      mistakes.add(new Mistake(place.file(), place.line(), "!include: '" + given + "' is no path"));
      return null;
    }
    String file = path.toString();
    if (files.stream().anyMatch(each -> Path.of(each).normalize().equals(path))) {
      String circle =
          files.stream()
              .dropWhile(each -> !Path.of(each).normalize().equals(path))
              .collect(Collectors.joining(" includes "));
      mistakes.add(
          new Mistake(
              place.file(),
              place.line(),
              "!include: %s includes %s: files can't include each other".formatted(circle, file)));
      return null;
    }
    try {
      return read(file, Files.readString(path));
    } catch (IOException unreadable) {
      String why = unreadable instanceof NoSuchFileException ? "there is no" : "can't read the";
      mistakes.add(
          new Mistake(
              place.file(),
              place.line(),
              "!include: %s file %s".formatted(why, path.toAbsolutePath())));
      return null;
    }
  }

  private Value scalar(Node node) {
    Object scalar = scalars.of(node);
    if (scalar == null) {
      return Value.None.NONE;
    }
    if (scalar instanceof Boolean flag) {
      return Value.of(flag);
    }
    if (scalar instanceof Integer || scalar instanceof Long) {
      return Value.of(((Number) scalar).longValue());
    }
    return scalar instanceof Number number ? Value.of(number.doubleValue()) : Value.of(text(node));
  }

  private static String text(Node node) {
    return node instanceof ScalarNode scalar ? scalar.getValue() : "?";
  }
}
