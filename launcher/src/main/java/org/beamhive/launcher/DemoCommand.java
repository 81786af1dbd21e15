package org.beamhive.launcher;

import com.typesafe.config.Config;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.beamhive.devices.config.DeviceFile;
import org.beamhive.devices.ioc.SimulatedIoc;
import org.beamhive.launcher.client.DemoClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "demo",
    description = {
      "Starts a whole beamline on this machine and runs two scans: one node with all roles, a Redis",
      "inside, and a simulated IOC that is reached over real Channel Access."
    },
    footer = {"", "Examples:", "  beamhive demo", "  beamhive demo --keep --http-port 60610"})
final class DemoCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private NodeOptions options;

  @Option(
      names = "--keep",
      description = "Leave the node up afterwards, until Ctrl-C, and print its addresses.")
  private boolean keep;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help.")
  boolean help;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    AutoCloseable ioc = null;
    AutoCloseable running = null;
    try {
      SimulatedIoc started = SimulatedIoc.start(0);
      ioc = started;
      BeamhiveNode node = BeamhiveNode.start(config(started.port()));
      // the node first: its devices stop while the IOC is still there
      AutoCloseable both =
          () -> {
            node.close();
            started.close();
          };
      running = EndWithProcess.register(both);
      ioc = null;
      addresses(out, node, started);
      List<Path> files =
          new DemoClient(node.httpUrl().orElseThrow(), node.apiKey(), node.httpCertificate(), out)
              .run();
      out.println();
      files.forEach(file -> out.println("File: " + file));
      out.println("Look:  h5dump -n 1 " + files.get(0));
      out.println("       h5dump -d /entry/collection/devices/det/det/value " + files.get(0));
      if (keep) {
        out.println();
        out.println("The node stays up; end it with Ctrl-C. Try, in another terminal:");
        out.println(
            "  beamhive status --url " + node.httpUrl().get() + " --data-dir " + dataDir(node));
        out.flush();
        node.awaitEnd();
      }
      out.flush();
      return 0;
    } finally {
      if (running != null) {
        running.close();
      }
      if (ioc != null) {
        ioc.close();
      }
    }
  }

  private static String dataDir(BeamhiveNode node) {
    return node.dataDir().toString();
  }

  private static void addresses(PrintWriter out, BeamhiveNode node, SimulatedIoc ioc) {
    out.println("Node      " + node.address());
    out.println("HTTP      " + node.httpUrl().orElse("-"));
    out.println("Health    " + node.healthUrl().orElse("-"));
    out.println("Redis     " + node.redisUrl());
    out.println("IOC       127.0.0.1:" + ioc.port());
    out.println("Data      " + node.dataDir());
    out.flush();
  }

  private Config config(int iocPort) throws IOException {
    Map<String, Object> demo = new HashMap<>();
    // any free ports: the demo must run beside whatever else runs here
    demo.put("beamhive.node.port", 0);
    demo.put("beamhive.web.port", 0);
    demo.put("beamhive.node.beamline", "demo");
    demo.put("beamhive.node.devices", deviceFile().toString());
    demo.put("beamhive.devices.channel-access.addresses", List.of("127.0.0.1:" + iocPort));
    return options.config(demo);
  }

  /** The demo beamline's device file is inside the jar; the node reads files. */
  private static Path deviceFile() throws IOException {
    Path file = Files.createTempFile("demo-beamline", ".yaml");
    file.toFile().deleteOnExit();
    try (InputStream inside =
        DeviceFile.class.getResourceAsStream("/org/beamhive/devices/demo-beamline.yaml")) {
      Files.copy(inside, file, StandardCopyOption.REPLACE_EXISTING);
    }
    return file;
  }
}
