package org.beamhive.protocol.wire;

import akka.actor.typed.ActorRef;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.beamhive.protocol.model.Value;

/**
 * Builds example values of any type that travels, always the same ones. The variant decides which
 * constant of an enum, which kind of a sealed type and which number it is, so that a handful of
 * variants meets them all.
 */
final class Examples {
  /** What may be null, as the Javadoc of the record says. */
  static final Set<String> NULLABLE =
      Set.of(
          "DataKey.units",
          "DataKey.precision",
          "DataKey.dtypeNumpy",
          "DataKey.choices",
          "DataKey.lowerCtrlLimit",
          "DataKey.upperCtrlLimit",
          "DataKey.external",
          "QueueStatus.runningItem",
          "QueueStatus.runningRun",
          "QueueStatus.reState",
          "QueueView.running",
          "RunView.exitStatus",
          "SetMode.loop",
          "SetMode.ignoreFailures",
          "Follow.log",
          "Attach.run",
          "StopDevices.only",
          "Resource.run",
          "StreamResource.run",
          "RunProgress.start",
          "RunProgress.stop",
          "DeviceChange.before",
          "DeviceChange.after",
          "AddDevice.hutch",
          "ReloadDevices.hutch");

  private final ActorRef<?> ref;
  private final boolean nulls;

  /**
   * Examples.
   *
   * @param ref stands for every ActorRef
   * @param nulls whether what may be null is null
   */
  Examples(ActorRef<?> ref, boolean nulls) {
    this.ref = ref;
    this.nulls = nulls;
  }

  Object of(Type type, int variant) {
    if (type instanceof ParameterizedType parameterized) {
      return generic(parameterized, variant);
    }
    Class<?> c = (Class<?>) type;
    if (c == Value.class) {
      return value(variant);
    }
    if (c == Value.Fields.class) {
      return fields(variant);
    }
    if (c.isEnum()) {
      Object[] constants = c.getEnumConstants();
      return constants[variant % constants.length];
    }
    if (c.isSealed()) {
      Class<?>[] kinds = c.getPermittedSubclasses();
      return of(kinds[variant % kinds.length], variant);
    }
    return c.isRecord() ? record(c, variant) : plain(c, variant);
  }

  private Object record(Class<?> type, int variant) {
    RecordComponent[] components = type.getRecordComponents();
    Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      String name = type.getSimpleName() + "." + components[i].getName();
      values[i] =
          nulls && NULLABLE.contains(name) ? null : of(components[i].getGenericType(), variant + i);
    }
    try {
      Constructor<?> canonical =
          type.getDeclaredConstructor(
              Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
      return canonical.newInstance(values);
    } catch (NoSuchMethodException
        | InstantiationException
        | IllegalAccessException
        | InvocationTargetException e) {
      throw new IllegalStateException(type + " " + Arrays.toString(values), e);
    }
  }

  private Object generic(ParameterizedType type, int variant) {
    Class<?> raw = WireTypes.raw(type);
    Type[] of = type.getActualTypeArguments();
    if (raw == ActorRef.class) {
      return ref;
    }
    if (raw == List.class) {
      return List.of(of(of[0], variant), of(of[0], variant + 1));
    }
    if (raw == Set.class) {
      return Set.of(of(of[0], variant), of(of[0], variant + 1));
    }
    Map<Object, Object> map = new LinkedHashMap<>();
    // not in the order of their names, so that a lost order shows
    map.put(of(of[0], variant + 7), of(of[1], variant));
    map.put(of(of[0], variant), of(of[1], variant + 1));
    return map;
  }

  private static Object plain(Class<?> type, int variant) {
    if (type == String.class) {
      return "text " + variant + (variant % 2 == 0 ? " µm Å 様" : "");
    }
    if (type == boolean.class || type == Boolean.class) {
      return variant % 2 == 0;
    }
    if (type == int.class || type == Integer.class) {
      return variant % 2 == 0 ? variant : Integer.MIN_VALUE + variant;
    }
    if (type == long.class || type == Long.class) {
      return variant % 2 == 0 ? variant : Long.MAX_VALUE - variant;
    }
    if (type == double.class || type == Double.class) {
      double[] some = {0.1, -0.0, 1e300, Double.NaN, 1763719264.123456, Double.NEGATIVE_INFINITY};
      return some[variant % some.length];
    }
    if (type == Duration.class) {
      return Duration.ofNanos(variant * 1_000_000_001L);
    }
    if (type == Instant.class) {
      return Instant.ofEpochSecond(1_763_719_264L, variant);
    }
    throw new IllegalArgumentException(type + " has no example: may it travel at all?");
  }

  private static Value value(int variant) {
    return switch (variant % 7) {
      case 0 -> Value.of(variant + 0.5);
      case 1 -> Value.of((1L << 53) + variant);
      case 2 -> Value.of("value " + variant);
      case 3 -> Value.of(variant % 2 == 0);
      case 4 -> Value.None.NONE;
      case 5 -> Value.of(List.of(Value.of(2.0), Value.of(2), Value.None.NONE, fields(variant)));
      default -> fields(variant);
    };
  }

  private static Value.Fields fields(int variant) {
    return Value.Fields.EMPTY
        .with("z", Value.of(variant))
        .with("a", Value.of(List.of(Value.of("m1"), Value.of(-1.0))))
        .with("empty", Value.Fields.EMPTY)
        .with("none", Value.None.NONE)
        .with("m", Value.Fields.EMPTY.with("2", Value.of(true)).with("1", Value.of(Double.NaN)));
  }
}
