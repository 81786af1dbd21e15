package org.beamhive.devices.ioc;

import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A port for an IOC that a test starts later, or again. The system itself gives such a port to
 * nobody who asks for any, so it stays free while the IOC is off.
 */
public final class LastingPort {
  private static final int LOWEST = 20_000;
  private static final int HIGHEST = 30_000;
  private static final int TRIES = 100;

  private LastingPort() {}

  /** One that is free now, for UDP and for TCP. */
  public static int find() {
    for (int tries = 0; tries < TRIES; tries++) {
      int port = ThreadLocalRandom.current().nextInt(LOWEST, HIGHEST);
      try (DatagramSocket udp = new DatagramSocket(port)) {
        new ServerSocket(udp.getLocalPort()).close();
        return port;
      } catch (BindException taken) {
        // by another program
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
    throw new IllegalStateException("no port is free from " + LOWEST + " to " + HIGHEST);
  }
}
