package org.beamhive.devices.backend.ca;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * Bounds the puts with completion that one IOC has in hand: thousands overflow its queue and hang
 * the circuit for good. Used on one thread only.
 */
final class PutGate {
  private final int most;
  private final Map<String, Ioc> iocs = new HashMap<>();

  private static final class Ioc {
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private int inFlight;
  }

  PutGate(int most) {
    this.most = most;
  }

  /** Starts a put now or when another one of the same IOC has ended. */
  void enter(String host, Runnable start) {
    Ioc ioc = iocs.computeIfAbsent(host, key -> new Ioc());
    if (ioc.inFlight < most) {
      ioc.inFlight++;
      start.run();
    } else {
      ioc.waiting.add(start);
    }
  }

  /** A put has ended. */
  void leave(String host) {
    Ioc ioc = iocs.get(host);
    Runnable next = ioc.waiting.poll();
    if (next != null) {
      next.run();
    } else {
      ioc.inFlight--;
    }
  }
}
