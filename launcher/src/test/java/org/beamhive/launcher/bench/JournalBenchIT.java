package org.beamhive.launcher.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class JournalBenchIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... options) {
    CommandLine bench = new CommandLine(new BenchCommand());
    bench.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    String[] words = new String[options.length + 1];
    words[0] = "journal";
    System.arraycopy(options, 0, words, 1, options.length);
    return bench.execute(words);
  }

  @Test
  void measuresEveryCaseAgainstItsBaseline() throws Exception {
    assertThat(run("--events", "100", "--replay-events", "1001", "--repeats", "2", "--json"))
        .as(err.toString())
        .isZero();
    Map<String, JsonNode> lines = new LinkedHashMap<>();
    for (String text : out.toString().lines().toList()) {
      JsonNode line = JSON.readTree(text);
      lines.put(line.path("case").asText() + " " + line.path("metric").asText(), line);
    }
    assertThat(lines)
        .containsOnlyKeys(
            "floor bare_events_per_second",
            "writers-1 events_per_second",
            "writers-1 persist_microseconds_median",
            "writers-1 persist_microseconds_p99",
            "writers-10 events_per_second",
            "writers-10 persist_microseconds_median",
            "writers-10 persist_microseconds_p99",
            "writers-100 events_per_second",
            "writers-100 persist_microseconds_median",
            "writers-100 persist_microseconds_p99",
            "lone-persist persist_microseconds_median",
            "lone-persist persist_microseconds_p99",
            "replay events_per_second",
            "replay heap_megabytes_at_10_percent",
            "replay heap_megabytes_at_20_percent",
            "replay heap_megabytes_at_30_percent",
            "replay heap_megabytes_at_40_percent",
            "replay heap_megabytes_at_50_percent",
            "replay heap_megabytes_at_60_percent",
            "replay heap_megabytes_at_70_percent",
            "replay heap_megabytes_at_80_percent",
            "replay heap_megabytes_at_90_percent",
            "replay heap_megabytes_at_100_percent",
            "replay heap_megabytes_peak",
            "live-by-id arrival_milliseconds_median",
            "live-by-id arrival_milliseconds_p99",
            "live-by-tag arrival_milliseconds_median",
            "live-by-tag arrival_milliseconds_p99");
    assertThat(lines)
        .allSatisfy(
            (name, line) -> {
              assertThat(line.path("median").asDouble()).isPositive();
              assertThat(line.path("ratio").isNumber()).isEqualTo(!line.path("baseline").isNull());
            });
  }

  @Test
  void namesTheCasesThereAre() {
    assertThat(run("--case", "writers")).isEqualTo(2);
    assertThat(err.toString())
        .contains("--case writers: allowed are floor, writers-1, writers-10, writers-100,");
  }

  @Test
  void refusesToMeasureNothing() {
    assertThat(run("--repeats", "0")).isEqualTo(2);
    assertThat(err.toString()).contains("--repeats 0: allowed are 1 and more");
  }
}
