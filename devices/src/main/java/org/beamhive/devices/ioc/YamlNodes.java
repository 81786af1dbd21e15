package org.beamhive.devices.ioc;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.beamhive.protocol.model.Value;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;

/** What the nodes of a YAML file stand for. */
final class YamlNodes extends SafeConstructor {
  YamlNodes() {
    super(new LoaderOptions());
  }

  Value value(Node node) {
    return value(constructDocument(node));
  }

  private static Value value(Object plain) {
    if (plain instanceof Map<?, ?> map) {
      Map<String, Value> fields = new LinkedHashMap<>();
      map.forEach((key, value) -> fields.put(String.valueOf(key), value(value)));
      return new Value.Fields(fields);
    }
    if (plain instanceof List<?> list) {
      List<Value> items = new ArrayList<>();
      list.forEach(item -> items.add(value(item)));
      return new Value.Items(items);
    }
    if (plain == null) {
      return Value.None.NONE;
    }
    if (plain instanceof Boolean flag) {
      return Value.of(flag);
    }
    if (plain instanceof Integer || plain instanceof Long) {
      return Value.of(((Number) plain).longValue());
    }
    return plain instanceof Number number
        ? Value.of(number.doubleValue())
        : Value.of(plain.toString());
  }

  /** As it is written; for keys, and for what is a text whatever it looks like. */
  static String text(Node node) {
    return node instanceof ScalarNode scalar ? scalar.getValue() : "?";
  }

  /** Counted from 1. */
  static int line(Node node) {
    return node.getStartMark().getLine() + 1;
  }
}
