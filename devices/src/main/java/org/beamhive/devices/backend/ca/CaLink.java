package org.beamhive.devices.backend.ca;

import com.cosylab.epics.caj.CARepeater;
import gov.aps.jca.CAException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
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
  private static final Set<Integer> REPEATERS = ConcurrentHashMap.newKeySet();

  private final CaSettings settings;
  private final CaContext context;
  private final PutGate gate;
  private final ScheduledThreadPoolExecutor timers =
      new ScheduledThreadPoolExecutor(1, task -> daemon(task, "ca-timers"));
  private final CaThread control = new CaThread("ca-ctl", this::flush);
  private final CaThread io = new CaThread("ca-io", this::flush);
  private final Set<CaChannel> channels = ConcurrentHashMap.newKeySet();

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
        () -> control(() -> channels.forEach(channel -> channel.checkAnswers(patience))),
        patience / 4,
        patience / 4,
        TimeUnit.NANOSECONDS);
  }

  @Override
  public Link open(String name, SignalOptions options, Listener listener) {
    CaChannel channel = new CaChannel(this, name, options, listener);
    channels.add(channel);
    control(channel::create);
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
    // from here on new requests fail at once, for want of a timer
    timers.shutdownNow();
    channels.forEach(CaChannel::failAll);
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

  ScheduledExecutorService timers() {
    return timers;
  }

  /** Does something on the control thread. */
  void control(Runnable task) {
    control.execute(task);
  }

  /** Does something on the io thread, with the next batch. */
  void io(Runnable task) {
    io.execute(task);
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
