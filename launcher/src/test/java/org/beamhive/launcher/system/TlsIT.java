package org.beamhive.launcher.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.beamhive.launcher.FreePort;
import org.beamhive.launcher.client.ClientCommands;
import org.beamhive.launcher.join.TestCertificates;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/**
 * A beamline whose nodes talk by TLS and whose clients use HTTPS; who has no certificate stays out.
 */
class TlsIT {
  private static final String DEVICES =
      """
      samx: {deviceClass: SimMotor, deviceConfig: {limits: [-10, 10]}, enabled: true, readoutPriority: on_request}
      det: {deviceClass: SimDetector, deviceConfig: {motor: samx, center: 0, sigma: 1}, enabled: true,
            readoutPriority: on_request, softwareTrigger: true}
      """;

  @TempDir private Path folder;

  /** What a command line ended with. */
  private record Ended(int code, String out, String err) {}

  @Test
  void aScanRunsOverTlsAndANodeWithoutCertificateIsKeptOut() throws Exception {
    TestCertificates ca = new TestCertificates(folder, "beamline-ca");
    Path devices = Files.writeString(folder.resolve("eh1.yaml"), DEVICES);
    String contact = "127.0.0.1:" + FreePort.next();
    Path data = folder.resolve("control");
    List<String> control = node(ca, "control", contact);
    control.addAll(List.of("--roles", "control,storage,gateway", "--http-port", "0"));
    control.addAll(List.of("--port", contact.split(":")[1]));
    control.addAll(tls("beamhive.web.tls", ca.signed("web", "RSA")));
    try (BeamhiveProcess first = BeamhiveProcess.start(folder, "control", control).ready()) {
      List<String> hutch = node(ca, "eh1", contact);
      hutch.addAll(List.of("--hutch", "eh1", "--port", "0", "--devices", devices.toString()));
      hutch.addAll(List.of("--redis", first.printed("Redis")));
      List<String> stranger =
          new ArrayList<>(List.of("node", "--roles", "hutch-eh2", "--port", "0"));
      stranger.addAll(List.of("--data-dir", folder.resolve("eh2").toString()));
      stranger.addAll(List.of("--redis", first.printed("Redis")));
      stranger.addAll(set("beamhive.node.contact-points.0", contact));
      stranger.addAll(set("beamhive.node.join-timeout", "17s"));
      try (BeamhiveProcess second = BeamhiveProcess.start(folder, "eh1", hutch);
          BeamhiveProcess outside = BeamhiveProcess.start(folder, "eh2", stranger)) {
        second.ready();
        String url = first.printed("HTTP");
        assertThat(url).startsWith("https://127.0.0.1:");
        Await.that(
            "the devices of eh1 over HTTPS",
            Duration.ofSeconds(60),
            () -> cli(url, data, "devices", "--ca", ca.ca().toString()).out().contains("samx"));
        Ended scan =
            cli(
                url,
                data,
                "submit",
                "scan",
                "det",
                "samx",
                "-2",
                "2",
                "11",
                "--wait",
                "--ca",
                ca.ca().toString());
        assertThat(scan.code()).as(scan.toString()).isZero();
        assertThat(scan.out()).contains("completed");

        assertThat(cli(url, data, "status").err()).contains("is not trusted", "--ca");
        assertThat(cli(url.replace("https", "http"), data, "status").err())
            .contains("No Beamhive answers", "its address begins with https://");

        assertThat(outside.awaitExit(Duration.ofSeconds(60))).isEqualTo(1);
        assertThat(outside.output())
            .contains("did not come into the cluster")
            .contains(contact + ": it speaks TLS and this node does not: set beamhive.tls.enabled");
        second.terminate();
        assertThat(second.awaitExit(Duration.ofSeconds(60))).isIn(0, 143);
      }
      first.terminate();
      first.awaitExit(Duration.ofSeconds(60));
    } finally {
      endRedis(data);
    }
  }

  private List<String> node(TestCertificates ca, String name, String contact) {
    List<String> words = new ArrayList<>(List.of("node"));
    words.addAll(List.of("--data-dir", folder.resolve(name).toString()));
    words.addAll(set("beamhive.node.contact-points.0", contact));
    words.addAll(tls("beamhive.tls", ca.signed(name, "EC")));
    words.addAll(set("beamhive.tls.trusted", ca.ca().toString()));
    return words;
  }

  private static List<String> tls(String section, TestCertificates.Signed signed) {
    List<String> words = new ArrayList<>(set(section + ".enabled", "true"));
    words.addAll(set(section + ".certificate", signed.certificate().toString()));
    words.addAll(set(section + ".private-key", signed.key().toString()));
    return words;
  }

  private static List<String> set(String key, String value) {
    return List.of("--set", key + "=" + value);
  }

  private static Ended cli(String url, Path data, String... words) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine root = new CommandLine(CommandLine.Model.CommandSpec.create());
    ClientCommands.all().forEach(root::addSubcommand);
    root.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    List<String> all = new ArrayList<>(Arrays.asList(words));
    all.addAll(List.of("--url", url, "--data-dir", data.toString()));
    int code = root.execute(all.toArray(String[]::new));
    return new Ended(code, out.toString(), err.toString());
  }

  private static void endRedis(Path data) throws IOException {
    Path pid = data.resolve("redis/redis.pid");
    if (Files.exists(pid)) {
      ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
          .ifPresent(
              redis -> {
                redis.destroyForcibly();
                redis.onExit().orTimeout(30, TimeUnit.SECONDS).join();
              });
    }
  }
}
