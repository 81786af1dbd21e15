package org.beamhive.launcher.bench;

import gov.aps.jca.CAException;
import gov.aps.jca.Channel;
import java.util.List;
import org.beamhive.devices.backend.ca.CaLink;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;

/**
 * Many PVs: how long until all are connected, described and followed, and the heap that one takes.
 * The baseline only connects.
 */
final class CaPvsCase implements MeasuredCase {
  private static final String BARE = "bare CAJ, connected only";

  private final String address;
  private final List<String> pvs;

  CaPvsCase(String address, List<String> pvs) {
    this.address = address;
    this.pvs = pvs;
  }

  private record Cost(double seconds, double bytesEach) {}

  @Override
  public List<Figure> round() {
    try {
      Cost ours = ours();
      Cost bare = bare();
      return List.of(
          Figure.of("connect_seconds", "s", ours.seconds()).against(BARE, bare.seconds()),
          Figure.of("heap_bytes_per_pv", "B", ours.bytesEach()).against(BARE, bare.bytesEach()));
    } catch (CAException failed) {
      throw new IllegalStateException(failed);
    }
  }

  private Cost ours() {
    try (CaLink link = new CaLink(CaClients.settings(address, 100))) {
      long before = usedHeap();
      long begun = System.nanoTime();
      List<Signal> signals = CaClients.open(link, pvs, SignalOptions.MONITORED, which -> {});
      double seconds = (System.nanoTime() - begun) / 1e9;
      Cost cost = new Cost(seconds, (double) (usedHeap() - before) / signals.size());
      signals.forEach(Signal::close);
      return cost;
    }
  }

  private Cost bare() throws CAException {
    try (BareCa bare = new BareCa(address)) {
      long before = usedHeap();
      long begun = System.nanoTime();
      List<Channel> channels = bare.connect(pvs);
      double seconds = (System.nanoTime() - begun) / 1e9;
      return new Cost(seconds, (double) (usedHeap() - before) / channels.size());
    }
  }

  private static long usedHeap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
