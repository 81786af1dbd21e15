package org.beamhive.protocol.model;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.ObjectCodec;
import com.fasterxml.jackson.databind.BeanProperty;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.ContextualDeserializer;
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
  /** Of what comes from outside, as JSON text. */
  private static final int MAX_DEPTH_OF_TEXT = 64;

  /**
   * Of what Beamhive writes for itself: more, since a client's value is put into others, into
   * metadata for example. It is checked when it is written, so that nothing is stored that can't be
   * read again.
   */
  private static final int MAX_DEPTH = 128;

  private ValueJson() {}

  static final class Writer extends StdSerializer<Value> {
    Writer() {
      super(Value.class);
    }

    @Override
    public void serialize(Value value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      write(value, out, 0);
    }
  }

  private static void write(Value value, JsonGenerator out, int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw JsonMappingException.from(out, "Value: nested deeper than " + MAX_DEPTH);
    }
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
        write(item, out, depth + 1);
      }
      out.writeEndArray();
    } else if (value instanceof Value.Fields map) {
      out.writeStartObject();
      for (Map.Entry<String, Value> field : map.fields().entrySet()) {
        out.writeFieldName(field.getKey());
        write(field.getValue(), out, depth + 1);
      }
      out.writeEndObject();
    } else {
      out.writeNull();
    }
  }

  static final class Reader extends StdDeserializer<Value> implements ContextualDeserializer {
    /** {@link Value} or the one kind of it that is allowed here. */
    private final Class<?> wanted;

    Reader() {
      this(Value.class);
    }

    private Reader(Class<?> wanted) {
      super(wanted);
      this.wanted = wanted;
    }

    @Override
    public JsonDeserializer<?> createContextual(
        DeserializationContext context, BeanProperty property) {
      JavaType type = context.getContextualType();
      return type == null || type.hasRawClass(wanted) ? this : new Reader(type.getRawClass());
    }

    @Override
    public Value deserialize(JsonParser in, DeserializationContext context) throws IOException {
      Value value = read(in, context, 0, maxDepth(in));
      if (!wanted.isInstance(value)) {
        return context.reportInputMismatch(
            wanted, "%s expected, not %s", wanted.getSimpleName(), value.shown());
      }
      return value;
    }

    /**
     * None where it is allowed; else null, also for what is missing: the record has the default.
     */
    @Override
    public Value getNullValue(DeserializationContext context) {
      return wanted.isInstance(Value.None.NONE) ? Value.None.NONE : null;
    }

    private static int maxDepth(JsonParser in) {
      ObjectCodec codec = in.getCodec();
      boolean binary = codec != null && codec.getFactory().canHandleBinaryNatively();
      return binary ? MAX_DEPTH : MAX_DEPTH_OF_TEXT;
    }

    private static Value read(
        JsonParser in, DeserializationContext context, int depth, int maxDepth) throws IOException {
      if (depth > maxDepth) {
        return context.reportInputMismatch(Value.class, "nested deeper than %d", maxDepth);
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
            items.add(read(in, context, depth + 1, maxDepth));
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
            fields.put(name, read(in, context, depth + 1, maxDepth));
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
