package org.beamhive.devices.type;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.devices.type.TestRecords.code;
import static org.beamhive.devices.type.TestRecords.device;
import static org.beamhive.devices.type.TestRecords.done;
import static org.beamhive.devices.type.TestRecords.fields;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.beamhive.devices.backend.ca.CaLink;
import org.beamhive.devices.backend.ca.CaSettings;
import org.beamhive.devices.backend.sim.SettableSimClock;
import org.beamhive.devices.backend.sim.SimNamespace;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.config.DeviceFile;
import org.beamhive.devices.ioc.SimulatedIoc;
import org.beamhive.devices.signal.Signal;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The device types over real Channel Access, with another client that interferes. */
@Timeout(180)
class EpicsTypesIT {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private SimulatedIoc ioc;
  private CaLink link;
  private CaLink another;
  private DeviceBackends backends;

  @BeforeEach
  void start() {
    ioc = SimulatedIoc.start(0);
    link = new CaLink(CaSettings.loopback(ioc.port()));
    another = new CaLink(CaSettings.loopback(ioc.port()));
    backends =
        new DeviceBackends(
            () -> link,
            new SimNamespace(new SettableSimClock(0)),
            new DeviceTimeouts(PATIENCE, PATIENCE));
  }

  @AfterEach
  void stop() {
    another.close();
    link.close();
    ioc.close();
  }

  /** A PV as another program sees it. */
  private Signal pv(String name) throws Exception {
    Signal signal = new Signal(another, name, SignalOptions.MONITORED);
    java.util.concurrent.CountDownLatch there = new java.util.concurrent.CountDownLatch(1);
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

  private static SignalValue until(Signal signal, java.util.function.Predicate<Double> wanted)
      throws Exception {
    return done(signal.await(value -> wanted.test(value.asDouble()), PATIENCE));
  }

  /** So slow that all that is to happen during a move happens in time, also on a slow machine. */
  private void slowDown(String motor) {
    ioc.records().put(motor + ".VELO", 2);
  }

  @Test
  void aMoveThatAnotherClientDivertsFailsAndTheMotorGoesWhereThatOneWants() throws Exception {
    Device motor = device(backends, "EpicsMotor", "samx", "prefix", "BH:m1");
    Signal val = pv("BH:m1.VAL");
    Signal rbv = pv("BH:m1.RBV");
    slowDown("BH:m1");
    CompletionStage<Void> move = motor.set(Value.of(40.0));
    until(rbv, at -> at > 0.5);
    ioc.records().put("BH:m1.VELO", 50);
    done(val.send(Value.of(-10.0), PATIENCE));
    assertThat(code(move)).isEqualTo("moved-by-another");
    until(rbv, at -> at == -10.0);
    assertThat(code(motor.set(Value.of(-9.0)))).isEqualTo("done");
  }

  @Test
  void aStagedMotorThatAnotherClientHasMovedIsNotRead() throws Exception {
    Device motor = device(backends, "EpicsMotor", "samx", "prefix", "BH:m1");
    done(motor.stage());
    done(motor.set(Value.of(2.0)));
    done(motor.read());
    done(pv("BH:m1.VAL").put(Value.of(3.0), PATIENCE));
    // by the monitor sooner or later, and at once by what the next move asks
    Signal seen = pv("BH:m1.VAL");
    until(seen, at -> at == 3.0);
    String code = code(motor.read());
    for (int tries = 0; code.equals("done") && tries < 200; tries++) {
      done(motor.locate());
      done(pv("BH:m1.RBV").get(PATIENCE));
      code = code(motor.read());
    }
    assertThat(code).isEqualTo("moved-by-another");
    done(motor.set(Value.of(2.5)));
    done(motor.read());
  }

  @Test
  void spmgOfTheRecordHoldsMovesBack() throws Exception {
    Device motor = device(backends, "EpicsMotor", "samx", "prefix", "BH:m1");
    Signal spmg = pv("BH:m1.SPMG");
    Signal rbv = pv("BH:m1.RBV");
    slowDown("BH:m1");
    CompletionStage<Void> move = motor.set(Value.of(60.0));
    until(rbv, at -> at > 0.5);
    done(spmg.send(Value.of(0), PATIENCE));
    assertThat(code(move)).isIn("motor-paused", "not-reached");
    done(motor.stop());
    assertThat(code(motor.set(Value.of(1.0)))).isEqualTo("motor-paused");
    done(spmg.send(Value.of(3), PATIENCE));
    until(pv("BH:m1.DMOV"), at -> at == 1);
    String code = code(motor.set(Value.of(1.0)));
    for (int tries = 0; code.equals("motor-paused") && tries < 200; tries++) {
      done(spmg.get(PATIENCE));
      code = code(motor.set(Value.of(1.0)));
    }
    assertThat(code).isEqualTo("done");
  }

  @Test
  void aJogEndsInTimeAndAnotherFailsAtTheRecordsLimit() throws Exception {
    Device motor = device(backends, "EpicsMotor", "samx", "prefix", "BH:m1");
    DeviceMethod jog = motor.methods().get("jog");
    done(jog.body().call(fields("seconds", 0.2)));
    double at = done(motor.locate()).readback().asDouble();
    assertThat(at).isGreaterThan(0);
    done(motor.methods().get("set_limits").body().call(fields("low", -1.0, "high", at + 0.5)));
    assertThat(code(jog.body().call(fields("seconds", 60)))).isEqualTo("limit-violation");
  }

  @Test
  void aBusyRecordIsSetToOneAndBackToZero() throws Exception {
    done(pv("BH:cam1:ImageMode").put(Value.of(2), PATIENCE));
    Device busy = device(backends, "EpicsSignal", "acquire", "read_pv", "BH:cam1:Acquire");
    assertThat(code(busy.set(Value.of(1)))).isEqualTo("done");
    assertThat(code(busy.set(Value.of(0)))).isEqualTo("done");
  }

  @Test
  void changesSettingsAndTweaks() throws Exception {
    Device motor = device(backends, "EpicsMotor", "samx", "prefix", "BH:m2");
    done(motor.configure(fields("velocity", 40.0)));
    assertThat(pv("BH:m2.VELO").get(PATIENCE).toCompletableFuture().get(40, TimeUnit.SECONDS))
        .extracting(SignalValue::asDouble)
        .isEqualTo(40.0);
    done(motor.methods().get("tweak").body().call(fields("by", 0.5)));
    assertThat(done(motor.locate()).readback().asDouble()).isEqualTo(0.5);
    done(motor.methods().get("set_limits").body().call(fields("low", -1.0, "high", 1.0)));
    assertThat(code(motor.set(Value.of(2.0)))).isEqualTo("beyond-limits");
  }

  @Test
  void aScalerCountsAndIsReadByTheNamesOfItsChannels() throws Exception {
    Device scaler =
        device(
            backends,
            "ophyd.ScalerCH",
            "sca",
            "prefix",
            "BH:scaler1",
            "num_channels",
            4,
            "count_time",
            0.05);
    done(scaler.stage());
    done(scaler.trigger());
    Map<String, Value> read =
        done(scaler.read()).stream().collect(Collectors.toMap(Reading::key, Reading::value));
    assertThat(read).containsOnlyKeys("clock", "i0", "det", "det2d", "sca_time");
    assertThat(read.get("clock").asDouble()).isGreaterThan(0);
    assertThat(read.get("sca_time").asDouble()).isGreaterThan(0);
    done(scaler.unstage());
  }

  @Test
  void aMotorRecordIsAPositionerLikeAnyOther() throws Exception {
    Device positioner =
        device(
            backends,
            "PVPositioner",
            "p",
            "prefix",
            "BH:m3",
            "setpoint",
            ".VAL",
            "readback",
            ".RBV",
            "done",
            ".DMOV",
            "stop_signal",
            ".STOP",
            "limits",
            true,
            "tolerance",
            0.01);
    done(positioner.set(Value.of(3.0)));
    assertThat(done(positioner.read()).get(0).value().asDouble()).isEqualTo(3.0);
    assertThat(code(positioner.set(Value.of(300.0)))).isEqualTo("beyond-limits");
    slowDown("BH:m3");
    CompletionStage<Void> move = positioner.set(Value.of(90.0));
    until(pv("BH:m3.RBV"), at -> at > 3.5);
    done(positioner.stop());
    assertThat(code(move)).isEqualTo("stopped");
    until(pv("BH:m3.DMOV"), at -> at == 1);
    assertThat(pv("BH:m3.RBV").get(PATIENCE).toCompletableFuture().get(40, TimeUnit.SECONDS))
        .extracting(SignalValue::asDouble)
        .satisfies(at -> assertThat(at).isLessThan(90));
  }

  @Test
  void pseudoAxesComputedSignalsAndGroupsGoThroughTheRecords() throws Exception {
    String file =
        """
        left: {deviceClass: EpicsMotor, deviceConfig: {prefix: "BH:m1"}, enabled: true, readoutPriority: baseline}
        right: {deviceClass: EpicsMotor, deviceConfig: {prefix: "BH:m2"}, enabled: true, readoutPriority: baseline}
        gap:
          deviceClass: PseudoPositioner
          deviceConfig:
            real: {l: left, r: right}
            forward: {l: "(l + r)/2 - gap/2", r: "(l + r)/2 + gap/2"}
            inverse: "r - l"
          enabled: true
          readoutPriority: baseline
        mean:
          deviceClass: ComputedSignal
          deviceConfig: {expression: "(left + right)/2", input_signals: [left, right]}
          enabled: true
          readoutPriority: monitored
        """;
    DeviceTypes types = DeviceTypes.standard();
    Map<String, DeviceConfig> devices = new LinkedHashMap<>();
    DeviceFile.parse("f.yaml", file, types)
        .orThrow()
        .forEach(device -> devices.put(device.name().value(), device));
    DeviceBackends all =
        backends.inHutch(
            DeviceConfig.others(name -> devices.get(name.value()), types), MotionLimits.NONE);
    Map<String, Device> made = new LinkedHashMap<>();
    for (String name : List.of("left", "gap", "mean")) {
      Device device = devices.get(name).make(types, all);
      device.open(TestRecords.DEAF);
      done(device.connect());
      made.put(name, device);
    }
    done(made.get("left").set(Value.of(1.0)));
    done(made.get("gap").set(Value.of(4.0)));
    assertThat(done(made.get("gap").locate()).readback().asDouble()).isEqualTo(4.0);
    assertThat(done(made.get("mean").read()).get(0).value().asDouble()).isEqualTo(0.5);
    slowDown("BH:m1");
    slowDown("BH:m2");
    CompletionStage<Void> opening = made.get("gap").set(Value.of(80.0));
    assertThat(code(made.get("left").set(Value.of(0.0)))).isEqualTo("busy");
    done(made.get("gap").stop());
    assertThat(code(opening)).isEqualTo("stopped");
    made.values().forEach(Device::close);
  }
}
