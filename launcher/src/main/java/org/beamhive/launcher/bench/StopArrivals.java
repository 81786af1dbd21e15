package org.beamhive.launcher.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import org.beamhive.devices.backend.ca.CaLink;
import org.beamhive.devices.backend.ca.CaSettings;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.launcher.beamline.NodeProcess;
import org.beamhive.launcher.faults.BeamlineUnderTest;

/**
 * An IOC with motor records, in a process of its own, and an observer of it, who sees when each of
 * them is told to stop. The moments are the IOC's own, of the clock of this machine.
 */
final class StopArrivals implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(120);
  private static final String PREFIX = "BENCH:";

  private final NodeProcess ioc;
  private final String address;
  private final CaLink observer;
  private final List<Signal> moving = new ArrayList<>();
  private final int motors;
  // microseconds since 1970 of the first STOP of a round; 0: none yet
  private final AtomicLongArray stopped;
  // of the round, in microseconds since 1970
  private volatile long begun;

  StopArrivals(Path folder, int motors) {
    this.motors = motors;
    stopped = new AtomicLongArray(motors);
    StringBuilder records = new StringBuilder("prefix: \"%s\"\nrecords:\n".formatted(PREFIX));
    for (int i = 0; i < motors; i++) {
      records.append("  m%d: {type: motor, velocity: 1, limits: [0, 0], tick: 0.2}\n".formatted(i));
    }
    Path file = folder.resolve("ioc.yaml");
    try {
      Files.writeString(file, records);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    ioc =
        NodeProcess.start(
                "ioc", folder, List.of("ioc", "--config", file.toString(), "--port", "0"), Map.of())
            .awaitReady(PATIENCE);
    address = ioc.printed("IOC");
    observer =
        new CaLink(
            CaSettings.loopback(Integer.parseInt(address.substring(address.indexOf(':') + 1))));
    for (int i = 0; i < motors; i++) {
      int motor = i;
      moving.add(follow("m" + i + ".DMOV", value -> {}));
      follow("m" + i + ".STOP", value -> stopSeen(motor, value));
    }
  }

  private interface Seen {
    void seen(SignalValue value);
  }

  private Signal follow(String pv, Seen seen) {
    Signal signal = new Signal(observer, PREFIX + pv, SignalOptions.MONITORED);
    signal.open(
        new Signal.Listener() {
          @Override
          public void connected(Signal there) {}

          @Override
          public void disconnected(Signal gone) {}

          @Override
          public void changed(Signal changed) {
            seen.seen(changed.latest());
          }
        });
    return signal;
  }

  /** It is put to 1 and goes back to 0 at once: whichever is seen has the same moment. */
  private void stopSeen(int motor, SignalValue value) {
    long at = (long) (value.timestamp() * 1e6);
    if (at >= begun) {
      stopped.compareAndSet(motor, 0, at);
    }
  }

  /** The device of a motor, for a device file. */
  String device(int motor) {
    return "m%d: {deviceClass: EpicsMotor, deviceConfig: {prefix: \"%sm%d\"}, enabled: true, readoutPriority: on_request}\n"
        .formatted(motor, PREFIX, motor);
  }

  /** What a node needs to know to reach it, with all motors moving at a time. */
  String configuration() {
    return "beamhive.devices.channel-access { addresses = [\"%s\"], repeater-port = 0, puts-in-flight = %d }\n"
        .formatted(address, Math.max(200, motors));
  }

  /** Waits until all motors move, and forgets the stops before. */
  void awaitMotion() {
    await("to move", 0);
    // what is told once more, as after a reconnect, is not of this round
    begun = System.currentTimeMillis() * 1000;
    for (int i = 0; i < motors; i++) {
      stopped.set(i, 0);
    }
  }

  /**
   * Waits until all have been told to stop, and for them to rest, when they are told no more.
   *
   * @param asked in seconds since 1970
   * @return in milliseconds after that, in no order
   */
  double[] await(double asked) {
    double[] millis = new double[motors];
    for (int i = 0; i < motors; i++) {
      int motor = i;
      BeamlineUnderTest.await("the stop of m" + i, PATIENCE, () -> stopped.get(motor) != 0);
      millis[i] = Math.max(0, stopped.get(i) / 1e3 - asked * 1e3);
    }
    await("to rest", 1);
    return millis;
  }

  private void await(String what, double dmov) {
    BeamlineUnderTest.await(
        motors + " motors " + what,
        PATIENCE,
        () ->
            moving.stream()
                .allMatch(each -> each.latest() != null && each.latest().asDouble() == dmov));
  }

  @Override
  public void close() {
    observer.close();
    ioc.kill();
  }
}
