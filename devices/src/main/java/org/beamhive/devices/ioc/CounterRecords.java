package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.cas.ProcessVariableWriteCallback;
import gov.aps.jca.dbr.Severity;
import gov.aps.jca.dbr.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.DoubleUnaryOperator;

/**
 * Channels that count for a preset time when CNT is set to 1; the put completes when they have
 * counted. CNT, TP and T mean what they mean in EPICS's scaler record.
 */
final class CounterRecords {
  private final ServedPv count;
  private final ServedPv preset;
  private final ServedPv elapsed;
  private final List<Channel> channels = new ArrayList<>();
  private final Later later;
  private List<ProcessVariableWriteCallback> waiting = new ArrayList<>();
  private boolean counting;

  /** Runs something after so many seconds. */
  @FunctionalInterface
  interface Later {
    void run(double seconds, Runnable action);
  }

  /** One channel: what it has counted after so many seconds. */
  private record Channel(ServedPv pv, DoubleUnaryOperator counts) {}

  /**
   * @param prefix before the field names, with its {@code .} or {@code :}
   */
  CounterRecords(String prefix, double presetSeconds, Consumer<ServedPv> server, Later later) {
    this.later = later;
    count = ServedPv.choice(prefix + "CNT", 0, "Done", "Count").onPut(this::put);
    preset = ServedPv.number(prefix + "TP", presetSeconds).units("s", 3);
    elapsed = ServedPv.number(prefix + "T", 0).units("s", 3).readOnly();
    List.of(count, preset, elapsed).forEach(server);
  }

  CounterRecords channel(ServedPv pv, DoubleUnaryOperator counts) {
    channels.add(new Channel(pv.readOnly(), counts));
    return this;
  }

  private synchronized CAStatus put(Object value, ProcessVariableWriteCallback done) {
    boolean start = ((short[]) value)[0] != 0;
    if (!start) {
      finish(false);
      return CAStatus.NORMAL;
    }
    if (done != null) {
      waiting.add(done);
    }
    if (!counting) {
      counting = true;
      count.post(value, Status.NO_ALARM, Severity.NO_ALARM);
      later.run(Math.max(preset.number(), 0), () -> finish(true));
    }
    return done == null ? CAStatus.NORMAL : null;
  }

  private synchronized void finish(boolean counted) {
    if (!counting) {
      return;
    }
    counting = false;
    if (counted) {
      double seconds = preset.number();
      elapsed.post(seconds);
      channels.forEach(channel -> channel.pv().post(channel.counts().applyAsDouble(seconds)));
    }
    count.post(0);
    List<ProcessVariableWriteCallback> ended = waiting;
    waiting = new ArrayList<>();
    ended.forEach(done -> done.processVariableWriteCompleted(CAStatus.NORMAL));
  }
}
