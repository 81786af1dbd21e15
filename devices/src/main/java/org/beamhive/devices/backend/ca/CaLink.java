package org.beamhive.devices.backend.ca;

import com.cosylab.epics.caj.CARepeater;
import gov.aps.jca.CAException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.beamhive.devices.signal.SignalBackend;
import org.beamhive.devices.signal.SignalOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Channel Access for one node: one context, one circuit per IOC (and one more for urgent signals).
 *
 * <p>The library blocks when channels are made or destroyed, has no time-outs, and forgets requests
 * when a circuit breaks. So all of the first is done on the thread {@code ca-ctl}, gets and puts
 * are gathered on {@code ca-io}, both send with one flush a batch, and each request is kept in a
 * table of ours until it ends.
 */
public final class CaLink implements SignalBackend, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CaLink.class);
  private static final int CLOSE_SECONDS = 10;
  private static final int DEADLINES_MILLIS = 20;
  private static final Set<Integer> REPEATERS = ConcurrentHashMap.newKeySet();

  private final CaSettings settings;
  private final CaContext context;
  private final PutGate gate;
  private final ScheduledThreadPoolExecutor timers =
      new ScheduledThreadPoolExecutor(1, task -> daemon(task, "ca-timers"));
  private final Object sending = new Object();
  private final CaThread control = new CaThread("ca-ctl", sending, this::flush);
  private final CaThread io = new CaThread("ca-io", sending, this::flush);
  private final Set<CaRequest<?>> requests = ConcurrentHashMap.newKeySet();
  private final Set<CaChannel> channels = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /** Opens it. */
  public CaLink(CaSettings settings) {
    this.settings = settings;
    startRepeater(settings.repeaterPort());
    timers.setRemoveOnCancelPolicy(true);
    gate = new PutGate(settings.putsInFlight());
    context = new CaContext(settings);
    try {
      context.initialize();
    } catch (CAException e) {
      throw new IllegalStateException("Channel Access can't start", e);
    }
    control.start();
    io.start();
    long patience = settings.abandonTimeout().toNanos();
    timers.scheduleWithFixedDelay(
        () -> controlAlone(() -> channels.forEach(channel -> channel.checkAnswers(patience))),
        patience / 4,
        patience / 4,
        TimeUnit.NANOSECONDS);
    timers.scheduleWithFixedDelay(
        this::checkDeadlines, DEADLINES_MILLIS, DEADLINES_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** One look at all requests now and then costs less than a timer for each. */
  private void checkDeadlines() {
    long now = System.nanoTime();
    requests.forEach(request -> request.check(now));
  }

  @Override
  public Link open(String name, SignalOptions options, Listener listener) {
    CaChannel channel = new CaChannel(this, name, options, listener);
    channels.add(channel);
    controlAlone(channel::create);
    return channel;
  }

  @Override
  public double changesPerSecond() {
    return settings.changesPerSecond();
  }

  /** Closes all; requests under way fail, and so do later ones. Takes up to ten seconds. */
  @Override
  public void close() {
    CompletableFuture<Void> destroyed = new CompletableFuture<>();
    control.end(
        () -> {
          try {
            context.destroy();
            destroyed.complete(null);
          } catch (CAException | RuntimeException e) {
            destroyed.completeExceptionally(e);
          }
        });
    try {
      destroyed.get(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("Channel Access did not close cleanly: {}", e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    io.end(() -> {});
    timers.shutdownNow();
    // from here on new requests fail at once
    closed = true;
    channels.forEach(CaChannel::failAll);
    requests.forEach(request -> request.fail("closed", "Channel Access has been closed."));
  }

  /** How many channels are open, connected or not. */
  public long channels() {
    return channels.size();
  }

  /** How many of them are connected. */
  public long connectedChannels() {
    return channels.stream().filter(CaChannel::connected).count();
  }

  void closed(CaChannel channel) {
    channels.remove(channel);
  }

  CaSettings settings() {
    return settings;
  }

  CaContext context() {
    return context;
  }

  PutGate gate() {
    return gate;
  }

  /** All requests that are under way. */
  Set<CaRequest<?>> requests() {
    return requests;
  }

  boolean closed() {
    return closed;
  }

  /** The lock under which the library is asked for what is sent. */
  Object sending() {
    return sending;
  }

  /** Does something on the control thread. */
  void control(Runnable task) {
    control.execute(task);
  }

  /** Does something on the control thread that may wait, and sends nothing. */
  void controlAlone(Runnable task) {
    control.executeAlone(task);
  }

  /** Does something on the io thread, with the next batch. */
  void io(Runnable task) {
    io.execute(task);
  }

  /** Does something when what the task of the io thread has written so far has been sent. */
  void whenSent(Runnable task) {
    io.afterFlush(task);
  }

  private void flush() {
    try {
      context.flushIO();
    } catch (CAException | IllegalStateException e) {
      LOG.debug("Nothing could be sent: {}", e.toString());
    }
  }

  /** A repeater tells all clients of this machine of IOCs that come up; it ends if one is there. */
  private static void startRepeater(int port) {
    if (port > 0 && REPEATERS.add(port)) {
      daemon(new CARepeater(port), "ca-repeater").start();
    }
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }
}
