package org.beamhive.protocol.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ValueJsonTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ObjectMapper CBOR = new CBORMapper();

  private static Value json(String text) throws JsonProcessingException {
    return JSON.readValue(text, Value.class);
  }

  private static Value overCbor(Value value) throws IOException {
    return CBOR.readValue(CBOR.writeValueAsBytes(value), Value.class);
  }

  @Test
  void tellsWholeNumbersFromOthersAsTheyAreWritten() throws IOException {
    assertThat(json("2")).isEqualTo(Value.of(2));
    assertThat(json("2.0")).isEqualTo(Value.of(2.0));
    assertThat(json("2e0")).isEqualTo(Value.of(2.0));
    assertThat(json("-0")).isEqualTo(Value.of(0));
    assertThat(json("-0.0")).isEqualTo(Value.of(-0.0));
    assertThat(overCbor(Value.of(2))).isEqualTo(Value.of(2));
    assertThat(overCbor(Value.of(2.0))).isEqualTo(Value.of(2.0));
    assertThat(JSON.writeValueAsString(Value.of(List.of(Value.of(2), Value.of(2.0)))))
        .isEqualTo("[2,2.0]");
  }

  @ParameterizedTest
  @ValueSource(
      longs = {
        (1L << 53) + 1,
        -(1L << 53) - 1,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        Integer.MAX_VALUE + 1L,
        0,
        -1
      })
  void keepsEveryDigitOfAWholeNumber(long number) throws IOException {
    assertThat(json(Long.toString(number))).isEqualTo(Value.of(number));
    assertThat(JSON.writeValueAsString(Value.of(number))).isEqualTo(Long.toString(number));
    assertThat(overCbor(Value.of(number))).isEqualTo(Value.of(number));
  }

  @ParameterizedTest
  @ValueSource(
      doubles = {
        Double.NaN,
        Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY,
        -0.0,
        0.1,
        Double.MIN_VALUE,
        Double.MAX_VALUE
      })
  void keepsEveryFloatingPointNumberInCbor(double number) throws IOException {
    assertThat(overCbor(Value.of(number))).isEqualTo(Value.of(number));
  }

  @Test
  void takesAWholeNumberTooBigForALongAsAFloatingPointNumber() throws IOException {
    assertThat(json("9223372036854775808")).isEqualTo(Value.of(0x1p63));
    assertThat(json("-170141183460469231731687303715884105728")).isEqualTo(Value.of(-0x1p127));
    byte[] big = CBOR.writeValueAsBytes(BigInteger.ONE.shiftLeft(63));
    assertThat(CBOR.readValue(big, Value.class)).isEqualTo(Value.of(0x1p63));
  }

  @Test
  void keepsTheOrderOfNestedMaps() throws IOException {
    String text = "{\"z\":{\"2\":[],\"1\":null,\"11\":{\"b\":true,\"a\":\"µ\"}},\"a\":{}}";
    Value value = json(text);
    assertThat(JSON.writeValueAsString(value)).isEqualTo(text);
    assertThat(JSON.writeValueAsString(overCbor(value))).isEqualTo(text);
  }

  @Test
  void readsNullAsNoneWhereverItStands() throws IOException {
    assertThat(json("null")).isEqualTo(Value.None.NONE);
    assertThat(json("[null]")).isEqualTo(Value.of(List.of(Value.None.NONE)));
    assertThat(JSON.readValue("{\"value\":null}", Holder.class).value()).isEqualTo(Value.None.NONE);
    assertThat(JSON.readValue("{}", Holder.class).value()).isEqualTo(Value.None.NONE);
  }

  @Test
  void leavesAMissingMapToItsRecord() throws IOException {
    assertThat(JSON.readValue("{}", Holder.class).fields()).isNull();
    assertThat(JSON.readValue("{\"fields\":null}", Holder.class).fields()).isNull();
    assertThat(JSON.readValue("{\"fields\":{}}", Holder.class).fields())
        .isEqualTo(Value.Fields.EMPTY);
  }

  @Test
  void refusesAnythingButAMapWhereAMapBelongs() {
    assertThatThrownBy(() -> JSON.readValue("{\"fields\":[1]}", Holder.class))
        .isInstanceOf(JsonMappingException.class)
        .hasMessageContaining("Fields")
        .hasMessageContaining("[1]");
  }

  @Test
  void refusesWhatIsNestedTooDeep() {
    assertThatThrownBy(() -> json("[".repeat(66) + "]".repeat(66)))
        .isInstanceOf(JsonMappingException.class)
        .hasMessageContaining("nested deeper than 64");
    assertThatThrownBy(() -> json("{\"a\":".repeat(66) + "1" + "}".repeat(66)))
        .isInstanceOf(JsonMappingException.class)
        .hasMessageContaining("nested deeper than 64");
    assertThatThrownBy(() -> json("[".repeat(100_000))).isInstanceOf(JsonProcessingException.class);
  }

  @Test
  void readsWhateverItHasWritten() throws IOException {
    Value deepest = nested(128);
    assertThat(overCbor(deepest)).isEqualTo(deepest);
    assertThatThrownBy(() -> CBOR.writeValueAsBytes(nested(129)))
        .isInstanceOf(JsonMappingException.class)
        .hasMessageContaining("nested deeper than 128");
  }

  @Test
  void copiesWhatItIsMadeOf() {
    List<Value> items = new ArrayList<>(List.of(Value.of(1)));
    Value list = Value.of(items);
    items.add(Value.of(2));
    assertThat(list).isEqualTo(Value.of(List.of(Value.of(1))));
    assertThatThrownBy(() -> Value.Fields.EMPTY.fields().put("a", Value.of(1)))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThat(new Value.Fields(Collections.singletonMap("a", Value.of(1))).with("b", Value.of(2)))
        .isEqualTo(new Value.Fields(Map.of("a", Value.of(1), "b", Value.of(2))));
  }

  @Test
  void showsAValueAsAPersonWritesIt() throws IOException {
    assertThat(json("{\"a\":[1,2.5,\"x\",true,null],\"b\":{}}").shown())
        .isEqualTo("{'a': [1, 2.5, 'x', true, null], 'b': {}}");
  }

  private static Value nested(int depth) {
    Value value = Value.of(1);
    for (int i = 0; i < depth; i++) {
      value = i % 2 == 0 ? Value.of(List.of(value)) : Value.Fields.EMPTY.with("a", value);
    }
    return value;
  }

  private record Holder(Value value, Value.Fields fields) {}
}
