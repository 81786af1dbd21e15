package org.beamhive.devices.backend.ca;

import com.cosylab.epics.caj.CAJChannel;
import com.cosylab.epics.caj.impl.CATransport;
import gov.aps.jca.CAException;
import gov.aps.jca.CAStatus;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Set;
import org.beamhive.devices.signal.DeviceFailure;

/**
 * The puts of one PV. Those with completion go one at a time: a second one while the first is under
 * way would block the whole circuit, for others too. What is only sent, such as a stop, waits for
 * none of them and needs no place in the gate. All but the request itself is done on the io thread.
 */
final class CaPuts {
  private final CaLink link;
  private final String name;
  private final ArrayDeque<Put> waiting = new ArrayDeque<>();
  private Put inFlight;

  /** One put. */
  private static final class Put {
    private CaRequest<Void> request;
    private PutData data;
    private CAJChannel channel;
    private CATransport circuit;
    private SocketAddress ioc;
    private volatile boolean sent;
  }

  CaPuts(CaLink link, String name) {
    this.link = link;
    this.name = name;
  }

  /** Puts when the one before has ended; from any thread. */
  CaRequest<Void> put(
      CAJChannel channel, PutData data, Duration timeout, Set<CaRequest<?>> requests) {
    Put put = new Put();
    put.data = data;
    put.channel = channel;
    put.request =
        new CaRequest<>(
            link,
            requests,
            timeout,
            () ->
                put.sent
                    ? "Writing " + name + " was not completed"
                    : "Writing "
                        + name
                        + " could not begin, because its IOC had not completed what was written"
                        + " before,");
    link.io(() -> begin(put));
    return put.request;
  }

  /**
   * Writes without asking for a completion, whatever is under way; from any thread. An IOC holds
   * back a put with completion to a record that is busy with another one, from whichever client and
   * circuit, and does this one at once.
   */
  CaRequest<Void> send(
      CAJChannel channel, PutData data, Duration timeout, Set<CaRequest<?>> requests) {
    CaRequest<Void> request =
        new CaRequest<>(link, requests, timeout, () -> "Writing " + name + " could not be sent");
    link.io(
        () -> {
          if (request.ended()) {
            return;
          }
          try {
            channel.put(data.type(), data.count(), data.array());
            link.whenSent(() -> request.succeed(null));
          } catch (CAException | RuntimeException e) {
            request.fail(failure(e));
          }
        });
    return request;
  }

  private void begin(Put put) {
    if (inFlight != null) {
      waiting.add(put);
      return;
    }
    CATransport circuit = put.channel.getTransport();
    if (circuit == null) {
      put.request.fail(disconnected());
      next();
      return;
    }
    put.circuit = circuit;
    // never its name: the resolver may take seconds for one that it doesn't know
    put.ioc = circuit.getRemoteAddress();
    inFlight = put;
    link.gate().enter(put.ioc, () -> send(put));
  }

  /** Whether it is on its way. */
  private boolean send(Put put) {
    if (!put.request.ended()) {
      try {
        put.sent = true;
        put.channel.put(
            put.data.type(),
            put.data.count(),
            put.data.array(),
            event -> {
              CAStatus status = event.getStatus();
              if (status == CAStatus.NORMAL) {
                put.request.succeed(null);
              } else {
                put.request.fail(name, "put-failed", status);
              }
              link.io(() -> completed(put));
            });
        return true;
      } catch (CAException | RuntimeException e) {
        put.request.fail(failure(e));
      }
    }
    inFlight = null;
    // not at once: many that have timed out in a row would pile up on the stack
    link.io(this::next);
    return false;
  }

  private void completed(Put put) {
    if (inFlight == put) {
      inFlight = null;
      link.gate().leave(put.ioc);
      next();
    }
  }

  private void next() {
    Put put = waiting.poll();
    while (put != null && put.request.ended()) {
      put = waiting.poll();
    }
    if (put != null) {
      begin(put);
    }
  }

  /**
   * The connection has been lost or is back: the completion of a put doesn't come any more if the
   * circuit has broken, but it still does if the IOC was only frozen.
   */
  void check() {
    if (inFlight != null && inFlight.sent && inFlight.channel.getTransport() != inFlight.circuit) {
      completed(inFlight);
    }
  }

  /** The channel is closed. */
  void forget() {
    if (inFlight != null && inFlight.sent) {
      completed(inFlight);
    }
  }

  private DeviceFailure failure(Exception e) {
    return e instanceof IllegalStateException
        ? disconnected()
        : new DeviceFailure("device-error", name + " can't be written: " + e.getMessage());
  }

  private DeviceFailure disconnected() {
    return new DeviceFailure("disconnected", name + " is not connected.");
  }
}
