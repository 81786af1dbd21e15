package org.beamhive.launcher.bench;

import gov.aps.jca.CAException;
import gov.aps.jca.Channel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.beamhive.devices.backend.ca.CaLink;
import org.beamhive.devices.backend.ca.CaSettings;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;

/** The same PVs through our layer and through the library alone. */
final class CaClients implements AutoCloseable {
  private static final int DEFAULT_PORT = 5064;

  private final CaLink link;
  private final BareCa bare;
  private final List<Signal> signals;
  private final List<Channel> channels;

  CaClients(String address, List<String> pvs) throws CAException {
    link = new CaLink(settings(address, 0));
    bare = new BareCa(address);
    signals = open(link, pvs, SignalOptions.POLLED, which -> {});
    channels = bare.connect(pvs);
  }

  /** The names of the first PVs of a pattern. */
  static List<String> names(String pattern, int count) {
    return IntStream.range(0, count).mapToObj(pattern::formatted).toList();
  }

  static CaSettings settings(String address, double changesPerSecond) {
    return new CaSettings(
        List.of(address),
        false,
        List.of(),
        DEFAULT_PORT,
        0,
        Duration.ofSeconds(30),
        Duration.ofSeconds(30),
        Duration.ofMinutes(2),
        Duration.ofSeconds(2),
        Duration.ofSeconds(1),
        64 << 20,
        200,
        changesPerSecond);
  }

  /** What is told of a change. */
  interface OnChange {
    void changed(Signal signal);
  }

  /** Signals that are connected, and described. */
  static List<Signal> open(CaLink link, List<String> pvs, SignalOptions options, OnChange told) {
    CountDownLatch connected = new CountDownLatch(pvs.size());
    List<Signal> signals = new ArrayList<>();
    for (String pv : pvs) {
      Signal signal = new Signal(link, pv, options);
      signals.add(signal);
      signal.open(
          new Signal.Listener() {
            @Override
            public void connected(Signal which) {
              connected.countDown();
            }

            @Override
            public void disconnected(Signal which) {}

            @Override
            public void changed(Signal which) {
              told.changed(which);
            }
          });
    }
    BareCa.await("all PVs of the IOC", connected);
    return signals;
  }

  List<Signal> signals() {
    return signals;
  }

  List<Channel> channels() {
    return channels;
  }

  BareCa bare() {
    return bare;
  }

  @Override
  public void close() {
    link.close();
    bare.close();
  }
}
