package org.beamhive.devices.ioc;

import com.cosylab.epics.caj.cas.BeaconEmitter;
import com.cosylab.epics.caj.cas.CAJServerContext;
import com.cosylab.epics.caj.cas.CASTransport;
import com.cosylab.epics.caj.cas.CountZeroFix;
import com.cosylab.epics.caj.cas.FrozenBeacons;
import com.cosylab.epics.caj.impl.CATransportRegistry;
import com.cosylab.epics.caj.impl.Transport;
import gov.aps.jca.CAException;
import gov.aps.jca.CAStatus;
import gov.aps.jca.CAStatusException;
import gov.aps.jca.cas.ProcessVariable;
import gov.aps.jca.cas.ProcessVariableAttachCallback;
import gov.aps.jca.cas.ProcessVariableEventCallback;
import gov.aps.jca.cas.ProcessVariableExistanceCallback;
import gov.aps.jca.cas.ProcessVariableExistanceCompletion;
import gov.aps.jca.cas.Server;
import java.net.InetSocketAddress;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The Channel Access server, set up here and by no file or system property. */
final class IocServer extends CAJServerContext {
  // the library's server takes a buffer of the largest array for each connection at once, and each
  // node has several
  private static final int LEAST_ARRAY_BYTES = 1 << 20;
  private static final int MARGIN_BYTES = 1024;
  private static final float BEACON_PERIOD_SECONDS = 15;

  private final CountZeroFix.Gate gate = new CountZeroFix.Gate();
  private final CATransportRegistry mended = new CountZeroFix.Registry(gate);

  /**
   * @param largest bytes of the largest value that is served
   */
  IocServer(int port, long largest) {
    beaconAddressList = "127.0.0.1";
    autoBeaconAddressList = false;
    beaconPeriod = BEACON_PERIOD_SECONDS;
    tcpServerPort = port;
    udpServerPort = port;
    maxArrayBytes =
        (int) Math.min(Integer.MAX_VALUE, Math.max(LEAST_ARRAY_BYTES, largest + MARGIN_BYTES));
  }

  /** The library's own would load its files; and a client that goes away is no news. */
  @Override
  protected void initializeLogger() {
    logger = Logger.getLogger(IocServer.class.getName());
    logger.setLevel(Level.SEVERE);
  }

  @Override
  protected void loadConfiguration() {
    // reads nothing from outside: the library would look into files of the user and of the JDK
  }

  @Override
  public CATransportRegistry getTransportRegistry() {
    return mended;
  }

  @Override
  public synchronized void initialize(Server server) throws CAException {
    super.initialize(server);
    // closing all connections uses the field, not the getter
    transportRegistry = mended;
  }

  /** Serves these records. */
  void serve(IocRecords records) throws CAException {
    initialize(new Names(records, gate));
    FaultGroup faults = records.server();
    faults.onChange(() -> freeze(faults.has(IocFault.FREEZE)));
    records.onDrop(this::drop);
  }

  /** As a process that has been stopped: connections stay open, but nobody answers or sends. */
  private synchronized void freeze(boolean on) {
    if (!isInitialized() || isDestroyed() || gate.closed() == on) {
      return;
    }
    if (on) {
      gate.close();
      beaconEmitter.destroy();
    } else {
      beaconEmitter =
          FrozenBeacons.start(new BeaconEmitter(broadcastTransport, this, beaconPeriod));
      gate.open();
    }
  }

  private void drop() {
    for (Transport transport : mended.toArray()) {
      ((CASTransport) transport).close(true);
    }
  }

  /** Finds PVs for clients. */
  private record Names(IocRecords records, CountZeroFix.Gate gate) implements Server {
    @Override
    public ProcessVariableExistanceCompletion processVariableExistanceTest(
        String name, InetSocketAddress client, ProcessVariableExistanceCallback later) {
      return !gate.closed() && records.find(name) != null
          ? ProcessVariableExistanceCompletion.EXISTS_HERE
          : ProcessVariableExistanceCompletion.DOES_NOT_EXIST_HERE;
    }

    @Override
    public ProcessVariable processVariableAttach(
        String name, ProcessVariableEventCallback events, ProcessVariableAttachCallback later)
        throws CAStatusException {
      ServedPv pv = records.find(name);
      if (pv == null) {
        throw new CAStatusException(CAStatus.NOSUPPORT, "There is no PV " + name + ".");
      }
      synchronized (pv) {
        if (pv.getEventCallback() == null && events != null) {
          pv.setEventCallback(events);
        }
      }
      return pv;
    }
  }
}
