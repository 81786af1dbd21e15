package org.beamhive.devices.ioc;

import gov.aps.jca.CAException;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.beamhive.devices.backend.sim.SimClock;
import org.beamhive.devices.backend.sim.SystemSimClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An IOC behind a real Channel Access server in this process. Without a file of one's own it is a
 * small beamline, all PVs with the prefix {@code BH:}.
 *
 * <ul>
 *   <li>{@code m1} to {@code m4}: motor records; the first three in mm, the fourth in degrees
 *   <li>{@code det:CNT, TP, VAL}: a counter that sees a Gaussian peak over m1; its {@code CENTER,
 *       SIGMA, IMAX, BACKGROUND} and {@code NOISE} (0 or 1) may be set
 *   <li>{@code det2d:...}: the same over m1 and m2
 *   <li>{@code scaler1}: scaler record that counts clock, beam intensity, and the two peaks
 *   <li>{@code mca1}: MCA record with two lines
 *   <li>{@code i0}: the beam intensity, ten times a second; {@code ring_current}: each second
 *   <li>{@code calc1}: calc record, m1 and m2 added
 *   <li>{@code cam1:, image1:, ROI1:, Proc1:, Stats1:, HDF1:, TIFF1:}: an area detector whose spot
 *       is as bright as what det2d sees; its files are real ones
 *   <li>{@code fly1:Start, Done, Stop, CurrentPoint, NumPoints, Dwell, Begin, End, Positions,
 *       Counts, Times}: a hardware-triggered scan over a peak at 0
 *   <li>{@code pos1:...}: a positioner of single PVs; {@code temp1:...}: a temperature controller;
 *       {@code shutter1:...} and {@code valve1:...}
 *   <li>{@code wave}: 1000 numbers; {@code image}: 100,000; {@code title}: a text; {@code mode}: a
 *       choice; {@code number} and {@code count}: numbers to put to
 *   <li>{@code ioc:fault} and of each record {@code NAME:fault}: see {@link IocRecords}
 * </ul>
 *
 * <p>The noise has a fixed seed. The server binds all network interfaces (the library has no
 * setting for that), so it is not for a network with clients that must not see it.
 */
public final class SimulatedIoc implements AutoCloseable {
  /** Before all names of the beamline that it is without a file. */
  public static final String PREFIX = "BH:";

  private static final Logger LOG = LoggerFactory.getLogger(SimulatedIoc.class);
  private static final double TICK_SECONDS = 0.005;
  private static final double FULL_CURRENT = 400;

  private final SystemSimClock clock;
  private final IocRecords records;
  private final IocServer server;
  private final Thread runner;

  private SimulatedIoc(int port, SystemSimClock clock, IocRecords records) throws CAException {
    this.clock = clock;
    this.records = records;
    long largest = records.served().stream().mapToLong(ServedPv::bytes).max().orElse(0);
    server = new IocServer(port, largest);
    server.serve(records);
    runner = new Thread(this::run, "sim-ioc-server");
    runner.setDaemon(true);
    runner.start();
  }

  private void run() {
    try {
      server.run(0);
    } catch (CAException | IllegalStateException ended) {
      LOG.warn("The simulated IOC has ended: {}", ended.toString());
    }
  }

  /**
   * Starts the small beamline.
   *
   * @param port UDP and TCP port; 0 takes free ones
   */
  public static SimulatedIoc start(int port) {
    SystemSimClock clock = new SystemSimClock();
    return start(port, clock, beamline(clock));
  }

  /**
   * Starts the IOC that a file describes.
   *
   * @param port UDP and TCP port; 0 takes free ones
   */
  public static SimulatedIoc start(int port, IocFile file) {
    SystemSimClock clock = new SystemSimClock();
    return start(port, clock, file.build(clock));
  }

  private static SimulatedIoc start(int port, SystemSimClock clock, IocRecords records) {
    try {
      return new SimulatedIoc(port, clock, records);
    } catch (CAException e) {
      records.close();
      clock.close();
      throw new IllegalStateException("The simulated IOC can't start on port " + port, e);
    }
  }

  /** The records of the small beamline in the time of this clock, without a network. */
  public static IocRecords beamline(SimClock clock) {
    IocRecords records = new IocRecords(PREFIX, clock);
    new Beamline(records).build();
    return records;
  }

  /** The UDP port that clients search on. */
  public int port() {
    return server.getUdpServerPort();
  }

  /** Its records: for faults, and to look at what clients can't see. */
  public IocRecords records() {
    return records;
  }

  /** Stops it; clients lose their connections. */
  @Override
  public void close() {
    clock.close();
    records.close();
    try {
      server.destroy();
      runner.join(2000);
    } catch (CAException e) {
      LOG.warn("The simulated IOC did not stop cleanly: {}", e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The small beamline. */
  private static final class Beamline {
    private final IocRecords records;
    private final Random random = new Random(20);
    private double current = FULL_CURRENT;

    Beamline(IocRecords records) {
      this.records = records;
    }

    void build() {
      // hardly any ramp, so that scans of small steps are quick
      MotorNature linear = MotorNature.of("mm", 4, 50, 0.002, -100, 100, TICK_SECONDS);
      MotorNature rotary = MotorNature.of("deg", 4, 90, 0.002, -180, 180, TICK_SECONDS);
      MotorRecord m1 = new MotorRecord(PREFIX + "m1", linear, records);
      MotorRecord m2 = new MotorRecord(PREFIX + "m2", linear, records);
      new MotorRecord(PREFIX + "m3", linear, records);
      new MotorRecord(PREFIX + "m4", rotary, records);
      DoubleUnaryOperator det = peak("det:", List.of(m1), 1.3, 0.8, 1e6);
      DoubleUnaryOperator det2d = peak("det2d:", List.of(m1, m2), 1.3, 1.2, 1e6);
      ServedPv i0 = add(ServedPv.number(PREFIX + "i0", 0).units("counts", 1).readOnly());
      new ScalerRecord(
          PREFIX + "scaler1",
          1e7,
          0.1,
          List.of(
              new ScalerRecord.Input("i0", i0::number),
              new ScalerRecord.Input("det", () -> det.applyAsDouble(1)),
              new ScalerRecord.Input("det2d", () -> det2d.applyAsDouble(1))),
          records);
      new FlyRecords(
          PREFIX + "fly1:",
          records::add,
          records::later,
          x -> 1e6 * Math.exp(-Math.pow(x / 0.3, 2) / 2));
      AreaSimulation area =
          new AreaSimulation(
              PREFIX, records::add, records::later, s -> det2d.applyAsDouble(s) / 1e6);
      records.atEnd(area::close);
      ServedPv ring =
          add(ServedPv.number(PREFIX + "ring_current", current).units("mA", 2).readOnly());
      records.every(0.1, () -> i0.post(1000 * current / FULL_CURRENT + 5 * random.nextGaussian()));
      records.every(
          1,
          () -> {
            // decays, and is topped up when it has lost one percent
            current = current < 0.99 * FULL_CURRENT ? FULL_CURRENT : current * 0.9995;
            ring.post(current);
          });
      instruments();
      values();
    }

    private void instruments() {
      new McaRecord(
          PREFIX + "mca1",
          new McaRecord.Nature(
              2048,
              List.of(new McaRecord.Peak(640, 8, 2000), new McaRecord.Peak(706, 8, 300)),
              0.5,
              0.05),
          records);
      CalcRecord calc =
          new CalcRecord(PREFIX + "calc1", "mm", 4, new CalcExpression("A+B"), records);
      calc.follow(0, PREFIX + "m1.RBV");
      calc.follow(1, PREFIX + "m2.RBV");
      new PositionerRecord(
          PREFIX + "pos1",
          new PositionerRecord.Nature("mm", 3, 20, -50, 50, false, TICK_SECONDS),
          records);
      new TemperatureRecord(
          PREFIX + "temp1",
          new TemperatureRecord.Nature("K", 295, 4, 500, 600, 0.2, 0.05, 0.5, 0.05),
          records);
      new TwoStateRecord(PREFIX + "shutter1", 0.1, records);
      new TwoStateRecord(PREFIX + "valve1", 0.5, records);
    }

    private void values() {
      double[] wave = new double[1000];
      for (int at = 0; at < wave.length; at++) {
        wave[at] = Math.sin(2 * Math.PI * at / wave.length);
      }
      new SimpleRecord("waveform", ServedPv.array(PREFIX + "wave", wave), records);
      new SimpleRecord("waveform", ServedPv.array(PREFIX + "image", new double[100_000]), records);
      new SimpleRecord("stringout", ServedPv.text(PREFIX + "title", "a small beamline"), records);
      new SimpleRecord(
          "mbbo", ServedPv.choice(PREFIX + "mode", 0, "Align", "Measure", "Service"), records);
      new SimpleRecord("ao", ServedPv.number(PREFIX + "number", 0).units("V", 3), records)
          .drive(-10, 10)
          .alarms(-9, -8, 8, 9);
      new SimpleRecord("longout", ServedPv.whole(PREFIX + "count", 0), records);
    }

    private ServedPv add(ServedPv pv) {
      return records.add(pv);
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
      new CounterRecords(prefix, 0.01, records::add, records::later)
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
  }
}
