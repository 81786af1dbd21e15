package org.beamhive.devices.backend.ca;

import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * Bounds the puts with completion that one IOC has in hand: thousands overflow its queue and hang
 * the circuit for good. Used on one thread only.
 */
final class PutGate {
  private final int most;
  private final Map<SocketAddress, Ioc> iocs = new HashMap<>();

  private static final class Ioc {
    private final ArrayDeque<BooleanSupplier> waiting = new ArrayDeque<>();
    private int inFlight;
  }

  PutGate(int most) {
    this.most = most;
  }

  /**
   * Starts a put now or when another one of the same IOC has ended.
   *
   * @param start starts it and says whether it is under way
   */
  void enter(SocketAddress address, BooleanSupplier start) {
    Ioc ioc = iocs.computeIfAbsent(address, key -> new Ioc());
    if (ioc.inFlight >= most) {
      ioc.waiting.add(start);
      return;
    }
    ioc.inFlight++;
    if (!start.getAsBoolean()) {
      leave(address);
    }
  }

  /** How many IOCs have puts in hand. */
  int iocs() {
    return iocs.size();
  }

  /** A put has ended. */
  void leave(SocketAddress address) {
    Ioc ioc = iocs.get(address);
    for (BooleanSupplier next = ioc.waiting.poll(); next != null; next = ioc.waiting.poll()) {
      if (next.getAsBoolean()) {
        return;
      }
    }
    if (--ioc.inFlight == 0) {
      // an IOC may come back on another port again and again
      iocs.remove(address);
    }
  }
}
