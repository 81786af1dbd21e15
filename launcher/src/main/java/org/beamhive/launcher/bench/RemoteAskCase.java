package org.beamhive.launcher.bench;

import akka.actor.typed.javadsl.AskPattern;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.beamhive.cluster.ConfigLayers;
import org.beamhive.devices.actor.DeviceSharding;
import org.beamhive.launcher.BeamhiveNode;
import org.beamhive.launcher.beamline.NodeProcess;
import org.beamhive.launcher.faults.BeamlineUnderTest;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.device.DeviceProtocol;
import org.beamhive.protocol.model.DeviceView;

/** The round trip of a question to a device that lives on another node. */
final class RemoteAskCase implements MeasuredCase, AutoCloseable {
  private static final int ASKS = 5000;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final BeamhiveNode here;
  private final NodeProcess there;
  private final EntityRef<DeviceProtocol.Request> device;

  /** Starts a node here, which asks, and one in a process of its own, which has the device. */
  RemoteAskCase(Path folder) {
    here =
        BeamhiveNode.start(
            ConfigLayers.load(
                Optional.empty(),
                Map.of(
                    "beamhive.node.roles",
                    List.of("control", "storage", "gateway"),
                    "beamhive.node.port",
                    0,
                    "beamhive.web.port",
                    0,
                    "beamhive.node.data-dir",
                    folder.resolve("ask").toString())));
    try {
      Files.createDirectories(folder);
      Path yaml = folder.resolve("ask.yaml");
      Files.writeString(
          yaml, "m: {deviceClass: SimMotor, enabled: true, readoutPriority: on_request}\n");
      there =
          NodeProcess.start(
                  "eh1",
                  folder.resolve("ask-eh1"),
                  List.of(
                      "node",
                      "--hutch",
                      "eh1",
                      "--port",
                      "0",
                      "--seed",
                      here.address(),
                      "--redis",
                      here.redisUrl(),
                      "--devices",
                      yaml.toString(),
                      "--data-dir",
                      folder.resolve("ask-eh1/data").toString()),
                  Map.of())
              .awaitReady(PATIENCE);
    } catch (IOException failed) {
      here.close();
      throw new UncheckedIOException(failed);
    }
    BeamlineUnderTest.await("the device", PATIENCE, () -> views().size() == 1);
    device = DeviceSharding.ref(here.system(), views().get(0));
  }

  private List<DeviceView> views() {
    return AskPattern.<DeviceDirectoryProtocol.Request, DeviceDirectoryProtocol.Devices>ask(
            here.directory(),
            DeviceDirectoryProtocol.GetDevices::new,
            PATIENCE,
            here.system().scheduler())
        .toCompletableFuture()
        .join()
        .devices();
  }

  @Override
  public List<Figure> round() {
    double[] micros = new double[ASKS];
    for (int i = 0; i < ASKS; i++) {
      long start = System.nanoTime();
      device
          .<DeviceProtocol.View>ask(DeviceProtocol.GetView::new, PATIENCE)
          .toCompletableFuture()
          .join();
      micros[i] = (System.nanoTime() - start) / 1e3;
    }
    java.util.Arrays.sort(micros);
    return List.of(
        Figure.of("ask_median", "us", micros[ASKS / 2]),
        Figure.of("ask_p99", "us", micros[ASKS * 99 / 100]));
  }

  @Override
  public void close() {
    there.terminate();
    if (!there.awaitExit(PATIENCE)) {
      there.kill();
    }
    here.close();
  }
}
