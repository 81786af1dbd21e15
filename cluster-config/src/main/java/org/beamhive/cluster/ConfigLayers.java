package org.beamhive.cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The one place that says which setting wins. From the weakest to the strongest: every module's
 * {@code reference.conf} with the environment variables named there, the launcher's {@code
 * application.conf}, the site's file, the command line.
 */
public final class ConfigLayers {
  private static final String ROOT = "beamhive";

  private ConfigLayers() {}

  /**
   * The configuration in force.
   *
   * @param siteFile the site's or the hutch's file, if there is one
   * @param commandLine settings by their full key
   * @throws ConfigProblem naming every mistake
   */
  public static Config load(Optional<File> siteFile, Map<String, Object> commandLine) {
    Config known = ConfigFactory.load();
    Config overrides = ConfigFactory.empty();
    for (Map.Entry<String, Object> setting : new TreeMap<>(commandLine).entrySet()) {
      overrides =
          overrides.withValue(
              setting.getKey(),
              ConfigValueFactory.fromAnyRef(setting.getValue(), "the command line"));
    }
    Config site = siteFile.map(ConfigLayers::parse).orElseGet(ConfigFactory::empty);
    List<String> mistakes = new ArrayList<>();
    Config own = overrides.withFallback(site);
    try {
      own = own.resolveWith(own.withFallback(known));
    } catch (ConfigException unresolved) {
      throw new ConfigProblem(List.of(unresolved.getMessage()));
    }
    if (own.hasPath(ROOT)) {
      findUnknown(ROOT, own.getConfig(ROOT).root(), known.getConfig(ROOT).root(), mistakes);
    }
    if (!mistakes.isEmpty()) {
      throw new ConfigProblem(mistakes);
    }
    return ConfigFactory.load(
        overrides.withFallback(site).withFallback(ConfigFactory.defaultApplication()));
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

  private static void findUnknown(
      String path, ConfigObject given, ConfigObject known, List<String> mistakes) {
    given.forEach(
        (key, value) -> {
          String full = path + "." + key;
          ConfigValue expected = known.get(key);
          if (expected == null) {
            mistakes.add(
                full
                    + " ("
                    + value.origin().description()
                    + ") is not a key; known are: "
                    + String.join(", ", known.keySet().stream().sorted().toList()));
          } else if (expected.valueType() == ConfigValueType.OBJECT
              && value.valueType() == ConfigValueType.OBJECT) {
            findUnknown(full, (ConfigObject) value, (ConfigObject) expected, mistakes);
          } else if (expected.valueType() == ConfigValueType.OBJECT) {
            mistakes.add(
                full + " (" + value.origin().description() + ") is a section, not a value");
          }
        });
  }
}
