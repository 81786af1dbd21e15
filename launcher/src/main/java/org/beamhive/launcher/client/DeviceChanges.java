package org.beamhive.launcher.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands below {@code devices}: the configuration of devices and its changes. */
final class DeviceChanges {
  private static final String CONFIG = "/api/devices/config";
  private static final String DESCRIPTION = "description";
  private static final Set<String> LISTS = Set.of("deviceTags", "needs");
  private static final YAMLMapper YAML =
      YAMLMapper.builder()
          .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
          .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
          .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
          .build();

  private DeviceChanges() {}

  /** A command that changes something. */
  abstract static class ChangeCommand extends ClientCommand {
    /** Asks for the change and shows what came of it. */
    final int change(ApiClient api, String what, ObjectNode body) {
      JsonNode answer =
          api.post(CONFIG + "/" + what, body.put("user", System.getProperty("user.name")));
      if (json()) {
        print(answer);
      } else {
        out().println(shown(answer.path("change")));
      }
      return 0;
    }
  }

  private static String shown(JsonNode change) {
    if (change.path("count").asInt() == 0) {
      return "Nothing changed.";
    }
    StringBuilder text = new StringBuilder("Change " + change.path("version") + ", ");
    text.append(change.path("kind").asText());
    if (change.path("undoes").asLong() > 0) {
      text.append(": takes back change ").append(change.path("undoes"));
    }
    differences(change).forEach(line -> text.append("\n  ").append(line));
    int more = change.path("count").asInt() - change.path("devices").size();
    return more > 0
        ? text.append("\n  and ").append(more).append(" more").toString()
        : text.toString();
  }

  private static List<String> differences(JsonNode change) {
    List<String> lines = new ArrayList<>();
    for (JsonNode device : change.path("devices")) {
      JsonNode before = device.path("before");
      JsonNode after = device.path("after");
      String name = device.path("name").asText();
      if (before.isNull()) {
        lines.add(name + ": added, " + after.path("deviceClass").asText());
      } else if (after.isNull()) {
        lines.add(name + ": removed");
      } else {
        Set<String> keys = new TreeSet<>();
        before.fieldNames().forEachRemaining(keys::add);
        after.fieldNames().forEachRemaining(keys::add);
        keys.stream()
            .filter(key -> !before.path(key).equals(after.path(key)))
            .forEach(
                key ->
                    lines.add(
                        "%s.%s: %s -> %s"
                            .formatted(name, key, setting(before, key), setting(after, key))));
      }
    }
    return lines;
  }

  private static String setting(JsonNode config, String key) {
    String value = Show.value(config.path(key));
    return value.isEmpty() ? "none" : value;
  }

  private static ArrayNode texts(List<String> words) {
    ArrayNode array = ApiClient.JSON.createArrayNode();
    words.forEach(array::add);
    return array;
  }

  /** {@code key=value} or {@code deviceConfig.key=value} as the keys of a device file. */
  private static void put(ObjectNode config, String word, ClientCommand command) {
    int equals = word.indexOf('=');
    if (equals < 1) {
      throw command.usage(
          "'"
              + word
              + "' is no setting: give KEY=VALUE, such as enabled=false, or"
              + " deviceConfig.limits=-5,5");
    }
    String key = word.substring(0, equals);
    String written = word.substring(equals + 1);
    JsonNode value = Words.value(written);
    int dot = key.indexOf('.');
    if (dot > 0) {
      config.withObjectProperty(key.substring(0, dot)).set(key.substring(dot + 1), value);
    } else if (key.equals(DESCRIPTION) && !value.isNull()) {
      config.put(key, written);
    } else {
      config.set(key, LISTS.contains(key) && !value.isArray() ? list(value) : value);
    }
  }

  private static ArrayNode list(JsonNode value) {
    ArrayNode list = ApiClient.JSON.createArrayNode();
    return value.isNull() || value.asText().isEmpty() ? list : list.add(value);
  }

  @Command(
      name = "config",
      description = "The configuration of all devices, or of one, as a device file.",
      footer = {
        "",
        "Examples:",
        "  beamhive devices config samx",
        "  beamhive devices config --hutch eh1 > eh1.yaml"
      })
  static final class Config extends ClientCommand {
    @Parameters(paramLabel = "DEVICE", arity = "0..1", description = "Only this device.")
    private String device;

    @Option(names = "--hutch", paramLabel = "HUTCH", description = "Only those of this hutch.")
    private String hutch;

    @Override
    int run(ApiClient api) {
      JsonNode answer = api.get(CONFIG);
      if (json()) {
        print(answer);
        return 0;
      }
      ObjectNode file = ApiClient.object();
      answer
          .path("devices")
          .properties()
          .forEach(
              each -> {
                boolean here =
                    hutch == null || each.getValue().path("hutch").asText().equals(hutch);
                if (here && (device == null || each.getKey().equals(device))) {
                  file.set(each.getKey(), each.getValue().path("config"));
                }
              });
      if (device != null && file.isEmpty()) {
        throw new ClientException("There is no device '" + device + "'.");
      }
      for (JsonNode known : answer.path("hutches")) {
        known.path("differences").forEach(text -> err().println("# " + text.asText()));
      }
      err().flush();
      try {
        out().print(YAML.writeValueAsString(file));
      } catch (JsonProcessingException impossible) {
        throw new IllegalStateException(impossible);
      }
      return 0;
    }
  }

  @Command(
      name = "add",
      description = "Adds a device, enabled and read on request unless something else is said.",
      footer = {
        "",
        "Examples:",
        "  beamhive devices add samz EpicsMotor deviceConfig.prefix=X07:m3 readoutPriority=baseline",
        "  beamhive devices add det2 SimDetector deviceConfig.motor=samx --hutch eh1"
      })
  static final class Add extends ChangeCommand {
    @Parameters(index = "0", paramLabel = "DEVICE", description = "Its name.")
    private String device;

    @Parameters(index = "1", paramLabel = "CLASS", description = "Its deviceClass.")
    private String deviceClass;

    @Parameters(
        index = "2..*",
        paramLabel = "KEY=VALUE",
        description = "Keys of a device file; deviceConfig.KEY and userParameter.KEY for theirs.")
    private List<String> settings = List.of();

    @Option(
        names = "--hutch",
        paramLabel = "HUTCH",
        description = "Whose nodes are to have it; not needed if there is only one.")
    private String hutch;

    @Override
    int run(ApiClient api) {
      refuseUnknownOptions(settings);
      ObjectNode config =
          ApiClient.object()
              .put("deviceClass", deviceClass)
              .put("enabled", true)
              .put("readoutPriority", "on_request");
      settings.forEach(word -> put(config, word, this));
      ObjectNode body = ApiClient.object().put("name", device);
      if (hutch != null) {
        body.put("hutch", hutch);
      }
      body.set("config", config);
      return change(api, "add", body);
    }
  }

  @Command(
      name = "update",
      description = {
        "Changes settings of a device. Of deviceConfig and userParameter only the keys that are given;",
        "none takes one out."
      },
      footer = {
        "",
        "Examples:",
        "  beamhive devices update samx readoutPriority=baseline description=\"sample, across\"",
        "  beamhive devices update samx deviceConfig.limits=-5,5 userParameter.in=23.1"
      })
  static final class Update extends ChangeCommand {
    @Parameters(index = "0", paramLabel = "DEVICE", description = "Which.")
    private String device;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "KEY=VALUE", description = "What.")
    private List<String> settings;

    @Option(names = "--force", description = "Also if no node answers for it.")
    private boolean force;

    @Override
    int run(ApiClient api) {
      refuseUnknownOptions(settings);
      ObjectNode config = ApiClient.object();
      settings.forEach(word -> put(config, word, this));
      ObjectNode body = ApiClient.object().put("name", device).put("force", force);
      body.set("config", config);
      return change(api, "update", body);
    }
  }

  /** A change of some devices by name. */
  abstract static class OfDevices extends ChangeCommand {
    @Parameters(paramLabel = "DEVICE", arity = "1..*", description = "Which.")
    private List<String> devices;

    @Option(names = "--force", description = "Also if no node answers for them.")
    private boolean force;

    private final String what;

    OfDevices(String what) {
      this.what = what;
    }

    @Override
    int run(ApiClient api) {
      refuseUnknownOptions(devices);
      ObjectNode body = ApiClient.object().put("force", force);
      body.set("names", texts(devices));
      return change(api, what, body);
    }
  }

  @Command(
      name = "enable",
      description = "Lets devices be used again.",
      footer = {"", "Examples:", "  beamhive devices enable samx samy"})
  static final class Enable extends OfDevices {
    Enable() {
      super("enable");
    }
  }

  @Command(
      name = "disable",
      description = "Keeps devices from being used: they are listed, but not connected.",
      footer = {"", "Examples:", "  beamhive devices disable samx samy"})
  static final class Disable extends OfDevices {
    Disable() {
      super("disable");
    }
  }

  @Command(
      name = "remove",
      description = "Removes devices.",
      footer = {"", "Examples:", "  beamhive devices remove det2"})
  static final class Remove extends OfDevices {
    Remove() {
      super("remove");
    }
  }

  @Command(
      name = "reload",
      description = "Makes the devices those of the device files as they are now.",
      footer = {
        "",
        "Examples:",
        "  beamhive devices reload",
        "  beamhive devices reload --hutch eh1"
      })
  static final class Reload extends ChangeCommand {
    @Option(names = "--hutch", paramLabel = "HUTCH", description = "Only those of this hutch.")
    private String hutch;

    @Option(names = "--force", description = "Also if no node answers for a device.")
    private boolean force;

    @Override
    int run(ApiClient api) {
      ObjectNode body = ApiClient.object().put("force", force);
      if (hutch != null) {
        body.put("hutch", hutch);
      }
      return change(api, "reload", body);
    }
  }

  @Command(
      name = "undo",
      description = "Takes back the newest change that has not been taken back.",
      footer = {"", "Examples:", "  beamhive devices undo"})
  static final class Undo extends ChangeCommand {
    @Option(names = "--force", description = "Also if no node answers for a device.")
    private boolean force;

    @Override
    int run(ApiClient api) {
      return change(api, "undo", ApiClient.object().put("force", force));
    }
  }

  @Command(
      name = "history",
      description = "The changes of the configuration, the newest last.",
      footer = {"", "Examples:", "  beamhive devices history"})
  static final class History extends ClientCommand {
    @Override
    int run(ApiClient api) {
      JsonNode answer = api.get(CONFIG + "/history");
      if (json()) {
        print(answer);
        return 0;
      }
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode change : answer.path("changes")) {
        List<String> lines = differences(change);
        String what =
            lines.isEmpty()
                ? Show.devices(change.path("count").asInt())
                : lines.get(0) + (lines.size() > 1 ? " and " + (lines.size() - 1) + " more" : "");
        long undoes = change.path("undoes").asLong();
        rows.add(
            List.of(
                change.path("version").asText(),
                Show.time(change.path("time")),
                change.path("user").asText(),
                change.path("kind").asText() + (undoes > 0 ? " " + undoes : ""),
                what,
                change.path("undone").asBoolean() ? "undone" : ""));
      }
      out()
          .println(
              rows.isEmpty()
                  ? "Nothing has been changed yet."
                  : Show.table(List.of(">change", "time", "by", "kind", "what", ""), rows));
      return 0;
    }
  }
}
