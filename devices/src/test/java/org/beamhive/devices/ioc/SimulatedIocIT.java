package org.beamhive.devices.ioc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.beamhive.devices.backend.ca.CaLink;
import org.beamhive.devices.backend.ca.CaSettings;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The IOC by real Channel Access over the loopback: what only shows there. */
@Timeout(120)
class SimulatedIocIT {
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  private final SimulatedIoc ioc =
      SimulatedIoc.start(
          0,
          IocFile.parse(
              "ioc.yaml",
              """
              prefix: "T:"
              records:
                m1: {type: motor, velocity: 20}
                v: {type: ao, egu: V, precision: 3, drive: [-10, 10]}
                t: {type: stringout, value: hello}
                big: {type: waveform, nelm: 500000, shape: ramp, height: 500000}
                c: {type: calc, calc: A*2, inputs: {A: v}}
              """));
  private final CaLink link = new CaLink(CaSettings.loopback(ioc.port()));
  private final List<Signal> open = new ArrayList<>();

  @AfterEach
  void stop() {
    open.forEach(Signal::close);
    link.close();
    ioc.close();
  }

  /** A connected signal and what it tells. */
  private final class Seen implements Signal.Listener {
    final Semaphore ups = new Semaphore(0);
    final Semaphore downs = new Semaphore(0);
    final Semaphore changes = new Semaphore(0);
    final List<SignalValue> values = Collections.synchronizedList(new ArrayList<>());
    final Signal signal;

    Seen(String name, SignalOptions options) throws InterruptedException {
      signal = new Signal(link, name, options);
      signal.open(this);
      open.add(signal);
      assertThat(ups.tryAcquire(40, TimeUnit.SECONDS)).as(name + " connects").isTrue();
    }

    @Override
    public void connected(Signal which) {
      ups.release();
    }

    @Override
    public void disconnected(Signal which) {
      downs.release();
    }

    @Override
    public void changed(Signal which) {
      values.add(which.latest());
      changes.release();
    }

    /** Waits for a value that is so. */
    void await(java.util.function.Predicate<SignalValue> so) throws Exception {
      done(signal.await(so, PATIENCE));
    }
  }

  private static <T> T done(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  @Test
  void servesWhatTheFileSays() throws Exception {
    Seen value = new Seen("T:v", SignalOptions.MONITORED);
    Seen calc = new Seen("T:c", SignalOptions.MONITORED);
    assertThat(value.signal.meta().units()).isEqualTo("V");
    assertThat(value.signal.meta().limits().high()).isEqualTo(10);
    done(value.signal.put(Value.of(4.5), PATIENCE));
    calc.await(now -> now.asDouble() == 9);
    Seen egu = new Seen("T:v.EGU", SignalOptions.POLLED);
    assertThat(done(egu.signal.read(PATIENCE)).value()).isEqualTo(Value.of("V"));
    Seen text = new Seen("T:t", SignalOptions.POLLED);
    assertThat(done(text.signal.read(PATIENCE)).value()).isEqualTo(Value.of("hello"));
    Seen type = new Seen("T:m1.RTYP", SignalOptions.POLLED);
    assertThat(done(type.signal.read(PATIENCE)).value()).isEqualTo(Value.of("motor"));
  }

  @Test
  void whatChangesWhileSomebodySubscribesIsTold() throws Exception {
    ServedPv pv = ioc.records().find("T:v");
    for (int round = 1; round <= 300; round++) {
      pv.post(-round);
      Seen seen = new Seen("T:v", SignalOptions.MONITORED);
      // now it subscribes: of 300 changes a few come in the middle of that
      long moment = System.nanoTime() + 2_000L * round;
      while (System.nanoTime() < moment) {
        Thread.onSpinWait();
      }
      pv.post(round);
      double last = round;
      seen.await(now -> now.asDouble() == last);
      seen.signal.close();
    }
  }

  @Test
  void aLargeWaveformComesWhole() throws Exception {
    Seen big = new Seen("T:big", SignalOptions.POLLED);
    Value.Items items = (Value.Items) done(big.signal.read(PATIENCE)).value();
    assertThat(items.items()).hasSize(500_000);
    assertThat(items.items().get(499_999)).isEqualTo(Value.of(499_999.0));
  }

  @Test
  void aPutToTheMotorCompletesAtItsEnd() throws Exception {
    Seen motor = new Seen("T:m1", SignalOptions.POLLED);
    Seen dmov = new Seen("T:m1.DMOV", SignalOptions.MONITORED);
    Seen rbv = new Seen("T:m1.RBV", SignalOptions.POLLED);
    done(motor.signal.put(Value.of(3.0), PATIENCE));
    assertThat(done(rbv.signal.read(PATIENCE)).asDouble()).isEqualTo(3);
    dmov.await(now -> now.asDouble() == 1);
  }

  @Test
  void aFrozenServerLooksDeadAndComesBackByItself() throws Exception {
    Seen value = new Seen("T:v", SignalOptions.MONITORED);
    Seen fault = new Seen("T:ioc:fault", SignalOptions.POLLED);
    done(value.signal.put(Value.of(1.0), PATIENCE));

    ioc.records().fault("", IocFault.FREEZE, true);
    // the connection stays, so only the client's watch on it can tell
    assertThat(value.downs.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
    ioc.records().fault("", IocFault.FREEZE, false);

    assertThat(value.ups.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
    done(value.signal.put(Value.of(2.0), PATIENCE));
    value.await(now -> now.asDouble() == 2);
    assertThat(done(fault.signal.read(PATIENCE)).asDouble()).isZero();
  }

  @Test
  void droppedClientsConnectAgain() throws Exception {
    Seen value = new Seen("T:v", SignalOptions.MONITORED);
    Seen fault = new Seen("T:ioc:fault", SignalOptions.POLLED);
    done(fault.signal.put(Value.of("drop"), PATIENCE));
    assertThat(value.downs.tryAcquire(40, TimeUnit.SECONDS)).isTrue();
    assertThat(value.ups.tryAcquire(40, TimeUnit.SECONDS)).isTrue();
    done(value.signal.put(Value.of(2.0), PATIENCE));
  }

  @Test
  void anAlarmOnCommandIsSeenByAMonitor() throws Exception {
    Seen value = new Seen("T:v", SignalOptions.MONITORED);
    Seen fault = new Seen("T:v:fault", SignalOptions.POLLED);
    done(fault.signal.put(Value.of("invalid"), PATIENCE));
    value.await(now -> now.severity() == AlarmSeverity.INVALID);
    done(fault.signal.put(Value.of("none"), PATIENCE));
    value.await(now -> now.severity() == AlarmSeverity.NO_ALARM);
  }

  @Test
  void aThousandPvsAreThere() throws Exception {
    StringBuilder yaml = new StringBuilder("prefix: \"N:\"\nrecords:\n");
    for (int at = 0; at < 1000; at++) {
      yaml.append("  v").append(at).append(": {type: ao, value: ").append(at).append("}\n");
    }
    CountDownLatch ups = new CountDownLatch(1000);
    try (SimulatedIoc many = SimulatedIoc.start(0, IocFile.parse("many.yaml", yaml.toString()))) {
      CaLink other = new CaLink(CaSettings.loopback(many.port()));
      try {
        for (int at = 0; at < 1000; at++) {
          Signal signal = new Signal(other, "N:v" + at, SignalOptions.POLLED);
          signal.open(
              new Signal.Listener() {
                @Override
                public void connected(Signal which) {
                  ups.countDown();
                }

                @Override
                public void disconnected(Signal which) {}

                @Override
                public void changed(Signal which) {}
              });
        }
        assertThat(ups.await(60, TimeUnit.SECONDS)).isTrue();
      } finally {
        other.close();
      }
    }
  }
}
