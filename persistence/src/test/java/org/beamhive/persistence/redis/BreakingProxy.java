package org.beamhive.persistence.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Stands before Redis and, when told to, resets the connection instead of passing on an answer. */
final class BreakingProxy implements AutoCloseable {

  private final ServerSocket server;
  private final int target;
  private final AtomicBoolean breakNext = new AtomicBoolean();
  private final AtomicInteger broken = new AtomicInteger();
  private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();

  BreakingProxy(int target) throws IOException {
    this.target = target;
    this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    run(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  void breakAtNextAnswer() {
    breakNext.set(true);
  }

  int broken() {
    return broken.get();
  }

  private void accept() throws IOException {
    while (true) {
      Socket client = server.accept();
      Socket redis = new Socket(InetAddress.getLoopbackAddress(), target);
      sockets.add(client);
      sockets.add(redis);
      run(() -> client.getInputStream().transferTo(redis.getOutputStream()));
      run(() -> answers(redis, client));
    }
  }

  private void answers(Socket redis, Socket client) throws IOException {
    InputStream in = redis.getInputStream();
    OutputStream out = client.getOutputStream();
    byte[] buffer = new byte[8192];
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      if (breakNext.compareAndSet(true, false)) {
        broken.incrementAndGet();
        // With this the peer sees "connection reset", as after the death of a process.
        client.setSoLinger(true, 0);
        client.close();
        redis.close();
        return;
      }
      out.write(buffer, 0, n);
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
            "breaking-proxy");
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
