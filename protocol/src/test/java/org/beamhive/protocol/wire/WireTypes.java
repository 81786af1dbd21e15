package org.beamhive.protocol.wire;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.beamhive.protocol.run.RunEntry;

/** Finds by reflection what travels or is stored, so that a new message is tested untold. */
final class WireTypes {
  private WireTypes() {}

  /** Every class of this module's main code. */
  static List<Class<?>> ofThisModule() {
    try {
      Path root =
          Path.of(
              CborSerializable.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      try (Stream<Path> files = Files.walk(root)) {
        return files
            .map(file -> root.relativize(file).toString())
            .filter(file -> file.endsWith(".class") && !file.endsWith("package-info.class"))
            .sorted()
            .<Class<?>>map(file -> named(file.substring(0, file.length() - ".class".length())))
            .toList();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Class<?> named(String path) {
    try {
      return Class.forName(path.replace('/', '.').replace('\\', '.'));
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The holders: one per actor, and those without requests of their own. */
  static List<Class<?>> holders() {
    return ofThisModule().stream()
        .filter(type -> type.getEnclosingClass() == null)
        .filter(type -> type.getSimpleName().endsWith("Protocol"))
        .toList();
  }

  /** The {@code Request} of each holder that has one. */
  static List<Class<?>> requests() {
    return holders().stream()
        .flatMap(holder -> Arrays.stream(holder.getDeclaredClasses()))
        .filter(type -> type.getSimpleName().equals("Request"))
        .toList();
  }

  /** What is given to a serializer as it is: messages and stored entries. */
  static List<Class<?>> messages() {
    return ofThisModule().stream()
        .filter(
            type ->
                CborSerializable.class.isAssignableFrom(type)
                    || RunEntry.class.isAssignableFrom(type))
        .filter(type -> !type.isInterface())
        .toList();
  }

  /** The class of a type without its parameters. */
  static Class<?> raw(Type type) {
    return type instanceof ParameterizedType parameterized
        ? (Class<?>) parameterized.getRawType()
        : (Class<?>) type;
  }

  /**
   * Everything reachable from the messages and requests by components, type parameters and
   * permitted subclasses.
   *
   * @return each type with the way to it, for the text of a failure; component types of {@code
   *     ActorRef} are not followed, since a ref is written as its path
   */
  static Map<Type, String> closure() {
    Map<Type, String> found = new LinkedHashMap<>();
    Deque<Type> open = new ArrayDeque<>();
    List<Class<?>> roots = new ArrayList<>(messages());
    requests().forEach(request -> roots.addAll(List.of(request.getPermittedSubclasses())));
    for (Class<?> root : roots) {
      found.putIfAbsent(root, root.getName());
      open.add(root);
    }
    while (!open.isEmpty()) {
      Type type = open.remove();
      Map<String, Type> next = new LinkedHashMap<>();
      if (type instanceof ParameterizedType parameterized) {
        if (raw(type) != akka.actor.typed.ActorRef.class) {
          for (Type argument : parameterized.getActualTypeArguments()) {
            next.put("<" + argument.getTypeName() + ">", argument);
          }
        }
      } else if (type instanceof Class<?> c && c.isRecord()) {
        for (RecordComponent component : c.getRecordComponents()) {
          next.put("." + component.getName(), component.getGenericType());
        }
      } else if (type instanceof Class<?> c && c.isSealed()) {
        for (Class<?> permitted : c.getPermittedSubclasses()) {
          next.put(" permits " + permitted.getSimpleName(), permitted);
        }
      }
      next.forEach(
          (step, to) -> {
            if (found.putIfAbsent(to, found.get(type) + step) == null) {
              open.add(to);
            }
          });
    }
    return found;
  }
}
