package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.cas.ProcessVariableWriteCallback;
import gov.aps.jca.dbr.Severity;
import gov.aps.jca.dbr.Status;
import java.util.List;
import java.util.function.DoubleSupplier;

/**
 * What a client sees of an EPICS scaler record: counters that run together until one of them, whose
 * gate is set, has its preset. The first one counts a clock, so its preset is a time, and TP and
 * PR1 follow each other.
 */
final class ScalerRecord extends IocRecord {
  private static final int AUTO = 1;

  /** How often channels with presets are looked at, in seconds. */
  private static final double GLANCE = 0.02;

  private final List<Input> inputs;
  private final ServedPv[] counts;
  private final ServedPv[] presets;
  private final ServedPv[] gates;
  private final double[] counted;
  private final ServedPv cnt;
  private final ServedPv cont;
  private final ServedPv tp;
  private final ServedPv autoTime;
  private final ServedPv elapsed;
  private final ServedPv freq;
  private final ServedPv delay;
  private final ServedPv autoDelay;
  private final ServedPv rate;
  private final ServedPv autoRate;
  private boolean counting;
  private boolean automatic;
  private double since;
  private int round;

  /**
   * A counter.
   *
   * @param label its name
   * @param rate counts per second now
   */
  record Input(String label, DoubleSupplier rate) {}

  /**
   * @param frequency of the clock that the first channel counts, in Hz
   * @param preset counting time in seconds
   * @param inputs the channels after the clock
   */
  ScalerRecord(String name, double frequency, double preset, List<Input> inputs, IocRecords ioc) {
    super(name, ioc);
    this.inputs = inputs;
    int channels = inputs.size() + 1;
    counts = new ServedPv[channels];
    presets = new ServedPv[channels];
    gates = new ServedPv[channels];
    counted = new double[channels];
    cnt = add(ServedPv.choice(field("CNT"), 0, "Done", "Count")).onPut(this::count);
    cont = add(ServedPv.choice(field("CONT"), 0, "OneShot", "AutoCount"));
    tp = seconds("TP", preset);
    autoTime = seconds("TP1", 1);
    elapsed = seconds("T", 0).readOnly();
    freq = add(ServedPv.number(field("FREQ"), frequency).units("Hz", 0));
    delay = seconds("DLY", 0);
    autoDelay = seconds("DLY1", 0);
    rate = add(ServedPv.number(field("RATE"), 10).units("Hz", 1));
    autoRate = add(ServedPv.number(field("RAT1"), 0).units("Hz", 1));
    for (int at = 0; at < channels; at++) {
      channel(at);
    }
    presets[0].post(preset * frequency);
    gates[0].post(1);
    wire();
    addCommon("scaler", "simulated scaler", elapsed);
    add(ServedPv.small(field("NCH"), channels).readOnly());
    add(ServedPv.text(field("EGU"), "counts"));
    add(ServedPv.small(field("PREC"), 3));
  }

  private void wire() {
    tp.onPut(
        (to, done) -> {
          tp.post(Math.max(0, number(to)));
          presets[0].post(tp.number() * freq.number());
          gates[0].post(tp.number() > 0 ? 1 : 0);
          return CAStatus.NORMAL;
        });
    cont.onPut(
        (to, done) -> {
          synchronized (this) {
            cont.post(to, Status.NO_ALARM, Severity.NO_ALARM);
            round++;
            if (automatic && cont.whole() != AUTO) {
              finish();
            }
            goOn();
          }
          return CAStatus.NORMAL;
        });
  }

  private ServedPv seconds(String field, double initial) {
    return add(ServedPv.number(field(field), initial).units("s", 3));
  }

  private void channel(int at) {
    int number = at + 1;
    counts[at] = add(ServedPv.number(field("S" + number), 0).units("counts", 0)).readOnly();
    presets[at] = add(ServedPv.number(field("PR" + number), 0).units("counts", 0));
    gates[at] = add(ServedPv.choice(field("G" + number), 0, "N", "Y"));
    add(ServedPv.choice(field("D" + number), 0, "Up", "Dn"));
    add(ServedPv.text(field("NM" + number), at == 0 ? "clock" : inputs.get(at - 1).label()));
    presets[at].onPut(
        (to, done) -> {
          double preset = Math.max(0, Math.rint(number(to)));
          presets[at].post(preset);
          if (at == 0) {
            tp.post(freq.number() > 0 ? preset / freq.number() : 0);
          }
          gates[at].post(preset > 0 ? 1 : 0);
          return CAStatus.NORMAL;
        });
  }

  private synchronized CAStatus count(Object to, ProcessVariableWriteCallback done) {
    if (number(to) == 0) {
      cnt.post(0);
      round++;
      finish();
      goOn();
      return CAStatus.NORMAL;
    }
    if (cnt.whole() == 1) {
      return await(done);
    }
    if (automatic) {
      finish();
    }
    cnt.post(1);
    int mine = ++round;
    later(delay.number(), () -> start(mine, false));
    return await(done);
  }

  /** Counts by itself when nobody wants it to count, if that is its mode. */
  private void goOn() {
    if (cont.whole() == AUTO && cnt.whole() == 0) {
      int mine = round;
      later(autoDelay.number(), () -> start(mine, true));
    }
  }

  private synchronized void start(int mine, boolean byItself) {
    if (mine != round || counting) {
      return;
    }
    counting = true;
    automatic = byItself;
    since = seconds();
    java.util.Arrays.fill(counted, 0);
    show();
    glance(mine);
  }

  private synchronized void look(int mine) {
    if (mine == round && counting) {
      integrate();
      if (reached()) {
        finish();
        goOn();
      } else {
        show();
        glance(mine);
      }
    }
  }

  private void integrate() {
    double now = seconds();
    double step = now - since;
    since = now;
    // the clock ends where its preset is, however late somebody looks
    double left = automatic ? autoTime.number() : presetTime();
    double used = Math.max(0, Math.min(step, left - counted[0] / freq.number()));
    for (int at = 0; at < counted.length; at++) {
      double perSecond = at == 0 ? freq.number() : inputs.get(at - 1).rate().getAsDouble();
      counted[at] += used * Math.max(0, perSecond);
    }
  }

  private double presetTime() {
    return gates[0].whole() == 1 ? presets[0].number() / freq.number() : Double.POSITIVE_INFINITY;
  }

  private boolean reached() {
    if (automatic) {
      return counted[0] >= autoTime.number() * freq.number() * (1 - 1e-9);
    }
    for (int at = 0; at < counted.length; at++) {
      if (gates[at].whole() == 1 && counted[at] >= presets[at].number() * (1 - 1e-9)) {
        return true;
      }
    }
    return false;
  }

  private void glance(int mine) {
    double left = (automatic ? autoTime.number() : presetTime()) - counted[0] / freq.number();
    double rates = automatic ? autoRate.number() : rate.number();
    double next = rates > 0 ? Math.min(1 / rates, left) : left;
    boolean others = false;
    for (int at = 1; at < gates.length; at++) {
      others |= gates[at].whole() == 1;
    }
    later(others || Double.isInfinite(next) ? Math.min(GLANCE, next) : next, () -> look(mine));
  }

  private void show() {
    for (int at = 0; at < counted.length; at++) {
      post(counts[at], Math.rint(counted[at]));
    }
    post(elapsed, counted[0] / freq.number());
  }

  private void finish() {
    if (counting) {
      integrate();
      show();
    }
    counting = false;
    if (!automatic || cnt.whole() == 1) {
      cnt.postIfChanged(0);
      complete();
    }
    automatic = false;
  }
}
