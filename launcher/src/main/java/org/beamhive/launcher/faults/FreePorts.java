package org.beamhive.launcher.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.security.SecureRandom;

/**
 * Ports that nobody has and that the system gives to nobody who doesn't ask for them: a node that
 * is down must find its port free when it comes back.
 */
final class FreePorts {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int FIRST = 20_000;
  private static final int LAST = 31_000;

  private FreePorts() {}

  static int next() {
    for (int port = FIRST + RANDOM.nextInt(LAST - FIRST - 1000); ; port++) {
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (IOException inUse) {
        if (port > LAST) {
          throw new UncheckedIOException(inUse);
        }
      }
    }
  }
}
