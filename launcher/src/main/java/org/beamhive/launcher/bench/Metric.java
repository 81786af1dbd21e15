package org.beamhive.launcher.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * One figure of a benchmark.
 *
 * @param bench which benchmark
 * @param what which case of it
 * @param name what is measured
 * @param unit in which unit
 * @param values one per repeat
 * @param baseline what it is compared with, or null
 * @param baselineValues measured in the same run, in turn with the subject
 */
record Metric(
    String bench,
    String what,
    String name,
    String unit,
    List<Double> values,
    String baseline,
    List<Double> baselineValues) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The figures of several rounds. */
  static List<Metric> of(String bench, String what, List<List<Figure>> rounds) {
    List<Metric> metrics = new ArrayList<>();
    for (int i = 0; i < rounds.get(0).size(); i++) {
      int at = i;
      List<Figure> figures = rounds.stream().map(round -> round.get(at)).toList();
      Figure first = figures.get(0);
      metrics.add(
          new Metric(
              bench,
              what,
              first.name(),
              first.unit(),
              figures.stream().map(Figure::value).toList(),
              first.baseline(),
              figures.stream().map(Figure::baselineValue).toList()));
    }
    return metrics;
  }

  static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  String json() {
    ObjectNode line = JSON.createObjectNode();
    line.put("bench", bench);
    line.put("case", what);
    line.put("metric", name);
    line.put("unit", unit);
    line.put("min", values.stream().mapToDouble(Double::doubleValue).min().orElseThrow());
    line.put("median", median(values));
    line.put("max", values.stream().mapToDouble(Double::doubleValue).max().orElseThrow());
    line.put("repeats", values.size());
    line.put("baseline", baseline);
    if (baseline == null) {
      line.putNull("baseline_median");
      line.putNull("ratio");
    } else {
      line.put("baseline_median", median(baselineValues));
      line.put("ratio", median(values) / median(baselineValues));
    }
    try {
      return JSON.writeValueAsString(line);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  String text() {
    String compared =
        baseline == null
            ? ""
            : String.format(
                "   %.2f of %s (%,.3f)",
                median(values) / median(baselineValues), baseline, median(baselineValues));
    return String.format(
        "%-24s %-30s %,14.3f %-4s (%,.3f to %,.3f)%s",
        what,
        name,
        median(values),
        unit,
        values.stream().mapToDouble(Double::doubleValue).min().orElseThrow(),
        values.stream().mapToDouble(Double::doubleValue).max().orElseThrow(),
        compared);
  }
}
