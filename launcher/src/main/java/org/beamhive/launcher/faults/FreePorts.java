package org.beamhive.launcher.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ports that nobody has and that the system gives to nobody who doesn't ask for them: a node that
 * is down must find its port free when it comes back. Each is given once, since nobody may listen
 * on it yet when the next one is asked for.
 */
final class FreePorts {
  private static final int FIRST = 20_000;
  private static final int COUNT = 11_000;
  // processes beside this one begin elsewhere
  private final AtomicInteger given = new AtomicInteger(new SecureRandom().nextInt(COUNT));

  int next() {
    for (int attempt = 0; ; attempt++) {
      int port = FIRST + Math.floorMod(given.getAndIncrement(), COUNT);
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (IOException inUse) {
        if (attempt > COUNT) {
          throw new UncheckedIOException(inUse);
        }
      }
    }
  }
}
