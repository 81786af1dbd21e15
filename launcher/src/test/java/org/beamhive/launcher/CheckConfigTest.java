package org.beamhive.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What is in force, and every mistake at once, each with its file and key. */
class CheckConfigTest {
  private static final String EXAMPLE = "../cluster-config/example";

  @TempDir private Path folder;

  private record Outcome(int code, String out, String err) {}

  private static Outcome run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine beamhive = Main.commandLine();
    beamhive.setOut(new PrintWriter(out));
    beamhive.setErr(new PrintWriter(err));
    return new Outcome(beamhive.execute(arguments), out.toString(), err.toString());
  }

  private void write(String name, String text) {
    try {
      Files.writeString(folder.resolve(name), text);
    } catch (IOException failed) {
      throw new java.io.UncheckedIOException(failed);
    }
  }

  @Test
  void everyNodeOfTheExampleIsRight() {
    for (String node : new org.beamhive.cluster.BeamlineFolder(Path.of(EXAMPLE)).nodes()) {
      Outcome outcome = run("check-config", "--config", EXAMPLE, "--node", node);
      assertThat(outcome.code()).as(node + ": " + outcome.err()).isZero();
      assertThat(outcome.out()).contains("No mistakes.");
    }
  }

  @Test
  void theSettingsOfAHutchAreShownWithWhereTheyComeFrom() {
    Outcome outcome =
        run("check-config", "--config", EXAMPLE, "--hutch", "eh1", "--set", "beamhive.node.port=7");
    assertThat(outcome.code()).isZero();
    assertThat(outcome.out().lines())
        .anySatisfy(
            line ->
                assertThat(line)
                    .startsWith("beamhive.node.roles = [\"hutch-eh1\"]")
                    .contains("eh1.conf"))
        .anySatisfy(
            line -> assertThat(line).startsWith("beamhive.node.beamline").contains("beamline.conf"))
        .anySatisfy(
            line ->
                assertThat(line)
                    .startsWith("beamhive.node.port = ")
                    .contains("7")
                    .contains("the command line"));
  }

  @Test
  void everyMistakeIsNamedAtOnceWithItsFileAndKey() {
    write(
        "beamline.conf",
        """
        beamhive.node.beamline = "b l"
        beamhive.engine.look-ahed = 5
        """);
    write(
        "eh1.conf",
        """
        include "beamline.conf"
        beamhive.node { roles = ["hutch-eh1"], devices = "eh1.yaml", data-dir = "d" }
        beamhive.engine.max-batch = many
        beamhive.queue.alive-interval = 5 parsecs
        beamhive.recovery.policy = hope
        beamhive.devices.waiting-commands = 0
        beamhive.web = "off"
        """);
    write("eh1.yaml", "samx: {deviceClass: EpicsMotr, enabled: true}\n");
    Outcome outcome = run("check-config", "--config", folder.toString(), "--hutch", "eh1");
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err().lines())
        .anySatisfy(
            line ->
                assertThat(line)
                    .contains("beamhive.engine.look-ahed", "beamline.conf: 2", "look-ahead"))
        .anySatisfy(
            line ->
                assertThat(line)
                    .contains("beamhive.engine.max-batch", "eh1.conf: 3", "a number is allowed"))
        .anySatisfy(
            line ->
                assertThat(line)
                    .contains("beamhive.queue.alive-interval", "eh1.conf: 4", "a duration"))
        .anySatisfy(
            line ->
                assertThat(line)
                    .contains("beamhive.recovery.policy", "eh1.conf: 5", "'hope'", "resume"))
        .anySatisfy(
            line -> assertThat(line).contains("beamhive.devices.waiting-commands", "at least 1"))
        .anySatisfy(line -> assertThat(line).contains("beamhive.web", "eh1.conf: 7", "a section"))
        .anySatisfy(line -> assertThat(line).contains("beamhive.node.beamline", "'b l'", "letters"))
        .anySatisfy(line -> assertThat(line).contains("eh1.yaml", "EpicsMotr", "EpicsMotor"));
  }

  @Test
  void aNodeThatIsNotThereIsRefusedWithThoseThatAre() {
    assertThat(run("check-config", "--config", EXAMPLE, "--hutch", "eh9"))
        .satisfies(
            outcome -> {
              assertThat(outcome.code()).isEqualTo(1);
              assertThat(outcome.err()).contains("no node 'eh9'", "control-1, control-2, eh1");
            });
    assertThat(run("node", "--config", EXAMPLE).err()).contains("--node NAME", "gateway");
    assertThat(run("node", "--config", folder.resolve("none").toString()).err())
        .contains("none", "does not exist");
  }

  @Test
  void theDevicesThatShipAreAskedForByAWord() {
    write("eh1.conf", "beamhive.node { roles = [\"hutch-eh1\"], devices = \"sim\" }\n");
    Outcome outcome = run("check-config", "--config", folder.toString(), "--node", "eh1");
    assertThat(outcome.code()).as(outcome.err()).isZero();
    write("eh1.conf", "beamhive.node { roles = [\"hutch-eh1\"], devices = \"simm\" }\n");
    assertThat(run("check-config", "--config", folder.toString(), "--node", "eh1").err())
        .contains("simm", "does not exist");
  }

  @Test
  void aDeviceThatTwoHutchesHaveIsFoundBeforeAnythingStarts() {
    write("beamline.conf", "beamhive.node.redis-url = \"redis://127.0.0.1:1\"\n");
    for (String hutch : new String[] {"a", "b"}) {
      write(
          hutch + ".conf",
          """
          include "beamline.conf"
          beamhive.node { roles = ["hutch-%s"], devices = "%s.yaml" }
          """
              .formatted(hutch, hutch));
      write(
          hutch + ".yaml",
          "m: {deviceClass: SimMotor, enabled: true, readoutPriority: baseline}\n");
    }
    Outcome outcome =
        run(
            "beamline",
            "up",
            "--config",
            folder.toString(),
            "--data-dir",
            folder.resolve("data").toString());
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).contains("device 'm' is in", "a.yaml", "b.yaml");
    assertThat(folder.resolve("data")).doesNotExist();
  }
}
