package org.beamhive.persistence.redis;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import java.io.File;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The settings of one plugin id: those of its own section, then those of the section around it if
 * that is a copy of ours, then ours. So that one actor system can have several journals.
 *
 * @param config all of these together
 * @param places where they are from, the nearest first
 */
record Section(Config config, List<Place> places) {

  /** Where our settings sit. */
  static final String ROOT = "beamhive.persistence.redis";

  /** The key of a lease that says in which section the address of Redis is. */
  private static final String AROUND = "connection";

  private static final Duration LONGEST = Duration.ofMinutes(30);

  /** A section at its path. */
  private record Place(String path, Config config) {}

  /**
   * @param plugin the plugin's own section, as Akka hands it over
   * @param path where that section sits
   * @param system the whole configuration of the actor system
   */
  static Section of(Config plugin, String path, Config system) {
    List<Place> places = new ArrayList<>();
    places.add(new Place(path, plugin));
    int dot = path.lastIndexOf('.');
    String around = dot < 0 ? "" : path.substring(0, dot);
    // Another section might have a url of its own that isn't Redis'.
    if (!around.isEmpty() && system.hasPath(around + ".key-prefix")) {
      places.add(new Place(around, system.getConfig(around)));
    }
    places.add(new Place(ROOT, system.getConfig(ROOT)));
    Config merged =
        places.stream().map(Place::config).reduce(ConfigFactory.empty(), Config::withFallback);
    return new Section(merged, List.copyOf(places));
  }

  /**
   * Of a lease. Akka doesn't say where its section sits, so that names the section around it.
   *
   * @param lease the lease's own section, as Akka hands it over
   * @param system the whole configuration of the actor system
   */
  static Section ofLease(Config lease, Config system) {
    String around = lease.hasPath(AROUND) ? lease.getString(AROUND) : ROOT;
    Section section = of(lease, around + ".lease", system);
    if (section.places.size() < 3) {
      throw section.wrong(
          AROUND,
          "is '%s', but must be the path of a section like %s, with a key-prefix"
              .formatted(around, ROOT));
    }
    return section;
  }

  /** The full name of a key: in the section where it is set. */
  String name(String key) {
    return places.stream()
            .filter(place -> place.config.hasPathOrNull(key))
            .map(Place::path)
            .findFirst()
            .orElse(ROOT)
        + "."
        + key;
  }

  String text(String key) {
    return read(key, config::getString);
  }

  /** The name of a file that can be read, or nothing. */
  String file(String key) {
    String name = text(key);
    if (!name.isEmpty() && !new File(name).canRead()) {
      throw wrong(key, "is '" + name + "', which is not a file that can be read");
    }
    return name;
  }

  boolean flag(String key) {
    return read(key, config::getBoolean);
  }

  int number(String key, int least, int most) {
    int value = read(key, config::getInt);
    if (value < least || value > most) {
      throw wrong(
          key,
          "is "
              + value
              + ", but must be "
              + least
              + (most == Integer.MAX_VALUE ? " or more" : " to " + most));
    }
    return value;
  }

  /** A time above 0 and up to 30 minutes. */
  Duration duration(String key) {
    Duration value = read(key, config::getDuration);
    if (value.isNegative() || value.isZero() || value.compareTo(LONGEST) > 0) {
      throw wrong(
          key, "is " + value.toMillis() + " ms, but must be above 0 and at most 30 minutes");
    }
    return value;
  }

  /** A size above 0. */
  long bytes(String key) {
    long value = read(key, config::getBytes);
    if (value < 1) {
      throw wrong(key, "is " + value + " bytes, but must be above 0");
    }
    return value;
  }

  private <T> T read(String key, Function<String, T> getter) {
    try {
      return getter.apply(key);
    } catch (ConfigException e) {
      throw wrong(key, "can't be read: " + e.getMessage());
    }
  }

  /** Names the key in full. */
  IllegalArgumentException wrong(String key, String what) {
    return new IllegalArgumentException(name(key) + " " + what);
  }
}
