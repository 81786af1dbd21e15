package org.beamhive.devices.type;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.devices.type.TestRecords.code;
import static org.beamhive.devices.type.TestRecords.done;
import static org.beamhive.devices.type.TestRecords.text;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.beamhive.devices.config.DeviceConfig;
import org.beamhive.devices.config.DeviceFile;
import org.beamhive.devices.config.Mistake;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.DeviceView.Ability;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pseudo axes, computed signals and groups over motors of one device file. */
@Timeout(60)
class MadeOfDevicesTest {
  private static final String FILE =
      """
      left:
        deviceClass: EpicsMotor
        deviceConfig: {prefix: m1}
        enabled: true
        readoutPriority: baseline
      right:
        deviceClass: EpicsMotor
        deviceConfig: {prefix: m2, limits: [-50, 50]}
        enabled: true
        readoutPriority: baseline
      fixed:
        deviceClass: EpicsMotor
        deviceConfig: {prefix: m2}
        enabled: true
        readOnly: true
        readoutPriority: baseline
      gap:
        deviceClass: PseudoPositioner
        deviceConfig:
          real: {l: left, r: right}
          forward: {l: "(l + r)/2 - gap/2", r: "(l + r)/2 + gap/2"}
          inverse: "r - l"
          limits: [0, 200]
          egu: mm
        enabled: true
        readoutPriority: baseline
      slit:
        deviceClass: ophyd.PseudoPositioner
        deviceConfig:
          real: [left, right]
          pseudo: [size, center]
          forward: {left: center - size/2, right: center + size/2}
          inverse: {size: right - left, center: (left + right)/2}
          limits: {size: [0, 50]}
        enabled: true
        readoutPriority: baseline
      slit_size:
        deviceClass: ophyd.PseudoSingle
        deviceConfig: {positioner: slit, axis: size}
        enabled: true
        readoutPriority: baseline
      slit_tilt:
        deviceClass: PseudoAxis
        deviceConfig: {positioner: slit, axis: tilt}
        enabled: true
        readoutPriority: baseline
      stuck:
        deviceClass: PseudoPositioner
        deviceConfig: {real: {x: fixed}, forward: "stuck*k", inverse: "x/k", parameters: {k: 2}}
        enabled: true
        readoutPriority: baseline
      mean:
        deviceClass: ophyd_devices.ComputedSignal
        deviceConfig: {expression: "(a + b)/2", inputs: {a: left, b: right.user_setpoint}, egu: mm}
        enabled: true
        readoutPriority: monitored
      blades:
        deviceClass: DeviceGroup
        deviceConfig: {devices: [left, right]}
        enabled: true
        readoutPriority: on_request
      """;

  /** Of {@code left} only, which may not go below -3 mm. */
  private static final MotionLimits LEFT_ABOVE =
      new MotionLimits() {
        @Override
        public Limits of(DeviceName device) {
          return device.value().equals("left") ? new Limits(-3, 50) : Limits.NONE;
        }

        @Override
        public Refusal refusalOf(DeviceName device, Value setpoint, Supplier<String> units) {
          return of(device).allow(setpoint.asDouble())
              ? null
              : Refusal.of("beyond-limits", device + " may not go there.");
        }
      };

  private final TestRecords records = new TestRecords();
  private final TestRecords.Motor m1 = records.motor("m1");
  private final TestRecords.Motor m2 = records.motor("m2");
  private final DeviceTypes types = DeviceTypes.standard();
  private final Map<String, DeviceConfig> file =
      DeviceFile.parse("beamline.yaml", FILE, types).orThrow().stream()
          .collect(
              Collectors.toMap(
                  device -> device.name().value(),
                  device -> device,
                  (one, other) -> one,
                  LinkedHashMap::new));
  private final DeviceBackends backends =
      records
          .backends(Duration.ofSeconds(2), Duration.ofSeconds(15))
          .inHutch(DeviceConfig.others(name -> file.get(name.value()), types), MotionLimits.NONE);

  private Device device(String name) throws Exception {
    return device(name, backends);
  }

  private Device device(String name, DeviceBackends backends) throws Exception {
    Device device = file.get(name).make(types, backends);
    device.open(TestRecords.DEAF);
    done(device.connect());
    done(device.describe());
    return device;
  }

  private static Map<String, Value> values(List<Reading> readings) {
    return readings.stream()
        .collect(
            Collectors.toMap(
                Reading::key, Reading::value, (one, other) -> one, LinkedHashMap::new));
  }

  @Test
  void aPseudoAxisMovesItsRealAxesAndReadsThem() throws Exception {
    Device gap = device("gap");
    m1.atOnce = true;
    m2.atOnce = true;
    done(gap.set(Value.of(8.0)));
    assertThat(m1.val.number()).isEqualTo(-4);
    assertThat(m2.val.number()).isEqualTo(4);
    assertThat(values(done(gap.read())))
        .containsExactly(
            Map.entry("gap", Value.of(8.0)),
            Map.entry("gap_setpoint", Value.of(8.0)),
            Map.entry("gap_l", Value.of(-4.0)),
            Map.entry("gap_r", Value.of(4.0)));
    assertThat(done(gap.locate())).isEqualTo(new Device.Location(Value.of(8.0), Value.of(8.0)));
    DeviceDescription described = done(gap.describe());
    assertThat(described.dataKeys().keySet())
        .containsExactly("gap", "gap_setpoint", "gap_l", "gap_r");
    assertThat(described.dataKeys().get("gap").units()).isEqualTo("mm");
    assertThat(described.dataKeys().get("gap_setpoint").upperCtrlLimit()).isEqualTo(200);
    assertThat(described.hints()).containsExactly("gap");
    assertThat(gap.facts().limits()).isEqualTo(new Limits(0, 200));
  }

  @Test
  void nothingMovesIfOneRealAxisMayNotGoThere() throws Exception {
    Device gap = device("gap");
    assertThat(text(gap.set(Value.of(120.0))))
        .isEqualTo(
            "gap can't go to 120.0 mm: right can't go to 60.0 mm: allowed are -50.0 to 50.0 mm.");
    assertThat(gap.check(Value.of(120.0)).refusal().code()).isEqualTo("beyond-limits");
    assertThat(code(gap.set(Value.of(-1.0)))).isEqualTo("beyond-limits");
    assertThat(code(gap.set(Value.of(Double.NaN)))).isEqualTo("not-finite");
    assertThat(code(gap.set(Value.of("open")))).isEqualTo("not-finite");
    m2.spmg.post(Value.of(0));
    assertThat(code(gap.set(Value.of(1.0)))).isEqualTo("motor-paused");
    assertThat(m1.val.puts).isEmpty();
    assertThat(text(device("stuck").set(Value.of(1.0))))
        .isEqualTo("stuck can't go to 1.0: fixed is read-only in its configuration.");
  }

  @Test
  void limitsThatPeopleHaveSetForARealAxisHoldForThePseudoAxisToo() throws Exception {
    Device gap = device("gap", backends.inHutch(backends.others(), LEFT_ABOVE));
    assertThat(text(gap.set(Value.of(8.0))))
        .isEqualTo("gap can't go to 8.0 mm: left may not go there.");
    assertThat(gap.check(Value.of(8.0)).refusal().code()).isEqualTo("beyond-limits");
    assertThat(m1.val.puts).isEmpty();
    assertThat(m2.val.puts).isEmpty();
  }

  @Test
  void aRealAxisHasOneOwnerAtATime() throws Exception {
    Device gap = device("gap");
    Device left = device("left");
    CompletionStage<Void> opening = gap.set(Value.of(8.0));
    assertThat(text(left.set(Value.of(0.0))))
        .isEqualTo("m1 can't be moved by left now: gap is moving it.");
    assertThat(code(device("slit").set(Value.of(List.of(Value.of(1), Value.of(0))))))
        .isEqualTo("busy");
    m1.arrive();
    m2.arrive();
    assertThat(code(opening)).isEqualTo("done");

    CompletionStage<Void> moving = left.set(Value.of(0.0));
    assertThat(text(gap.set(Value.of(2.0))))
        .isEqualTo("gap can't go to 2.0 mm: m1 can't be moved by gap now: left is moving it.");
    m1.arrive();
    assertThat(code(moving)).isEqualTo("done");
  }

  @Test
  void ifOneRealAxisFailsTheOthersAreStopped() throws Exception {
    Device gap = device("gap");
    CompletionStage<Void> opening = gap.set(Value.of(8.0));
    m1.rbv.post(-1);
    m1.comeToRest();
    assertThat(code(opening)).isEqualTo("not-reached");
    assertThat(m2.stop.puts).isNotEmpty();
  }

  @Test
  void stopStopsAllOfThem() throws Exception {
    Device gap = device("gap");
    CompletionStage<Void> opening = gap.set(Value.of(8.0));
    done(gap.stop());
    assertThat(code(opening)).isEqualTo("stopped");
    assertThat(m1.stop.puts).isNotEmpty();
    assertThat(m2.stop.puts).isNotEmpty();
  }

  @Test
  void severalPseudoAxesAreSetTogetherOrOneByOne() throws Exception {
    Device slit = device("slit");
    m1.atOnce = true;
    m2.atOnce = true;
    done(slit.set(Value.of(List.of(Value.of(4.0), Value.of(1.0)))));
    assertThat(m1.val.number()).isEqualTo(-1);
    assertThat(m2.val.number()).isEqualTo(3);
    done(slit.set(TestRecords.fields("center", 10.0)));
    assertThat(m1.val.number()).isEqualTo(8);
    assertThat(m2.val.number()).isEqualTo(12);
    assertThat(values(done(slit.read())))
        .containsEntry("slit_size", Value.of(4.0))
        .containsEntry("slit_center_setpoint", Value.of(10.0));
    assertThat(text(slit.set(Value.of(3.0))))
        .isEqualTo("slit can't be set to 3.0: 2 numbers are needed, for size, center.");
  }

  @Test
  void oneOfSeveralPseudoAxesIsADeviceOfItsOwn() throws Exception {
    Device size = device("slit_size");
    m1.atOnce = true;
    m2.atOnce = true;
    done(device("slit").set(Value.of(List.of(Value.of(4.0), Value.of(1.0)))));
    done(size.set(Value.of(6.0)));
    assertThat(m1.val.number()).isEqualTo(-2);
    assertThat(m2.val.number()).isEqualTo(4);
    assertThat(values(done(size.read())))
        .containsExactly(
            Map.entry("slit_size", Value.of(6.0)), Map.entry("slit_size_setpoint", Value.of(6.0)));
    assertThat(done(size.locate())).isEqualTo(new Device.Location(Value.of(6.0), Value.of(6.0)));
    assertThat(size.facts().limits()).isEqualTo(new Limits(0, 50));
    assertThat(code(size.set(Value.of(60.0)))).isEqualTo("beyond-limits");
    Device tilt = file.get("slit_tilt").make(types, backends);
    tilt.open(TestRecords.DEAF);
    done(tilt.connect());
    assertThat(text(tilt.describe()))
        .isEqualTo("slit_tilt: slit has no axis 'tilt' among several.");
    assertThat(code(tilt.set(Value.of(1.0)))).isEqualTo("wrong-type");
  }

  @Test
  void aComputedSignalIsComputedOfWhatIsThereNow() throws Exception {
    Device mean = device("mean");
    m1.rbv.post(3);
    m2.val.post(5);
    assertThat(values(done(mean.read()))).containsExactly(Map.entry("mean", Value.of(4.0)));
    assertThat(done(mean.describe()).dataKeys().get("mean").source())
        .isEqualTo("COMPUTED:(a + b)/2");
    assertThat(mean.abilities()).containsExactly(Ability.READABLE);
  }

  @Test
  void aGroupIsReadMovedAndStoppedAsOne() throws Exception {
    Device blades = device("blades");
    m1.atOnce = true;
    m2.atOnce = true;
    done(blades.set(TestRecords.fields("left", -2.0, "right", 2.0)));
    assertThat(values(done(blades.read())))
        .containsExactly(
            Map.entry("blades_left", Value.of(-2.0)),
            Map.entry("blades_left_user_setpoint", Value.of(-2.0)),
            Map.entry("blades_right", Value.of(2.0)),
            Map.entry("blades_right_user_setpoint", Value.of(2.0)));
    assertThat(done(blades.describe()).configurationKeys()).containsKey("blades_left_velocity");
    assertThat(code(blades.set(Value.of(List.of(Value.of(0), Value.of(60))))))
        .isEqualTo("beyond-limits");
    assertThat(m1.val.number()).isEqualTo(-2);
    assertThat(code(blades.set(Value.of(1)))).isEqualTo("wrong-type");
  }

  @Test
  void isConnectedWhenAllItsMembersAre() throws Exception {
    Device gap = file.get("gap").make(types, backends);
    List<String> told = new java.util.concurrent.CopyOnWriteArrayList<>();
    gap.open(
        new DeviceListener() {
          @Override
          public void connected() {
            told.add("connected");
          }

          @Override
          public void disconnected(String problem) {
            told.add(problem);
          }

          @Override
          public void factsChanged() {}
        });
    done(gap.connect());
    m2.rbv.disconnect();
    assertThat(told).containsExactly("connected", "right has lost m2.RBV.");
  }

  @Test
  void mistakesAreFoundWhenTheFileIsRead() {
    String wrong =
        """
        gap:
          deviceClass: PseudoPositioner
          deviceConfig:
            real: {l: left}
            forward: {l: "gap/"}
            inverse: "l*k"
          enabled: true
          readoutPriority: baseline
        mean:
          deviceClass: ComputedSignal
          deviceConfig:
            compute_method: "def f(a): return a.get()"
            input_signals: [left_readback]
          enabled: true
          readoutPriority: monitored
        """;
    assertThat(DeviceFile.parse("f.yaml", wrong, types).mistakes())
        .extracting(Mistake::toString)
        .satisfiesExactly(
            first -> assertThat(first).startsWith("f.yaml:5: gap.deviceConfig.forward: "),
            second ->
                assertThat(second)
                    .isEqualTo(
                        "f.yaml:6: gap.deviceConfig.inverse: 'k' has no value in 'l*k'; there are"
                            + " l"),
            third ->
                assertThat(third)
                    .startsWith(
                        "f.yaml:12: mean.deviceConfig.compute_method: Python code is not run"
                            + " here"));

    String missing =
        """
        pair:
          deviceClass: DeviceGroup
          deviceConfig: {devices: [left, pair]}
          enabled: true
          readoutPriority: baseline
        """;
    assertThat(DeviceFile.parse("f.yaml", missing, types).mistakes())
        .extracting(Mistake::toString)
        .containsExactlyInAnyOrder(
            "f.yaml:1: pair.needs: there is no device left in this file",
            "f.yaml:1: needs: pair needs pair: devices can't need each other");
    assertThat(file.get("gap").needs())
        .containsExactlyInAnyOrder(new DeviceName("left"), new DeviceName("right"));
  }
}
