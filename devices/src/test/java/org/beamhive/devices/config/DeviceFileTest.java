package org.beamhive.devices.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.beamhive.devices.type.DeviceTypes;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.ReadoutPriority;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceFileTest {
  private static final DeviceTypes TYPES = DeviceTypes.standard();

  private static DeviceFile parse(String text) {
    return DeviceFile.parse("beamline.yaml", text, TYPES);
  }

  @Test
  void readsBecsKeys() {
    DeviceFile file =
        parse(
            """
            samx:
              deviceClass: ophyd_devices.SimPositioner
              description: sample x
              deviceConfig: {delay: 1, limits: [-50, 50], tolerance: 0.01, update_frequency: 10}
              deviceTags: [frontend, motor]
              enabled: true
              connectionTimeout: 20
              readoutPriority: baseline
              needs: [samy]
              onFailure: buffer
              readOnly: false
              softwareTrigger: false
              userParameter: {in: 23.1, out: -50}
            samy:
              deviceClass: SimMotor
              enabled: no
              readoutPriority: monitored
              deviceTags: !!set {a, b}
            """);

    assertThat(file.mistakes()).isEmpty();
    DeviceConfig samx = file.devices().get(0);
    assertThat(samx.deviceClass()).isEqualTo("SimMotor");
    assertThat(samx.connectionTimeout()).isEqualTo(Duration.ofSeconds(20));
    assertThat(samx.readoutPriority()).isEqualTo(ReadoutPriority.BASELINE);
    assertThat(samx.needs()).containsExactly(new DeviceName("samy"));
    assertThat(samx.onFailure()).isEqualTo(OnFailure.BUFFER);
    assertThat(samx.tags()).containsExactly("frontend", "motor");
    assertThat(samx.userParameter().get("in")).isEqualTo(Value.of(23.1));
    assertThat(file.devices().get(1).enabled()).isFalse();
    assertThat(file.devices().get(1).tags()).containsExactly("a", "b");
  }

  @Test
  void aDescriptionIsATextAsItIsWritten() {
    String text =
        "samx: {deviceClass: SimMotor, enabled: true, readoutPriority: async, description: %s}";
    assertThat(parse(text.formatted("1.10")).orThrow().get(0).description()).isEqualTo("1.10");
    for (String wrong : List.of("[sample, across]", "{a: 1}")) {
      assertThat(parse(text.formatted(wrong)).mistakes())
          .singleElement()
          .asString()
          .startsWith("beamline.yaml:1: samx.description: is ")
          .endsWith("must be a text");
    }
  }

  @Test
  void refusesNamesThatClientsCallSomethingElseBy() {
    for (String taken : List.of("allowed", "config", "existing", "stop", "ws", "wm")) {
      DeviceFile file =
          parse(taken + ": {deviceClass: SimMotor, enabled: true, readoutPriority: baseline}");
      assertThat(file.mistakes())
          .extracting(Mistake::toString)
          .containsExactly(
              "beamline.yaml:1: device name '%s': is taken, clients call something else so"
                  .formatted(taken));
    }
  }

  @Test
  void keepsADisabledDeviceOfATypeThatIsNotThereAndWarns() {
    String text =
        "samx: {deviceClass: x.Nothing, deviceConfig: {a: 1}, enabled: %s, readoutPriority: async}";
    DeviceFile file = parse(text.formatted("false"));
    assertThat(file.mistakes()).isEmpty();
    assertThat(file.warnings())
        .singleElement()
        .asString()
        .startsWith(
            "beamline.yaml:1: samx.deviceClass: there is no device type for the Python class 'x.Nothing'");
    DeviceConfig samx = file.devices().get(0);
    assertThat(samx.deviceClass()).isEqualTo("x.Nothing");
    assertThat(DeviceFile.device("samx", samx.settings(), TYPES).devices()).containsExactly(samx);
    DeviceFile enabled = parse(text.formatted("true"));
    assertThat(enabled.mistakes()).hasSize(1);
    assertThat(enabled.devices()).isEmpty();
  }

  @Test
  void acceptsPythonClassesThatWeHave() {
    for (String alias :
        List.of(
            "ophyd.EpicsMotor",
            "ophyd_devices.EpicsMotor",
            "ophyd.EpicsSignal",
            "ophyd.EpicsSignalRO",
            "ophyd_devices.SimPositioner",
            "ophyd_devices.SimMonitor",
            "ophyd_devices.SimMonitorAsync",
            "ophyd_devices.SimCamera",
            "ophyd_devices.SimWaveform",
            "ophyd_devices.SimFlyer",
            "ophyd.Signal",
            "ophyd.sim.SynAxis",
            "ophyd.sim.SynPeriodicSignal",
            "ophyd.sim.DirectImage",
            "ophyd.sim.ABDetector",
            "ophyd.sim.MockFlyer",
            "ophyd.sim.SynGauss")) {
      assertThat(TYPES.find(alias)).as(alias).isPresent();
    }
  }

  @Test
  void whatADeviceIsMadeOfFollowsFromItsDeviceConfig() {
    DeviceFile file =
        parse(
            """
            a: {deviceClass: SimMotor, enabled: true, readoutPriority: on_request}
            b: {deviceClass: SimMotor, enabled: true, readoutPriority: on_request}
            c: {deviceClass: SimMotor, enabled: true, readoutPriority: on_request}
            g: {deviceClass: DeviceGroup, deviceConfig: {devices: [b, a]}, enabled: true,
              readoutPriority: on_request, needs: [b, c]}
            """);
    assertThat(file.mistakes()).isEmpty();
    DeviceConfig group = file.devices().get(3);
    assertThat(group.needs())
        .containsExactly(new DeviceName("c"), new DeviceName("b"), new DeviceName("a"));
    assertThat(group.settings().get("needs")).isEqualTo(Value.of(List.of(Value.of("c"))));
    assertThat(DeviceFile.device("g", group.settings(), TYPES).orThrow()).containsExactly(group);
  }

  /** All that ophyd.sim's {@code hw()} gives. */
  private static final List<String> OPHYD_SIM =
      ("motor motor1 motor2 motor3 jittery_motor1 jittery_motor2 noisy_det det identical_det det1 det2"
              + " det3 det4 det5 flyer1 flyer2 trivial_flyer new_trivial_flyer ab_det direct_img"
              + " direct_img_list img invariant1 invariant2 pseudo3x3 pseudo1x3 sig det_with_conf"
              + " det_with_count_time rand rand2 motor_no_pos motor_empty_hints1 motor_empty_hints2"
              + " motor_no_hints1 motor_no_hints2 bool_sig signal")
          .lines()
          .flatMap(line -> Stream.of(line.split(" ")))
          .toList();

  @Test
  void theNamesOfOphydSimShip() {
    DeviceFile sim = DeviceFile.shipped("sim", TYPES).orElseThrow();
    assertThat(sim.mistakes()).isEmpty();
    assertThat(sim.devices())
        .extracting(device -> device.name().value())
        .containsAll(OPHYD_SIM)
        .contains("pseudo3x3_pseudo2");
    assertThat(DeviceFile.shipped("nothing", TYPES)).isEmpty();
  }

  /** As many as the demo file of BEC has, of the same classes and with the same keys. */
  @Test
  void aLargeFileInTheStyleOfBecLoads() {
    StringBuilder text = new StringBuilder();
    for (int motor = 0; motor < 159; motor++) {
      text.append(
          """
          samx%d:
            readoutPriority: baseline
            deviceClass: ophyd_devices.SimPositioner
            deviceConfig:
              delay: 1
              limits: [-50, 50]
              tolerance: 0.01
              update_frequency: 400
              precision: 3
            deviceTags: !!set {user motors}
            enabled: true
            readOnly: false
          """
              .formatted(motor));
    }
    for (int monitor = 0; monitor < 46; monitor++) {
      text.append(
          """
          bpm%d:
            readoutPriority: monitored
            deviceClass: ophyd_devices.SimMonitor
            deviceConfig:
              sim_init: {model: GaussianModel, params: {amplitude: 100, center: 5}}
            deviceTags: !!set {beamline}
            enabled: true
            readOnly: false
          """
              .formatted(monitor));
    }
    text.append(
        """
        eiger:
          readoutPriority: async
          deviceClass: ophyd_devices.SimCamera
          deviceConfig: {device_access: true}
          deviceTags: !!set {detector}
          enabled: true
          readOnly: false
          softwareTrigger: true
        flyer_sim:
          readoutPriority: on_request
          deviceClass: ophyd_devices.SynFlyer
          deviceConfig: {delay: 1, device_access: true, update_frequency: 400}
          deviceTags: !!set {flyer}
          enabled: true
        waveform:
          readoutPriority: async
          deviceClass: ophyd_devices.SimWaveform
          deviceConfig: {waveform_shape: 1000}
          enabled: true
          softwareTrigger: true
        bpm_async:
          readoutPriority: monitored
          deviceClass: ophyd_devices.SimMonitorAsync
          enabled: true
        """);
    DeviceFile file = parse(text.toString());
    assertThat(file.mistakes()).isEmpty();
    assertThat(file.devices()).hasSize(209);
  }

  @Test
  void tellsAllMistakesAtOnceEachWithItsLine() {
    DeviceFile file =
        parse(
            """
            2theta:
              deviceClass: SimMotor
              enabled: true
              readoutPriority: baseline
            samx:
              deviceClass: SimMotr
              enabled: maybe
              readoutPriority: sometimes
              colour: red
            samy:
              deviceClass: EpicsMotor
              deviceConfig: {prefx: "BH:m1", tolerance: -1}
              enabled: true
              readoutPriority: baseline
              needs: [nobody]
            samy:
              deviceClass: SimMotor
              enabled: true
              readoutPriority: baseline
            lambda:
              deviceClass: SimMotor
              deviceConfig: {limits: [5, 1]}
            """);

    assertThat(file.mistakes())
        .extracting(Mistake::toString)
        .satisfiesExactly(
            text -> assertThat(text).startsWith("beamline.yaml:1: device name '2theta'"),
            text ->
                assertThat(text)
                    .startsWith("beamline.yaml:6: samx.deviceClass: is 'SimMotr', must be one of")
                    .contains("EpicsMotor"),
            text -> assertThat(text).startsWith("beamline.yaml:7: samx.enabled: is 'maybe'"),
            text ->
                assertThat(text)
                    .startsWith("beamline.yaml:8: samx.readoutPriority: is 'sometimes'")
                    .contains("monitored, baseline, async, on_request, continuous"),
            text -> assertThat(text).startsWith("beamline.yaml:9: samx.colour: no such key"),
            text ->
                assertThat(text)
                    .startsWith("beamline.yaml:12: samy.deviceConfig.prefx: EpicsMotor has no"),
            text -> assertThat(text).startsWith("beamline.yaml:12: samy.deviceConfig.tolerance"),
            text -> assertThat(text).contains("samy.deviceConfig.prefix: missing"),
            text -> assertThat(text).startsWith("beamline.yaml:16: device samy is in this file"),
            text -> assertThat(text).startsWith("beamline.yaml:20: device name 'lambda'"),
            text -> assertThat(text).contains("lambda.enabled: missing"),
            text -> assertThat(text).contains("lambda.readoutPriority: missing"),
            text -> assertThat(text).startsWith("beamline.yaml:22: lambda.deviceConfig.limits"));
    assertThatThrownBy(file::orThrow).hasMessageContaining("2theta").hasMessageContaining("colour");
  }

  @Test
  void refusesNeedsInACircleAndUnknownOnes() {
    DeviceFile file =
        parse(
            """
            a: {deviceClass: SimMotor, enabled: true, readoutPriority: baseline, needs: [b]}
            b: {deviceClass: SimMotor, enabled: true, readoutPriority: baseline, needs: [c]}
            c: {deviceClass: SimMotor, enabled: true, readoutPriority: baseline, needs: [a]}
            d: {deviceClass: SimMotor, enabled: true, readoutPriority: baseline, needs: [e]}
            """);

    assertThat(file.mistakes())
        .extracting(Mistake::text)
        .containsExactly(
            "needs: a needs b needs c needs a: devices can't need each other",
            "d.needs: there is no device e in this file");
  }

  @Test
  void saysWhereItIsNoYaml() {
    assertThat(parse("a: [1\nb: 2\n").mistakes())
        .singleElement()
        .satisfies(mistake -> assertThat(mistake.text()).startsWith("this is no YAML"));
    assertThat(parse("- a\n").mistakes()).hasSize(1);
    assertThat(parse("").mistakes()).isEmpty();
  }

  @Test
  void theDemoBeamlineIsRight() {
    List<DeviceConfig> devices = DeviceFile.demo(TYPES);

    assertThat(devices)
        .extracting(device -> device.name().value())
        .contains("samx", "samy", "samz", "theta", "det", "det2d", "i0", "ring_current")
        .contains("motor", "motor1", "motor2", "motor3", "det1", "det5");
    assertThat(devices)
        .filteredOn(device -> device.readoutPriority() == ReadoutPriority.MONITORED)
        .extracting(device -> device.name().value())
        .containsExactly("i0");
  }

  @Test
  void guessesWhatWasMeant() {
    DeviceFile file =
        parse(
            """
            samx:
              deviceClas: SimMotor
              deviceClass: SimMotro
              deviceConfig: {limit: [0, 1]}
              enabled: true
              readoutPriority: monitor
              onFailure: retyr
              needs: [sammy]
            samy:
              deviceClass: SimMotor
              deviceConfig: {limit: [0, 1]}
              enabled: true
              readoutPriority: on_requests
            samz: {deviceClass: SimMotor, enabled: true, readoutPriority: baseline, needs: [samex]}
            """);

    assertThat(file.mistakes())
        .extracting(Mistake::text)
        .satisfiesExactly(
            text -> assertThat(text).contains("deviceClas:").endsWith("mean 'deviceClass'?"),
            text -> assertThat(text).endsWith("did you mean 'SimMotor'?"),
            text -> assertThat(text).endsWith("did you mean 'monitored'?"),
            text -> assertThat(text).endsWith("did you mean 'retry'?"),
            text -> assertThat(text).contains("limit").endsWith("did you mean 'limits'?"),
            text -> assertThat(text).endsWith("did you mean 'on_request'?"),
            text -> assertThat(text).contains("samex").endsWith("did you mean 'samx'?"));
  }

  @Test
  void namesPythonClassesThatItHasNoTypeFor() {
    DeviceFile file =
        parse(
            """
            xas:
              deviceClass: debye_bec.devices.nidaq.Nidaq
              enabled: true
              readoutPriority: async
            mot:
              deviceClass: my_beamline.EpicsMotr
              enabled: true
              readoutPriority: baseline
            """);

    assertThat(file.mistakes())
        .extracting(Mistake::text)
        .satisfiesExactly(
            text ->
                assertThat(text)
                    .startsWith(
                        "xas.deviceClass: there is no device type for the Python class"
                            + " 'debye_bec.devices.nidaq.Nidaq'; there are "),
            text -> assertThat(text).endsWith("did you mean 'EpicsMotor'?"));
  }

  @Test
  void refusesNamesThatClientsUseOtherwise() {
    assertThat(
            parse("config: {deviceClass: SimMotor, enabled: true, readoutPriority: baseline}\n")
                .mistakes())
        .singleElement()
        .satisfies(mistake -> assertThat(mistake.text()).startsWith("device name 'config'"));
  }

  @Test
  void writesItsSettingsAsItReadsThem() {
    for (DeviceConfig device : DeviceFile.demo(TYPES)) {
      DeviceFile again = DeviceFile.device(device.name().value(), device.settings(), TYPES);
      assertThat(again.mistakes()).isEmpty();
      assertThat(again.devices()).containsExactly(device);
    }
  }

  private static final String MOTOR =
      "%s: {deviceClass: SimMotor, enabled: true, readoutPriority: baseline}\n";

  @Test
  void includesOtherFilesRelativeToTheOneThatNamesThem(@TempDir Path folder) throws Exception {
    Files.createDirectories(folder.resolve("hutch"));
    Files.writeString(
        folder.resolve("main.yaml"),
        """
        optics: !include hutch/optics.yaml
        endstation:
          - !include hutch/samples.yaml
          - !include detectors.yaml
        spare: !include [hutch/spare.yaml]
        own: {deviceClass: SimMotor, deviceConfig: !include hutch/own-config.yaml, enabled: true,
              readoutPriority: baseline}
        """);
    Files.writeString(folder.resolve("hutch/optics.yaml"), MOTOR.formatted("mono"));
    Files.writeString(
        folder.resolve("hutch/samples.yaml"),
        "more: !include stage.yaml\n" + MOTOR.formatted("samx"));
    Files.writeString(folder.resolve("hutch/stage.yaml"), MOTOR.formatted("stage"));
    Files.writeString(folder.resolve("detectors.yaml"), "");
    Files.writeString(folder.resolve("hutch/spare.yaml"), MOTOR.formatted("spare1"));
    Files.writeString(folder.resolve("hutch/own-config.yaml"), "limits: [-1, 1]\n");

    List<DeviceConfig> devices = DeviceFile.load(folder.resolve("main.yaml"), TYPES);

    assertThat(devices)
        .extracting(device -> device.name().value())
        .containsExactly("mono", "stage", "samx", "spare1", "own");
    assertThat(devices.get(4).deviceConfig().get("limits"))
        .isEqualTo(Value.of(List.of(Value.of(-1), Value.of(1))));
  }

  @Test
  void tellsMistakesOfIncludedFilesWithTheirOwnLines(@TempDir Path folder) throws Exception {
    Path main = folder.resolve("main.yaml");
    Path other = folder.resolve("other.yaml");
    Files.writeString(
        main, "a: !include other.yaml\nb: !include gone.yaml\n" + MOTOR.formatted("samx"));
    Files.writeString(
        other,
        MOTOR.formatted("samx")
            + "samy:\n  deviceClass: SimMotor\n  enabled: perhaps\n  readoutPriority: baseline\n");

    DeviceFile file = DeviceFile.parse(main.toString(), Files.readString(main), TYPES);

    assertThat(file.mistakes())
        .extracting(Mistake::toString)
        .containsExactly(
            main + ":2: !include: there is no file " + folder.resolve("gone.yaml"),
            main + ":3: device samx is in this file already, at " + other + ":1",
            other + ":4: samy.enabled: is 'perhaps', must be true or false");
  }

  @Test
  void refusesFilesThatIncludeEachOther(@TempDir Path folder) throws Exception {
    Path main = folder.resolve("main.yaml");
    Path other = folder.resolve("other.yaml");
    Files.writeString(main, "a: !include other.yaml\n");
    Files.writeString(other, MOTOR.formatted("samx") + "b: !include main.yaml\n");

    DeviceFile file = DeviceFile.parse(main.toString(), Files.readString(main), TYPES);

    assertThat(file.mistakes())
        .extracting(Mistake::toString)
        .containsExactly(
            "%s:2: !include: %s includes %s includes %s: files can't include each other"
                .formatted(other, main, other, main));
  }

  @Test
  void mergesMapsAsYamlDoes() {
    DeviceFile file =
        parse(
            """
            samx: &motor {deviceClass: SimMotor, enabled: true, readoutPriority: baseline}
            samy:
              <<: *motor
              enabled: false
            """);

    assertThat(file.mistakes()).isEmpty();
    assertThat(file.devices().get(1).enabled()).isFalse();
    assertThat(parse("samx: &x {deviceConfig: *x}\n").mistakes())
        .singleElement()
        .satisfies(mistake -> assertThat(mistake.text()).contains("nested more than"));
  }
}
