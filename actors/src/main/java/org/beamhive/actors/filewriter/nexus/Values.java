package org.beamhive.actors.filewriter.nexus;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.beamhive.actors.filewriter.hdf5.Group;
import org.beamhive.protocol.document.DocumentJson;
import org.beamhive.protocol.model.Value;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts free-form values into groups: maps become groups, lists arrays, what fits neither JSON. */
final class Values {
  private static final Logger LOG = LoggerFactory.getLogger(Values.class);
  private static final JsonFactory JSON = new JsonFactory();

  private Values() {}

  /** Puts a value under a name; null and None leave no trace. */
  static void put(Group group, String name, Value value) {
    String safe = Names.safe(name);
    try {
      if (value instanceof Value.Fields map) {
        Group inner = group.group(safe);
        for (Map.Entry<String, Value> field : map.fields().entrySet()) {
          put(inner, field.getKey(), field.getValue());
        }
      } else if (value != null && value != Value.None.NONE) {
        group.dataset(safe, plain(value));
      }
    } catch (IllegalArgumentException problem) {
      // one odd field must not cost the run its file
      LOG.warn("'{}' is left out of the file: {}", name, problem.getMessage());
    }
  }

  /** The value as one of the Java values that a dataset may have. */
  static Object plain(Value value) {
    if (value instanceof Value.Num num) {
      return num.value();
    } else if (value instanceof Value.Int whole) {
      return whole.value();
    } else if (value instanceof Value.Text text) {
      return text.value();
    } else if (value instanceof Value.Bool bool) {
      return bool == Value.Bool.TRUE;
    } else if (value instanceof Value.Items list && !list.items().isEmpty()) {
      return array(list);
    }
    return json(value);
  }

  private static Object array(Value.Items list) {
    List<Value> items = list.items();
    if (items.stream().allMatch(Value.Int.class::isInstance)) {
      return items.stream().mapToLong(item -> ((Value.Int) item).value()).toArray();
    } else if (items.stream().allMatch(Value::numeric)) {
      return numbers(items);
    } else if (items.stream().allMatch(Value.Text.class::isInstance)) {
      return items.stream().map(item -> ((Value.Text) item).value()).toArray(String[]::new);
    } else if (items.stream().allMatch(Values::isRow) && sameLength(items)) {
      return items.stream()
          .map(row -> numbers(((Value.Items) row).items()))
          .toArray(double[][]::new);
    }
    return json(list);
  }

  private static double[] numbers(List<Value> items) {
    return items.stream().mapToDouble(Value::asDouble).toArray();
  }

  private static boolean isRow(Value value) {
    return value instanceof Value.Items row
        && !row.items().isEmpty()
        && row.items().stream().allMatch(Value::numeric);
  }

  private static boolean sameLength(List<Value> rows) {
    return rows.stream().mapToInt(row -> ((Value.Items) row).items().size()).distinct().count()
        == 1;
  }

  /** The value as one line of JSON. */
  static String json(Value value) {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = JSON.createGenerator(text)) {
      DocumentJson.value(value, out);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return text.toString();
  }
}
