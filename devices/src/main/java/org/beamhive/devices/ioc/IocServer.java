package org.beamhive.devices.ioc;

import com.cosylab.epics.caj.cas.CAJServerContext;
import com.cosylab.epics.caj.cas.CountZeroFix;
import com.cosylab.epics.caj.impl.CATransportRegistry;
import gov.aps.jca.CAException;
import gov.aps.jca.cas.Server;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The Channel Access server, set up here and by no file or system property. */
final class IocServer extends CAJServerContext {
  // the library's server takes a buffer of this size for each connection at once, and each node has
  // several
  private static final int MAX_ARRAY_BYTES = 1 << 20;
  private static final float BEACON_PERIOD_SECONDS = 15;

  private final CATransportRegistry mended = new CountZeroFix.Registry();

  IocServer(int port) {
    beaconAddressList = "127.0.0.1";
    autoBeaconAddressList = false;
    beaconPeriod = BEACON_PERIOD_SECONDS;
    tcpServerPort = port;
    udpServerPort = port;
    maxArrayBytes = MAX_ARRAY_BYTES;
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
}
