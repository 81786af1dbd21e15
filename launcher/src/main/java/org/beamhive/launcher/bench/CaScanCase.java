package org.beamhive.launcher.bench;

import gov.aps.jca.CAException;
import gov.aps.jca.Channel;
import gov.aps.jca.dbr.DBRType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.beamhive.cluster.ConfigLayers;
import org.beamhive.launcher.BeamhiveNode;
import org.beamhive.launcher.beamline.NodeProcess;

/**
 * A scan of a motor record and a counter of the simulated beamline, whose IOC is a process of its
 * own. The baseline does the same with the library alone: to each position the put of the motor and
 * the get of where it is, the put that counts and the get of the counts, one after the other.
 */
final class CaScanCase implements MeasuredCase, AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final double COUNT_SECONDS = 0.01;
  private static final double FIRST = -1;
  private static final double LAST = 1;

  private final int points;
  private final NodeProcess ioc;
  private final String address;
  private final BeamhiveNode node;
  private final MeasuredRuns runs;

  CaScanCase(Path folder, int points) {
    this.points = points;
    ioc =
        NodeProcess.start("ioc", folder, List.of("ioc", "--port", "0"), Map.of())
            .awaitReady(PATIENCE);
    address = ioc.printed("IOC");
    try {
      Path devices = folder.resolve("devices.yaml");
      Files.writeString(
          devices,
          """
          motor: {deviceClass: EpicsMotor, deviceConfig: {prefix: "BH:m1"}, enabled: true, readoutPriority: on_request}
          det:
            deviceClass: Counter
            deviceConfig: {read_pv: "BH:det:VAL", trigger_pv: "BH:det:CNT", preset_pv: "BH:det:TP", count_time: %s}
            enabled: true
            readoutPriority: on_request
            softwareTrigger: true
          """
              .formatted(COUNT_SECONDS));
      node =
          BeamhiveNode.start(
              ConfigLayers.load(
                  Optional.empty(),
                  Map.of(
                      "beamhive.node.port",
                      0,
                      "beamhive.web.port",
                      0,
                      "beamhive.node.data-dir",
                      folder.resolve("data").toString(),
                      "beamhive.node.devices",
                      devices.toString(),
                      "beamhive.devices.channel-access.addresses",
                      List.of(address),
                      "beamhive.devices.channel-access.repeater-port",
                      0)));
    } catch (IOException failed) {
      ioc.kill();
      throw new UncheckedIOException(failed);
    }
    runs = new MeasuredRuns(node);
  }

  @Override
  public List<Figure> round() {
    double ours =
        runs.run(
                "{\"name\":\"scan\",\"args\":[[\"det\"],\"motor\",%s,%s],\"kwargs\":{\"num\":%d}}"
                    .formatted(FIRST, LAST, points),
                points)
            .medianMillis();
    try {
      return List.of(
          Figure.of("point_milliseconds_median", "ms", ours)
              .against("the sum of its round trips with bare CAJ", bare()));
    } catch (CAException failed) {
      throw new IllegalStateException(failed);
    }
  }

  private double bare() throws CAException {
    long[] nanos = new long[points];
    try (BareCa bare = new BareCa(address)) {
      List<Channel> channels =
          bare.connect(List.of("BH:m1.VAL", "BH:m1.RBV", "BH:det:CNT", "BH:det:VAL", "BH:det:TP"));
      put(bare, channels.get(4), COUNT_SECONDS);
      put(bare, channels.get(0), FIRST);
      for (int i = 0; i < points; i++) {
        long begun = System.nanoTime();
        put(bare, channels.get(0), FIRST + i * (LAST - FIRST) / (points - 1));
        get(bare, channels.get(1));
        put(bare, channels.get(2), 1);
        get(bare, channels.get(3));
        nanos[i] = System.nanoTime() - begun;
      }
    }
    return Latency.ofNanos(nanos).medianMicros() / 1000;
  }

  private static void put(BareCa bare, Channel channel, double value) throws CAException {
    CompletableFuture<Void> done = new CompletableFuture<>();
    channel.put(new double[] {value}, event -> done.complete(null));
    bare.flush();
    done.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
  }

  private static void get(BareCa bare, Channel channel) throws CAException {
    CompletableFuture<Void> done = new CompletableFuture<>();
    channel.get(DBRType.TIME_DOUBLE, 1, event -> done.complete(null));
    bare.flush();
    done.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
  }

  @Override
  public void close() {
    node.close();
    ioc.kill();
  }
}
