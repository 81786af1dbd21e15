package org.beamhive.devices.ioc;

import com.cosylab.epics.caj.cas.util.DefaultServerImpl;
import gov.aps.jca.CAException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleUnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small beamline behind a real Channel Access server in this process, all PVs with the prefix
 * {@code BH:}.
 *
 * <ul>
 *   <li>{@code m1} to {@code m4}: motor records; the first three in mm, the fourth in degrees
 *   <li>{@code det:CNT, TP, VAL}: a counter that sees a Gaussian peak over m1; its {@code CENTER,
 *       SIGMA, IMAX, BACKGROUND} and {@code NOISE} (0 or 1) may be set
 *   <li>{@code det2d:...}: the same over m1 and m2
 *   <li>{@code scaler1.CNT, TP, T, S1..S4}: clock, beam intensity, and the two peaks
 *   <li>{@code i0}: the beam intensity, ten times a second; {@code ring_current}: each second
 *   <li>{@code cam1:, image1:, ROI1:, Proc1:, Stats1:, HDF1:, TIFF1:}: an area detector whose spot
 *       is as bright as what det2d sees; its files are real ones
 *   <li>{@code fly1:Start, Done, Stop, CurrentPoint, NumPoints, Dwell, Begin, End, Positions,
 *       Counts, Times}: a hardware-triggered scan over a peak at 0
 * </ul>
 *
 * <p>The noise has a fixed seed. The server binds all network interfaces (the library has no
 * setting for that), so it is not for a network with clients that must not see it.
 */
public final class SimulatedIoc implements AutoCloseable {
  /** Before all names. */
  public static final String PREFIX = "BH:";

  private static final Logger LOG = LoggerFactory.getLogger(SimulatedIoc.class);
  private static final long TICK_MILLIS = 5;
  private static final double FULL_CURRENT = 400;

  private final DefaultServerImpl names = new DefaultServerImpl();
  private final IocServer server;
  private final ScheduledExecutorService world =
      Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "sim-ioc"));
  private final Random random = new Random(20);
  private final Thread runner;
  private AreaSimulation area;
  private double current = FULL_CURRENT;

  private SimulatedIoc(int port) throws CAException {
    server = new IocServer(port);
    build();
    server.initialize(names);
    runner =
        daemon(
            () -> {
              try {
                server.run(0);
              } catch (CAException | IllegalStateException ended) {
                LOG.warn("The simulated IOC has ended: {}", ended.toString());
              }
            },
            "sim-ioc-server");
    runner.start();
  }

  /**
   * Starts it.
   *
   * @param port UDP and TCP port; 0 takes free ones
   */
  public static SimulatedIoc start(int port) {
    try {
      return new SimulatedIoc(port);
    } catch (CAException e) {
      throw new IllegalStateException("The simulated IOC can't start on port " + port, e);
    }
  }

  /** The UDP port that clients search on. */
  public int port() {
    return server.getUdpServerPort();
  }

  /** Stops it; clients lose their connections. */
  @Override
  public void close() {
    world.shutdownNow();
    area.close();
    try {
      server.destroy();
      runner.join(2000);
    } catch (CAException e) {
      LOG.warn("The simulated IOC did not stop cleanly: {}", e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void build() {
    MotorRecord.Nature linear = new MotorRecord.Nature("mm", 4, 50, -100, 100);
    MotorRecord.Nature rotary = new MotorRecord.Nature("deg", 4, 90, -180, 180);
    MotorRecord m1 = motor("m1", linear);
    MotorRecord m2 = motor("m2", linear);
    motor("m3", linear);
    motor("m4", rotary);
    DoubleUnaryOperator det = peak("det:", List.of(m1), 1.3, 0.8, 1e6);
    DoubleUnaryOperator det2d = peak("det2d:", List.of(m1, m2), 1.3, 1.2, 1e6);
    ServedPv i0 = add(ServedPv.number(PREFIX + "i0", 0).units("counts", 1).readOnly());
    scaler(i0, det, det2d);
    new FlyRecords(
        PREFIX + "fly1:", this::add, this::later, x -> 1e6 * Math.exp(-Math.pow(x / 0.3, 2) / 2));
    area = new AreaSimulation(PREFIX, this::add, this::later, s -> det2d.applyAsDouble(s) / 1e6);
    ServedPv ring =
        add(ServedPv.number(PREFIX + "ring_current", current).units("mA", 2).readOnly());
    every(100, () -> i0.post(1000 * current / FULL_CURRENT + 5 * random.nextGaussian()));
    every(
        1000,
        () -> {
          // decays, and is topped up when it has lost one percent
          current = current < 0.99 * FULL_CURRENT ? FULL_CURRENT : current * 0.9995;
          ring.post(current);
        });
  }

  private MotorRecord motor(String name, MotorRecord.Nature nature) {
    MotorRecord motor =
        new MotorRecord(
            PREFIX + name,
            nature,
            TICK_MILLIS / 1000.0,
            this::add,
            tick -> later(TICK_MILLIS / 1000.0, tick));
    names.registerProcessVariable(PREFIX + name, motor.value());
    return motor;
  }

  /** A counter over motors; gives what it counts in so many seconds, without noise. */
  private DoubleUnaryOperator peak(
      String name, List<MotorRecord> motors, double at, double width, double height) {
    String prefix = PREFIX + name;
    ServedPv center = add(ServedPv.number(prefix + "CENTER", at).units("mm", 3));
    ServedPv sigma = add(ServedPv.number(prefix + "SIGMA", width).units("mm", 3));
    ServedPv imax = add(ServedPv.number(prefix + "IMAX", height).units("counts/s", 1));
    ServedPv background =
        add(ServedPv.number(prefix + "BACKGROUND", height / 1e4).units("counts/s", 1));
    ServedPv noise = add(ServedPv.choice(prefix + "NOISE", 0, "Off", "On"));
    ServedPv value = add(ServedPv.number(prefix + "VAL", 0).units("counts", 0));
    DoubleUnaryOperator counts =
        seconds -> {
          double square = 0;
          for (MotorRecord motor : motors) {
            double away = (motor.position() - center.number()) / sigma.number();
            square += away * away;
          }
          return seconds * (imax.number() * Math.exp(-square / 2) + background.number());
        };
    new CounterRecords(prefix, 0.01, this::add, this::later)
        .channel(
            value,
            seconds -> {
              double mean = counts.applyAsDouble(seconds);
              return noise.whole() == 0
                  ? mean
                  : Math.max(0, Math.rint(mean + Math.sqrt(mean) * random.nextGaussian()));
            });
    return counts;
  }

  private void scaler(ServedPv i0, DoubleUnaryOperator det, DoubleUnaryOperator det2d) {
    String name = PREFIX + "scaler1.";
    CounterRecords scaler = new CounterRecords(name, 0.1, this::add, this::later);
    List<String> labels = List.of("clock", "i0", "det", "det2d");
    List<DoubleUnaryOperator> counts =
        List.of(seconds -> 1e7 * seconds, seconds -> Math.rint(i0.number() * seconds), det, det2d);
    for (int at = 0; at < labels.size(); at++) {
      add(ServedPv.text(name + "NM" + (at + 1), labels.get(at)));
      ServedPv channel = add(ServedPv.number(name + "S" + (at + 1), 0).units("counts", 0));
      scaler.channel(channel, counts.get(at));
    }
    add(ServedPv.number(name + "FREQ", 1e7).units("Hz", 0));
    add(ServedPv.choice(name + "CONT", 0, "OneShot", "AutoCount"));
  }

  private ServedPv add(ServedPv pv) {
    names.registerProcessVariable(pv);
    return pv;
  }

  private void every(long millis, Runnable action) {
    world.scheduleAtFixedRate(action, millis, millis, TimeUnit.MILLISECONDS);
  }

  private void later(double seconds, Runnable action) {
    try {
      world.schedule(action, (long) (seconds * 1e9), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException closed) {
      // it is stopping: what moved stays where it is
    }
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }
}
