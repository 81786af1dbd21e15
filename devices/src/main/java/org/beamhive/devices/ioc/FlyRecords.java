package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.cas.ProcessVariableWriteCallback;
import gov.aps.jca.dbr.DBRType;
import gov.aps.jca.dbr.Severity;
import gov.aps.jca.dbr.Status;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.DoubleUnaryOperator;

/**
 * A hardware-triggered scan: {@code Start} goes from {@code Begin} to {@code End} in {@code
 * NumPoints} steps of {@code Dwell} seconds and fills {@code Positions, Counts} and {@code Times}.
 * The put to Start completes when it is over; that to {@code StartNoWait} at once.
 */
final class FlyRecords {
  private static final int MOST_POINTS = 2000;

  private final CounterRecords.Later later;
  private final DoubleUnaryOperator counts;
  private final ServedPv start;
  private final ServedPv done;
  private final ServedPv current;
  private final ServedPv numPoints;
  private final ServedPv dwell;
  private final ServedPv begin;
  private final ServedPv end;
  private final ServedPv positions;
  private final ServedPv counted;
  private final ServedPv times;
  private final double[] position = new double[MOST_POINTS];
  private final double[] count = new double[MOST_POINTS];
  private final double[] time = new double[MOST_POINTS];
  private List<ProcessVariableWriteCallback> waiting = new ArrayList<>();
  private boolean flying;
  private int flight;
  private int points;

  /**
   * Records of one flyer.
   *
   * @param counts what is counted at a position in one second
   */
  FlyRecords(
      String prefix,
      Consumer<ServedPv> server,
      CounterRecords.Later later,
      DoubleUnaryOperator counts) {
    this.later = later;
    this.counts = counts;
    start = ServedPv.choice(prefix + "Start", 0, "Done", "Fly").onPut(this::put);
    ServedPv noWait =
        ServedPv.choice(prefix + "StartNoWait", 0, "Done", "Fly")
            .onPut((to, finished) -> put(to, null));
    done = ServedPv.choice(prefix + "Done", 1, "Flying", "Done").readOnly();
    ServedPv stop =
        ServedPv.small(prefix + "Stop", 0)
            .onPut(
                (to, finished) -> {
                  finish();
                  return CAStatus.NORMAL;
                });
    current = ServedPv.whole(prefix + "CurrentPoint", 0).readOnly();
    numPoints = ServedPv.whole(prefix + "NumPoints", 100);
    dwell = ServedPv.number(prefix + "Dwell", 0.002).units("s", 4);
    begin = ServedPv.number(prefix + "Begin", -1).units("mm", 4);
    end = ServedPv.number(prefix + "End", 1).units("mm", 4);
    positions = waveform(prefix + "Positions", position).units("mm", 4);
    counted = waveform(prefix + "Counts", count).units("counts", 0);
    times = waveform(prefix + "Times", time).units("s", 6);
    List.of(
            start, noWait, done, stop, current, numPoints, dwell, begin, end, positions, counted,
            times)
        .forEach(server);
  }

  private static ServedPv waveform(String name, double[] like) {
    return ServedPv.array(name, DBRType.DOUBLE, like.clone()).readOnly();
  }

  private synchronized CAStatus put(Object value, ProcessVariableWriteCallback finished) {
    if (((short[]) value)[0] == 0) {
      finish();
      return CAStatus.NORMAL;
    }
    if (finished != null) {
      waiting.add(finished);
    }
    if (!flying) {
      flying = true;
      points = 0;
      flight++;
      current.post(0);
      done.post(0);
      start.post(1);
      next(flight);
    }
    return finished == null ? CAStatus.NORMAL : null;
  }

  private void next(int of) {
    later.run(Math.max(dwell.number(), 1e-4), () -> point(of));
  }

  private synchronized void point(int of) {
    if (!flying || of != flight) {
      return;
    }
    int all = Math.max(1, Math.min(MOST_POINTS, numPoints.whole()));
    double along = all == 1 ? 0 : points / (all - 1.0);
    position[points] = begin.number() + along * (end.number() - begin.number());
    count[points] = counts.applyAsDouble(position[points]) * dwell.number();
    Instant now = Instant.now();
    time[points] = now.getEpochSecond() + now.getNano() * 1e-9;
    points++;
    current.post(points);
    if (points >= all) {
      finish();
    } else {
      next(of);
    }
  }

  private synchronized void finish() {
    if (!flying) {
      return;
    }
    flying = false;
    positions.post(position.clone(), Status.NO_ALARM, Severity.NO_ALARM);
    counted.post(count.clone(), Status.NO_ALARM, Severity.NO_ALARM);
    times.post(time.clone(), Status.NO_ALARM, Severity.NO_ALARM);
    start.post(0);
    done.post(1);
    List<ProcessVariableWriteCallback> ended = waiting;
    waiting = new ArrayList<>();
    ended.forEach(each -> each.processVariableWriteCompleted(CAStatus.NORMAL));
  }
}
