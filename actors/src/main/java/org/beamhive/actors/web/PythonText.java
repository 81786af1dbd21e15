package org.beamhive.actors.web;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.beamhive.protocol.model.Value;

/**
 * Writes values as Python's {@code pprint.pformat(value, sort_dicts=False)} does: on one line if it
 * fits into 80 columns, else one member a line. Messages of the queue server quote items so.
 */
final class PythonText {
  private static final int WIDTH = 80;

  private PythonText() {}

  static String pretty(Value value) {
    StringBuilder out = new StringBuilder();
    write(value, out, 0, 0);
    return out.toString();
  }

  private static void write(Value value, StringBuilder out, int indent, int allowance) {
    String line = repr(value);
    if (line.length() <= WIDTH - indent - allowance) {
      out.append(line);
    } else if (value instanceof Value.Fields map) {
      out.append('{');
      List<Map.Entry<String, Value>> entries = new ArrayList<>(map.fields().entrySet());
      for (int i = 0; i < entries.size(); i++) {
        String key = quoted(entries.get(i).getKey()) + ": ";
        boolean last = i == entries.size() - 1;
        separate(out, i, indent);
        out.append(key);
        write(entries.get(i).getValue(), out, indent + 1 + key.length(), last ? allowance + 1 : 1);
      }
      out.append('}');
    } else if (value instanceof Value.Items list) {
      out.append('[');
      for (int i = 0; i < list.items().size(); i++) {
        boolean last = i == list.items().size() - 1;
        separate(out, i, indent);
        write(list.items().get(i), out, indent + 1, last ? allowance + 1 : 1);
      }
      out.append(']');
    } else {
      out.append(line);
    }
  }

  private static void separate(StringBuilder out, int index, int indent) {
    if (index > 0) {
      out.append(",\n").append(" ".repeat(indent + 1));
    }
  }

  private static String repr(Value value) {
    if (value instanceof Value.Text text) {
      return quoted(text.value());
    }
    if (value instanceof Value.Bool bool) {
      return bool == Value.Bool.TRUE ? "True" : "False";
    }
    if (value == Value.None.NONE) {
      return "None";
    }
    if (value instanceof Value.Items list) {
      return "[" + String.join(", ", list.items().stream().map(PythonText::repr).toList()) + "]";
    }
    if (value instanceof Value.Fields map) {
      return "{"
          + String.join(
              ", ",
              map.fields().entrySet().stream()
                  .map(field -> quoted(field.getKey()) + ": " + repr(field.getValue()))
                  .toList())
          + "}";
    }
    return value.shown();
  }

  private static String quoted(String text) {
    char quote = text.contains("'") && !text.contains("\"") ? '"' : '\'';
    String escaped =
        text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t");
    return quote + (quote == '\'' ? escaped.replace("'", "\\'") : escaped) + quote;
  }
}
