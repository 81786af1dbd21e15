package com.cosylab.epics.caj.cas;

import com.cosylab.epics.caj.impl.CATransportRegistry;
import com.cosylab.epics.caj.impl.ResponseHandler;
import com.cosylab.epics.caj.impl.Transport;
import gov.aps.jca.cas.ServerChannel;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The server of jca 2.4.11 says that it speaks CA 4.13 but refuses the element count 0, which C
 * clients, pyepics and Phoebus use for monitors: they would see nothing. This turns 0 into the PV's
 * own count. It is also where a server that is to look frozen keeps what it is sent.
 *
 * <p>It stands in this foreign package because the field to replace is protected there.
 */
public final class CountZeroFix implements ResponseHandler {
  private static final int EVENT_ADD = 1;
  private static final int READ_NOTIFY = 15;
  private static final int HEADER = 16;
  private static final int LONG_HEADER = 24;
  private static final int LONG_COUNT = 0xFFFF;

  private final ResponseHandler next;
  private final Gate gate;

  private CountZeroFix(ResponseHandler next, Gate gate) {
    this.next = next;
    this.gate = gate;
  }

  /** Keeps what clients send while it is closed, in order, as a stopped process would. */
  public static final class Gate {
    private final List<Runnable> kept = new ArrayList<>();
    private volatile boolean closed;

    /** Whether it is closed. */
    public boolean closed() {
      return closed;
    }

    /** From now on nothing is handled. */
    public synchronized void close() {
      closed = true;
    }

    /** What was kept is handled now. */
    public synchronized void open() {
      closed = false;
      kept.forEach(Runnable::run);
      kept.clear();
    }

    private synchronized boolean keeps(Runnable message) {
      return closed && kept.add(message);
    }
  }

  /** The server context's registry: each new transport is registered here and mended on the way. */
  public static final class Registry extends CATransportRegistry {
    private final Gate gate;

    /** The registry of a server with this gate. */
    public Registry(Gate gate) {
      this.gate = gate;
    }

    @Override
    public void put(InetSocketAddress address, Transport transport) {
      CASTransport server = (CASTransport) transport;
      if (!(server.responseHandler instanceof CountZeroFix)) {
        server.responseHandler = new CountZeroFix(server.responseHandler, gate);
      }
      super.put(address, transport);
    }
  }

  @Override
  public void handleResponse(InetSocketAddress from, Transport transport, ByteBuffer[] request) {
    if (gate.closed()) {
      ByteBuffer[] copies = new ByteBuffer[request.length];
      for (int at = 0; at < copies.length; at++) {
        copies[at] = copy(request[at]);
      }
      if (gate.keeps(() -> handle(from, transport, copies))) {
        return;
      }
    }
    handle(from, transport, request);
  }

  /** The library uses its buffers again as soon as a message is handled. */
  private static ByteBuffer copy(ByteBuffer buffer) {
    ByteBuffer all = buffer.duplicate();
    all.rewind();
    ByteBuffer copy = ByteBuffer.allocate(buffer.limit()).put(all);
    copy.position(buffer.position());
    return copy;
  }

  private void handle(InetSocketAddress from, Transport transport, ByteBuffer[] request) {
    ByteBuffer header = request[0];
    int command = header.getShort(0);
    boolean zero =
        request.length == 2
            && (command == EVENT_ADD || command == READ_NOTIFY)
            && header.limit() == HEADER
            && header.getShort(6) == 0;
    next.handleResponse(
        from, transport, zero ? counted((CASTransport) transport, header, request[1]) : request);
  }

  private static ByteBuffer[] counted(
      CASTransport transport, ByteBuffer header, ByteBuffer payload) {
    ServerChannel channel = transport.getChannel(header.getInt(8));
    int count = channel == null ? 1 : Math.max(1, channel.getProcessVariable().getDimensionSize(0));
    if (count < LONG_COUNT) {
      header.putShort(6, (short) count);
      return new ByteBuffer[] {header, payload};
    }
    ByteBuffer wide = ByteBuffer.allocate(LONG_HEADER);
    wide.putShort(header.getShort(0))
        .putShort((short) LONG_COUNT)
        .putShort(header.getShort(4))
        .putShort((short) 0)
        .putInt(header.getInt(8))
        .putInt(header.getInt(12))
        .putInt(header.getShort(2) & 0xFFFF)
        .putInt(count)
        .flip();
    return new ByteBuffer[] {wide, payload};
  }
}
