package org.beamhive.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.beamhive.devices.ioc.IocFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class IocCommandTest {
  @TempDir private Path folder;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    CommandLine beamhive = Main.commandLine();
    beamhive.setErr(new PrintWriter(err));
    beamhive.setOut(new PrintWriter(out));
    return beamhive.execute(arguments);
  }

  @Test
  void theExampleHasARecordOfEachKind() throws Exception {
    IocFile example = IocFile.load(Path.of("..", "cluster-config", "example", "ioc.yaml"));
    assertThat(example.prefix()).isEqualTo("SIM:");
    assertThat(example.records())
        .extracting(IocFile.Entry::type)
        .contains("motor", "scaler", "mca", "calc", "positioner", "temperature", "waveform");
  }

  @Test
  void mistakesInTheFileAreAllNamedBeforeAnythingStarts() throws Exception {
    Path file = folder.resolve("ioc.yaml");
    Files.writeString(file, "colour: red\nrecords:\n  m1: {type: rocket}\n");
    assertThat(run("ioc", "--config", file.toString())).isEqualTo(1);
    assertThat(err.toString())
        .contains(file + ":1: colour: no such key; allowed are prefix, port, records")
        .contains(file + ":3: records.m1.type: is rocket, must be one of motor, scaler");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    assertThat(run("ioc", "--config", folder.resolve("none.yaml").toString())).isEqualTo(1);
    assertThat(err.toString()).contains("none.yaml").contains("can't be read");
  }

  @Test
  void listsTheTypesOfRecord() {
    assertThat(run("ioc", "--types")).isZero();
    assertThat(out.toString()).contains("motor: ", "velocity", "waveform: ");
  }
}
