package org.beamhive.devices.type;

import static org.beamhive.devices.type.ConfigKey.oneOf;
import static org.beamhive.devices.type.ConfigKey.optional;
import static org.beamhive.devices.type.ConfigKey.required;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.devices.type.ConfigKey.Kind;
import org.beamhive.protocol.document.AssetDocument;
import org.beamhive.protocol.document.Datum;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;

/**
 * EPICS areaDetector: a camera and its plugins. Each trigger takes the frames of one point; the
 * plugins' statistics are its readings, the frames are in the file that one of them writes.
 *
 * <p>Staging sets camera and plugins, lets an HDF5 plugin that has seen no frame of the kind see
 * one, begins a file, then says how many frames a point has; unstaging ends the file and puts back
 * what was changed, the last first. A trigger is done when its put to Acquire has completed, the
 * camera and its plugins say that they are idle and the file has all frames. After one that failed
 * or was stopped the next trigger begins a new file, so that rows and points stay together.
 */
final class AreaDetector extends SignalDevice {
  static final List<ConfigKey> KEYS =
      List.of(
          required("prefix", Kind.TEXT, "what the PVs of the camera and all plugins begin with"),
          optional("cam", Kind.TEXT, "the camera after the prefix; cam1: if not given"),
          optional("plugins", Kind.TEXTS, "plugins to enable, a list as [image1:, ROI1:]"),
          optional("rois", Kind.TEXTS, "regions of interest that can be set, as [ROI1:]"),
          optional("process", Kind.TEXTS, "process plugins that can be set, as [Proc1:]"),
          optional("stats", Kind.TEXTS, "statistics plugins to read, a list as [Stats1:]"),
          optional(
              "stats_values",
              Kind.TEXTS,
              "what is read of them, in ophyd's names; [total] by default"),
          optional("file_plugin", Kind.TEXT, "the plugin that writes files, as HDF1:"),
          oneOf("file_format", List.of("hdf5", "tiff"), "what it writes; hdf5 if not given"),
          optional(
              "write_path_template", Kind.TEXT, "folder for the IOC, may have strftime's codes"),
          optional("read_path_template", Kind.TEXT, "the same folder where files are read"),
          optional("root", Kind.TEXT, "of resource documents; / if not given"),
          optional("file_name", Kind.TEXT, "begins the files' names; the device's if not given"),
          optional("create_directory", Kind.WHOLE, "levels that the IOC may make; -3 by default"),
          optional("lazy_open", Kind.FLAG, "open files at their first frame; needs no warm-up"),
          oneOf("documents", List.of("stream", "resource"), "stream_resource or resource model"),
          optional("frames_per_point", Kind.WHOLE, "frames for each trigger; 1 if not given"),
          optional("trigger_mode", Kind.WHOLE, "index of the TriggerMode; 0 if not given"),
          optional("acquire_time", Kind.POSITIVE, "seconds, put when a scan begins"),
          optional("acquire_period", Kind.POSITIVE, "seconds, put when a scan begins"),
          optional("num_exposures", Kind.WHOLE, "for each frame, put when a scan begins"),
          optional(
              "wait_for_plugins",
              Kind.FLAG,
              "AcquireBusy and WaitForPlugins are there and used; true if not given"),
          optional(
              "blocking_callbacks",
              Kind.FLAG,
              "BlockingCallbacks of its plugins while a scan runs; as they are if not given"),
          optional(
              "stage_sigs",
              Kind.FILLED_MAP,
              "more to put when a scan begins, as {cam1:NumExposures: 2}"));

  /** What writes files is told where. */
  static final DeviceChecks CHECKS =
      (name, config) -> {
        String folder = config.text("write_path_template");
        return config.text("file_plugin") != null && (folder == null || folder.isEmpty())
            ? List.of(
                new DeviceChecks.Problem(
                    "write_path_template",
                    "where are files written? With file_plugin the folder for the IOC is needed"))
            : List.of();
      };

  private static final int SINGLE = 0;
  private static final int MULTIPLE = 1;
  private static final int ERROR_STATE = 6;

  /** Cameras round times to their clock; relative. */
  private static final double ROUNDING = 0.01;

  private static final double EXACT = 1e-6;
  private static final int COLOURS = 3;

  /** What of stage_sigs is put after the device's own setting of the same. */
  private static final Set<String> FRAMES = Set.of("ImageMode", "NumImages", "TriggerMode");

  private final String imageKey;
  private final boolean waitForPlugins;
  private final AreaFiles.Model model;
  private final AreaStaging staging;
  private final AreaFilePlugin file;
  private final Signal acquire;
  private final Signal halt;
  private final Signal acquiring;
  private final Signal busy;
  private final Signal state;
  private final Signal exposure;
  private final Signal period;
  private final Signal exposures;
  private final Signal sizeX;
  private final Signal sizeY;
  private final Signal dataType;
  private final Signal colour;
  private final Signal imageMode;
  private final Signal numImages;
  private final Signal triggerMode;
  private final Signal arrayCallbacks;
  private final Signal waitSetting;
  private final SignalSettings settings;
  private final AreaPlugins plugins;
  private final AreaStatistics worked;
  private final Map<Signal, Value> first = new LinkedHashMap<>();
  private final Map<Signal, Value> asked = Collections.synchronizedMap(new LinkedHashMap<>());
  private final Map<Signal, Value> last = new LinkedHashMap<>();
  private final List<Signal> statistics = new ArrayList<>();
  private final AtomicReference<List<AssetDocument>> newest = new AtomicReference<>(List.of());
  private volatile CompletableFuture<Void> interruption = new CompletableFuture<>();
  private volatile AreaFiles files;
  private volatile Reading datum;
  private volatile int frames;
  private volatile Value trigger;
  private volatile List<Integer> shape;
  private volatile List<Integer> described;
  private volatile boolean staged;
  private volatile boolean broken;
  private int made;

  AreaDetector(DeviceOptions options, DeviceBackends backends) {
    super(
        "AreaDetector",
        Set.of(Ability.READABLE, Ability.TRIGGERABLE, Ability.STAGEABLE),
        options,
        backends);
    String prefix = options.text("prefix", "");
    String cam = prefix + options.text("cam", "cam1:");
    imageKey = name() + "_image";
    frames = Math.max(1, (int) options.number("frames_per_point", 1));
    trigger = Value.of((long) options.number("trigger_mode", 0));
    waitForPlugins = options.flag("wait_for_plugins", true);
    model =
        options.text("documents", "stream").equals("stream")
            ? AreaFiles.Model.STREAM
            : AreaFiles.Model.RESOURCE;
    staging = new AreaStaging(patience());
    settings = new SignalSettings(name());
    plugins = new AreaPlugins(name().value(), cam, new PluginParts(), settings);
    worked = new AreaStatistics(name().value(), patience());
    for (String plugin : texts("stats")) {
      statistics(prefix, plugin);
    }
    acquire = own(cam + "Acquire", SignalOptions.POLLED);
    // the put that acquires is still under way on its channel when it has to stop
    halt = own(cam + "Acquire", SignalOptions.URGENT);
    acquiring = own(cam + "Acquire_RBV", SignalOptions.MONITORED);
    busy = waitForPlugins ? own(cam + "AcquireBusy", SignalOptions.MONITORED) : acquiring;
    state = own(cam + "DetectorState_RBV", SignalOptions.MONITORED);
    exposure = configuration("acquire_time", cam + "AcquireTime_RBV");
    period = configuration("acquire_period", cam + "AcquirePeriod_RBV");
    exposures = configuration("num_exposures", cam + "NumExposures_RBV");
    Signal images = configuration("num_images", cam + "NumImages_RBV");
    labelled("image_mode", cam + "ImageMode_RBV");
    Signal triggers = labelled("trigger_mode", cam + "TriggerMode_RBV");
    configuration("manufacturer", cam + "Manufacturer_RBV");
    configuration("model", cam + "Model_RBV");
    sizeX = own(cam + "ArraySizeX_RBV", SignalOptions.MONITORED);
    sizeY = own(cam + "ArraySizeY_RBV", SignalOptions.MONITORED);
    dataType = own(cam + "DataType_RBV", SignalOptions.MONITORED);
    colour =
        optionalPart(
            key("color_mode"),
            Part.Kind.CONFIG,
            cam + "ColorMode_RBV",
            SignalOptions.MONITORED,
            true);
    imageMode = setting(cam + "ImageMode");
    numImages = setting(cam + "NumImages");
    triggerMode = setting(cam + "TriggerMode");
    arrayCallbacks = setting(cam + "ArrayCallbacks");
    waitSetting = waitForPlugins ? setting(cam + "WaitForPlugins") : null;
    file = filePlugin(prefix);
    enable(prefix);
    cameraSettings(cam, images, triggers);
    stageSignals(prefix, cam);
  }

  private void enable(String prefix) {
    texts("rois").forEach(plugin -> plugins.add(prefix, plugin, AreaPlugins.Use.ROI));
    texts("process").forEach(plugin -> plugins.add(prefix, plugin, AreaPlugins.Use.PROCESS));
    texts("stats").forEach(plugin -> plugins.add(prefix, plugin, AreaPlugins.Use.STATISTICS));
    boolean hdf5 = options.text("file_format", "hdf5").equals("hdf5");
    AreaPlugins.Use files = hdf5 ? AreaPlugins.Use.HDF5 : AreaPlugins.Use.TIFF;
    texts("file_plugin").forEach(plugin -> plugins.add(prefix, plugin, files));
    texts("plugins").forEach(plugin -> plugins.add(prefix, plugin, AreaPlugins.Use.ofName(plugin)));
    Set<String> all = new LinkedHashSet<>();
    List.of("plugins", "rois", "process", "stats", "file_plugin")
        .forEach(key -> all.addAll(texts(key)));
    for (String plugin : all) {
      if (options.has("blocking_callbacks")) {
        int blocking = options.flag("blocking_callbacks", false) ? 1 : 0;
        first.put(setting(prefix + plugin + "BlockingCallbacks"), Value.of(blocking));
      }
      first.put(setting(prefix + plugin + "EnableCallbacks"), Value.of(1));
    }
  }

  /** What can be changed of the camera. What is given in the device file is where that begins. */
  private void cameraSettings(String cam, Signal images, Signal triggers) {
    time("acquire_time", setting(cam + "AcquireTime"), exposure);
    time("acquire_period", setting(cam + "AcquirePeriod"), period);
    Signal count = setting(cam + "NumExposures");
    begin("num_exposures", count);
    settings
        .readBack(
            "num_exposures",
            count,
            exposures,
            EXACT,
            value -> SignalSettings.numberProblem(count, value, true, 1),
            value -> wanted(count, value))
        .alias("cam_num_exposures", "num_exposures")
        .readBack(
            "frames_per_point",
            numImages,
            images,
            EXACT,
            this::framesProblem,
            value -> {
              staging.keep(numImages);
              frames = (int) value.asDouble();
            })
        .alias("num_images", "frames_per_point")
        .alias("cam_num_images", "frames_per_point")
        .readBack(
            "trigger_mode",
            triggerMode,
            triggers,
            EXACT,
            value -> SignalSettings.labelProblem(triggerMode, value),
            value -> {
              staging.keep(triggerMode);
              trigger = value;
            })
        .alias("cam_trigger_mode", "trigger_mode");
  }

  private void time(String key, Signal setpoint, Signal readback) {
    begin(key, setpoint);
    settings
        .readBack(
            key,
            setpoint,
            readback,
            ROUNDING,
            value -> SignalSettings.numberProblem(setpoint, value, false, 0),
            value -> wanted(setpoint, value))
        .alias("cam_" + key, key);
  }

  private void begin(String key, Signal setpoint) {
    if (options.has(key)) {
      asked.put(setpoint, options.values().get(key));
    }
  }

  /** Each scan has it from now on. */
  private void wanted(Signal setpoint, Value value) {
    staging.keep(setpoint);
    asked.put(setpoint, value);
  }

  private String framesProblem(Value value) {
    return staged && file != null
        ? "can't be changed while a scan has the detector: each row of its file has %d frames"
            .formatted(frames)
        : SignalSettings.numberProblem(numImages, value, true, 1);
  }

  /**
   * Camera and plugins are set before a file is begun for frames as they then are; what the device
   * itself sets of the camera is put again afterwards, as somebody wants it.
   */
  private void stageSignals(String prefix, String cam) {
    if (options.values().get("stage_sigs") instanceof Value.Fields more) {
      more.fields()
          .forEach(
              (pv, value) -> {
                String full = prefix + pv;
                boolean late =
                    full.startsWith(cam) && FRAMES.contains(full.substring(cam.length()));
                (late ? last : first).put(setting(full), value);
              });
    }
  }

  /** Signals of plugins, as their settings need them. */
  private final class PluginParts implements AreaPlugins.Parts {
    @Override
    public Signal own(String pv, SignalOptions how) {
      return perhaps(pv, how);
    }

    @Override
    public Signal configuration(String key, String pv) {
      return optionalPart(name() + "_" + key, Part.Kind.CONFIG, pv, SignalOptions.MONITORED, true);
    }
  }

  @Override
  protected DeviceFailure misfit() {
    return plugins.misfit();
  }

  @Override
  public CompletionStage<Void> configure(Value.Fields wanted) {
    return refresh(plugins.conditions()).thenCompose(done -> settings.put(wanted, patience()));
  }

  private AreaFilePlugin filePlugin(String prefix) {
    if (!options.has("file_plugin")) {
      return null;
    }
    return new AreaFilePlugin(
        name().value(),
        prefix + options.text("file_plugin", ""),
        new AreaFilePlugin.Names(
            options.text("file_format", "hdf5").equals("hdf5"),
            options.text("write_path_template", ""),
            options.text("read_path_template", ""),
            options.text("file_name", ""),
            (long) options.number("create_directory", -3),
            options.flag("lazy_open", false)),
        patience(),
        new AreaFilePlugin.Parts() {
          @Override
          public Signal part(String pv, SignalOptions how) {
            return own(pv, how);
          }

          @Override
          public Signal optional(String pv, SignalOptions how) {
            return perhaps(pv, how);
          }
        });
  }

  private void statistics(String prefix, String plugin) {
    List<String> values = texts("stats_values");
    boolean hinted = true;
    for (String value : values.isEmpty() ? List.of("total") : values) {
      String key = name() + "_" + plugin.replace(":", "").toLowerCase(Locale.ROOT) + "_" + value;
      Part.Kind kind = hinted ? Part.Kind.HINTED : Part.Kind.NORMAL;
      String pv = prefix + plugin + camelCase(value) + "_RBV";
      statistics.add(part(key, kind, pv, SignalOptions.MONITORED));
      hinted = false;
    }
    if (!waitForPlugins) {
      worked.add(
          prefix + plugin, own(prefix + plugin + "ArrayCounter_RBV", SignalOptions.MONITORED));
    }
  }

  /** {@code max_value} is {@code MaxValue}. */
  private static String camelCase(String ophyd) {
    StringBuilder name = new StringBuilder();
    for (String word : ophyd.split("_", -1)) {
      if (!word.isEmpty()) {
        name.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1));
      }
    }
    return name.toString();
  }

  private List<String> texts(String key) {
    Value given = options.values().get(key);
    if (given instanceof Value.Text text) {
      return List.of(text.value());
    }
    return given instanceof Value.Items items
        ? items.items().stream()
            .map(item -> item instanceof Value.Text text ? text.value() : item.shown())
            .toList()
        : List.of();
  }

  private Signal own(String pv, SignalOptions how) {
    return part(name() + "_own_" + made++, Part.Kind.OMITTED, pv, how);
  }

  private Signal perhaps(String pv, SignalOptions how) {
    return optionalPart(name() + "_own_" + made++, Part.Kind.OMITTED, pv, how, false);
  }

  private String key(String key) {
    return name() + "_cam_" + key;
  }

  private Signal configuration(String key, String pv) {
    return part(key(key), Part.Kind.CONFIG, pv, SignalOptions.MONITORED);
  }

  private Signal labelled(String key, String pv) {
    return part(key(key), Part.Kind.CONFIG, pv, SignalOptions.MONITORED, true);
  }

  private Signal setting(String pv) {
    return own(pv, SignalOptions.POLLED);
  }

  // ------------------------------------------------------------------ staging

  @Override
  public CompletionStage<Void> stage() {
    return unstage()
        .thenCompose(
            done -> {
              staged = true;
              return idle();
            })
        .thenCompose(done -> putAll(asked))
        .thenCompose(done -> putAll(first))
        .thenCompose(done -> staging.put(arrayCallbacks, Value.of(1)))
        .thenCompose(done -> file == null ? DONE : prepareFrames())
        .thenCompose(done -> file == null ? DONE : file.stage(staging, now()))
        .thenCompose(done -> staging.put(imageMode, Value.of(MULTIPLE)))
        .thenCompose(done -> staging.put(numImages, Value.of(frames)))
        .thenCompose(done -> putTriggerMode())
        .thenCompose(done -> waitSetting == null ? DONE : staging.put(waitSetting, Value.of(1)))
        .thenCompose(done -> putAll(last))
        .thenCompose(done -> refresh(List.of(exposure, period, exposures)));
  }

  private CompletionStage<Void> putTriggerMode() {
    String problem = SignalSettings.labelProblem(triggerMode, trigger);
    return problem == null
        ? staging.put(triggerMode, trigger)
        : CompletableFuture.failedStage(
            new DeviceFailure(
                "bad-setting",
                "%s: trigger_mode = %s: %s.".formatted(name(), trigger.shown(), problem)));
  }

  private CompletionStage<Void> putAll(Map<Signal, Value> settings) {
    CompletionStage<Void> all = DONE;
    for (Map.Entry<Signal, Value> one : new LinkedHashMap<>(settings).entrySet()) {
      all = all.thenCompose(done -> staging.put(one.getKey(), one.getValue()));
    }
    return all;
  }

  /** Ends what the camera may be doing, whoever has begun it. */
  private CompletionStage<Void> idle() {
    return acquiring
        .get(patience())
        .thenCompose(
            now ->
                now.asDouble() == 0
                    ? DONE
                    : halt.put(Value.of(0), patience())
                        .thenCompose(
                            done -> acquiring.await(off -> off.asDouble() == 0, patience()))
                        .thenApply(off -> null));
  }

  /** Finds out what frames the file plugin will get, and lets it see one if it has to. */
  private CompletionStage<Void> prepareFrames() {
    return refresh(List.of(sizeX, sizeY, dataType))
        .thenCompose(done -> colour.connected() ? refresh(List.of(colour)) : DONE)
        .thenCompose(done -> file.refreshSeen())
        .thenCompose(
            done -> {
              requireColour(cameraColour(), colour);
              List<Integer> expected = expectedShape();
              return file.unprimed(expected, cameraColour(), otherType())
                  ? file.prime(this::warmUp).thenRun(this::takeSeenShape)
                  : DONE.thenRun(() -> takeShape(frameShape()));
            });
  }

  private CompletionStage<Void> warmUp() {
    return staging
        .put(triggerMode, Value.of(0))
        .thenCompose(done -> staging.put(imageMode, Value.of(SINGLE)))
        .thenCompose(done -> refresh(List.of(exposure, period, exposures)))
        .thenCompose(done -> acquire.put(Value.of(1), timeout(1)));
  }

  /** Of a plugin that has just been given a frame. */
  private void takeSeenShape() {
    requireColour(AreaColour.of(file.colour(), cameraColour()), file.colour());
    List<Integer> seen = seenShape();
    takeShape(seen == null ? cameraShape() : seen);
  }

  /** From now on this is the shape of each frame. */
  private void takeShape(List<Integer> found) {
    List<Integer> row = row(found);
    List<Integer> told = described;
    if (told != null && !told.equals(row)) {
      described = null;
      throw new DeviceFailure(
          "other-shape",
          "%s: the shape of a point's frames is %s, but was described as %s. Something was changed since then; start again."
              .formatted(name(), AreaPlugins.shown(row), AreaPlugins.shown(told)));
    }
    shape = found;
  }

  private void requireColour(AreaColour mode, Signal told) {
    if (mode == AreaColour.OTHER) {
      throw new DeviceFailure(
          "color-mode",
          "%s: frames in the colour mode %s can't be described; set ColorMode of the camera to Mono, Bayer or RGB1."
              .formatted(name(), AreaColour.label(told)));
    }
  }

  @Override
  public CompletionStage<Void> unstage() {
    newest.set(List.of());
    datum = null;
    files = null;
    shape = null;
    broken = false;
    if (!staged) {
      return DONE;
    }
    return idle()
        .thenCompose(done -> file == null ? DONE : file.end())
        .handle((done, error) -> error)
        .thenCompose(
            error ->
                staging
                    .restore()
                    .thenCompose(
                        done -> error == null ? DONE : CompletableFuture.<Void>failedStage(error)))
        .thenRun(() -> staged = false);
  }

  // ------------------------------------------------------------------ frames

  @Override
  public CompletionStage<Void> trigger() {
    if (!staged) {
      return CompletableFuture.failedStage(
          new DeviceFailure("not-staged", name() + " must be staged before it can be triggered."));
    }
    CompletableFuture<Void> interrupted = new CompletableFuture<>();
    interruption = interrupted;
    newest.set(List.of());
    boolean again = broken;
    // until all is well
    broken = true;
    return (again ? afterFailure() : DONE)
        .thenCompose(done -> worked.begin())
        .thenCompose(done -> unlessStopped(interrupted, acquire.put(Value.of(1), timeout(frames))))
        .thenCompose(done -> unlessStopped(interrupted, camDone()))
        .thenCompose(
            done ->
                file == null
                    ? DONE
                    : unlessStopped(
                        interrupted, sameShape(file.awaitFrames(frames, timeout(frames)))))
        .thenCompose(done -> unlessStopped(interrupted, worked.await(frames, timeout(frames))))
        .thenCompose(done -> refresh(statistics))
        .thenCompose(done -> file == null ? DONE : file.file().thenAccept(this::written))
        .thenRun(() -> broken = false);
  }

  /** Frames of the point that failed are in the old file. */
  private CompletionStage<Void> afterFailure() {
    files = null;
    return idle()
        .thenCompose(done -> file == null ? DONE : file.end().thenCompose(ended -> file.begin()));
  }

  /** Frames of another shape explain why a file was not written, and don't belong to the run. */
  private CompletionStage<Void> sameShape(CompletionStage<Void> written) {
    return written
        .handle((done, error) -> error)
        .thenCompose(error -> file.refreshSeen().handle((seen, silent) -> error))
        .thenCompose(
            error -> {
              List<Integer> seen = seenShape();
              List<Integer> wanted = shape;
              if (seen != null && wanted != null && !seen.equals(wanted)) {
                return CompletableFuture.failedStage(
                    new DeviceFailure(
                        "other-shape",
                        "%s: a frame has the shape %s, those before had %s: somebody has changed the camera or a plugin."
                            .formatted(
                                name(), AreaPlugins.shown(seen), AreaPlugins.shown(wanted))));
              }
              return error == null ? DONE : CompletableFuture.failedStage(error);
            });
  }

  private static <T> CompletionStage<T> unlessStopped(
      CompletableFuture<Void> interrupted, CompletionStage<T> stage) {
    CompletableFuture<T> either = new CompletableFuture<>();
    stage.whenComplete(
        (value, error) -> {
          if (interrupted.isCompletedExceptionally()) {
            interrupted.whenComplete((none, why) -> either.completeExceptionally(why));
          } else if (error == null) {
            either.complete(value);
          } else {
            either.completeExceptionally(error);
          }
        });
    interrupted.whenComplete((none, why) -> either.completeExceptionally(why));
    return either;
  }

  private CompletionStage<Void> camDone() {
    return busy.get(patience())
        .thenCompose(
            now ->
                now.asDouble() == 0
                    ? CompletableFuture.completedStage(now)
                    : busy.await(off -> off.asDouble() == 0, timeout(frames)))
        .thenCompose(off -> state.get(patience()))
        .thenCompose(
            now ->
                now.asDouble() == ERROR_STATE
                    ? CompletableFuture.failedStage(
                        new DeviceFailure(
                            "cam-error",
                            name() + ": the camera says that it has an error; see its screen."))
                    : DONE);
  }

  private void written(String path) {
    double time = now();
    AreaFiles current = files;
    if (current == null) {
      AreaFilePlugin.Names names = file.names();
      current =
          new AreaFiles(
              new AreaFiles.Kind(
                  model,
                  imageKey,
                  names.hdf5(),
                  frames,
                  frameShape(),
                  names.template(),
                  options.text("root", "/")),
              path,
              file.fileName(),
              time);
      files = current;
    }
    List<AssetDocument> documents = current.next(time);
    documents.stream()
        .filter(Datum.class::isInstance)
        .forEach(
            each ->
                datum = new Reading(imageKey, Value.of(each.uid()), time, AlarmSeverity.NO_ALARM));
    newest.set(documents);
  }

  /** How long so many frames may take. */
  private Duration timeout(int count) {
    double one = Math.max(number(exposure) * Math.max(1, number(exposures)), number(period));
    return backends.timeouts().moveMargin().plusMillis((long) (count * one * 1000));
  }

  private static double number(Signal signal) {
    SignalValue now = signal.latest();
    return now == null || !(now.asDouble() > 0) ? 0 : now.asDouble();
  }

  private double now() {
    return backends.sim().clock().seconds();
  }

  @Override
  public CompletionStage<Void> stop() {
    interruption.completeExceptionally(new DeviceFailure("stopped", name() + " has been stopped."));
    return halt(halt, Value.of(0));
  }

  // ------------------------------------------------------------------ what documents say

  @Override
  public CompletionStage<DeviceDescription> describe() {
    return file == null
        ? super.describe()
        : file.refreshSeen().thenCompose(seen -> super.describe()).thenApply(this::withImage);
  }

  private DeviceDescription withImage(DeviceDescription plain) {
    Map<String, DataKey> keys = new LinkedHashMap<>(plain.dataKeys());
    List<Integer> row = row(frameShape());
    described = row;
    keys.put(
        imageKey,
        DataKey.inFile(
            row,
            "PV:" + options.text("prefix", ""),
            numpy(),
            name().value(),
            model == AreaFiles.Model.STREAM ? DataKey.STREAM : DataKey.FILESTORE));
    return new DeviceDescription(
        plain.name(),
        plain.className(),
        keys,
        plain.hints(),
        plain.configuration(),
        plain.configurationKeys());
  }

  private List<Integer> row(List<Integer> frame) {
    List<Integer> row = new ArrayList<>(List.of(frames));
    row.addAll(frame);
    return row;
  }

  /**
   * The shape of the frames in the file: of the scan that runs, or what the next would get. What
   * the file plugin gets may be a part of what the camera sees.
   */
  private List<Integer> frameShape() {
    List<Integer> fixed = shape;
    if (fixed != null) {
      return fixed;
    }
    List<Integer> expected = expectedShape();
    List<Integer> seen = seenShape();
    return expected != null ? expected : seen != null ? seen : cameraShape();
  }

  /** By the settings of camera and plugins; null if one of these is not known. */
  private List<Integer> expectedShape() {
    return plugins.shapeAt(filePv(), cameraShape());
  }

  /** A file plugin drops frames that are not of the type of those it has begun a file for. */
  private boolean otherType() {
    String seen = typeLabel(file.dataType());
    return plugins.getsNumbersOfCamera(filePv())
        && !seen.isEmpty()
        && !seen.equals(typeLabel(dataType));
  }

  private static String typeLabel(Signal type) {
    if (!type.connected() || type.latest() == null) {
      return "";
    }
    int at = (int) type.latest().asDouble();
    List<String> labels = type.meta().labels();
    return at >= 0 && at < labels.size() ? labels.get(at) : "";
  }

  private String filePv() {
    return options.text("prefix", "") + options.text("file_plugin", "");
  }

  private List<Integer> seenShape() {
    return file.seenShape(cameraColour());
  }

  private List<Integer> cameraShape() {
    List<Integer> flat = List.of((int) number(sizeY), (int) number(sizeX));
    return cameraColour() == AreaColour.RGB1 ? List.of(flat.get(0), flat.get(1), COLOURS) : flat;
  }

  private AreaColour cameraColour() {
    return AreaColour.of(colour, AreaColour.FLAT);
  }

  private String numpy() {
    // a process plugin may make others of them
    Signal type = seenShape() != null && file.dataType().connected() ? file.dataType() : dataType;
    return switch (typeLabel(type)) {
      case "Int8" -> "|i1";
      case "UInt8" -> "|u1";
      case "Int16" -> "<i2";
      case "UInt16" -> "<u2";
      case "Int32" -> "<i4";
      case "UInt32" -> "<u4";
      case "Int64" -> "<i8";
      case "UInt64" -> "<u8";
      case "Float32" -> "<f4";
      case "Float64" -> "<f8";
      default -> null;
    };
  }

  @Override
  public CompletionStage<List<Reading>> read() {
    if (file == null || model == AreaFiles.Model.STREAM) {
      return super.read();
    }
    return super.read().thenApply(this::withDatum);
  }

  private List<Reading> withDatum(List<Reading> plain) {
    Reading id = datum;
    List<Reading> all = new ArrayList<>(plain);
    all.add(
        id == null ? new Reading(imageKey, Value.None.NONE, now(), AlarmSeverity.NO_ALARM) : id);
    return all;
  }

  @Override
  public List<AssetDocument> assets() {
    return newest.getAndSet(List.of());
  }
}
