package org.beamhive.devices.backend.ca;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The library's complaints in our log: one line each, and each only once, since it repeats those
 * about an IOC that can't be connected to every few seconds with a stack trace.
 */
final class CaLog extends Handler {
  private static final Logger LOG = LoggerFactory.getLogger(CaLink.class);
  private static final int MOST = 1000;

  private final Set<String> said = ConcurrentHashMap.newKeySet();

  @Override
  public void publish(LogRecord complaint) {
    Throwable cause = complaint.getThrown();
    String text = cause == null ? complaint.getMessage() : complaint.getMessage() + " " + cause;
    if (said.size() < MOST && said.add(text)) {
      LOG.warn("Channel Access: {}", text);
    } else {
      LOG.debug("Channel Access: {}", text);
    }
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}
