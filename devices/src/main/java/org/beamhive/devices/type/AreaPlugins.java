package org.beamhive.devices.type;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.protocol.model.Value;

/**
 * The plugins of an area detector: whether each is what it should be, which gives its frames to
 * which, and the settings of regions of interest and of the process plugin. Of what is read here an
 * IOC may lack anything: areaDetector's versions differ.
 */
final class AreaPlugins {
  private static final int DEEPEST = 8;
  private static final double EXACT = 1e-6;

  /** What a plugin is for, with what areaDetector calls its type. */
  enum Use {
    /** Whatever somebody wants to have enabled. */
    ANY(""),
    ROI("NDPluginROI"),
    PROCESS("NDPluginProcess"),
    STATISTICS("NDPluginStats"),
    HDF5("NDFileHDF5"),
    TIFF("NDFileTIFF");

    private final String type;

    Use(String type) {
      this.type = type;
    }

    /** What a plugin of this name is usually for, as {@code ROI1:} and {@code Proc1:}. */
    static Use ofName(String plugin) {
      String name = plugin.toLowerCase(Locale.ROOT);
      return name.matches("roi\\d*:") ? ROI : name.matches("proc\\d*:") ? PROCESS : ANY;
    }
  }

  /** Makes the signals of the device; none of them is required. */
  interface Parts {
    /** One that the device itself uses only. */
    Signal own(String pv, SignalOptions how);

    /** One of its configuration; of an enumeration its labels are shown. */
    Signal configuration(String key, String pv);
  }

  /** Something that gives frames to the plugins that listen to its port. */
  private record Plugin(
      String pv, Use use, Signal type, Signal port, Signal source, Map<String, Signal> readbacks) {
    double number(String key, double otherwise) {
      Signal signal = readbacks.get(key);
      return signal == null || !signal.connected() || signal.latest() == null
          ? otherwise
          : signal.latest().asDouble();
    }
  }

  private final String device;
  private final Parts parts;
  private final SignalSettings settings;
  private final Signal cameraPort;
  private final Map<String, Plugin> byPv = new LinkedHashMap<>();
  private final List<Signal> conditions = new ArrayList<>();

  /**
   * None yet.
   *
   * @param cam the PVs of the camera begin with it
   * @param settings where those of the plugins are added
   */
  AreaPlugins(String device, String cam, Parts parts, SignalSettings settings) {
    this.device = device;
    this.parts = parts;
    this.settings = settings;
    cameraPort = parts.own(cam + "PortName_RBV", SignalOptions.MONITORED);
  }

  /** Adds one; one that is there keeps its first use. */
  void add(String prefix, String plugin, Use use) {
    String pv = prefix + plugin;
    if (byPv.containsKey(pv)) {
      return;
    }
    String key = plugin.replace(":", "").toLowerCase(Locale.ROOT) + "_";
    Signal source = parts.configuration(key + "nd_array_port", pv + "NDArrayPort_RBV");
    Plugin made =
        new Plugin(
            pv,
            use,
            parts.own(pv + "PluginType_RBV", SignalOptions.MONITORED),
            parts.own(pv + "PortName_RBV", SignalOptions.MONITORED),
            source,
            new LinkedHashMap<>());
    byPv.put(pv, made);
    settings.readBack(
        key + "nd_array_port",
        parts.own(pv + "NDArrayPort", SignalOptions.POLLED),
        source,
        EXACT,
        this::portProblem,
        taken -> {});
    if (use == Use.ROI) {
      region(made, key);
    } else if (use == Use.PROCESS) {
      process(made, key);
    }
  }

  private void region(Plugin plugin, String key) {
    for (String axis : List.of("x", "y", "z")) {
      String pv = axis.toUpperCase(Locale.ROOT);
      whole(plugin, key, "min_" + axis, "Min" + pv, 0);
      whole(plugin, key, "size_" + axis, "Size" + pv, 1);
      whole(plugin, key, "bin_" + axis, "Bin" + pv, 1);
      choice(plugin, key, "enable_" + axis, "Enable" + pv);
    }
    choice(plugin, key, "enable_scale", "EnableScale");
    number(plugin, key, "scale", "Scale");
  }

  private void process(Plugin plugin, String key) {
    saved(plugin, key, "background", "Background");
    saved(plugin, key, "flat_field", "FlatField");
    number(plugin, key, "scale_flat_field", "ScaleFlatField");
    choice(plugin, key, "enable_offset_scale", "EnableOffsetScale");
    number(plugin, key, "offset", "Offset");
    number(plugin, key, "scale", "Scale");
    choice(plugin, key, "enable_filter", "EnableFilter");
    whole(plugin, key, "num_filter", "NumFilter", 1);
  }

  /** The plugin corrects by a frame that somebody has saved; without one it does nothing. */
  private void saved(Plugin plugin, String key, String what, String field) {
    Signal valid = parts.own(plugin.pv() + "Valid" + field + "_RBV", SignalOptions.MONITORED);
    conditions.add(valid);
    setting(
        plugin,
        key,
        "enable_" + what,
        "Enable" + field,
        setpoint ->
            value -> {
              String problem = SignalSettings.labelProblem(setpoint, value);
              boolean none =
                  valid.connected() && valid.latest() != null && valid.latest().asDouble() == 0;
              boolean off = SignalSettings.same(setpoint, Value.of(0), value);
              return problem == null && none && !off
                  ? "needs a frame that was saved by %sSave%s, and there is none"
                      .formatted(plugin.pv(), field)
                  : problem;
            });
  }

  private void whole(Plugin plugin, String key, String name, String field, int least) {
    setting(
        plugin,
        key,
        name,
        field,
        setpoint -> value -> SignalSettings.numberProblem(setpoint, value, true, least));
  }

  private void number(Plugin plugin, String key, String name, String field) {
    setting(
        plugin,
        key,
        name,
        field,
        setpoint ->
            value ->
                SignalSettings.numberProblem(setpoint, value, false, Double.NEGATIVE_INFINITY));
  }

  private void choice(Plugin plugin, String key, String name, String field) {
    setting(
        plugin,
        key,
        name,
        field,
        setpoint -> value -> SignalSettings.labelProblem(setpoint, value));
  }

  private void setting(
      Plugin plugin,
      String key,
      String name,
      String field,
      Function<Signal, Function<Value, String>> problem) {
    Signal setpoint = parts.own(plugin.pv() + field, SignalOptions.POLLED);
    Signal readback = parts.configuration(key + name, plugin.pv() + field + "_RBV");
    plugin.readbacks().put(name, readback);
    settings.readBack(key + name, setpoint, readback, EXACT, problem.apply(setpoint), taken -> {});
  }

  /**
   * A port of which nothing is known may be that of a plugin which the device file doesn't name.
   */
  private String portProblem(Value value) {
    boolean right = value instanceof Value.Text text && !text.value().isBlank();
    return right ? null : "must be the name of a port; known are " + String.join(", ", ports());
  }

  private List<String> ports() {
    List<String> ports = new ArrayList<>();
    ports.add(text(cameraPort));
    byPv.values().forEach(plugin -> ports.add(text(plugin.port())));
    return ports.stream().filter(port -> !port.isEmpty()).distinct().toList();
  }

  /** What decides whether a setting is allowed now; to be asked before it is. */
  List<Signal> conditions() {
    return conditions.stream().filter(Signal::connected).toList();
  }

  /** A plugin that is none of the kind that it is used as, null if there is none such. */
  DeviceFailure misfit() {
    String wrong =
        byPv.values().stream()
            .filter(plugin -> !text(plugin.type()).isEmpty())
            .filter(plugin -> !text(plugin.type()).startsWith(plugin.use().type))
            .map(
                plugin ->
                    "%s is a plugin of the type %s, %s is needed"
                        .formatted(plugin.pv(), text(plugin.type()), plugin.use().type))
            .collect(Collectors.joining("; "));
    return wrong.isEmpty()
        ? null
        : new DeviceFailure(
            "wrong-plugin", "%s: %s: correct its deviceConfig.".formatted(device, wrong));
  }

  /**
   * The shape of the frames that a plugin gets, rows first, by the settings of those before it.
   *
   * @param camera the shape of the camera's frames
   * @return null if it can't be told: one of those that are before it is not known
   */
  List<Integer> shapeAt(String pv, List<Integer> camera) {
    Plugin plugin = byPv.get(pv);
    String source = plugin == null ? "" : text(plugin.source());
    return source.isEmpty() ? camera : shapeFrom(source, camera, DEEPEST);
  }

  private List<Integer> shapeFrom(String port, List<Integer> camera, int deepest) {
    if (port.equals(text(cameraPort))) {
      return camera;
    }
    Plugin giver = withPort(port);
    // a ring of plugins has no frames
    if (giver == null || deepest == 0 || text(giver.source()).isEmpty()) {
      return null;
    }
    List<Integer> before = shapeFrom(text(giver.source()), camera, deepest - 1);
    if (before == null) {
      return null;
    }
    return switch (giver.use()) {
      case ROI -> cut(giver, before);
      case PROCESS, STATISTICS -> before;
      default -> null;
    };
  }

  /** Whether a plugin gets the camera's numbers: regions and processing may make other types. */
  boolean getsNumbersOfCamera(String pv) {
    Plugin plugin = byPv.get(pv);
    for (int depth = 0; plugin != null && depth < DEEPEST; depth++) {
      String port = text(plugin.source());
      if (port.isEmpty() || port.equals(text(cameraPort))) {
        return !port.isEmpty();
      }
      Plugin giver = withPort(port);
      plugin = giver == null || giver.use() != Use.STATISTICS ? null : giver;
    }
    return false;
  }

  private Plugin withPort(String port) {
    return byPv.values().stream()
        .filter(plugin -> text(plugin.port()).equals(port))
        .findFirst()
        .orElse(null);
  }

  private static List<Integer> cut(Plugin roi, List<Integer> whole) {
    List<Integer> part = new ArrayList<>(whole);
    part.set(0, cut(roi, "y", whole.get(0)));
    part.set(1, cut(roi, "x", whole.get(1)));
    return part;
  }

  /** As NDPluginROI makes it fit. */
  private static int cut(Plugin roi, String axis, int whole) {
    if (roi.number("enable_" + axis, 1) == 0) {
      return whole;
    }
    int begin = (int) Math.max(0, Math.min(roi.number("min_" + axis, 0), whole - 1));
    int size = (int) Math.max(1, Math.min(roi.number("size_" + axis, whole), whole - begin));
    int bin = (int) Math.max(1, Math.min(roi.number("bin_" + axis, 1), size));
    return size / bin;
  }

  /** A shape for a message: {@code 48 x 64}. */
  static String shown(List<Integer> shape) {
    return shape.stream().map(String::valueOf).collect(Collectors.joining(" x "));
  }

  private static String text(Signal signal) {
    return signal.connected()
            && signal.latest() != null
            && signal.latest().value() instanceof Value.Text text
        ? text.value().strip()
        : "";
  }
}
