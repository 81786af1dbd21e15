package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.oneOf;
import static org.beamhive.devices.type.ConfigKey.optional;
import static org.beamhive.devices.type.ConfigKey.required;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
 * A multi-channel analyser: a spectrum and regions of interest of it. Ophyd's {@code
 * EpicsMCARecord}, which is the record alone and is started by its own fields, and {@code
 * EpicsMCA}, which is started by the records {@code EraseStart} and {@code Acquiring} beside it.
 *
 * <p>A trigger erases and acquires until a preset is reached. It has ended when the put has
 * completed and the analyser no longer acquires.
 */
final class EpicsMca extends SignalDevice {
  static final List<ConfigKey> KEYS =
      List.of(
          required("prefix", Kind.TEXT, "the mca record's name"),
          optional("rois", Kind.ANY, "the regions that are read: a list of 0 to 31; else none"),
          optional("read_spectrum", Kind.FLAG, "whether the spectrum is read; true if not given"),
          optional("preset_real_time", Kind.POSITIVE, "seconds, put to PRTM while it is staged"),
          optional("preset_live_time", Kind.POSITIVE, "seconds, put to PLTM while it is staged"),
          oneOf("mode", List.of("PHA", "MCS", "List"), "put to MODE while staged; else PHA"),
          optional("trigger_timeout", Kind.POSITIVE, "seconds to acquire; else from the presets"),
          optional("labels", Kind.ANY, "taken and not used"));

  /** Regions are numbers that it has. */
  static final DeviceChecks CHECKS = EpicsMca::problems;

  private static final int LAST_ROI = 31;
  private static final double DEAD_TIME_FACTOR = 10;

  private final Signal presetReal;
  private final Signal presetLive;
  private final Signal start;
  private final Signal acquiring;
  private final Signal halt;
  private final SignalSettings settings;
  private final StagedSettings staged = new StagedSettings();
  private final AtomicBoolean stopped = new AtomicBoolean();

  static EpicsMca record(DeviceOptions options, DeviceBackends backends) {
    return new EpicsMca("EpicsMCARecord", options, backends, ".ERST", ".ACQG", ".STOP");
  }

  static EpicsMca withRecords(DeviceOptions options, DeviceBackends backends) {
    return new EpicsMca("EpicsMCA", options, backends, "EraseStart", "Acquiring", "Stop");
  }

  private EpicsMca(
      String className,
      DeviceOptions options,
      DeviceBackends backends,
      String starts,
      String acquires,
      String stops) {
    super(
        className,
        Set.of(Ability.READABLE, Ability.TRIGGERABLE, Ability.STAGEABLE),
        options,
        backends);
    settings = new SignalSettings(options.name());
    for (int roi : rois(options.values())) {
      region(roi);
    }
    read("elapsed_real_time", ".ERTM");
    read("elapsed_live_time", ".ELTM");
    if (options.flag("read_spectrum", true)) {
      read("spectrum", ".VAL");
    }
    presetReal = config("preset_real_time", ".PRTM");
    presetLive = config("preset_live_time", ".PLTM");
    Signal mode =
        optionalPart(name() + "_mode", Part.Kind.CONFIG, pv(".MODE"), SignalOptions.MONITORED);
    settings
        .number("preset_real_time", presetReal, EpicsMca::notBelowZero)
        .number("preset_live_time", presetLive, EpicsMca::notBelowZero)
        .any("mode", mode);
    start = part(name() + "_erase_start", Part.Kind.OMITTED, pv(starts), SignalOptions.POLLED);
    acquiring =
        part(name() + "_acquiring", Part.Kind.OMITTED, pv(acquires), SignalOptions.MONITORED);
    halt = part(name() + "_stop", Part.Kind.OMITTED, pv(stops), SignalOptions.URGENT);
    staged.with(mode, Value.of(options.text("mode", "PHA")));
    if (options.has("preset_real_time")) {
      staged.with(presetReal, options.values().get("preset_real_time"));
    }
    if (options.has("preset_live_time")) {
      staged.with(presetLive, options.values().get("preset_live_time"));
    }
  }

  private static String notBelowZero(double value) {
    return value >= 0 ? null : "must not be below 0";
  }

  private String pv(String field) {
    return options.text("prefix", "") + field;
  }

  private void read(String key, String field) {
    // asked for after each trigger: a monitor of a spectrum for each update would be a lot
    part(name() + "_" + key, Part.Kind.NORMAL, pv(field), SignalOptions.POLLED);
  }

  private Signal config(String key, String field) {
    return part(name() + "_" + key, Part.Kind.CONFIG, pv(field), SignalOptions.MONITORED);
  }

  private void region(int number) {
    String key = name() + "_rois_roi" + number + "_";
    String field = ".R" + number;
    part(key + "count", Part.Kind.HINTED, pv(field), SignalOptions.POLLED);
    part(key + "net_count", Part.Kind.NORMAL, pv(field + "N"), SignalOptions.POLLED);
    Map<String, String> more = new LinkedHashMap<>();
    more.put("lo_chan", "LO");
    more.put("hi_chan", "HI");
    more.put("bkgnd_chans", "BG");
    more.put("label", "NM");
    more.put("is_preset", "IP");
    more.put("preset_count", "P");
    more.forEach(
        (what, suffix) ->
            settings.any(
                "rois_roi" + number + "_" + what,
                optionalPart(
                    key + what, Part.Kind.CONFIG, pv(field + suffix), SignalOptions.MONITORED)));
  }

  private static List<Integer> rois(Value.Fields config) {
    List<Integer> rois = new ArrayList<>();
    if (config.get("rois") instanceof Value.Items list) {
      list.items().forEach(item -> rois.add((int) item.asDouble()));
    }
    return rois;
  }

  private static List<DeviceChecks.Problem> problems(DeviceName name, Value.Fields config) {
    Value rois = config.get("rois");
    if (rois == null || rois == Value.None.NONE) {
      return List.of();
    }
    boolean right =
        rois instanceof Value.Items list
            && list.items().stream()
                .allMatch(
                    item ->
                        item instanceof Value.Int number
                            && number.value() >= 0
                            && number.value() <= LAST_ROI)
            && list.items().stream().distinct().count() == list.items().size();
    return right
        ? List.of()
        : List.of(
            new DeviceChecks.Problem(
                "rois",
                "is %s, must be a list of numbers from 0 to %d, each once"
                    .formatted(rois.shown(), LAST_ROI)));
  }

  // ---------------------------------------------------------------- acquiring

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
    Duration time = timeout();
    return start
        .put(Value.of(1), time)
        .thenCompose(done -> acquiring.get(patience()))
        .thenCompose(now -> acquiring.await(value -> value.asDouble() == 0, time))
        .thenCompose(
            done ->
                stopped.get()
                    ? CompletableFuture.failedStage(
                        new DeviceFailure("stopped", name() + " has been stopped."))
                    : DONE);
  }

  /** A live time takes longer by the dead time, which is not known. */
  private Duration timeout() {
    double real = presetReal.latest() == null ? 0 : presetReal.latest().asDouble();
    double live = presetLive.latest() == null ? 0 : presetLive.latest().asDouble();
    double seconds = options.number("trigger_timeout", Math.max(real, live * DEAD_TIME_FACTOR));
    Duration acquires = Duration.ofMillis((long) (seconds * 1000));
    return options.has("trigger_timeout")
        ? acquires
        : acquires.plus(backends.timeouts().moveMargin());
  }

  @Override
  public CompletionStage<Void> stop() {
    stopped.set(true);
    return halt(halt, Value.of(1));
  }

  @Override
  public CompletionStage<Void> configure(Value.Fields wanted) {
    return settings.put(wanted, patience());
  }
}
