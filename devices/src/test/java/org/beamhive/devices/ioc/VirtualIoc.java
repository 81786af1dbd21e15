package org.beamhive.devices.ioc;

import gov.aps.jca.CAStatus;
import gov.aps.jca.cas.ProcessVariableWriteCallback;
import java.lang.reflect.Array;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.beamhive.devices.backend.sim.SettableSimClock;

/** Records in virtual time, as a client would see them. */
final class VirtualIoc {
  static final double START = 1_800_000_000;

  final SettableSimClock clock = new SettableSimClock(START);
  final IocRecords records;

  private VirtualIoc(IocFile file) {
    records = file == null ? SimulatedIoc.beamline(clock) : file.build(clock);
  }

  static VirtualIoc beamline() {
    return new VirtualIoc(null);
  }

  /** One record, named "x". */
  static VirtualIoc of(String record) {
    return file("records:\n  x: {" + record + "}\n");
  }

  static VirtualIoc file(String yaml) {
    return new VirtualIoc(IocFile.parse("ioc.yaml", yaml));
  }

  /** A put with completion. */
  final class Put implements ProcessVariableWriteCallback {
    private final List<CAStatus> ends = new ArrayList<>();
    private double seconds;

    @Override
    public void processVariableWriteCompleted(CAStatus status) {
      ends.add(status);
      seconds = clock.seconds();
    }

    @Override
    public void canceled() {
      throw new AssertionError("canceled");
    }

    boolean done() {
      return ends.size() == 1 && ends.get(0).isSuccessful();
    }

    boolean failed() {
      return ends.size() == 1 && !ends.get(0).isSuccessful();
    }

    boolean open() {
      return ends.isEmpty();
    }

    /** When it ended, in seconds since the start. */
    double at() {
      return seconds - START;
    }
  }

  ServedPv pv(String name) {
    ServedPv pv = records.find(name);
    if (pv == null) {
      throw new AssertionError("no PV " + name);
    }
    return pv;
  }

  Put put(String name, Object value) {
    ServedPv pv = pv(name);
    Put put = new Put();
    CAStatus status = pv.put(array(pv, value), put);
    if (status != null) {
      put.processVariableWriteCompleted(status);
    }
    return put;
  }

  /** A put without completion, which waits for no other. */
  void send(String name, Object value) {
    ServedPv pv = pv(name);
    pv.put(array(pv, value), null);
  }

  private static Object array(ServedPv pv, Object value) {
    if (value.getClass().isArray()) {
      return value;
    }
    Object now = pv.snapshot().value();
    Object array = Array.newInstance(now.getClass().getComponentType(), 1);
    if (value instanceof String text) {
      Array.set(array, 0, text);
    } else {
      double number = ((Number) value).doubleValue();
      if (array instanceof double[] numbers) {
        numbers[0] = number;
      } else if (array instanceof int[] numbers) {
        numbers[0] = (int) number;
      } else {
        Array.setShort(array, 0, (short) number);
      }
    }
    return array;
  }

  double get(String name) {
    return pv(name).number();
  }

  String text(String name) {
    return ((String[]) pv(name).snapshot().value())[0];
  }

  /** All values that are posted from now on. */
  List<Double> watch(String name) {
    List<Double> seen = new ArrayList<>();
    pv(name).watch(now -> seen.add(((Number) Array.get(now.value(), 0)).doubleValue()));
    return seen;
  }

  void go(double seconds) {
    clock.advance(Duration.ofNanos(Math.round(seconds * 1e9)));
  }
}
