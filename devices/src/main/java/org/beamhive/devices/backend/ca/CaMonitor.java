package org.beamhive.devices.backend.ca;

import com.cosylab.epics.caj.CAJChannel;
import com.cosylab.epics.caj.CAJMonitor;
import com.cosylab.epics.caj.impl.CATransport;
import com.cosylab.epics.caj.impl.Request;
import com.cosylab.epics.caj.impl.requests.EventCancelRequest;
import gov.aps.jca.CAException;
import gov.aps.jca.dbr.DBRType;
import gov.aps.jca.event.MonitorListener;
import java.io.IOException;

/**
 * A subscription that we carry over a lost connection ourselves. The library would ask for it again
 * at each reconnect: also on the circuit of an IOC that was only frozen and still has it, so that
 * each event would come twice; and with the type that the record had before.
 */
final class CaMonitor extends CAJMonitor {
  private final CAJChannel on;
  // of which the IOC knows the subscription
  private volatile CATransport circuit;
  private volatile boolean parked;

  private CaMonitor(
      CaContext context,
      CAJChannel on,
      CATransport circuit,
      DBRType type,
      int count,
      int mask,
      MonitorListener to)
      throws CAException {
    super(context, type, count, on, to, mask);
    this.on = on;
    this.circuit = circuit;
  }

  /** Subscribes on a connected channel; goes out with the next flush. */
  static CaMonitor on(
      CaContext context, CAJChannel on, DBRType type, int count, int mask, MonitorListener to)
      throws CAException {
    CATransport circuit = on.getTransport();
    if (circuit == null) {
      throw new CAException("not connected");
    }
    return new CaMonitor(context, on, circuit, type, count, mask, to);
  }

  /**
   * Ends it, in its turn. The library would send that past all that waits to be sent, and so past
   * the subscription itself if that has just been made; or on a circuit on which the IOC has never
   * heard of it. An IOC that is to end what it does not know closes the circuit, with all its PVs.
   */
  @Override
  public synchronized void clear() {
    if (cleared) {
      return;
    }
    cleared = true;
    CATransport now = on.getTransport();
    if (now != null && now == circuit) {
      try {
        new InTurn(now, on.getServerChannelID(), subsid, type.getValue(), count).submit();
      } catch (IOException gone) {
        // and the subscription with it
      }
    }
    // the channel keeps it among its cleared ones until it is closed itself
    eventAddRequest.cancel();
  }

  private static final class InTurn extends EventCancelRequest {
    InTurn(CATransport circuit, int channel, int subscription, int type, int count) {
      super(circuit, channel, subscription, type, count);
    }

    @Override
    public byte getPriority() {
      return Request.DEFAULT_USER_PRIORITY;
    }
  }

  /** The connection is lost: the library has nothing to do with it until it is resumed. */
  void park() {
    parked = true;
    on.unregisterResponseRequest(eventAddRequest);
  }

  /**
   * The connection is back; an IOC that has a new circuit is asked again.
   *
   * @return whether it was, and so tells its value; true also if nothing had been lost
   */
  boolean resume() throws CAException {
    if (!parked) {
      return true;
    }
    parked = false;
    on.registerResponseRequest(eventAddRequest);
    CATransport now = on.getTransport();
    if (now == null || now == circuit) {
      return false;
    }
    circuit = now;
    try {
      eventAddRequest.resubscribeSubscription(now);
    } catch (IOException e) {
      throw new CAException("can't subscribe again", e);
    }
    return true;
  }
}
