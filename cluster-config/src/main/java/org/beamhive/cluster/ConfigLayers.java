package org.beamhive.cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The one place that says which setting wins. From the weakest to the strongest: every module's
 * {@code reference.conf} with the environment variables named there, the launcher's {@code
 * application.conf}, the file of the site or of the node with all that it includes, the command
 * line.
 */
public final class ConfigLayers {
  private static final String ROOT = "beamhive";
  private static final Pattern KEY = Pattern.compile("beamhive(\\.[A-Za-z0-9_-]+)+");
  private static final Pattern DURATION =
      Pattern.compile("\\d+(\\.\\d+)?\\s*(ns|us|ms|s|m|h|d|seconds?|minutes?|hours?|days?)");
  private static final Pattern SIZE = Pattern.compile("\\d+\\s*([KMG]iB|[kMG]B|B)");

  /**
   * What was read.
   *
   * @param config the configuration, without the settings that are wrong
   * @param mistakes a sentence for each of those, with its key and where it stands
   */
  public record Read(Config config, List<String> mistakes) {
    public Read {
      mistakes = List.copyOf(mistakes);
    }

    /**
     * The configuration in force.
     *
     * @throws ConfigProblem naming every mistake
     */
    public Config orThrow() {
      if (!mistakes.isEmpty()) {
        throw new ConfigProblem(mistakes);
      }
      return config;
    }
  }

  private ConfigLayers() {}

  /**
   * The configuration in force.
   *
   * @param siteFile the site's or the node's file, if there is one
   * @param commandLine settings by their full key
   * @throws ConfigProblem naming every mistake
   */
  public static Config load(Optional<File> siteFile, Map<String, Object> commandLine) {
    return read(siteFile, commandLine).orThrow();
  }

  /**
   * Reads the configuration and finds every key that doesn't exist or has a value of the wrong
   * type.
   *
   * @param siteFile the site's or the node's file, if there is one
   * @param commandLine settings by their full key
   * @throws ConfigProblem if a file is missing or can't be read at all
   */
  public static Read read(Optional<File> siteFile, Map<String, Object> commandLine) {
    Config known = ConfigFactory.load();
    Config overrides = ConfigFactory.empty();
    for (Map.Entry<String, Object> setting : new TreeMap<>(commandLine).entrySet()) {
      overrides =
          overrides.withValue(
              setting.getKey(),
              ConfigValueFactory.fromAnyRef(setting.getValue(), "the command line"));
    }
    Config own =
        overrides.withFallback(siteFile.map(ConfigLayers::parse).orElse(ConfigFactory.empty()));
    try {
      Config itself = own.resolve(ConfigResolveOptions.defaults().setAllowUnresolved(true));
      // what is left refers to settings that are not given here
      own = itself.isResolved() ? itself : itself.resolveWith(own.withFallback(known).resolve());
    } catch (ConfigException unresolved) {
      throw new ConfigProblem(List.of(unresolved.getMessage()));
    }
    List<String> mistakes = new ArrayList<>();
    List<String> wrong = new ArrayList<>();
    if (own.hasPath(ROOT)) {
      try {
        new Check(own, mistakes, wrong)
            .section(ROOT, own.getConfig(ROOT).root(), known.getConfig(ROOT).root());
      } catch (ConfigException.WrongType noSection) {
        throw new ConfigProblem(List.of(noSection.getMessage()));
      }
    }
    for (String path : wrong) {
      own = own.withoutPath(path);
    }
    return new Read(
        ConfigFactory.load(own.withFallback(ConfigFactory.defaultApplication())), mistakes);
  }

  private static Config parse(File file) {
    if (!file.isFile()) {
      throw new ConfigProblem(List.of("the configuration file '" + file + "' does not exist"));
    }
    try {
      return ConfigFactory.parseFile(file, ConfigParseOptions.defaults().setAllowMissing(false));
    } catch (ConfigException broken) {
      throw new ConfigProblem(
          List.of("the configuration file can't be read: " + broken.getMessage()));
    }
  }

  /** The sentence of a mistake, with where the key stands that it begins with. */
  public static String located(Config config, String mistake) {
    Matcher key = KEY.matcher(mistake);
    if (!key.lookingAt() || !config.hasPath(key.group())) {
      return mistake;
    }
    return key.group()
        + " ("
        + config.getValue(key.group()).origin().description()
        + ")"
        + mistake.substring(key.end());
  }

  /** Compares what is given with what is known: the defaults show the type of each setting. */
  private record Check(Config own, List<String> mistakes, List<String> wrong) {
    void section(String path, ConfigObject given, ConfigObject known) {
      given.forEach(
          (key, value) -> {
            String full = path + "." + ConfigUtil.joinPath(key);
            ConfigValue expected = known.get(key);
            if (expected == null) {
              add(
                  full,
                  value,
                  " is not a key; known are: "
                      + String.join(", ", known.keySet().stream().sorted().toList()));
            } else if (expected.valueType() == ConfigValueType.OBJECT) {
              if (value.valueType() == ConfigValueType.OBJECT) {
                section(full, (ConfigObject) value, (ConfigObject) expected);
              } else {
                add(full, value, " is a section, not a value");
              }
            } else {
              value(full, value, expected);
            }
          });
    }

    private void value(String path, ConfigValue given, ConfigValue expected) {
      String allowed = refused(path, expected);
      if (allowed != null) {
        add(path, given, " = " + given.render() + ": " + allowed + " is allowed");
      }
    }

    /** What would be allowed instead; null if the value is of the right type. */
    private String refused(String path, ConfigValue expected) {
      String allowed = "a text";
      try {
        switch (expected.valueType()) {
          case NUMBER -> {
            allowed = "a number";
            own.getNumber(path);
          }
          case BOOLEAN -> {
            allowed = "on or off";
            own.getBoolean(path);
          }
          case LIST -> {
            allowed = "a list";
            own.getList(path);
          }
          default -> {
            String text = String.valueOf(expected.unwrapped());
            if (DURATION.matcher(text).matches()) {
              allowed = "a duration, as " + text + ",";
              own.getDuration(path);
            } else if (SIZE.matcher(text).matches()) {
              allowed = "a size, as " + text + ",";
              own.getBytes(path);
            } else {
              own.getString(path);
            }
          }
        }
        return null;
      } catch (ConfigException wrongType) {
        return allowed;
      }
    }

    private void add(String path, ConfigValue value, String what) {
      mistakes.add(path + " (" + value.origin().description() + ")" + what);
      wrong.add(path);
    }
  }
}
