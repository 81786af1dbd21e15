package org.beamhive.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import akka.serialization.Serializer;
import akka.serialization.Serializers;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Nodes of two versions understand each other: what any version of this major has sent is read by
 * this one. A line of {@code golden/messages-MAJOR.txt} is a message as it travelled: its class,
 * the names of its components then, its bytes. Lines are never changed; a message that is new, or
 * has a new component, gets a new line, which {@code -Dbeamhive.golden=write} appends. The file
 * goes when {@link ProtocolVersion} gets a new major.
 */
class MessageGoldenTest {
  private static final ActorTestKit KIT = ActorTestKit.create("messages");
  private static final Serialization AKKA = SerializationExtension.get(KIT.system());
  private static final int SERIALIZER = 7400;
  private static final ActorRef<?> REF = KIT.createTestProbe().getRef();
  private static final ObjectMapper CBOR = new CBORMapper();
  private static final Path FILE =
      Path.of(
          "src/test/resources/golden/messages-"
              + ProtocolVersion.CURRENT.replaceFirst("\\..*", "")
              + ".txt");

  /** Which example of a type is kept. */
  private static final int VARIANT = 2;

  /** A message as it was sent. */
  record Sent(String type, String shape, byte[] bytes) {
    @Override
    public String toString() {
      return type.substring(type.lastIndexOf('.') + 1) + " " + shape;
    }
  }

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  private static List<Class<?>> messages() {
    return WireTypes.messages().stream().filter(CborSerializable.class::isAssignableFrom).toList();
  }

  static Stream<Sent> sent() {
    writeMissing();
    return lines().stream();
  }

  private static List<Sent> lines() {
    try {
      List<Sent> found = new ArrayList<>();
      for (String line : Files.readAllLines(FILE, StandardCharsets.US_ASCII)) {
        String[] words = line.split(" ");
        found.add(new Sent(words[0], words[1], Base64.getDecoder().decode(words[2])));
      }
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A digest of the names of all components that are written with it, its own and those inside. */
  private static String shape(Class<?> message) {
    Set<String> names = new LinkedHashSet<>();
    names(message, names, new LinkedHashSet<>());
    return "%08x".formatted(names.toString().hashCode());
  }

  private static void names(Type type, Set<String> names, Set<Type> seen) {
    if (!seen.add(type)) {
      return;
    }
    if (type instanceof ParameterizedType parameterized) {
      if (WireTypes.raw(type) != ActorRef.class) {
        for (Type argument : parameterized.getActualTypeArguments()) {
          names(argument, names, seen);
        }
      }
    } else if (type instanceof Class<?> c && c.isRecord()) {
      for (RecordComponent component : c.getRecordComponents()) {
        names.add(component.getName());
        names(component.getGenericType(), names, seen);
      }
    } else if (type instanceof Class<?> c && c.isSealed() && c != Value.class) {
      Arrays.stream(c.getPermittedSubclasses()).forEach(kind -> names(kind, names, seen));
    }
  }

  private static String key(Class<?> message) {
    return message.getName() + " " + shape(message);
  }

  private static void writeMissing() {
    if (!"write".equals(System.getProperty("beamhive.golden"))) {
      return;
    }
    try {
      Set<String> there =
          Files.exists(FILE)
              ? lines().stream()
                  .map(line -> line.type() + " " + line.shape())
                  .collect(Collectors.toSet())
              : Set.of();
      StringBuilder missing = new StringBuilder();
      for (Class<?> message : messages()) {
        if (!there.contains(key(message))) {
          Object example = new Examples(REF, false).of(message, VARIANT);
          missing
              .append(key(message))
              .append(' ')
              .append(Base64.getEncoder().encodeToString(AKKA.serialize(example).get()))
              .append('\n');
        }
      }
      Files.writeString(FILE, missing, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void everyMessageIsKeptAsItIsSentToday() {
    writeMissing();
    assertThat(lines().stream().map(line -> line.type() + " " + line.shape()))
        .as("a message is new or has a new component: run this test with -Dbeamhive.golden=write")
        .containsAll(messages().stream().map(MessageGoldenTest::key).toList());
  }

  @ParameterizedTest
  @MethodSource("sent")
  void isReadWithEverythingThatWasSent(Sent sent) throws IOException {
    JsonNode then = CBOR.readTree(sent.bytes());
    assertContains(CBOR.readTree(write(read(sent.type(), sent.bytes()))), then, sent.toString());
  }

  @ParameterizedTest
  @MethodSource("sent")
  void ignoresWhatALaterVersionHasAdded(Sent sent) throws Exception {
    JsonNode later = CBOR.readTree(sent.bytes());
    addUnknown(Class.forName(sent.type()), later);
    Object message = read(sent.type(), sent.bytes());
    assertThat(CBOR.readTree(write(read(sent.type(), CBOR.writeValueAsBytes(later)))))
        .isEqualTo(CBOR.readTree(write(message)));
  }

  /** What may be null may be left out: that is how a component looks that the sender hasn't. */
  @Test
  void readsWhatALaterVersionHasNullable() throws Exception {
    int tried = 0;
    for (Class<?> message : messages()) {
      if (!message.isRecord()) {
        continue;
      }
      for (RecordComponent component : message.getRecordComponents()) {
        if (Examples.NULLABLE.contains(message.getSimpleName() + "." + component.getName())) {
          Object example = new Examples(REF, false).of(message, VARIANT);
          ObjectNode tree = (ObjectNode) CBOR.readTree(write(example));
          tree.remove(component.getName());
          Object back = read(message.getName(), CBOR.writeValueAsBytes(tree));
          assertThat(component.getAccessor().invoke(back)).as(component.toString()).isNull();
          tried++;
        }
      }
    }
    assertThat(tried).isPositive();
  }

  private static Object read(String type, byte[] bytes) {
    return AKKA.deserialize(bytes, SERIALIZER, type).get();
  }

  private static byte[] write(Object message) {
    Serializer serializer = AKKA.findSerializerFor(message);
    assertThat(Serializers.manifestFor(serializer, message))
        .isEqualTo(message.getClass().getName());
    return AKKA.serialize(message).get();
  }

  /** Everything of the old is in the new; refs name another system by now. */
  private static void assertContains(JsonNode now, JsonNode then, String where) {
    if (then.isObject()) {
      for (Map.Entry<String, JsonNode> field : then.properties()) {
        assertContains(now.path(field.getKey()), field.getValue(), where + "." + field.getKey());
      }
    } else if (then.isArray() && !then.isEmpty() && then.get(0).isTextual()) {
      // may be a set, which has no order; that lists keep theirs is tested elsewhere
      assertThat(now).as(where).containsAll(then);
    } else if (then.isArray()) {
      assertThat(now.size()).as(where).isGreaterThanOrEqualTo(then.size());
      for (int i = 0; i < then.size(); i++) {
        assertContains(now.path(i), then.get(i), where + "[" + i + "]");
      }
    } else if (!then.asText().startsWith("akka://")) {
      // as text, since NaN equals nothing
      assertThat(now.toString()).as(where).isEqualTo(then.toString());
    }
  }

  /** Adds something to every record; what is written in another way than as an object is left. */
  private static void addUnknown(Type type, JsonNode node) {
    if (type instanceof ParameterizedType parameterized) {
      Class<?> raw = WireTypes.raw(type);
      Type[] arguments = parameterized.getActualTypeArguments();
      if (raw != ActorRef.class) {
        node.forEach(part -> addUnknown(arguments[arguments.length - 1], part));
      }
    } else if (type instanceof Class<?> c && c != Value.class && c != Value.Fields.class) {
      if (c.isRecord() && node instanceof ObjectNode object) {
        for (RecordComponent component : c.getRecordComponents()) {
          addUnknown(component.getGenericType(), object.path(component.getName()));
        }
      }
      if ((c.isRecord() || (c.isSealed() && !c.isEnum())) && node instanceof ObjectNode object) {
        object.putObject("addedLater").put("x", 1);
      } else if (c.isRecord() && node instanceof ArrayNode array && array.size() > 1) {
        array.add(JsonNodeFactory.instance.textNode("added later"));
      }
    }
  }
}
