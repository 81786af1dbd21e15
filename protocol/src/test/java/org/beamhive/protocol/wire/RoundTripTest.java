package org.beamhive.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.SerializationTestKit;
import akka.actor.typed.ActorRef;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.run.RunEntry;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every message and stored entry survives its own serializer. */
class RoundTripTest {
  /** Enough for each constant of each enum and each kind of each sealed type. */
  private static final int VARIANTS = 8;

  private static final ActorTestKit KIT = ActorTestKit.create("round-trip");
  private static final SerializationTestKit SERIALIZATION = KIT.serializationTestKit();
  private static final Serialization AKKA = SerializationExtension.get(KIT.system());
  private static final ActorRef<?> REF = KIT.createTestProbe().getRef();

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  static Stream<Class<?>> messages() {
    return WireTypes.messages().stream();
  }

  @ParameterizedTest
  @MethodSource("messages")
  void comesBackEqualWithJavaCollections(Class<?> type) {
    for (int variant = 0; variant < VARIANTS; variant++) {
      Object message = new Examples(REF, false).of(type, variant);
      Object back = SERIALIZATION.verifySerialization(message, true);
      assertThat(back).isEqualTo(message).isExactlyInstanceOf(message.getClass());
      assertThat(foreign(back)).isEmpty();
      assertThat(ordered(back)).isEqualTo(ordered(message));
    }
  }

  @ParameterizedTest
  @MethodSource("messages")
  void comesBackEqualWhereNullIsAllowed(Class<?> type) {
    Object message = new Examples(REF, true).of(type, 0);
    assertThat(SERIALIZATION.verifySerialization(message, true)).isEqualTo(message);
  }

  @ParameterizedTest
  @MethodSource("messages")
  void isWrittenByItsOwnSerializer(Class<?> type) {
    Object message = new Examples(REF, false).of(type, 0);
    String name = message instanceof RunEntry ? "beamhive-run-log" : "beamhive-cbor";
    assertThat(AKKA.findSerializerFor(message).identifier())
        .isEqualTo(
            KIT.system()
                .settings()
                .config()
                .getInt("akka.actor.serialization-identifiers." + name));
  }

  @Test
  void nothingButRecordsIsNamedAsNullable() {
    Set<String> known = new LinkedHashSet<>();
    WireTypes.closure()
        .keySet()
        .forEach(
            type -> {
              if (type instanceof Class<?> c && c.isRecord()) {
                for (RecordComponent component : c.getRecordComponents()) {
                  known.add(c.getSimpleName() + "." + component.getName());
                }
              }
            });
    assertThat(known).containsAll(Examples.NULLABLE);
  }

  @Test
  void aStoredEntryDoesNotNameItsClass() {
    for (Class<?> kind : RunEntry.class.getPermittedSubclasses()) {
      Object entry = new Examples(REF, false).of(kind, 0);
      assertThat(akka.serialization.Serializers.manifestFor(AKKA.findSerializerFor(entry), entry))
          .isEmpty();
    }
  }

  /** Collections in it that are not the JDK's. */
  private static Set<String> foreign(Object thing) {
    Set<String> found = new LinkedHashSet<>();
    if (thing instanceof Collection<?> || thing instanceof Map<?, ?>) {
      if (!thing.getClass().getName().startsWith("java.util.")) {
        found.add(thing.getClass().getName());
      }
    }
    parts(thing).forEach(part -> found.addAll(foreign(part)));
    return found;
  }

  /** As text, which keeps the order of maps that equality does not see. */
  private static String ordered(Object thing) {
    if (thing instanceof Value value) {
      return value.shown();
    }
    if (thing instanceof Set<?> set) {
      return set.stream().map(RoundTripTest::ordered).sorted().toList().toString();
    }
    StringBuilder text = new StringBuilder();
    if (thing instanceof Map<?, ?> map) {
      text.append(map.keySet());
    }
    boolean[] any = {false};
    parts(thing)
        .forEach(
            part -> {
              any[0] = true;
              text.append('(').append(ordered(part)).append(')');
            });
    return any[0] ? text.toString() : String.valueOf(thing);
  }

  private static Stream<?> parts(Object thing) {
    if (thing instanceof Collection<?> collection) {
      return collection.stream();
    }
    if (thing instanceof Map<?, ?> map) {
      return map.values().stream();
    }
    if (thing instanceof Record && !(thing instanceof ActorRef<?>)) {
      return Stream.of(thing.getClass().getRecordComponents()).map(part -> read(part, thing));
    }
    return Stream.empty();
  }

  private static Object read(RecordComponent component, Object record) {
    try {
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
