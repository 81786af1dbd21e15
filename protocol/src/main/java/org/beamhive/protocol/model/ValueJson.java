package org.beamhive.protocol.model;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes and reads {@link Value} as the plain JSON or CBOR value it stands for. */
final class ValueJson {
  private static final int MAX_DEPTH = 64;

  private ValueJson() {}

  static final class Writer extends StdSerializer<Value> {
    Writer() {
      super(Value.class);
    }

    @Override
    public void serialize(Value value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      write(value, out);
    }
  }

  static void write(Value value, JsonGenerator out) throws IOException {
    if (value instanceof Value.Num num) {
      out.writeNumber(num.value());
    } else if (value instanceof Value.Int whole) {
      out.writeNumber(whole.value());
    } else if (value instanceof Value.Text text) {
      out.writeString(text.value());
    } else if (value instanceof Value.Bool bool) {
      out.writeBoolean(bool == Value.Bool.TRUE);
    } else if (value instanceof Value.Items list) {
      out.writeStartArray();
      for (Value item : list.items()) {
        write(item, out);
      }
      out.writeEndArray();
    } else if (value instanceof Value.Fields map) {
      out.writeStartObject();
      for (Map.Entry<String, Value> field : map.fields().entrySet()) {
        out.writeFieldName(field.getKey());
        write(field.getValue(), out);
      }
      out.writeEndObject();
    } else {
      out.writeNull();
    }
  }

  static final class Reader extends StdDeserializer<Value> {
    Reader() {
      super(Value.class);
    }

    @Override
    public Value deserialize(JsonParser in, DeserializationContext context) throws IOException {
      return read(in, context, 0);
    }

    @Override
    public Value getNullValue(DeserializationContext context) {
      return Value.None.NONE;
    }

    private Value read(JsonParser in, DeserializationContext context, int depth)
        throws IOException {
      if (depth > MAX_DEPTH) {
        return context.reportInputMismatch(Value.class, "nested deeper than %d", MAX_DEPTH);
      }
      return switch (in.currentToken()) {
        case VALUE_NUMBER_FLOAT -> new Value.Num(in.getDoubleValue());
        case VALUE_NUMBER_INT ->
            in.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                ? new Value.Num(in.getDoubleValue())
                : new Value.Int(in.getLongValue());
        case VALUE_STRING -> new Value.Text(in.getText());
        case VALUE_TRUE -> Value.Bool.TRUE;
        case VALUE_FALSE -> Value.Bool.FALSE;
        case VALUE_NULL -> Value.None.NONE;
        case START_ARRAY -> {
          List<Value> items = new ArrayList<>();
          while (in.nextToken() != JsonToken.END_ARRAY) {
            items.add(read(in, context, depth + 1));
          }
          yield new Value.Items(items);
        }
        case START_OBJECT, FIELD_NAME -> {
          Map<String, Value> fields = new LinkedHashMap<>();
          JsonToken token =
              in.currentToken() == JsonToken.START_OBJECT ? in.nextToken() : in.currentToken();
          while (token == JsonToken.FIELD_NAME) {
            String name = in.currentName();
            in.nextToken();
            fields.put(name, read(in, context, depth + 1));
            token = in.nextToken();
          }
          yield new Value.Fields(fields);
        }
        default -> (Value) context.handleUnexpectedToken(Value.class, in);
      };
    }
  }

  static String shown(Value value) {
    if (value instanceof Value.Num num) {
      return Double.toString(num.value());
    }
    if (value instanceof Value.Int whole) {
      return Long.toString(whole.value());
    }
    if (value instanceof Value.Text text) {
      return "'" + text.value() + "'";
    }
    if (value instanceof Value.Bool bool) {
      return bool == Value.Bool.TRUE ? "true" : "false";
    }
    if (value instanceof Value.Items list) {
      return list.items().stream()
          .map(ValueJson::shown)
          .collect(Collectors.joining(", ", "[", "]"));
    }
    if (value instanceof Value.Fields map) {
      return map.fields().entrySet().stream()
          .map(field -> "'" + field.getKey() + "': " + shown(field.getValue()))
          .collect(Collectors.joining(", ", "{", "}"));
    }
    return "null";
  }
}
