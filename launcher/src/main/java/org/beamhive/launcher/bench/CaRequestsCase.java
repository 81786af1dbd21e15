package org.beamhive.launcher.bench;

import gov.aps.jca.CAException;
import gov.aps.jca.Channel;
import gov.aps.jca.dbr.DBRType;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.beamhive.devices.signal.Signal;
import org.beamhive.protocol.model.Value;

/** Gets, or puts with completion: many under way at a time, and one after the other. */
final class CaRequestsCase implements MeasuredCase, AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String BARE = "bare CAJ";
  private static final int STEP = 50;

  private final CaClients clients;
  private final boolean puts;
  private final int requests;
  private final int inFlight;

  /**
   * @param pvs as many as there are requests under way: only one put at a time may be under way on
   *     each
   */
  CaRequestsCase(String address, List<String> pvs, boolean puts, int requests) throws CAException {
    this.clients = new CaClients(address, pvs);
    this.puts = puts;
    this.requests = requests;
    this.inFlight = pvs.size();
  }

  /** One request; tells its end. */
  private interface Ask {
    void ask(int at, Runnable done) throws CAException;
  }

  private void ours(int at, Runnable done) {
    Signal signal = clients.signals().get(at % inFlight);
    (puts ? signal.put(Value.of((double) at), PATIENCE) : signal.get(PATIENCE))
        .whenComplete((value, error) -> done.run());
  }

  private void bare(int at, Runnable done) throws CAException {
    Channel channel = clients.channels().get(at % inFlight);
    if (puts) {
      channel.put(new double[] {at}, event -> done.run());
    } else {
      channel.get(DBRType.TIME_DOUBLE, 1, event -> done.run());
    }
  }

  @Override
  public List<Figure> round() {
    try {
      double oursPerSecond = pipelined(this::ours);
      double barePerSecond = pipelined(this::bare);
      Latency oursOne = oneByOne(this::ours);
      Latency bareOne = oneByOne(this::bare);
      String what = puts ? "put" : "get";
      return List.of(
          Figure.of(what + "s_per_second", "1/s", oursPerSecond).against(BARE, barePerSecond),
          Figure.of(what + "_microseconds_median", "us", oursOne.medianMicros())
              .against(BARE, bareOne.medianMicros()),
          Figure.of(what + "_microseconds_p99", "us", oursOne.p99Micros())
              .against(BARE, bareOne.p99Micros()));
    } catch (CAException failed) {
      throw new IllegalStateException(failed);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private double pipelined(Ask ask) throws CAException, InterruptedException {
    Semaphore free = new Semaphore(inFlight);
    int step = Math.min(STEP, inFlight);
    long begun = System.nanoTime();
    int asked = 0;
    while (asked < requests) {
      acquire(free, step);
      for (int i = 0; i < step; i++) {
        ask.ask(asked++, free::release);
      }
      clients.bare().flush();
    }
    acquire(free, inFlight);
    return asked / ((System.nanoTime() - begun) / 1e9);
  }

  private static void acquire(Semaphore free, int count) throws InterruptedException {
    if (!free.tryAcquire(count, PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      throw new IllegalStateException("the IOC did not answer for " + PATIENCE);
    }
  }

  private Latency oneByOne(Ask ask) throws CAException {
    long[] nanos = new long[Math.max(1, requests / 20)];
    for (int i = 0; i < nanos.length; i++) {
      CompletableFuture<Void> done = new CompletableFuture<>();
      long begun = System.nanoTime();
      ask.ask(i, () -> done.complete(null));
      clients.bare().flush();
      done.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
      nanos[i] = System.nanoTime() - begun;
    }
    return Latency.ofNanos(nanos);
  }

  @Override
  public void close() {
    clients.close();
  }
}
