package org.beamhive.launcher.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One run in a {@link LiveView}: its table and, if one motor was scanned, its curves. */
final class RunView {
  private static final int MIN_WIDTH = 12;
  private static final int MAX_WIDTH = 24;

  /** Longer curves are not searched for peaks: they would fill the memory. */
  private static final int MAX_POINTS = 100_000;

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss.S").withZone(ZoneId.systemDefault());

  private final JsonNode start;
  private final Terminal terminal;
  private final Map<String, Column> columns = new LinkedHashMap<>();
  private final List<String> motorKeys = new ArrayList<>();
  private final Map<String, Curve> curves = new LinkedHashMap<>();
  private String border = "";
  private long points;
  private long firstPoint;

  private record Column(int width, Integer precision) {}

  private static final class Curve {
    private final List<Double> x = new ArrayList<>();
    private final List<Double> y = new ArrayList<>();
  }

  RunView(JsonNode start, Terminal terminal) {
    this.start = start;
    this.terminal = terminal;
    terminal.line("");
    terminal.line(
        name()
            + ": "
            + start.path("plan_name").asText("run")
            + " at "
            + Show.time(start.path("time"))
            + ", run "
            + start.path("uid").asText());
  }

  private String name() {
    return start.has("scan_id") ? "Scan " + start.get("scan_id").asText() : "Run";
  }

  void described(JsonNode descriptor) {
    JsonNode keys = descriptor.path("data_keys");
    Set<String> chosen = new LinkedHashSet<>();
    for (JsonNode motor : start.path("motors")) {
      List<String> fields = fields(descriptor, motor.asText());
      motorKeys.addAll(fields);
      chosen.addAll(fields);
    }
    descriptor
        .path("hints")
        .forEach(hint -> hint.path("fields").forEach(field -> chosen.add(field.asText())));
    if (chosen.isEmpty()) {
      keys.fieldNames().forEachRemaining(chosen::add);
    }
    for (String key : chosen) {
      JsonNode described = keys.path(key);
      if (described.isObject() && described.path("shape").isEmpty()) {
        Integer precision =
            described.path("precision").isNumber() ? described.path("precision").asInt() : null;
        int width = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, title(key, described).length()));
        columns.put(key, new Column(width, precision));
        if (motorKeys.size() == 1 && !motorKeys.contains(key)) {
          curves.put(key, new Curve());
        }
      }
    }
    header(keys);
    terminal.progress(name(), start.path("num_points").asLong());
  }

  /** The keys of a device to show: the hinted ones, else the one of its name, else all. */
  private static List<String> fields(JsonNode descriptor, String device) {
    List<String> fields = new ArrayList<>();
    descriptor
        .path("hints")
        .path(device)
        .path("fields")
        .forEach(field -> fields.add(field.asText()));
    if (fields.isEmpty() && descriptor.path("data_keys").has(device)) {
      fields.add(device);
    }
    if (fields.isEmpty()) {
      descriptor.path("object_keys").path(device).forEach(key -> fields.add(key.asText()));
    }
    return fields;
  }

  private static String title(String key, JsonNode described) {
    String units = described.path("units").asText();
    return units.isEmpty() || units.equals("null") ? key : key + " [" + units + "]";
  }

  private void header(JsonNode keys) {
    StringBuilder titles = new StringBuilder("|   seq_num |       time |");
    StringBuilder line = new StringBuilder("+-----------+------------+");
    columns.forEach(
        (key, column) -> {
          titles.append(cell(title(key, keys.path(key)), column.width()));
          line.append("-".repeat(column.width() + 2)).append('+');
        });
    border = line.toString();
    terminal.line(border);
    terminal.line(titles.toString());
    terminal.line(border);
  }

  private static String cell(String text, int width) {
    String fitting = text.length() > width ? text.substring(0, width - 1) + "~" : text;
    return " " + " ".repeat(width - fitting.length()) + fitting + " |";
  }

  void measured(JsonNode event) {
    points = event.path("seq_num").asLong();
    if (firstPoint == 0) {
      firstPoint = points;
    }
    JsonNode data = event.path("data");
    StringBuilder row = new StringBuilder("|");
    row.append(cell(Long.toString(points), 9));
    row.append(
        cell(TIME.format(Instant.ofEpochMilli((long) (event.path("time").asDouble() * 1000))), 10));
    columns.forEach(
        (key, column) -> row.append(cell(text(data.path(key), column), column.width())));
    terminal.line(row.toString());
    curves.forEach(
        (key, curve) -> {
          JsonNode x = data.path(motorKeys.get(0));
          JsonNode y = data.path(key);
          if (x.isNumber() && y.isNumber() && curve.x.size() < MAX_POINTS) {
            curve.x.add(x.asDouble());
            curve.y.add(y.asDouble());
          }
        });
    terminal.at(points);
  }

  private static String text(JsonNode value, Column column) {
    if (value.isIntegralNumber() || !value.isNumber()) {
      return value.isNull() ? "nan" : value.asText();
    }
    return Show.number(value.asDouble(), column.precision());
  }

  void stopped(JsonNode stop) {
    terminal.endProgress();
    if (!border.isEmpty()) {
      terminal.line(border);
    }
    // of a run that was joined in the middle only a part of the curve is known
    if (firstPoint == 1) {
      curves.forEach(this::peak);
    }
    String reason = stop.path("reason").asText();
    terminal.line(
        name()
            + ": "
            + stop.path("exit_status").asText()
            + ", "
            + points
            + (points == 1 ? " point in " : " points in ")
            + Show.duration(stop.path("time").asDouble() - start.path("time").asDouble())
            + (reason.isEmpty() ? "" : ": " + reason));
  }

  private void peak(String key, Curve curve) {
    double[] x = array(curve.x);
    double[] y = array(curve.y);
    String motor = motorKeys.get(0);
    Integer precision = columns.containsKey(motor) ? columns.get(motor).precision() : null;
    Integer finer = precision == null ? null : precision + 1;
    PeakFinder.find(x, y)
        .ifPresent(
            peak -> {
              StringBuilder line = new StringBuilder(key);
              line.append(": max ").append(Show.number(peak.max(), null));
              line.append(" at ").append(motor).append(' ');
              line.append(Show.number(peak.maxAt(), precision));
              line.append(", centre of mass ").append(Show.number(peak.centreOfMass(), finer));
              if (Double.isFinite(peak.fwhm())) {
                line.append(", FWHM ").append(Show.number(peak.fwhm(), finer));
              }
              peak.fit()
                  .ifPresent(
                      fit ->
                          line.append("; Gaussian at ")
                              .append(Show.number(fit.centre(), finer))
                              .append(", FWHM ")
                              .append(Show.number(fit.fwhm(), finer)));
              terminal.line(line.toString());
            });
  }

  private static double[] array(List<Double> values) {
    double[] array = new double[values.size()];
    Arrays.setAll(array, values::get);
    return array;
  }
}
