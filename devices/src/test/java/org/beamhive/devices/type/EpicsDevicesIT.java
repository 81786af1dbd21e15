package org.beamhive.devices.type;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.beamhive.devices.backend.ca.CaLink;
import org.beamhive.devices.backend.ca.CaSettings;
import org.beamhive.devices.backend.sim.SettableSimClock;
import org.beamhive.devices.backend.sim.SimNamespace;
import org.beamhive.devices.ioc.LastingPort;
import org.beamhive.devices.ioc.SimulatedIoc;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real Channel Access over the loopback, to an IOC in this process. */
@Timeout(180)
class EpicsDevicesIT {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private SimulatedIoc ioc;
  private CaLink link;
  private DeviceBackends backends;

  @BeforeEach
  void start() {
    ioc = SimulatedIoc.start(LastingPort.find());
    link = new CaLink(CaSettings.loopback(ioc.port()));
    backends =
        new DeviceBackends(
            () -> link,
            new SimNamespace(new SettableSimClock(0)),
            new DeviceTimeouts(PATIENCE, PATIENCE));
  }

  @AfterEach
  void stop() {
    link.close();
    ioc.close();
  }

  private static final class Ears implements DeviceListener {
    final Semaphore connected = new Semaphore(0);
    final Semaphore disconnected = new Semaphore(0);

    @Override
    public void connected() {
      connected.release();
    }

    @Override
    public void disconnected(String problem) {
      disconnected.release();
    }

    @Override
    public void factsChanged() {}
  }

  private final Ears ears = new Ears();

  private Device open(String type, String name, Object... config) {
    Map<String, Value> fields = new LinkedHashMap<>();
    for (int at = 0; at < config.length; at += 2) {
      Object value = config[at + 1];
      fields.put(
          (String) config[at],
          value instanceof Value ready
              ? ready
              : value instanceof Number number
                  ? Value.of(number.doubleValue())
                  : value instanceof Boolean flag ? Value.of(flag) : Value.of((String) value));
    }
    Device device =
        DeviceTypes.standard()
            .find(type)
            .orElseThrow()
            .factory()
            .create(
                new DeviceOptions(new DeviceName(name), new Value.Fields(fields), PATIENCE),
                backends);
    device.open(ears);
    return device;
  }

  private Device motor(Object... more) throws Exception {
    Object[] config = new Object[more.length + 2];
    config[0] = "prefix";
    config[1] = "BH:m1";
    System.arraycopy(more, 0, config, 2, more.length);
    Device motor = open("EpicsMotor", "samx", config);
    done(motor.connect());
    return motor;
  }

  private static <T> T done(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private static String code(CompletionStage<?> stage) throws Exception {
    try {
      done(stage);
      return "done";
    } catch (ExecutionException e) {
      return DeviceFailure.refusalOf("samx", e.getCause()).code();
    }
  }

  /** So slow that all that is to happen during a move happens in time, also on a slow machine. */
  private void slowDown(double velocity) {
    ioc.records().put("BH:m1.VELO", velocity);
  }

  private Signal signal(String field, SignalOptions how) throws Exception {
    CountDownLatch there = new CountDownLatch(1);
    Signal signal = new Signal(link, "BH:m1" + field, how);
    signal.open(
        new Signal.Listener() {
          @Override
          public void connected(Signal which) {
            there.countDown();
          }

          @Override
          public void disconnected(Signal which) {}

          @Override
          public void changed(Signal which) {}
        });
    assertThat(there.await(40, TimeUnit.SECONDS)).isTrue();
    return signal;
  }

  private void putMotor(String field, double value) throws Exception {
    Signal signal = signal(field, SignalOptions.POLLED);
    done(signal.send(Value.of(value), PATIENCE));
    signal.close();
  }

  /** Ends when the motor is seen on its way. */
  private void awaitMotion(double beyond) throws Exception {
    Signal rbv = signal(".RBV", SignalOptions.MONITORED);
    awaitMotion(rbv, beyond);
    rbv.close();
  }

  private static void awaitMotion(Signal rbv, double beyond) throws Exception {
    done(rbv.await(now -> Math.abs(now.asDouble()) > beyond, PATIENCE));
  }

  @Test
  void describesItselfAsOphydDoes() throws Exception {
    DeviceDescription description = done(motor().describe());

    assertThat(description.dataKeys().keySet()).containsExactly("samx", "samx_user_setpoint");
    assertThat(description.hints()).containsExactly("samx");
    assertThat(description.dataKeys().get("samx").source()).isEqualTo("PV:BH:m1.RBV");
    assertThat(description.dataKeys().get("samx").units()).isEqualTo("mm");
    assertThat(description.dataKeys().get("samx").precision()).isEqualTo(4);
    assertThat(description.dataKeys().get("samx_user_setpoint").upperCtrlLimit()).isEqualTo(100);
    assertThat(description.configuration())
        .extracting(Reading::key)
        .containsExactly(
            "samx_user_offset",
            "samx_user_offset_dir",
            "samx_velocity",
            "samx_acceleration",
            "samx_motor_egu");
    assertThat(description.configuration().get(2).value()).isEqualTo(Value.of(50.0));
    assertThat(description.configuration().get(4).value()).isEqualTo(Value.of("mm"));
  }

  @Test
  void readsTheTargetAtOnceAfterEachOfManyMoves() throws Exception {
    Device motor = motor();
    for (int step = 1; step <= 50; step++) {
      double target = step * 0.1;
      done(motor.set(Value.of(target)));
      CompletionStage<List<Reading>> read = motor.read();
      assertThat(read.toCompletableFuture().isDone()).isTrue();
      assertThat(done(read)).allMatch(reading -> reading.value().asDouble() == target);
    }
  }

  @Test
  void rampsOnItsWay() throws Exception {
    slowDown(5);
    Device motor = motor();
    Signal rbv = signal(".RBV", SignalOptions.MONITORED);
    CompletionStage<Void> move = motor.set(Value.of(20.0));
    awaitMotion(rbv, 2);
    assertThat(move.toCompletableFuture().isDone()).isFalse();
    assertThat(done(motor.locate()).readback().asDouble()).isBetween(0.1, 20.0);
    done(move);
    assertThat(done(motor.locate()).readback()).isEqualTo(Value.of(20.0));
  }

  @Test
  void refusesBeyondTheLimitsBeforeAnythingMoves() throws Exception {
    Device motor = motor();
    assertThat(code(motor.set(Value.of(101.0)))).isEqualTo("beyond-limits");
    assertThat(code(motor.set(Value.of(Double.NaN)))).isEqualTo("not-finite");
    assertThat(done(motor.locate()).setpoint()).isEqualTo(Value.of(0.0));
    try {
      done(motor.set(Value.of(101.0)));
    } catch (ExecutionException e) {
      assertThat(e.getCause())
          .hasMessage("samx can't go to 101.0 mm: allowed are -100.0 to 100.0 mm.");
    }
  }

  @Test
  void limitsThatAreChangedInTheIocCount() throws Exception {
    Device motor = motor();
    putMotor(".HLM", 5);
    // seen by the monitor sooner or later; the record itself refuses meanwhile
    assertThat(code(motor.set(Value.of(6.0)))).isIn("beyond-limits", "limit-violation");
    assertThat(done(motor.locate()).readback()).isEqualTo(Value.of(0.0));
  }

  @Test
  void stopEndsTheMove() throws Exception {
    slowDown(2);
    Device motor = motor();
    CompletionStage<Void> move = motor.set(Value.of(90.0));
    awaitMotion(1);

    done(motor.stop());

    assertThat(code(move)).isEqualTo("stopped");
    assertThat(done(motor.locate()).readback().asDouble()).isBetween(1.0, 89.0);
    done(motor.set(Value.of(0.0)));
  }

  @Test
  void somebodyElseStoppingItIsNoSuccess() throws Exception {
    slowDown(2);
    Device motor = motor();
    CompletionStage<Void> move = motor.set(Value.of(90.0));
    awaitMotion(1);
    putMotor(".STOP", 1);
    assertThat(code(move)).isEqualTo("not-reached");
  }

  @Test
  void aMoveThatTakesTooLongFailsAndItsOwnerStopsIt() throws Exception {
    slowDown(2);
    Device motor = motor("move_timeout", 0.3);
    assertThat(code(motor.set(Value.of(90.0)))).isEqualTo("move-timeout");
    done(motor.stop());
    done(motor.set(done(motor.locate()).readback()));
  }

  @Test
  void aMoveFailsWhenTheIocDiesAndWorksWhenItIsBack() throws Exception {
    int port = ioc.port();
    slowDown(2);
    Device motor = motor();
    assertThat(ears.connected.tryAcquire(40, TimeUnit.SECONDS)).isTrue();
    CompletionStage<Void> move = motor.set(Value.of(90.0));
    awaitMotion(1);

    ioc.close();

    assertThat(code(move)).isEqualTo("disconnected");
    assertThat(ears.disconnected.tryAcquire(40, TimeUnit.SECONDS)).isTrue();
    assertThat(code(motor.set(Value.of(1.0)))).isEqualTo("disconnected");

    ioc = SimulatedIoc.start(port);
    assertThat(ears.connected.tryAcquire(40, TimeUnit.SECONDS)).isTrue();
    done(motor.connect());
    done(motor.set(Value.of(1.0)));
    assertThat(done(motor.read()).get(0).value()).isEqualTo(Value.of(1.0));
  }

  @Test
  void saysWhichPvDoesNotAnswer() throws Exception {
    Device signal =
        DeviceTypes.standard()
            .find("EpicsSignalRO")
            .orElseThrow()
            .factory()
            .create(
                new DeviceOptions(
                    new DeviceName("ghost"),
                    new Value.Fields(Map.of("read_pv", Value.of("BH:nothing"))),
                    Duration.ofMillis(200)),
                backends);
    signal.open(ears);
    try {
      done(signal.connect());
    } catch (ExecutionException e) {
      assertThat(e.getCause()).hasMessageContaining("no answer from BH:nothing");
      return;
    }
    throw new AssertionError("connected to what isn't there");
  }

  @Test
  void theCounterFollowsTheGaussian() throws Exception {
    Device motor = motor();
    Device det =
        open(
            "Counter",
            "det",
            "read_pv",
            "BH:det:VAL",
            "trigger_pv",
            "BH:det:CNT",
            "preset_pv",
            "BH:det:TP",
            "count_time",
            0.02);
    done(det.connect());
    done(det.stage());
    for (double at : new double[] {0.5, 1.3, 2.1}) {
      done(motor.set(Value.of(at)));
      done(det.trigger());
      double away = (at - 1.3) / 0.8;
      assertThat(done(det.read()).get(0).value().asDouble())
          .isCloseTo(
              0.02 * (1e6 * Math.exp(-away * away / 2) + 100),
              org.assertj.core.data.Percentage.withPercentage(1e-6));
    }
  }

  @Test
  void readsEnumerationsTextsAndWritesThem() throws Exception {
    Device noise = open("EpicsSignal", "noise", "read_pv", "BH:det:NOISE", "string", true);
    done(noise.connect());
    assertThat(done(noise.read()).get(0).value()).isEqualTo(Value.of("Off"));
    assertThat(done(noise.describe()).dataKeys().get("noise").choices())
        .containsExactly("Off", "On");
    done(noise.set(Value.of(1)));
    assertThat(done(noise.read()).get(0).value()).isEqualTo(Value.of("On"));

    Device label = open("EpicsSignalRO", "label", "read_pv", "BH:scaler1.NM2");
    done(label.connect());
    assertThat(done(label.read()).get(0).value()).isEqualTo(Value.of("i0"));
    assertThat(code(label.set(Value.of("x")))).isEqualTo("not-movable");
  }
}
