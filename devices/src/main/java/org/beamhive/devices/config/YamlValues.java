package org.beamhive.devices.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.beamhive.protocol.model.Value;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** Makes values of YAML nodes, with YAML 1.1's rules as in Python ({@code yes} is true). */
final class YamlValues {
  private static final Scalars SCALARS = new Scalars();

  private YamlValues() {}

  private static final class Scalars extends SafeConstructor {
    Scalars() {
      super(new LoaderOptions());
    }

    synchronized Object of(Node node) {
      return constructObject(node);
    }
  }

  static Value value(Node node) {
    if (node instanceof MappingNode map) {
      Map<String, Value> fields = new LinkedHashMap<>();
      for (NodeTuple entry : map.getValue()) {
        fields.put(text(entry.getKeyNode()), value(entry.getValueNode()));
      }
      return new Value.Fields(fields);
    }
    if (node instanceof SequenceNode list) {
      List<Value> items = new ArrayList<>();
      list.getValue().forEach(item -> items.add(value(item)));
      return new Value.Items(items);
    }
    Object scalar = SCALARS.of(node);
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

  /** As it is written; for keys, and for what is a text whatever it looks like. */
  static String text(Node node) {
    return node instanceof ScalarNode scalar ? scalar.getValue() : "?";
  }

  static int line(Node node) {
    return node.getStartMark().getLine() + 1;
  }
}
