package org.beamhive.devices.type;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.backend.sim.SettableSimClock;
import org.beamhive.devices.backend.sim.SimNamespace;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.config.DeviceFile;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.Test;

class SimDevicesTest {
  private final SettableSimClock clock = new SettableSimClock(1000);
  private final SimNamespace sim = new SimNamespace(clock);
  private final DeviceBackends backends =
      new DeviceBackends(
          () -> {
            throw new AssertionError("no Channel Access here");
          },
          sim,
          new DeviceTimeouts(Duration.ofSeconds(2), Duration.ofSeconds(2)));

  private Device device(String name, String type, Object... keysAndValues) {
    Map<String, Value> fields = new LinkedHashMap<>();
    for (int at = 0; at < keysAndValues.length; at += 2) {
      Object value = keysAndValues[at + 1];
      fields.put(
          (String) keysAndValues[at],
          value instanceof Integer whole
              ? Value.of(whole.longValue())
              : value instanceof Double number
                  ? Value.of(number)
                  : value instanceof Value ready ? ready : Value.of(value.toString()));
    }
    Device made =
        DeviceConfig.of(name, type, new Value.Fields(fields))
            .make(DeviceTypes.standard(), backends);
    made.open(
        new DeviceListener() {
          @Override
          public void connected() {}

          @Override
          public void disconnected(String problem) {}

          @Override
          public void factsChanged() {}
        });
    now(made.connect());
    return made;
  }

  private static <T> T now(CompletionStage<T> stage) {
    assertThat(stage.toCompletableFuture()).isCompleted();
    return stage.toCompletableFuture().join();
  }

  private static String failure(CompletionStage<?> stage) {
    assertThat(stage.toCompletableFuture()).isCompletedExceptionally();
    Throwable[] cause = new Throwable[1];
    stage.whenComplete((value, error) -> cause[0] = error);
    return DeviceFailure.refusalOf("x", cause[0]).code();
  }

  private static boolean ended(CompletionStage<?> stage) {
    return stage.toCompletableFuture().isDone();
  }

  private void pass(double seconds) {
    clock.advance(Duration.ofNanos((long) (seconds * 1e9)));
  }

  private static double reading(Device device, String key) {
    return now(device.read()).stream()
        .filter(reading -> reading.key().equals(key))
        .findFirst()
        .orElseThrow()
        .value()
        .asDouble();
  }

  private double measure(Device detector) {
    now(detector.trigger());
    return reading(detector, detector.name().value());
  }

  // ---------------------------------------------------------------- the names of ophyd.sim

  /** The devices of ophyd.sim, each made as its file says. */
  private Map<String, Device> shipped() {
    Map<DeviceName, DeviceConfig> configs = new LinkedHashMap<>();
    DeviceTypes types = DeviceTypes.standard();
    DeviceFile.shipped("sim", types)
        .orElseThrow()
        .orThrow()
        .forEach(config -> configs.put(config.name(), config));
    DeviceBackends all =
        backends.inHutch(DeviceConfig.others(configs::get, types), MotionLimits.NONE);
    Map<String, Device> made = new LinkedHashMap<>();
    configs.forEach((name, config) -> made.put(name.value(), config.make(types, all)));
    return made;
  }

  @Test
  void theDevicesOfOphydSimHaveItsHintsAndKeys() {
    Map<String, Device> made = shipped();
    assertThat(made.get("motor").facts().hints()).containsExactly("motor");
    for (String name :
        List.of("motor_no_hints1", "motor_no_hints2", "motor_empty_hints1", "motor_empty_hints2")) {
      assertThat(made.get(name).facts().hints()).as(name).isEmpty();
    }
    assertThat(made.get("pseudo1x3").facts().hints()).containsExactly("pseudo1x3_pseudo1");
    made.values().forEach(Device::close);
  }

  @Test
  void theHeightOfAPeakMayBeSpelledAsInOphyd() {
    device("m", "SimMotor");
    assertThat(measure(device("one", "ophyd.sim.SynGauss", "motor", "m", "Imax", 7))).isEqualTo(7);
    assertThat(measure(device("two", "SimDetector", "motor", "m", "imax", 7))).isEqualTo(7);
  }

  @Test
  void everyDetectorOfOphydsModuleIsAnAreaDetector() {
    for (String name : DeviceTypes.AREA_DETECTORS) {
      for (String prefix :
          List.of("ophyd.", "ophyd.areadetector.", "ophyd.areadetector.detectors.")) {
        assertThat(DeviceTypes.standard().find(prefix + name))
            .get()
            .extracting(DeviceType::name)
            .as(prefix + name)
            .isEqualTo("AreaDetector");
      }
    }
    // the simulated point detector is another
    assertThat(DeviceTypes.standard().find("SimDetector"))
        .get()
        .extracting(DeviceType::name)
        .isEqualTo("SimDetector");
  }

  // ---------------------------------------------------------------- motors

  @Test
  void aMotorGetsFasterAndSlowerWithItsAcceleration() {
    Device motor = device("m", "SimMotor", "velocity", 2, "acceleration", 1.0);
    CompletionStage<Void> moved = motor.set(Value.of(10.0));
    pass(0.5);
    assertThat(reading(motor, "m")).isCloseTo(0.25, within(1e-6));
    pass(0.5);
    assertThat(reading(motor, "m")).isCloseTo(1, within(1e-6));
    pass(2);
    assertThat(reading(motor, "m")).isCloseTo(5, within(1e-6));
    pass(2.9);
    assertThat(ended(moved)).isFalse();
    pass(0.2);
    now(moved);
    assertThat(reading(motor, "m")).isEqualTo(10);
  }

  @Test
  void aShortWayDoesNotGetToTheVelocity() {
    Device motor = device("m", "SimMotor", "velocity", 10, "acceleration", 1.0);
    CompletionStage<Void> moved = motor.set(Value.of(2.5));
    pass(0.5);
    assertThat(reading(motor, "m")).isCloseTo(1.25, within(1e-6));
    pass(0.51);
    now(moved);
  }

  @Test
  void aJitteryMotorEndsNearItsSetpointAndNotOnIt() {
    Device motor = device("m", "SimMotor", "jitter", 0.5, "seed", 1);
    now(motor.set(Value.of(3.0)));
    assertThat(reading(motor, "m")).isNotEqualTo(3).isCloseTo(3, within(0.5));
    assertThat(reading(motor, "m_setpoint")).isEqualTo(3);
  }

  @Test
  void aMotorFailsOrStallsOnDemandAndOnlyOnce() {
    Device motor = device("m", "SimMotor", "velocity", 1);
    now(motor.methods().get("fail_next_move").body().call(Value.Fields.EMPTY));
    CompletionStage<Void> fails = motor.set(Value.of(1.0));
    pass(1.1);
    assertThat(failure(fails)).isEqualTo("motor-fault");
    assertThat(reading(motor, "m")).isEqualTo(0.5);

    now(motor.methods().get("stall_next_move").body().call(Value.Fields.EMPTY));
    CompletionStage<Void> stalls = motor.set(Value.of(1.5));
    pass(2.5);
    assertThat(ended(stalls)).isFalse();
    pass(1);
    assertThat(failure(stalls)).isEqualTo("move-timeout");

    CompletionStage<Void> well = motor.set(Value.of(1.5));
    pass(1);
    now(well);
  }

  @Test
  void aStalledMotorCanBeStopped() {
    Device motor = device("m", "SimMotor", "velocity", 1);
    now(motor.methods().get("stall_next_move").body().call(Value.Fields.EMPTY));
    CompletionStage<Void> stalls = motor.set(Value.of(1.0));
    pass(1.5);
    now(motor.stop());
    assertThat(failure(stalls)).isEqualTo("stopped");
  }

  @Test
  void aMotorThatIsStartedAgainIsWhereItWas() {
    Device motor = device("m", "SimMotor", "value", 3);
    assertThat(reading(motor, "m")).isEqualTo(3);
    now(motor.set(Value.of(5.0)));
    motor.close();
    assertThat(reading(device("m", "SimMotor", "value", 3), "m")).isEqualTo(5);
  }

  @Test
  void aTemperatureOvershootsAndSettles() {
    Device oven =
        device("t", "SimTemperature", "value", 300, "overshoot", 0.25, "settle_time", 2.0);
    CompletionStage<Void> set = oven.set(Value.of(400.0));
    double highest = 0;
    double waited = 0;
    while (!ended(set) && waited < 100) {
      pass(0.1);
      waited += 0.1;
      highest = Math.max(highest, reading(oven, "t"));
    }
    now(set);
    assertThat(highest).isCloseTo(425, within(1.0));
    assertThat(reading(oven, "t")).isCloseTo(400, within(0.1));
    assertThat(waited).isGreaterThan(2);
  }

  @Test
  void aTemperatureThatIsStoppedStaysWhereItIs() {
    Device oven = device("t", "SimTemperature", "value", 300);
    CompletionStage<Void> set = oven.set(Value.of(400.0));
    pass(1);
    now(oven.stop());
    assertThat(failure(set)).isEqualTo("stopped");
    double at = reading(oven, "t");
    pass(5);
    assertThat(reading(oven, "t")).isEqualTo(at);
    assertThat(reading(oven, "t_setpoint")).isEqualTo(at);
  }

  // ---------------------------------------------------------------- detectors

  @Test
  void aDetectorSeesTheShapeThatItIsTold() {
    sim.pv("m").post(Value.of(2.0));
    assertThat(measure(device("g", "SimDetector", "motor", "m", "imax", 10, "sigma", 2.0)))
        .isCloseTo(10 * Math.exp(-0.5), within(1e-9));
    assertThat(
            measure(
                device(
                    "l",
                    "SimDetector",
                    "motor",
                    "m",
                    "imax",
                    10,
                    "sigma",
                    2.0,
                    "shape",
                    "lorentzian")))
        .isCloseTo(5, within(1e-9));
    Device edge = device("s", "SimDetector", "motor", "m", "center", 2, "shape", "step");
    assertThat(measure(edge)).isCloseTo(0.5, within(1e-6));
    sim.pv("m").post(Value.of(3.0));
    assertThat(measure(edge)).isCloseTo(0.841345, within(1e-6));
    sim.pv("m").post(Value.of(-9.0));
    assertThat(measure(edge)).isCloseTo(0, within(1e-6));
  }

  @Test
  void noiseIsTheSameForTheSameSeed() {
    for (String noise : List.of("poisson", "uniform", "gaussian")) {
      List<Double> first = new ArrayList<>();
      List<Double> second = new ArrayList<>();
      for (List<Double> each : List.of(first, second)) {
        Device detector =
            device("d", "SimDetector", "motor", "m", "imax", 30, "noise", noise, "seed", 5);
        for (int count = 0; count < 20; count++) {
          each.add(measure(detector));
        }
      }
      assertThat(first).as(noise).isEqualTo(second);
      assertThat(first.stream().distinct().count()).as(noise).isGreaterThan(3);
      assertThat(first.stream().mapToDouble(value -> value).average().orElseThrow())
          .as(noise)
          .isCloseTo(30, within(6.0));
    }
  }

  @Test
  void anAsynchronousDetectorTakesItsExposureWhichCanBeChanged() {
    Device detector = device("d", "SimDetector", "motor", "m", "exposure", 2.0);
    CompletionStage<Void> first = detector.trigger();
    pass(1.9);
    assertThat(ended(first)).isFalse();
    pass(0.2);
    now(first);

    now(detector.configure(new Value.Fields(Map.of("d_exposure", Value.of(0.5)))));
    CompletionStage<Void> second = detector.trigger();
    pass(0.6);
    now(second);
    assertThat(now(detector.describe()).configuration())
        .anyMatch(each -> each.key().equals("d_exposure") && each.value().asDouble() == 0.5);
  }

  @Test
  void aSettingThatIsWrongIsRefusedAndNothingIsChanged() {
    Device detector = device("d", "SimDetector", "motor", "m");
    Map<String, Value> changes = new LinkedHashMap<>();
    changes.put("sigma", Value.of(3.0));
    changes.put("noise", Value.of("loud"));
    assertThat(failure(detector.configure(new Value.Fields(changes)))).isEqualTo("wrong-value");
    assertThat(failure(detector.configure(new Value.Fields(Map.of("gain", Value.of(1.0))))))
        .isEqualTo("unknown-setting");
    assertThat(now(detector.describe()).configuration())
        .anyMatch(each -> each.key().equals("d_sigma") && each.value().asDouble() == 1);
  }

  @Test
  void severalChannelsAreReadAndSomeAreConfiguration() {
    Device detector =
        device(
            "ab",
            "SimMultiDetector",
            "config_channels",
            Value.of(List.of(Value.of("c"), Value.of("d"))));
    assertThat(now(detector.read())).extracting(Reading::key).containsExactly("ab_a", "ab_b");
    DeviceDescription description = now(detector.describe());
    assertThat(description.hints()).containsExactly("ab_a", "ab_b");
    assertThat(description.configurationKeys()).containsKeys("ab_c", "ab_d", "ab_count_time");
  }

  // ---------------------------------------------------------------- arrays

  @Test
  void aCameraReadsAnImageOfTheShapeThatItDescribes() {
    Device camera =
        device(
            "cam",
            "SimCamera",
            "image_shape",
            Value.of(List.of(Value.of(5L), Value.of(8L))),
            "motor",
            "m",
            "sigma",
            1.0,
            "background",
            0,
            "imax",
            1000);
    DataKey key = now(camera.describe()).dataKeys().get("cam");
    assertThat(key.dtype()).isEqualTo("array");
    assertThat(key.shape()).containsExactly(5, 8);
    assertThat(key.dtypeNumpy()).isEqualTo("<f8");
    sim.pv("m").post(Value.of(3.5));
    now(camera.trigger());
    List<Value> rows = ((Value.Items) now(camera.read()).get(0).value()).items();
    assertThat(rows).hasSize(5).allMatch(row -> ((Value.Items) row).items().size() == 8);
    List<Value> middle = ((Value.Items) rows.get(2)).items();
    // the spot has gone with its motor to the last column
    assertThat(middle.get(7).asDouble()).isGreaterThan(middle.get(0).asDouble() + 500);
    double sum =
        rows.stream()
            .flatMap(row -> ((Value.Items) row).items().stream())
            .mapToDouble(Value::asDouble)
            .sum();
    assertThat(reading(camera, "cam_stats_total")).isEqualTo(sum);
    assertThat(now(camera.describe()).hints()).containsExactly("cam_stats_total");
  }

  @Test
  void anImageThatIsTooLargeForAReadingIsAMistakeInTheDeviceFile() {
    Value large = Value.of(List.of(Value.of(1000L), Value.of(1000L)));
    assertThat(ConfigKey.optional("s", ConfigKey.Kind.SHAPE, "").takes(large)).isFalse();
    assertThat(ConfigKey.optional("s", ConfigKey.Kind.SHAPE, "").allowed()).contains("65536");
    Value fits = Value.of(List.of(Value.of(256L), Value.of(256L)));
    assertThat(ConfigKey.optional("s", ConfigKey.Kind.SHAPE, "").takes(fits)).isTrue();
  }

  @Test
  void aWaveformHasItsPeak() {
    Device waveform = device("w", "SimWaveform", "waveform_shape", 50, "noise", 0);
    assertThat(now(waveform.describe()).dataKeys().get("w").shape()).containsExactly(50);
    List<Value> values = ((Value.Items) now(waveform.read()).get(0).value()).items();
    assertThat(values).hasSize(50);
    assertThat(values.get(25).asDouble()).isEqualTo(100);
  }

  // ---------------------------------------------------------------- flyers and signals

  @Test
  void aFlyerMeasuresByItselfAndIsCollectedPieceByPiece() {
    Device flyer =
        device("fly", "SimFlyer", "motor", "m", "start", 0, "stop", 4, "num", 5, "duration", 4);
    assertThat(failure(flyer.complete())).isEqualTo("not-flying");
    now(flyer.kickoff(Value.Fields.EMPTY));
    CompletionStage<Void> complete = flyer.complete();
    assertThat(failure(flyer.kickoff(Value.Fields.EMPTY))).isEqualTo("busy");
    pass(1.5);
    assertThat(ended(complete)).isFalse();
    assertThat(now(flyer.collect())).hasSize(2);
    assertThat(sim.pv("m").value().asDouble()).isEqualTo(1);
    pass(3);
    now(complete);
    List<List<Reading>> rest = now(flyer.collect());
    assertThat(rest).hasSize(3);
    assertThat(rest.get(2)).extracting(Reading::key).containsExactly("fly_position", "fly");
    assertThat(rest.get(2).get(0).value().asDouble()).isEqualTo(4);
    assertThat(now(flyer.collect())).isEmpty();
    assertThat(now(flyer.describe()).dataKeys().keySet()).containsExactly("fly_position", "fly");
  }

  @Test
  void aFlightIsConfiguredByItsKickoffAndCanBeStopped() {
    Device flyer = device("fly", "SimFlyer");
    now(flyer.kickoff(new Value.Fields(Map.of("num", Value.of(3L), "duration", Value.of(10.0)))));
    pass(5.1);
    now(flyer.stop());
    assertThat(failure(flyer.complete())).isEqualTo("stopped");
    pass(10);
    assertThat(now(flyer.collect())).hasSize(2);
    now(flyer.kickoff(Value.Fields.EMPTY));
    pass(11);
    assertThat(now(flyer.collect())).hasSize(3);
  }

  @Test
  void aPeriodicSignalChangesByItselfUntilItIsClosed() {
    Device rand = device("rand", "SimPeriodicSignal", "period", 1);
    double first = reading(rand, "rand");
    pass(1.5);
    double second = reading(rand, "rand");
    assertThat(second).isNotEqualTo(first);
    assertThat(failure(rand.set(Value.of(1.0)))).isEqualTo("not-movable");
    rand.close();
    pass(5);
    assertThat(sim.pv("rand").value().asDouble()).isEqualTo(second);
  }

  @Test
  void aSignalIsSetWithinItsLimits() {
    Device signal =
        device("sig", "SimSignal", "limits", Value.of(List.of(Value.of(-1.0), Value.of(1.0))));
    now(signal.set(Value.of(0.5)));
    assertThat(reading(signal, "sig")).isEqualTo(0.5);
    assertThat(failure(signal.set(Value.of(2.0)))).isEqualTo("beyond-limits");
  }
}
