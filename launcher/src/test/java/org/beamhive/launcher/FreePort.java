package org.beamhive.launcher;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/** Ports for who listens later, or for nobody at all. */
public final class FreePort {
  private static final int LOWEST = 12_000;
  private static final int HIGHEST = 22_000;
  private static final Set<Integer> GIVEN = ConcurrentHashMap.newKeySet();

  private FreePort() {}

  /**
   * Another one each time. It lies below the ports that the operating system gives to clients: one
   * of those may belong to any connection of this machine a moment later.
   */
  public static int next() {
    return ThreadLocalRandom.current()
        .ints(LOWEST, HIGHEST)
        .filter(port -> isFree(port) && GIVEN.add(port))
        .findFirst()
        .orElseThrow();
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException taken) {
      return false;
    }
  }
}
