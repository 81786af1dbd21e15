package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.cas.ProcessVariableWriteCallback;
import gov.aps.jca.dbr.Severity;
import gov.aps.jca.dbr.Status;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * What a client sees of an EPICS MCA record: a spectrum that grows until a preset of real or live
 * time, with the sums of its regions of interest, and the PVs {@code Start, Stop, Erase,
 * EraseStart, Read, Status, Acquiring} beside it, which its usual database has.
 *
 * <p>The spectrum is peaks on a flat background, with Poisson noise of a fixed seed. Dead time is a
 * fixed part of the real time.
 */
final class McaRecord extends IocRecord {
  private static final int ROIS = 32;
  private static final double GLANCE = 0.1;

  /**
   * A peak of the spectrum.
   *
   * @param center its channel
   * @param sigma its width in channels
   * @param rate counts per second of live time in all of it
   */
  record Peak(double center, double sigma, double rate) {}

  /**
   * What it sees.
   *
   * @param channels of the spectrum
   * @param background counts per second and channel
   * @param deadTime part of the real time, 0 to below 1
   */
  record Nature(int channels, List<Peak> peaks, double background, double deadTime) {}

  private final Nature nature;
  private final Random random = new Random(11);
  private final double[] rates;
  private final int[] spectrum;
  private final ServedPv val;
  private final ServedPv acquiring;
  private final ServedPv status;
  private final ServedPv busy;
  private final ServedPv realPreset;
  private final ServedPv livePreset;
  private final ServedPv realElapsed;
  private final ServedPv liveElapsed;
  private final ServedPv dead;
  private final ServedPv used;
  private final ServedPv[] low = new ServedPv[ROIS];
  private final ServedPv[] high = new ServedPv[ROIS];
  private final ServedPv[] edge = new ServedPv[ROIS];
  private final ServedPv[] sum = new ServedPv[ROIS];
  private final ServedPv[] net = new ServedPv[ROIS];
  private boolean running;
  private double real;
  private double since;
  private int round;

  McaRecord(String name, Nature nature, IocRecords ioc) {
    super(name, ioc);
    this.nature = nature;
    spectrum = new int[nature.channels()];
    rates = new double[nature.channels()];
    for (int at = 0; at < rates.length; at++) {
      rates[at] = nature.background();
      for (Peak peak : nature.peaks()) {
        double away = (at - peak.center()) / peak.sigma();
        rates[at] +=
            peak.rate() / (peak.sigma() * Math.sqrt(2 * Math.PI)) * Math.exp(-away * away / 2);
      }
    }
    val = add(ServedPv.array(field("VAL"), spectrum.clone()).units("counts", 0)).readOnly();
    acquiring = add(ServedPv.choice(field("ACQG"), 0, "Done", "Acquiring").readOnly());
    status = add(ServedPv.choice(name + "Status", 0, "Done", "Acquire").readOnly());
    busy = add(ServedPv.choice(name + "Acquiring", 0, "Done", "Acquiring").readOnly());
    realPreset = seconds("PRTM", 0);
    livePreset = seconds("PLTM", 0);
    realElapsed = seconds("ERTM", 0).readOnly();
    liveElapsed = seconds("ELTM", 0).readOnly();
    dead = add(ServedPv.number(field("IDTIM"), 0).units("%", 1).readOnly());
    used = add(ServedPv.whole(field("NUSE"), nature.channels()));
    addCommon("mca", "simulated spectrum", val);
    addTheRest();
    for (int roi = 0; roi < ROIS; roi++) {
      addRoi(roi);
    }
  }

  private ServedPv seconds(String field, double initial) {
    return add(ServedPv.number(field(field), initial).units("s", 3));
  }

  private void addTheRest() {
    add(ServedPv.whole(field("NMAX"), nature.channels()).readOnly());
    add(ServedPv.choice(field("MODE"), 0, "PHA", "MCS", "List"));
    add(ServedPv.number(field("CALO"), 0).units("keV", 4));
    add(ServedPv.number(field("CALS"), 0.01).units("keV", 4));
    add(ServedPv.number(field("CALQ"), 0).units("keV", 4));
    add(ServedPv.text(field("EGU"), "keV"));
    add(ServedPv.array(field("BG"), new int[nature.channels()]).readOnly());
    used.onPut(
        (to, done) -> {
          used.post(Math.max(1, Math.min(nature.channels(), number(to))));
          show();
          return CAStatus.NORMAL;
        });
    button(field("STRT"), this::start);
    button(field("STOP"), done -> halt());
    button(field("ERAS"), done -> erase());
    button(
        field("ERST"),
        done -> {
          erase();
          return start(done);
        });
    button(field("READ"), done -> read());
    button(name() + "Start", this::start);
    button(name() + "Stop", done -> halt());
    button(name() + "Erase", done -> erase());
    button(
        name() + "EraseStart",
        done -> {
          erase();
          return start(done);
        });
    button(name() + "Read", done -> read());
  }

  @FunctionalInterface
  private interface Press {
    CAStatus press(ProcessVariableWriteCallback done);
  }

  private void button(String pv, Press press) {
    ServedPv button = add(ServedPv.small(pv, 0));
    button.onPut(
        (to, done) -> {
          if (number(to) == 0) {
            return CAStatus.NORMAL;
          }
          button.post(1);
          button.post(0);
          return press.press(done);
        });
  }

  private void addRoi(int roi) {
    String prefix = "R" + roi;
    sum[roi] = add(ServedPv.number(field(prefix), 0).units("counts", 0).readOnly());
    net[roi] = add(ServedPv.number(field(prefix + "N"), 0).units("counts", 0).readOnly());
    low[roi] = bound(prefix + "LO", -1);
    high[roi] = bound(prefix + "HI", -1);
    edge[roi] = bound(prefix + "BG", -1);
    add(ServedPv.text(field(prefix + "NM"), ""));
    add(ServedPv.choice(field(prefix + "IP"), 0, "No", "Yes"));
    add(ServedPv.number(field(prefix + "P"), 0).units("counts", 0));
  }

  private ServedPv bound(String field, int initial) {
    ServedPv pv = add(ServedPv.whole(field(field), initial));
    return pv.onPut(
        (to, done) -> {
          pv.post(to, Status.NO_ALARM, Severity.NO_ALARM);
          show();
          return CAStatus.NORMAL;
        });
  }

  private synchronized CAStatus start(ProcessVariableWriteCallback done) {
    if (!running) {
      running = true;
      since = seconds();
      acquiring.post(1);
      status.post(1);
      busy.post(1);
      int mine = ++round;
      glance(mine);
    }
    return await(done);
  }

  private void glance(int mine) {
    double left = Math.min(left(realPreset, real), left(livePreset, live()) * realPerLive());
    later(Math.min(GLANCE, left), () -> look(mine));
  }

  private static double left(ServedPv preset, double spent) {
    return preset.number() > 0 ? Math.max(0, preset.number() - spent) : Double.POSITIVE_INFINITY;
  }

  private double live() {
    return real * (1 - nature.deadTime());
  }

  private double realPerLive() {
    return 1 / (1 - nature.deadTime());
  }

  private synchronized void look(int mine) {
    if (mine != round || !running) {
      return;
    }
    integrate();
    if (left(realPreset, real) <= 1e-6 || left(livePreset, live()) <= 1e-6) {
      finish();
    } else {
      show();
      glance(mine);
    }
  }

  private void integrate() {
    double now = seconds();
    double left = Math.min(left(realPreset, real), left(livePreset, live()) * realPerLive());
    double step = Math.max(0, Math.min(now - since, left));
    since = now;
    real += step;
    double liveStep = step * (1 - nature.deadTime());
    for (int at = 0; at < spectrum.length; at++) {
      spectrum[at] += poisson(rates[at] * liveStep);
    }
  }

  /** Counts of this mean; for large ones the normal distribution is as good. */
  private int poisson(double mean) {
    if (mean > 30) {
      return (int) Math.max(0, Math.rint(mean + Math.sqrt(mean) * random.nextGaussian()));
    }
    double limit = Math.exp(-mean);
    double product = random.nextDouble();
    int counts = 0;
    while (product > limit) {
      product *= random.nextDouble();
      counts++;
    }
    return counts;
  }

  private synchronized CAStatus halt() {
    if (running) {
      integrate();
      finish();
    }
    return CAStatus.NORMAL;
  }

  private void finish() {
    running = false;
    round++;
    show();
    acquiring.post(0);
    status.post(0);
    busy.post(0);
    complete();
  }

  private synchronized CAStatus erase() {
    Arrays.fill(spectrum, 0);
    real = 0;
    since = seconds();
    show();
    return CAStatus.NORMAL;
  }

  private synchronized CAStatus read() {
    if (running) {
      integrate();
    }
    show();
    return CAStatus.NORMAL;
  }

  private synchronized void show() {
    int[] seen = spectrum.clone();
    Arrays.fill(seen, Math.min(used.whole(), seen.length), seen.length, 0);
    post(realElapsed, real);
    post(liveElapsed, live());
    post(dead, real > 0 ? 100 * nature.deadTime() : 0);
    for (int roi = 0; roi < ROIS; roi++) {
      showRoi(roi, seen);
    }
    post(val, seen);
  }

  private void showRoi(int roi, int[] seen) {
    int from = low[roi].whole();
    int to = Math.min(high[roi].whole(), used.whole() - 1);
    double counts = 0;
    double background = 0;
    if (from >= 0 && to >= from) {
      for (int at = from; at <= to; at++) {
        counts += seen[at];
      }
      int width = edge[roi].whole();
      if (width >= 0) {
        double mean = (mean(seen, from - width, from + width) + mean(seen, to - width, to + width));
        background = mean / 2 * (to - from + 1);
      }
    }
    sum[roi].postIfChanged(counts);
    net[roi].postIfChanged(counts - background);
  }

  private static double mean(int[] seen, int from, int to) {
    int first = Math.max(0, from);
    int last = Math.min(seen.length - 1, to);
    double total = 0;
    for (int at = first; at <= last; at++) {
      total += seen[at];
    }
    return last < first ? 0 : total / (last - first + 1);
  }
}
