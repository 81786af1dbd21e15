package org.beamhive.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What can't start says so in one sentence and with an exit code, before anything runs. */
class StartRefusalsTest {
  @TempDir private Path folder;

  private record Outcome(int code, String err) {}

  private Outcome run(String... arguments) {
    StringWriter err = new StringWriter();
    CommandLine beamhive = Main.commandLine();
    beamhive.setErr(new PrintWriter(err));
    beamhive.setOut(new PrintWriter(new StringWriter()));
    return new Outcome(beamhive.execute(arguments), err.toString().strip());
  }

  private Outcome node(String... more) {
    String[] arguments = new String[more.length + 5];
    System.arraycopy(
        new String[] {"node", "--data-dir", folder.resolve("data").toString(), "--port", "0"},
        0,
        arguments,
        0,
        5);
    System.arraycopy(more, 0, arguments, 5, more.length);
    return run(arguments);
  }

  @Test
  void aPortInUseIsNamed() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Outcome outcome = node("--port", Integer.toString(taken.getLocalPort()));
      // --port twice is wrong usage; the later form is what a person types
      assertThat(outcome.code()).isEqualTo(2);
      outcome =
          run(
              "node",
              "--data-dir",
              folder.toString(),
              "--port",
              Integer.toString(taken.getLocalPort()));
      assertThat(outcome.code()).isEqualTo(1);
      assertThat(outcome.err())
          .hasLineCount(1)
          .contains("port " + taken.getLocalPort())
          .contains("beamhive.node.port");
    }
  }

  @Test
  void aRedisThatIsNotThereIsNamed() {
    Outcome outcome = node("--redis", "redis://127.0.0.1:1");
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).hasLineCount(1).contains("127.0.0.1:1");
  }

  @Test
  void aDataFolderThatCantBeWrittenIsNamed() throws Exception {
    Path file = Files.createFile(folder.resolve("a-file"));
    Outcome outcome = run("node", "--port", "0", "--data-dir", file.resolve("data").toString());
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).hasLineCount(1).contains("data folder").contains(file.toString());
  }

  @Test
  void aDataFolderInUseIsNamed() {
    Path data = folder.resolve("data");
    try (DataFolder taken = DataFolder.take(data)) {
      Outcome outcome = node();
      assertThat(outcome.code()).isEqualTo(1);
      assertThat(outcome.err())
          .hasLineCount(1)
          .contains(taken.path().toString())
          .contains("another node");
    }
  }

  @Test
  void everyMistakeOfADeviceFileIsNamedWithItsLine() throws Exception {
    Path devices = folder.resolve("devices.yaml");
    Files.writeString(
        devices,
        """
        samx: {deviceClass: EpicsMoter, enabled: true, readoutPriority: baseline}
        samy: {deviceClass: SimMotor, enabled: maybe, readoutPriority: often}
        """);
    Outcome outcome = node("--devices", devices.toString());
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err())
        .contains("devices.yaml:1")
        .contains("EpicsMoter")
        .contains("devices.yaml:2")
        .contains("often")
        .doesNotContain("at org.");
  }

  @Test
  void mistakesAboutTlsAndJoiningAreNamedBeforeAnythingStarts() {
    Outcome outcome =
        node(
            "--set",
            "beamhive.tls.enabled=true",
            "--set",
            "beamhive.web.tls.enabled=true",
            "--set",
            "beamhive.web.tls.certificate=" + folder.resolve("none.pem"),
            "--set",
            "beamhive.node.contact-points.0=127.0.0.1:1",
            "--seed",
            "127.0.0.1:2");
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err())
        .containsPattern("beamhive.tls.certificate .*is empty")
        .containsPattern("beamhive.tls.private-key .*is empty")
        .containsPattern("beamhive.tls.trusted .*is empty")
        .containsPattern("beamhive.web.tls.certificate .*none.pem' does not exist")
        .containsPattern("beamhive.web.tls.private-key .*is empty")
        .containsPattern("beamhive.node.seed-nodes .*127.0.0.1:2. and beamhive.node.contact-points")
        .doesNotContain("at org.");
    assertThat(folder.resolve("data")).doesNotExist();
  }

  @Test
  void unknownKeysAndWrongValuesOfTheConfigurationAreNamed() throws Exception {
    Path config = folder.resolve("site.conf");
    Files.writeString(config, "beamhive.engine.look-ahed = 5\nbeamhive.nodes.port = 3\n");
    Outcome outcome = node("--config", config.toString());
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err())
        .contains("beamhive.engine.look-ahed")
        .contains("look-ahead")
        .contains("beamhive.nodes")
        .contains("site.conf");

    outcome = node("--roles", "control,kitchen");
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).hasLineCount(1).contains("kitchen").contains("hutch-NAME");

    outcome = node("--set", "beamhive.recovery.policy=hope");
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).hasLineCount(1).contains("hope").contains("resume, pause or fail");

    outcome = node("--set", "beamhive.engine.look-ahead=many");
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).hasLineCount(1).contains("look-ahead");
  }
}
