package org.beamhive.launcher.bench;

import com.cosylab.epics.caj.CAJContext;
import gov.aps.jca.CAException;
import gov.aps.jca.Channel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The floor under Channel Access: the library alone, set up as ours is, and nothing around it. */
final class BareCa implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Context context;

  private static final class Context extends CAJContext {
    Context(String address) {
      System.setProperty("CA_DISABLE_REPEATER", "1");
      addressList = address;
      autoAddressList = false;
      nameServersList = "";
      maxSearchInterval = 1;
      setDoNotShareChannels(true);
    }

    @Override
    protected void initializeLogger() {
      logger = Logger.getAnonymousLogger();
      logger.setLevel(Level.SEVERE);
    }

    @Override
    protected void loadConfiguration() {
      // nothing from outside
    }
  }

  /** A client of an IOC, {@code host:port}. */
  BareCa(String address) {
    context = new Context(address);
    try {
      context.initialize();
    } catch (CAException failed) {
      throw new IllegalStateException("Channel Access can't start", failed);
    }
  }

  /** Connected channels. */
  List<Channel> connect(List<String> names) throws CAException {
    CountDownLatch connected = new CountDownLatch(names.size());
    List<Channel> channels = new ArrayList<>();
    for (String name : names) {
      channels.add(
          context.createChannel(
              name,
              event -> {
                if (event.isConnected()) {
                  connected.countDown();
                }
              }));
    }
    flush();
    await("all PVs of the IOC", connected);
    return channels;
  }

  void flush() throws CAException {
    context.flushIO();
  }

  static void await(String what, CountDownLatch done) {
    try {
      if (!done.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        throw new IllegalStateException(
            what + ": " + done.getCount() + " are missing after " + PATIENCE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  @Override
  public void close() {
    try {
      context.destroy();
    } catch (CAException failed) {
      throw new IllegalStateException(failed);
    }
  }
}
