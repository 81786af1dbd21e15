package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.dbr.Severity;
import gov.aps.jca.dbr.Status;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What a client sees of an EPICS calc record: VAL is what the expression CALC makes of A to L, and
 * is worked out anew whenever one of them changes. INPA to INPL name the PVs of this IOC that they
 * follow, which may have any other record; without one they are constants that clients set.
 */
final class CalcRecord extends IocRecord {
  private static final String LETTERS = "ABCDEFGHIJKL";

  private final IocRecords ioc;
  private final ServedPv val;
  private final ServedPv calc;
  private final ServedPv[] values = new ServedPv[LETTERS.length()];
  private final ServedPv[] links = new ServedPv[LETTERS.length()];
  private final ServedPv[] sources = new ServedPv[LETTERS.length()];
  private final java.util.List<java.util.function.Consumer<ServedPv.Snapshot>> watchers =
      new java.util.ArrayList<>();
  private final AtomicBoolean due = new AtomicBoolean();
  private volatile CalcExpression expression;

  CalcRecord(String name, String egu, int precision, CalcExpression expression, IocRecords ioc) {
    super(name, ioc);
    this.ioc = ioc;
    this.expression = expression;
    val = add(ServedPv.number(field("VAL"), 0).units(egu, precision));
    calc = add(ServedPv.text(field("CALC"), expression.text()));
    calc.onPut((to, done) -> changed(((String[]) to)[0]));
    for (int at = 0; at < LETTERS.length(); at++) {
      int input = at;
      values[at] = add(ServedPv.number(field(LETTERS.substring(at, at + 1)), 0));
      links[at] = add(ServedPv.text(field("INP" + LETTERS.charAt(at)), ""));
      watchers.add(seen -> followed());
      values[at].onPut((to, done) -> set(input, number(to)));
      links[at].onPut((to, done) -> follow(input, ((String[]) to)[0].trim()));
    }
    addCommon("calc", "", val);
    add(ServedPv.text(field("EGU"), egu));
    add(ServedPv.small(field("PREC"), precision));
    add(ServedPv.small(field("PROC"), 0))
        .onPut(
            (to, done) -> {
              work();
              return CAStatus.NORMAL;
            });
  }

  /** Sets a constant input; 0 is A. */
  CAStatus set(int input, double to) {
    values[input].post(to);
    work();
    return CAStatus.NORMAL;
  }

  /**
   * Lets an input follow a PV of this IOC.
   *
   * @param pv its name; an empty one ends that
   */
  synchronized CAStatus follow(int input, String pv) {
    ServedPv source = pv.isEmpty() ? null : ioc.find(pv);
    if (source == null && !pv.isEmpty()) {
      return CAStatus.PUTFAIL;
    }
    if (sources[input] != null) {
      sources[input].unwatch(watchers.get(input));
    }
    sources[input] = source;
    links[input].post(pv);
    if (source != null) {
      source.watch(watchers.get(input));
      followed();
    }
    return CAStatus.NORMAL;
  }

  private CAStatus changed(String to) {
    try {
      expression = new CalcExpression(to);
    } catch (IllegalArgumentException wrong) {
      return CAStatus.PUTFAIL;
    }
    calc.post(to);
    work();
    return CAStatus.NORMAL;
  }

  /** Many changes at a time are one: the newest values count. */
  private void followed() {
    if (due.compareAndSet(false, true)) {
      ioc.clock()
          .schedule(
              Duration.ZERO,
              () -> {
                due.set(false);
                work();
              });
    }
  }

  /** Works it out now. */
  synchronized void work() {
    double[] inputs = new double[values.length];
    for (int at = 0; at < inputs.length; at++) {
      if (sources[at] != null && sources[at].number() != values[at].number()) {
        values[at].post(sources[at].number());
      }
      inputs[at] = values[at].number();
    }
    double result = expression.of(inputs);
    if (Double.isNaN(result)) {
      alarm(Status.CALC_ALARM, Severity.INVALID_ALARM);
    } else {
      alarm(Status.NO_ALARM, Severity.NO_ALARM);
    }
    post(val, result);
  }
}
