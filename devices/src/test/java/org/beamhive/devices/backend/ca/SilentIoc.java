package org.beamhive.devices.backend.ca;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** An IOC that says it has one PV, and then nothing more. */
final class SilentIoc implements AutoCloseable {
  private static final int SEARCH = 6;
  private static final int HEADER = 16;
  private static final int VERSION = 13;

  private final String name;
  private final ServerSocket deaf;
  private final List<Socket> crowd = new ArrayList<>();
  private final DatagramSocket searches;
  private final AtomicInteger answers = new AtomicInteger();

  private final AtomicInteger connections = new AtomicInteger();

  SilentIoc(String name) throws IOException {
    this(name, false);
  }

  private SilentIoc(String name, boolean accepts) throws IOException {
    this.name = name;
    InetAddress here = InetAddress.getByName("127.0.0.1");
    deaf = new ServerSocket(0, 1, here);
    if (accepts) {
      Thread acceptor = new Thread(this::accept, "silent-ioc-acceptor");
      acceptor.setDaemon(true);
      acceptor.start();
    } else {
      fillItsQueue();
    }
    searches = new DatagramSocket(0, here);
    Thread thread = new Thread(this::serve, "silent-ioc");
    thread.setDaemon(true);
    thread.start();
  }

  /** One that takes connections and then says nothing. */
  static SilentIoc thatAccepts(String name) throws IOException {
    return new SilentIoc(name, true);
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = deaf.accept();
        synchronized (crowd) {
          crowd.add(socket);
        }
        connections.incrementAndGet();
      }
    } catch (IOException closed) {
      // the end
    }
  }

  /** How many connections it has taken. */
  int connections() {
    return connections.get();
  }

  /** Nobody accepts; when the queue is full, a further connection hangs. */
  private void fillItsQueue() throws IOException {
    while (true) {
      Socket socket = new Socket();
      crowd.add(socket);
      try {
        socket.connect(new InetSocketAddress("127.0.0.1", deaf.getLocalPort()), 300);
      } catch (java.net.SocketTimeoutException full) {
        return;
      }
    }
  }

  int port() {
    return searches.getLocalPort();
  }

  /** How often it was found. */
  int answers() {
    return answers.get();
  }

  private void serve() {
    byte[] bytes = new byte[65536];
    while (true) {
      DatagramPacket packet = new DatagramPacket(bytes, bytes.length);
      try {
        searches.receive(packet);
        ByteBuffer in = ByteBuffer.wrap(bytes, 0, packet.getLength());
        while (in.remaining() >= HEADER) {
          int command = in.getShort();
          int size = in.getShort() & 0xFFFF;
          in.getInt();
          int cid = in.getInt();
          in.getInt();
          byte[] payload = new byte[size];
          in.get(payload);
          if (command == SEARCH && new String(payload, "US-ASCII").trim().equals(name)) {
            answer(packet, cid);
          }
        }
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void answer(DatagramPacket to, int cid) throws IOException {
    ByteBuffer out = ByteBuffer.allocate(HEADER + HEADER + 8);
    out.putShort((short) 0).putShort((short) 0).putShort((short) 0).putShort((short) VERSION);
    out.putInt(0).putInt(0);
    out.putShort((short) SEARCH).putShort((short) 8).putShort((short) deaf.getLocalPort());
    out.putShort((short) 0).putInt(-1).putInt(cid).putShort((short) VERSION);
    answers.incrementAndGet();
    searches.send(new DatagramPacket(out.array(), out.capacity(), to.getSocketAddress()));
  }

  @Override
  public void close() throws IOException {
    searches.close();
    deaf.close();
    synchronized (crowd) {
      for (Socket socket : crowd) {
        socket.close();
      }
    }
  }
}
