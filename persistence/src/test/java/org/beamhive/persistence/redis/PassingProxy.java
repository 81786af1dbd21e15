package org.beamhive.persistence.redis;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Stands before Redis and passes everything on in both directions. */
final class PassingProxy implements AutoCloseable {

  private final ServerSocket server;
  private final int target;
  private final InetAddress from;
  private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();

  /**
   * @param server where it listens; a TLS socket makes this the end of TLS
   * @param from the address from which it seems to come to Redis
   */
  PassingProxy(ServerSocket server, int target, InetAddress from) {
    this.server = server;
    this.target = target;
    this.from = from;
    run(this::accept);
  }

  /**
   * Redis takes its clients for strangers: another address of the loopback, but not the one that
   * protected mode trusts.
   */
  static PassingProxy fromAfar(int target) throws IOException {
    return new PassingProxy(
        new ServerSocket(0, 50, InetAddress.getLoopbackAddress()),
        target,
        InetAddress.getByAddress(new byte[] {127, 0, 0, 3}));
  }

  int port() {
    return server.getLocalPort();
  }

  private void accept() throws IOException {
    while (true) {
      Socket client = server.accept();
      sockets.add(client);
      run(() -> connect(client));
    }
  }

  private void connect(Socket client) throws IOException {
    try {
      Socket redis =
          new Socket(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), target, from, 0);
      sockets.add(redis);
      run(() -> pass(client, redis));
      pass(redis, client);
    } catch (IOException nobodyThere) {
      client.close();
    }
  }

  /** What one side has sent before its end still arrives, and then the other side sees the end. */
  private static void pass(Socket one, Socket other) throws IOException {
    try {
      one.getInputStream().transferTo(other.getOutputStream());
    } finally {
      other.shutdownOutput();
    }
  }

  private interface Work {
    void run() throws IOException;
  }

  private static void run(Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException closed) {
                // The end of this connection, or of the test.
              }
            },
            "passing-proxy");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
