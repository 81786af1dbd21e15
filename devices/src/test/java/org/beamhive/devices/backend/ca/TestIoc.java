package org.beamhive.devices.backend.ca;

import com.cosylab.epics.caj.cas.CAJServerContext;
import com.cosylab.epics.caj.cas.CountZeroFix;
import com.cosylab.epics.caj.cas.util.DefaultServerImpl;
import com.cosylab.epics.caj.impl.CATransportRegistry;
import gov.aps.jca.CAException;
import gov.aps.jca.cas.Server;
import java.util.logging.Level;
import java.util.logging.Logger;

/** A Channel Access server with whatever PVs a test needs. */
final class TestIoc implements AutoCloseable {
  static final int MAX_ARRAY_BYTES = 4 << 20;

  private final DefaultServerImpl names = new DefaultServerImpl();
  private final Context context;
  private final Thread runner;

  /** The server, set up here and by no file or system property. */
  private static final class Context extends CAJServerContext {
    private final CATransportRegistry mended = new CountZeroFix.Registry(new CountZeroFix.Gate());

    Context(int port) {
      beaconAddressList = "127.0.0.1";
      autoBeaconAddressList = false;
      tcpServerPort = port;
      udpServerPort = port;
      maxArrayBytes = MAX_ARRAY_BYTES;
    }

    @Override
    protected void initializeLogger() {
      logger = Logger.getLogger(Context.class.getName());
      logger.setLevel(Level.OFF);
    }

    @Override
    protected void loadConfiguration() {}

    @Override
    public CATransportRegistry getTransportRegistry() {
      return mended;
    }

    @Override
    public synchronized void initialize(Server server) throws CAException {
      super.initialize(server);
      transportRegistry = mended;
    }
  }

  private TestIoc(int port, TestPv... pvs) throws CAException {
    for (TestPv pv : pvs) {
      names.registerProcessVariable(pv);
    }
    context = new Context(port);
    context.initialize(names);
    runner =
        new Thread(
            () -> {
              try {
                context.run(0);
              } catch (CAException | IllegalStateException ended) {
                // closed
              }
            },
            "test-ioc");
    runner.setDaemon(true);
    runner.start();
  }

  /**
   * @param port 0 for a free one
   */
  static TestIoc start(int port, TestPv... pvs) {
    try {
      return new TestIoc(port, pvs);
    } catch (CAException e) {
      throw new IllegalStateException(e);
    }
  }

  int port() {
    return context.getUdpServerPort();
  }

  @SuppressWarnings("deprecation") // the library has no other way to tell it
  int tcpPort() {
    return context.getServerPort();
  }

  /** To reach it, with these limits instead of the usual ones. */
  CaSettings settings(int repeaterPort, int maxArrayBytes, int putsInFlight) {
    CaSettings usual = CaSettings.loopback(port());
    return new CaSettings(
        usual.addresses(),
        usual.autoAddresses(),
        usual.nameServers(),
        usual.serverPort(),
        repeaterPort,
        usual.connectionTimeout(),
        usual.echoTimeout(),
        usual.abandonTimeout(),
        usual.tcpConnectTimeout(),
        usual.maxSearchInterval(),
        maxArrayBytes,
        putsInFlight,
        usual.changesPerSecond());
  }

  /** Connections of clients. */
  int circuits() {
    return context.getTransportRegistry().numberOfActiveTransports();
  }

  @Override
  public void close() {
    try {
      context.destroy();
      runner.join(5000);
    } catch (CAException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
