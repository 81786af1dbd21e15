package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.optional;
import static org.beamhive.devices.type.ConfigKey.required;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Value;

/**
 * A scaler record: it counts on all its channels until a preset is reached. Ophyd's {@code
 * EpicsScaler}, whose data keys are the numbers of the channels, and {@code ScalerCH}, whose data
 * keys are their names and which leaves out those without.
 *
 * <p>A trigger is a put to CNT, which completes when it has counted; the counts are asked for after
 * that.
 */
final class EpicsScaler extends SignalDevice {
  static final List<ConfigKey> KEYS =
      List.of(
          required("prefix", Kind.TEXT, "the scaler record's name"),
          optional("channels", Kind.ANY, "what is read: a list of numbers or names; else all"),
          optional("num_channels", Kind.WHOLE, "how many it has; 32 if not given"),
          optional("match_names", Kind.FLAG, "whether the names of channels are the data keys"),
          optional("count_time", Kind.SECONDS, "seconds, put to TP while it is staged"),
          optional("presets", Kind.MAP, "counts by channel, put to PR and G while it is staged"),
          optional("delay", Kind.POSITIVE, "seconds before counting, put to DLY while staged"),
          optional("trigger_timeout", Kind.POSITIVE, "seconds to count; else from TP"),
          optional("labels", Kind.ANY, "taken and not used"));

  /** Channels are numbers that it has, or names. */
  static final DeviceChecks CHECKS = EpicsScaler::problems;

  private static final int CHANNELS = 32;
  private static final double SECONDS_WITH_PRESETS = 600;

  private final boolean named;
  private final TreeMap<Integer, Channel> channels = new TreeMap<>();
  private final Signal count;
  private final Signal halt;
  private final Signal presetTime;
  private final SignalSettings settings;
  private final StagedSettings staged = new StagedSettings();
  private final AtomicBoolean stopped = new AtomicBoolean();
  private volatile Set<String> selected;

  private record Channel(Signal counts, Signal name, Signal preset, Signal gate) {}

  static EpicsScaler byNumber(DeviceOptions options, DeviceBackends backends) {
    return new EpicsScaler("EpicsScaler", options, backends, false);
  }

  static EpicsScaler byName(DeviceOptions options, DeviceBackends backends) {
    return new EpicsScaler("ScalerCH", options, backends, true);
  }

  private EpicsScaler(
      String className, DeviceOptions options, DeviceBackends backends, boolean named) {
    super(
        className,
        Set.of(Ability.READABLE, Ability.TRIGGERABLE, Ability.STAGEABLE),
        options,
        backends);
    this.named = options.flag("match_names", named);
    selected = names(options.values().get("channels"));
    for (int number : numbers(options)) {
      channels.put(number, channel(number));
    }
    part(name() + "_time", Part.Kind.NORMAL, pv(".T"), SignalOptions.MONITORED);
    presetTime =
        part(name() + "_preset_time", Part.Kind.CONFIG, pv(".TP"), SignalOptions.MONITORED);
    Signal mode = config("count_mode", ".CONT");
    Signal delay = config("delay", ".DLY");
    settings =
        new SignalSettings(options.name())
            .countTime("preset_time", presetTime)
            .any("count_mode", mode)
            .number("delay", delay, EpicsScaler::notBelowZero)
            .number(
                "auto_count_delay", config("auto_count_delay", ".DLY1"), EpicsScaler::notBelowZero)
            .countTime("auto_count_time", config("auto_count_time", ".TP1"))
            .number("update_rate", config("update_rate", ".RATE"), EpicsScaler::notBelowZero);
    config("freq", ".FREQ");
    config("egu", ".EGU");
    channels.forEach(
        (number, channel) ->
            settings
                .number("presets_preset" + number, channel.preset(), EpicsScaler::notBelowZero)
                .any("gates_gate" + number, channel.gate())
                .any("names_name" + number, channel.name()));
    count = part(name() + "_count", Part.Kind.OMITTED, pv(".CNT"), SignalOptions.POLLED);
    // the put that counts is still under way on its channel when counting has to stop
    halt = part(name() + "_stop", Part.Kind.OMITTED, pv(".CNT"), SignalOptions.URGENT);
    staged.with(mode, Value.of(0));
    if (options.has("count_time")) {
      staged.with(presetTime, options.values().get("count_time"));
    }
    if (options.has("delay")) {
      staged.with(delay, options.values().get("delay"));
    }
    presets(options.values())
        .forEach(
            (number, counts) ->
                staged
                    .with(channels.get(number).preset(), counts)
                    .with(channels.get(number).gate(), Value.of(1)));
  }

  private static String notBelowZero(double value) {
    return value >= 0 ? null : "must not be below 0";
  }

  private String pv(String field) {
    return options.text("prefix", "") + field;
  }

  private Signal config(String key, String field) {
    return optionalPart(name() + "_" + key, Part.Kind.CONFIG, pv(field), SignalOptions.MONITORED);
  }

  private Channel channel(int number) {
    SignalOptions monitored = SignalOptions.MONITORED;
    return new Channel(
        optionalPart(
            name() + "_channels_chan" + number, Part.Kind.HINTED, pv(".S" + number), monitored),
        optionalPart(
            name() + "_names_name" + number, Part.Kind.CONFIG, pv(".NM" + number), monitored),
        optionalPart(
            name() + "_presets_preset" + number,
            Part.Kind.OMITTED,
            pv(".PR" + number),
            SignalOptions.POLLED),
        optionalPart(
            name() + "_gates_gate" + number,
            Part.Kind.OMITTED,
            pv(".G" + number),
            SignalOptions.POLLED));
  }

  // ---------------------------------------------------------------- which channels

  private static Set<String> names(Value given) {
    Set<String> names = new HashSet<>();
    if (given instanceof Value.Items list) {
      for (Value item : list.items()) {
        names.add(item instanceof Value.Text text ? text.value() : item.shown());
      }
    }
    return names;
  }

  /** Those that are listed if all are numbers; else all, since only the record knows the names. */
  private static Set<Integer> numbers(DeviceOptions options) {
    Set<Integer> numbers = new java.util.TreeSet<>();
    Value given = options.values().get("channels");
    if (given instanceof Value.Items list
        && !list.items().isEmpty()
        && list.items().stream().allMatch(Value.Int.class::isInstance)) {
      list.items().forEach(item -> numbers.add((int) item.asDouble()));
      numbers.addAll(presets(options.values()).keySet());
      return numbers;
    }
    int all = (int) options.number("num_channels", CHANNELS);
    for (int number = 1; number <= all; number++) {
      numbers.add(number);
    }
    return numbers;
  }

  private static Map<Integer, Value> presets(Value.Fields config) {
    Map<Integer, Value> presets = new TreeMap<>();
    if (config.get("presets") instanceof Value.Fields given) {
      given.fields().forEach((key, counts) -> presets.put(Integer.parseInt(key), counts));
    }
    return presets;
  }

  private static List<DeviceChecks.Problem> problems(DeviceName name, Value.Fields config) {
    List<DeviceChecks.Problem> problems = new ArrayList<>();
    double most = config.get("num_channels") instanceof Value.Int given ? given.value() : CHANNELS;
    if (!(most >= 1 && most <= 64)) {
      problems.add(new DeviceChecks.Problem("num_channels", "must be 1 to 64"));
    }
    if (config.get("presets") instanceof Value.Fields presets) {
      presets
          .fields()
          .forEach(
              (key, counts) -> {
                boolean channel = key.matches("[0-9]{1,2}") && Integer.parseInt(key) >= 1;
                if (!channel || Integer.parseInt(key) > most || !(counts.asDouble() >= 0)) {
                  problems.add(
                      new DeviceChecks.Problem(
                          "presets",
                          "%s: %s: channel numbers 1 to %d with counts of 0 or more are needed"
                              .formatted(key, counts.shown(), (int) most)));
                }
              });
    }
    Value channels = config.get("channels");
    if (channels == null || channels == Value.None.NONE) {
      return problems;
    }
    boolean right =
        channels instanceof Value.Items list
            && list.items().stream()
                .allMatch(
                    item ->
                        item instanceof Value.Text
                            || item instanceof Value.Int number
                                && number.value() >= 1
                                && number.value() <= most);
    if (!right) {
      problems.add(
          new DeviceChecks.Problem(
              "channels",
              "is %s, must be a list of names or of numbers from 1 to %d"
                  .formatted(channels.shown(), (int) most)));
    }
    return problems;
  }

  /** As the record names them now: that is fixed for a run by its description. */
  @Override
  protected List<Part> choose(List<Part> readable) {
    Map<Signal, Integer> numbers = new java.util.IdentityHashMap<>();
    channels.forEach((number, channel) -> numbers.put(channel.counts(), number));
    List<Part> chosen = new ArrayList<>();
    Set<String> keys = new HashSet<>();
    Set<String> wanted = selected;
    for (Part part : readable) {
      Integer number = numbers.get(part.signal());
      if (number == null) {
        chosen.add(part);
        continue;
      }
      String name = nameOf(number);
      boolean listed =
          wanted.isEmpty() || wanted.contains(name) || wanted.contains(number.toString());
      if (!listed || named && name.isEmpty()) {
        continue;
      }
      String key = named ? name.replaceAll("[^A-Za-z0-9_]", "_") : part.key();
      chosen.add(part.as(keys.add(key) ? key : key + "_" + number));
    }
    return chosen;
  }

  private String nameOf(int number) {
    Signal name = channels.get(number).name();
    return name.latest() != null && name.latest().value() instanceof Value.Text text
        ? text.value().strip()
        : "";
  }

  private CompletionStage<Value> select(Value names) {
    Set<String> wanted = names(names);
    Set<String> known = new HashSet<>();
    for (int number : channels.keySet()) {
      known.add(Integer.toString(number));
      known.add(nameOf(number));
    }
    known.remove("");
    for (String name : wanted) {
      if (!known.contains(name)) {
        return CompletableFuture.failedStage(
            new DeviceFailure(
                "unknown-channel",
                "%s has no channel '%s'; there are %s."
                    .formatted(name(), name, String.join(", ", new java.util.TreeSet<>(known)))));
      }
    }
    selected = wanted;
    factsMayHaveChanged();
    return describe().thenApply(described -> Value.None.NONE);
  }

  // ---------------------------------------------------------------- counting

  @Override
  public CompletionStage<Void> stage() {
    return staged.stage(patience());
  }

  @Override
  public CompletionStage<Void> unstage() {
    return staged.unstage(patience());
  }

  @Override
  public CompletionStage<Void> trigger() {
    stopped.set(false);
    return count
        .put(Value.of(1), timeout())
        .thenCompose(done -> refresh(shown().stream().map(Part::signal).toList()))
        .thenCompose(
            done ->
                stopped.get()
                    ? CompletableFuture.failedStage(
                        new DeviceFailure("stopped", name() + " has been stopped."))
                    : DONE);
  }

  private Duration timeout() {
    double preset = presetTime.latest() == null ? 0 : presetTime.latest().asDouble();
    boolean byCounts = options.has("presets");
    double seconds =
        options.number("trigger_timeout", byCounts ? SECONDS_WITH_PRESETS : Math.max(preset, 0));
    Duration counting = Duration.ofMillis((long) (seconds * 1000));
    return options.has("trigger_timeout")
        ? counting
        : counting.plus(backends.timeouts().moveMargin());
  }

  @Override
  public CompletionStage<Void> stop() {
    stopped.set(true);
    return halt(halt, Value.of(0));
  }

  @Override
  public CompletionStage<Void> configure(Value.Fields wanted) {
    return settings.put(wanted, patience());
  }

  @Override
  public Map<String, DeviceMethod> methods() {
    Map<String, DeviceMethod> methods = new LinkedHashMap<>();
    methods.put(
        "select_channels",
        new DeviceMethod(
            "chooses what is read from the next run on, by names or numbers; none is all",
            List.of(required("channels", Kind.ANY, "a list of names or numbers")),
            arguments -> select(arguments.get("channels"))));
    return methods;
  }
}
