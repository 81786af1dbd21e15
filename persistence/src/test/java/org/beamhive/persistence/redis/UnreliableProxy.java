package org.beamhive.persistence.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A bad network before Redis. It swallows what is sent without telling anybody, or resets a
 * connection at a chosen moment.
 */
final class UnreliableProxy implements AutoCloseable {

  /** What a network swallows. */
  enum Swallowed {
    NOTHING,
    ANSWERS,
    EVERYTHING
  }

  /** When a connection is reset. */
  enum Moment {
    BEFORE_REQUEST,
    AMID_REQUEST,
    AFTER_REQUEST,
    BEFORE_ANSWER,
    /** What was sent arrives, and then the end, as when a process dies that was sending. */
    AMID_ANSWER
  }

  private final ServerSocket server;
  private final int target;
  private final AtomicReference<Moment> next = new AtomicReference<>();
  private final AtomicInteger resets = new AtomicInteger();
  private final Queue<Pair> pairs = new ConcurrentLinkedQueue<>();
  private volatile Swallowed swallowed = Swallowed.NOTHING;

  UnreliableProxy(int target) throws IOException {
    this.target = target;
    this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    run(this::accept);
  }

  /** The line of configuration that leads to it. */
  String config() {
    return "beamhive.persistence.redis.url = \"redis://127.0.0.1:%d\""
        .formatted(server.getLocalPort());
  }

  /**
   * From now on. A connection from which something was swallowed stays as it is for ever, as behind
   * a firewall that has forgotten it; one that is opened after {@link Swallowed#NOTHING} works.
   */
  void swallow(Swallowed what) {
    swallowed = what;
    pairs.forEach(pair -> pair.swallow(what));
  }

  /** The next time that this moment comes, on any connection. */
  void resetAt(Moment moment) {
    next.set(moment);
  }

  int resets() {
    return resets.get();
  }

  private void accept() throws IOException {
    while (true) {
      connect(server.accept());
    }
  }

  /** While Redis is dead there is none to connect to; the next client may find it again. */
  private void connect(Socket client) throws IOException {
    Socket redis;
    try {
      redis = new Socket(InetAddress.getLoopbackAddress(), target);
    } catch (IOException dead) {
      client.close();
      return;
    }
    Pair pair = new Pair(client, redis);
    pairs.add(pair);
    pair.swallow(swallowed);
    run(pair::requests);
    run(pair::answers);
  }

  /** A client's connection and ours to Redis. */
  private final class Pair {
    private final Socket client;
    private final Socket redis;
    private volatile boolean losesRequests;
    private volatile boolean losesAnswers;

    Pair(Socket client, Socket redis) {
      this.client = client;
      this.redis = redis;
    }

    void swallow(Swallowed what) {
      losesRequests |= what == Swallowed.EVERYTHING;
      losesAnswers |= what != Swallowed.NOTHING;
    }

    void requests() throws IOException {
      OutputStream out = redis.getOutputStream();
      byte[] buffer = new byte[1 << 16];
      for (int n = read(client, buffer); n >= 0; n = read(client, buffer)) {
        if (losesRequests) {
          continue;
        }
        if (isNow(Moment.BEFORE_REQUEST)) {
          reset();
          return;
        }
        if (isNow(Moment.AMID_REQUEST)) {
          try {
            out.write(buffer, 0, n / 2);
          } finally {
            reset();
          }
          return;
        }
        out.write(buffer, 0, n);
        if (isNow(Moment.AFTER_REQUEST)) {
          reset();
          return;
        }
      }
      close();
    }

    void answers() throws IOException {
      OutputStream out = client.getOutputStream();
      byte[] buffer = new byte[1 << 16];
      for (int n = read(redis, buffer); n >= 0; n = read(redis, buffer)) {
        if (losesAnswers) {
          continue;
        }
        if (isNow(Moment.BEFORE_ANSWER)) {
          reset();
          return;
        }
        if (isNow(Moment.AMID_ANSWER)) {
          resets.incrementAndGet();
          out.write(buffer, 0, n / 2);
          close();
          return;
        }
        out.write(buffer, 0, n);
      }
      close();
    }

    private int read(Socket from, byte[] buffer) throws IOException {
      InputStream in = from.getInputStream();
      try {
        return in.read(buffer);
      } catch (IOException broken) {
        close();
        throw broken;
      }
    }

    private boolean isNow(Moment moment) {
      return next.compareAndSet(moment, null);
    }

    /** The client sees "connection reset", as after the death of a process. */
    private void reset() throws IOException {
      resets.incrementAndGet();
      client.setSoLinger(true, 0);
      close();
    }

    void close() throws IOException {
      client.close();
      redis.close();
      pairs.remove(this);
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
            "unreliable-proxy");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Pair pair : pairs) {
      pair.close();
    }
  }
}
