package org.beamhive.launcher.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The network of a beamline on one machine: every connection goes through here, and may be cut.
 *
 * <p>A cut is as when a cable is pulled: nothing that is sent arrives, nobody is told, and what was
 * on its way arrives when the cut is mended. One thread carries everything.
 */
public final class Network implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Network.class);
  private static final int BUFFER = 1 << 18;
  private static final Duration REBIND = Duration.ofSeconds(20);

  private final Selector selector;
  private final Thread thread;
  private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final Set<Link> links = new HashSet<>();
  // names of two that can't reach each other, smaller first; touched by the thread only
  private final Set<String> cuts = new HashSet<>();
  private final Map<Way, ServerSocketChannel> servers = new ConcurrentHashMap<>();
  private final FreePorts ports = new FreePorts();
  // by the address that its connections come from
  private final Map<InetAddress, String> names = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /** A whole network. */
  public Network() {
    try {
      this.selector = Selector.open();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    this.thread = new Thread(this::run, "network");
    this.thread.setDaemon(true);
    this.thread.start();
  }

  /** A port of this machine that nobody has and that was not given before. */
  int freePort() {
    return ports.next();
  }

  /**
   * Gives somebody an address of this machine to connect from, by which it is known here.
   *
   * @return the address: each of 127.0.0.0/8 is this machine
   */
  public String addressOf(String name) {
    String address = "127.0.1." + (names.size() + 1);
    try {
      names.put(InetAddress.getByName(address), name);
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException(impossible);
    }
    return address;
  }

  /**
   * Opens a way to somebody, for those who have an address here.
   *
   * @param name of whom it leads to
   * @param port where that one listens
   * @return the port at which others reach it
   */
  public int wayTo(String name, int port) {
    return open(new Way(null, name, port, freePort()));
  }

  /**
   * Opens a way that only one uses.
   *
   * @param from who uses it
   * @param name of whom it leads to
   * @param port where that one listens
   * @return the port at which it is reached
   */
  public int way(String from, String name, int port) {
    return open(new Way(from, name, port, freePort()));
  }

  private int open(Way way) {
    long deadline = System.nanoTime() + REBIND.toNanos();
    while (true) {
      try {
        ServerSocketChannel server = ServerSocketChannel.open();
        server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        try {
          server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), way.at()));
        } catch (BindException inUse) {
          server.close();
          // a port that was just closed is free only when the selector has let go of it
          if (System.nanoTime() > deadline) {
            throw inUse;
          }
          selector.wakeup();
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
          continue;
        }
        server.configureBlocking(false);
        servers.put(way, server);
        onThread(() -> register(server, way));
        return way.at();
      } catch (IOException failed) {
        throw new UncheckedIOException(failed);
      }
    }
  }

  /** As the ports of a process that has died, the ways to it refuse connections from now on. */
  public void refuse(String name) {
    servers.forEach(
        (way, server) -> {
          if (way.name().equals(name)) {
            try {
              server.close();
            } catch (IOException failed) {
              throw new UncheckedIOException(failed);
            }
          }
        });
    selector.wakeup();
  }

  /** Ends {@link #refuse}. */
  public void accept(String name) {
    List.copyOf(servers.entrySet()).stream()
        .filter(way -> way.getKey().name().equals(name) && !way.getValue().isOpen())
        .forEach(way -> open(way.getKey()));
  }

  /** Nothing goes between any of one group and any of the other any more. */
  public void cut(Set<String> one, Set<String> other) {
    onThread(
        () -> {
          one.forEach(a -> other.forEach(b -> cuts.add(pair(a, b))));
          links.forEach(Link::listen);
        });
  }

  /** Everybody reaches everybody. */
  public void mend() {
    onThread(
        () -> {
          cuts.clear();
          Set.copyOf(links).forEach(Link::goOn);
        });
  }

  private static String pair(String a, String b) {
    return a.compareTo(b) < 0 ? a + " " + b : b + " " + a;
  }

  private void onThread(Runnable task) {
    tasks.add(task);
    selector.wakeup();
  }

  private record Way(String from, String name, int port, int at) {}

  private void register(ServerSocketChannel server, Way way) {
    try {
      server.register(selector, SelectionKey.OP_ACCEPT, way);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private void run() {
    while (!closed) {
      try {
        selector.select();
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
          task.run();
        }
        for (SelectionKey key : Set.copyOf(selector.selectedKeys())) {
          handle(key);
        }
        selector.selectedKeys().clear();
      } catch (IOException | RuntimeException failed) {
        LOG.warn("The network stumbled", failed);
      }
    }
  }

  private void handle(SelectionKey key) throws IOException {
    if (!key.isValid()) {
      return;
    }
    if (key.attachment() instanceof Way way) {
      accept(way, ((ServerSocketChannel) key.channel()).accept());
      return;
    }
    End end = (End) key.attachment();
    try {
      if (key.isConnectable()) {
        end.channel.finishConnect();
        end.link.connected = true;
      }
      if (key.isWritable()) {
        end.other.flushInto(end);
      }
      if (key.isReadable()) {
        end.read();
      }
      end.link.listen();
    } catch (IOException | RuntimeException broken) {
      end.link.close();
    }
  }

  /** A connection that nobody serves must not stay open: its client would wait for ever. */
  private void accept(Way way, SocketChannel client) throws IOException {
    if (client == null) {
      return;
    }
    try {
      Link link = new Link(way, client);
      links.add(link);
      link.goOn();
    } catch (IOException | RuntimeException failed) {
      client.close();
      throw failed;
    }
  }

  /** One side of a connection, and what was read from it and not yet passed on. */
  private static final class End {
    private final Link link;
    private final SocketChannel channel;
    private final ByteBuffer held = ByteBuffer.allocate(BUFFER);
    private End other;
    private SelectionKey key;
    private boolean ended;

    End(Link link, SocketChannel channel) {
      this.link = link;
      this.channel = channel;
    }

    void read() throws IOException {
      if (link.cut() || !held.hasRemaining()) {
        return;
      }
      if (channel.read(held) < 0) {
        ended = true;
      }
      flushInto(other);
    }

    void flushInto(End target) throws IOException {
      if (link.cut() || !link.connected) {
        return;
      }
      held.flip();
      target.channel.write(held);
      held.compact();
      if (ended && held.position() == 0) {
        link.close();
      }
    }
  }

  private final class Link {
    private final Way way;
    private final String from;
    private final End client;
    private End server;
    private boolean connected;

    Link(Way way, SocketChannel channel) throws IOException {
      this.way = way;
      this.from = way.from() == null ? nameOf(channel) : way.from();
      this.client = new End(this, channel);
      prepare(client, 0);
    }

    private String nameOf(SocketChannel channel) throws IOException {
      return names.get(((InetSocketAddress) channel.getRemoteAddress()).getAddress());
    }

    private void prepare(End end, int interest) throws IOException {
      end.channel.configureBlocking(false);
      end.channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      end.key = end.channel.register(selector, interest, end);
    }

    private boolean cut() {
      if (cuts.isEmpty()) {
        return false;
      }
      // while anybody is cut off from here, nobody unknown gets through: it may be that one
      return from == null
          ? cuts.stream().anyMatch(pair -> (" " + pair + " ").contains(" " + way.name() + " "))
          : cuts.contains(pair(from, way.name()));
    }

    /** Connects, if that waited for a cut to be mended, and carries on. */
    void goOn() {
      try {
        if (server == null && !cut()) {
          SocketChannel channel = SocketChannel.open();
          server = new End(this, channel);
          server.other = client;
          client.other = server;
          prepare(server, SelectionKey.OP_CONNECT);
          connected =
              channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), way.port()));
        }
        if (server != null && connected) {
          client.flushInto(server);
          server.flushInto(client);
        }
        listen();
      } catch (IOException refused) {
        close();
      }
    }

    /** What is waited for next. */
    void listen() {
      if (server == null || !client.key.isValid() || !server.key.isValid()) {
        return;
      }
      if (!connected) {
        server.key.interestOps(SelectionKey.OP_CONNECT);
        return;
      }
      boolean cut = cut();
      interest(client, server, cut);
      interest(server, client, cut);
    }

    private static void interest(End end, End other, boolean cut) {
      int ops = 0;
      if (!cut && !end.ended && end.held.hasRemaining()) {
        ops |= SelectionKey.OP_READ;
      }
      if (!cut && other.held.position() > 0) {
        ops |= SelectionKey.OP_WRITE;
      }
      end.key.interestOps(ops);
    }

    void close() {
      links.remove(this);
      for (End end : server == null ? new End[] {client} : new End[] {client, server}) {
        try {
          end.channel.close();
        } catch (IOException closedAlready) {
          LOG.debug("closing", closedAlready);
        }
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    selector.wakeup();
    try {
      thread.join(5000);
      Map<SelectionKey, Boolean> keys = new HashMap<>();
      selector.keys().forEach(key -> keys.put(key, true));
      for (SelectionKey key : keys.keySet()) {
        key.channel().close();
      }
      selector.close();
    } catch (IOException failed) {
      LOG.debug("closing", failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
