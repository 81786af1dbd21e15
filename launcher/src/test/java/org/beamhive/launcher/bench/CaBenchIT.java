package org.beamhive.launcher.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class CaBenchIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... options) {
    CommandLine bench = new CommandLine(new BenchCommand());
    bench.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    List<String> words = new ArrayList<>(List.of("ca"));
    words.addAll(List.of(options));
    return bench.execute(words.toArray(String[]::new));
  }

  @Test
  void measuresEveryCaseAgainstItsBaseline() throws Exception {
    assertThat(
            run(
                "--pvs",
                "300",
                "--requests",
                "2000",
                "--rate",
                "5000",
                "--seconds",
                "0.4",
                "--repeats",
                "1",
                "--json"))
        .as(err.toString())
        .isZero();
    Map<String, JsonNode> lines = new LinkedHashMap<>();
    for (String text : out.toString().lines().toList()) {
      JsonNode line = JSON.readTree(text);
      lines.put(line.path("case").asText() + " " + line.path("metric").asText(), line);
    }
    assertThat(lines)
        .containsOnlyKeys(
            "get gets_per_second",
            "get get_microseconds_median",
            "get get_microseconds_p99",
            "put puts_per_second",
            "put put_microseconds_median",
            "put put_microseconds_p99",
            "monitors monitors_per_second",
            "pvs connect_seconds",
            "pvs heap_bytes_per_pv",
            "scan point_milliseconds_median");
    assertThat(lines)
        .allSatisfy((name, line) -> assertThat(line.path("baseline_median").isNumber()).isTrue());
    assertThat(lines.get("scan point_milliseconds_median").path("median").asDouble()).isPositive();
  }

  @Test
  void saysWhichCasesThereAre() {
    assertThat(run("--case", "gets")).isEqualTo(2);
    assertThat(err.toString()).contains("--case gets: allowed are get, put, monitors, pvs, scan");
  }

  @Test
  void someCasesNeedOurOwnIoc() {
    assertThat(run("--address", "127.0.0.1:1", "--case", "scan")).isEqualTo(2);
    assertThat(err.toString()).contains("--case scan: allowed are get, put, pvs");
  }

  @Test
  void refusesToMeasureNothing() {
    assertThat(run("--requests", "0")).isEqualTo(2);
    assertThat(err.toString()).contains("--requests 0: allowed are more than 0");
  }
}
