package org.beamhive.protocol.model;

import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A free-form value: what a client gives as an argument or as metadata, what a device reads, what a
 * document carries. In JSON and CBOR it is written as the plain value it stands for; a number with
 * a fraction or exponent is a {@link Num}, any other an {@link Int}.
 */
@JsonSerialize(using = ValueJson.Writer.class)
@JsonDeserialize(using = ValueJson.Reader.class)
public sealed interface Value {
  /**
   * A floating-point number; NaN and the infinities are allowed here and refused where they make no
   * sense.
   */
  record Num(double value) implements Value {}

  /** A whole number. */
  record Int(long value) implements Value {}

  /** A text. */
  record Text(String value) implements Value {}

  /** True or false. */
  enum Bool implements Value {
    FALSE,
    TRUE
  }

  /** JSON's null, Python's None. */
  enum None implements Value {
    NONE
  }

  /** A list. */
  record Items(List<Value> items) implements Value {
    public Items {
      items = List.copyOf(items);
    }
  }

  /** A map with text keys that keeps its order. */
  record Fields(Map<String, Value> fields) implements Value {
    /** No fields. */
    public static final Fields EMPTY = new Fields(Map.of());

    public Fields {
      fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    /** The field of this name, or null. */
    public Value get(String name) {
      return fields.get(name);
    }

    /** These fields with one set, at its place if it was there, else at the end. */
    public Fields with(String name, Value value) {
      Map<String, Value> next = new LinkedHashMap<>(fields);
      next.put(name, value);
      return new Fields(next);
    }

    /** These fields with all of the others set. */
    public Fields with(Fields others) {
      Map<String, Value> next = new LinkedHashMap<>(fields);
      next.putAll(others.fields);
      return new Fields(next);
    }

    /** These fields less one. */
    public Fields without(String name) {
      Map<String, Value> next = new LinkedHashMap<>(fields);
      next.remove(name);
      return new Fields(next);
    }

    /** The field if it is a text, else null. */
    public String text(String name) {
      return fields.get(name) instanceof Text text ? text.value() : null;
    }
  }

  /** A number value. */
  static Value of(double value) {
    return new Num(value);
  }

  /** A whole number value. */
  static Value of(long value) {
    return new Int(value);
  }

  /** A text value. */
  static Value of(String value) {
    return new Text(value);
  }

  /** A truth value. */
  static Value of(boolean value) {
    return value ? Bool.TRUE : Bool.FALSE;
  }

  /** A list value. */
  static Value of(List<? extends Value> items) {
    return new Items(List.copyOf(items));
  }

  /** The number that this value is, or NaN if it is none (texts are not parsed). */
  default double asDouble() {
    if (this instanceof Num num) {
      return num.value();
    }
    return this instanceof Int whole ? whole.value() : Double.NaN;
  }

  /** Whether this is a {@link Num} or an {@link Int}. */
  default boolean numeric() {
    return this instanceof Num || this instanceof Int;
  }

  /** The value as a person writes it in a message: texts in quotes, lists in brackets. */
  default String shown() {
    return ValueJson.shown(this);
  }
}
