package org.beamhive.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.run.RunEntry;
import org.junit.jupiter.api.Test;

/** What travels is closed: plain immutable data that the next version can still read. */
class WireShapeTest {
  private static final Set<Class<?>> PLAIN =
      Set.of(
          String.class,
          boolean.class,
          byte.class,
          short.class,
          int.class,
          long.class,
          float.class,
          double.class,
          Boolean.class,
          Byte.class,
          Short.class,
          Integer.class,
          Long.class,
          Float.class,
          Double.class,
          Duration.class,
          Instant.class);

  private static final Set<Class<?>> COLLECTIONS = Set.of(List.class, Set.class, Map.class);

  @Test
  void findsTheMessagesOfEveryHolder() {
    assertThat(WireTypes.requests()).hasSizeGreaterThanOrEqualTo(8);
    assertThat(WireTypes.messages()).hasSizeGreaterThan(80).contains(Refusal.class);
    assertThat(WireTypes.closure().keySet())
        .contains(RunEntry.Measured.class, Value.Fields.class, double.class);
    assertThat(WireTypes.requests())
        .allSatisfy(request -> assertThat(CborSerializable.class).isAssignableFrom(request));
  }

  @Test
  void whatTravelsIsMadeOfRecordsEnumsSealedTypesAndPlainValues() {
    List<String> problems = new ArrayList<>();
    WireTypes.closure()
        .forEach((type, way) -> problem(type).ifPresent(text -> problems.add(way + ": " + text)));
    assertThat(problems).isEmpty();
  }

  @Test
  void aSealedTypeNamesEveryKindOnceAndShortly() {
    List<String> problems = new ArrayList<>();
    WireTypes.closure()
        .forEach(
            (type, way) -> {
              if (type instanceof Class<?> c && c.isSealed() && c != Value.class) {
                names(c).ifPresent(text -> problems.add(way + ": " + text));
              }
            });
    // a reply is also sent as what it declares: its type names are then not in use, but must agree
    WireTypes.ofThisModule().stream()
        .filter(type -> type.isSealed() && type.isAnnotationPresent(JsonSubTypes.class))
        .forEach(type -> names(type).ifPresent(problems::add));
    assertThat(problems).isEmpty();
  }

  @Test
  void whatAsksHasReplyToAsItsLastComponent() {
    List<String> problems = new ArrayList<>();
    for (Class<?> request : WireTypes.requests()) {
      for (Class<?> message : request.getPermittedSubclasses()) {
        if (!message.isRecord()) {
          continue;
        }
        List<String> names =
            Arrays.stream(message.getRecordComponents()).map(RecordComponent::getName).toList();
        int at = names.indexOf("replyTo");
        if (at >= 0 && at != names.size() - 1) {
          problems.add(message.getName() + " " + names);
        }
        if (at >= 0 && message.getRecordComponents()[at].getType() != ActorRef.class) {
          problems.add(message.getName() + ": replyTo must be an ActorRef");
        }
      }
    }
    assertThat(problems).isEmpty();
  }

  @Test
  void recognizesWhatMustNotTravel() {
    record Holder(
        double[] array,
        Object anything,
        Optional<String> optional,
        Map<String, Object> free,
        Number number,
        StringBuilder builder,
        ArrayList<String> list) {}
    assertThat(Holder.class.getRecordComponents())
        .allSatisfy(
            component -> {
              Type type = component.getGenericType();
              boolean refused =
                  problem(type).isPresent()
                      || (type instanceof ParameterizedType parameterized
                          && Stream.of(parameterized.getActualTypeArguments())
                              .anyMatch(argument -> problem(argument).isPresent()));
              assertThat(refused).as(component.toString()).isTrue();
            });
    assertThat(problem(Untold.class)).isPresent();
    assertThat(names(Half.class)).isPresent();
  }

  /** Sealed, but nothing says which kind it is when it is written. */
  private sealed interface Untold permits UntoldOne {}

  private record UntoldOne(int value) implements Untold {}

  /** Sealed, but one kind has no name. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes(@JsonSubTypes.Type(value = HalfOne.class, name = "one"))
  private sealed interface Half permits HalfOne, HalfTwo {}

  private record HalfOne(int value) implements Half {}

  private record HalfTwo(int value) implements Half {}

  private static Optional<String> problem(Type type) {
    if (type instanceof ParameterizedType parameterized) {
      Class<?> raw = WireTypes.raw(type);
      if (raw == Map.class
          && !Set.of(String.class, Long.class, Integer.class)
              .contains(WireTypes.raw(parameterized.getActualTypeArguments()[0]))) {
        return Optional.of("a map's key must be a String, Integer or Long");
      }
      return COLLECTIONS.contains(raw) || raw == ActorRef.class
          ? Optional.empty()
          : Optional.of("generic type " + type + " can't travel");
    }
    if (!(type instanceof Class<?> c)) {
      return Optional.of(type + " is not known when it is read");
    }
    if (PLAIN.contains(c)) {
      return Optional.empty();
    }
    if (c.isArray() || c == Object.class) {
      return Optional.of(c.getSimpleName() + " can't travel");
    }
    if (c.getEnclosingClass() != null && !Modifier.isStatic(c.getModifiers())) {
      return Optional.of("an inner class can't travel");
    }
    if (c.isRecord() || c.isEnum() || c == Value.class) {
      return Optional.empty();
    }
    if (c.isInterface() && c.isSealed()) {
      return names(c);
    }
    return Optional.of(c.getName() + " is no record, enum, sealed interface or plain value");
  }

  private static Optional<String> names(Class<?> sealed) {
    JsonTypeInfo info = sealed.getAnnotation(JsonTypeInfo.class);
    JsonSubTypes kinds = sealed.getAnnotation(JsonSubTypes.class);
    if (info == null || info.use() != JsonTypeInfo.Id.NAME || kinds == null) {
      return Optional.of(sealed.getName() + " lacks @JsonTypeInfo(NAME) and @JsonSubTypes");
    }
    List<Class<?>> named =
        Arrays.stream(kinds.value()).<Class<?>>map(kind -> kind.value()).toList();
    if (!Set.copyOf(named).equals(Set.of(sealed.getPermittedSubclasses()))
        || named.size() != sealed.getPermittedSubclasses().length) {
      return Optional.of(sealed.getName() + " does not name each permitted type once");
    }
    List<String> words = Arrays.stream(kinds.value()).map(JsonSubTypes.Type::name).toList();
    if (Set.copyOf(words).size() != words.size()
        || !words.stream().allMatch(word -> word.matches("[a-z][a-z0-9-]{0,20}"))) {
      return Optional.of(sealed.getName() + " has doubtful names " + words);
    }
    return Optional.empty();
  }
}
