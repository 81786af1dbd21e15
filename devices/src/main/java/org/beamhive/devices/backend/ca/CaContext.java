package org.beamhive.devices.backend.ca;

import com.cosylab.epics.caj.CAJContext;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The library's context, set up from our settings and by nothing else. */
final class CaContext extends CAJContext {
  private static final int DEFAULT_SERVER_PORT = 5064;
  private static final int DEFAULT_REPEATER_PORT = 5065;

  CaContext(CaSettings settings) {
    addressList = String.join(" ", settings.addresses());
    autoAddressList = settings.autoAddresses();
    nameServersList = "";
    serverPort = DEFAULT_SERVER_PORT;
    repeaterPort = settings.repeaterPort() > 0 ? settings.repeaterPort() : DEFAULT_REPEATER_PORT;
    maxArrayBytes = settings.maxArrayBytes();
    connectionTimeout = settings.connectionTimeout().toMillis() / 1000f;
    maxSearchInterval = settings.maxSearchInterval().toMillis() / 1000f;
    // the library's own table of shared channels is racy
    setDoNotShareChannels(true);
  }

  /** The library's own would load its files; and each port that is opened is no news. */
  @Override
  protected void initializeLogger() {
    logger = Logger.getLogger(CaContext.class.getName());
    logger.setLevel(Level.WARNING);
  }

  @Override
  protected void loadConfiguration() {
    // reads nothing from outside: the library would look into files of the user and of the JDK
  }
}
