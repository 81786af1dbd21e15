package org.beamhive.devices.backend.ca;

import com.cosylab.epics.caj.CAJContext;
import java.time.Duration;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The library's context, set up from our settings and by nothing else. */
final class CaContext extends CAJContext {
  private static final int DEFAULT_REPEATER_PORT = 5065;
  private static final String CONNECT_TIMEOUT =
      "com.cosylab.epics.caj.impl.CAConnector.socket_connect_timeout";

  CaContext(CaSettings settings) {
    // else the library starts a second JVM that outlives this one
    System.setProperty("CA_DISABLE_REPEATER", "1");
    // the library's own: three tries of 120 s each, in which no other IOC can be connected to
    System.setProperty(CONNECT_TIMEOUT, Float.toString(seconds(settings.tcpConnectTimeout())));
    addressList = String.join(" ", settings.addresses());
    autoAddressList = settings.autoAddresses();
    nameServersList = String.join(" ", settings.nameServers());
    serverPort = settings.serverPort();
    repeaterPort = settings.repeaterPort() > 0 ? settings.repeaterPort() : DEFAULT_REPEATER_PORT;
    maxArrayBytes = settings.maxArrayBytes();
    connectionTimeout = seconds(settings.connectionTimeout());
    echoTimeout = settings.echoTimeout().toMillis();
    maxSearchInterval = seconds(settings.maxSearchInterval());
    // the library's own table of shared channels is racy
    setDoNotShareChannels(true);
  }

  private static float seconds(Duration time) {
    return time.toMillis() / 1000f;
  }

  /** The library's own would load its files; and each port that is opened is no news. */
  @Override
  protected void initializeLogger() {
    // one without a name: those with one are kept for ever, with all handlers that they were given
    logger = Logger.getAnonymousLogger();
    logger.setUseParentHandlers(false);
    logger.setLevel(Level.WARNING);
    logger.addHandler(new CaLog());
  }

  @Override
  protected void loadConfiguration() {
    // reads nothing from outside: the library would look into files of the user and of the JDK
  }

  /** Requests and subscriptions that the library keeps for channels; they must not grow. */
  int keptRequests() {
    synchronized (pendingResponseRequests) {
      return pendingResponseRequests.size();
    }
  }

  /** Channels that the library keeps. */
  int keptChannels() {
    synchronized (channelsByCID) {
      return channelsByCID.size();
    }
  }

  /** Circuits to IOCs. */
  int circuits() {
    return getTransportRegistry().numberOfActiveTransports();
  }
}
