package org.beamhive.devices.type;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.beamhive.devices.config.DeviceFile;
import org.beamhive.devices.config.Mistake;
import org.junit.jupiter.api.Test;

/** What a device file must say besides single keys, told when it is loaded and not in a scan. */
class DeviceChecksTest {
  private static List<String> mistakes(String type, String config) {
    String file =
        """
        d:
          deviceClass: %s
          deviceConfig: %s
          enabled: true
          readoutPriority: baseline
        """
            .formatted(type, config);
    return DeviceFile.parse("f.yaml", file, DeviceTypes.standard()).mistakes().stream()
        .map(Mistake::toString)
        .toList();
  }

  @Test
  void aFlyerWhoseStartCompletesAtOnceNeedsADonePv() {
    String start = "start_pv: X:start, waveforms: {x: X:xs}";
    assertThat(mistakes("EpicsFlyer", "{" + start + ", start_completes: false}"))
        .singleElement()
        .asString()
        .startsWith("f.yaml:3: d.deviceConfig.done_pv: what tells that a flight is over?");
    assertThat(mistakes("EpicsFlyer", "{" + start + ", start_completes: false, done_pv: X:done}"))
        .isEmpty();
    assertThat(mistakes("EpicsFlyer", "{" + start + "}")).isEmpty();
  }

  @Test
  void aDetectorThatWritesFilesNeedsAFolder() {
    String cam = "prefix: 'X:', file_plugin: 'HDF1:'";
    assertThat(mistakes("AreaDetector", "{" + cam + "}"))
        .singleElement()
        .asString()
        .startsWith("f.yaml:3: d.deviceConfig.write_path_template: where are files written?");
    assertThat(mistakes("AreaDetector", "{" + cam + ", write_path_template: /data}")).isEmpty();
    assertThat(mistakes("AreaDetector", "{prefix: 'X:'}")).isEmpty();
  }

  @Test
  void aCountingTimeHasAnUpperBound() {
    String counter = "read_pv: X:S1, trigger_pv: X:CNT, preset_pv: X:TP, count_time: ";
    assertThat(mistakes("Counter", "{" + counter + "2592001}"))
        .singleElement()
        .asString()
        .startsWith("f.yaml:3: d.deviceConfig.count_time:")
        .contains("must be seconds from 0 to 2592000 (30 days)");
    assertThat(mistakes("Counter", "{" + counter + "2592000}")).isEmpty();
    assertThat(mistakes("EpicsScaler", "{prefix: X, count_time: 1.0e+300}")).hasSize(1);
  }

  @Test
  void aSimulatedPeakHasAWidth() {
    for (String type : List.of("SimDetector", "SimWaveform", "SimCamera", "SimFlyer")) {
      String rest = type.equals("SimDetector") || type.equals("SimFlyer") ? "motor: d, " : "";
      assertThat(mistakes(type, "{" + rest + "sigma: 0}"))
          .as(type)
          .anySatisfy(
              mistake ->
                  assertThat(mistake)
                      .contains("d.deviceConfig.sigma:")
                      .contains("must be a number above 0"));
      assertThat(mistakes(type, "{" + rest + "sigma: 0.5}"))
          .as(type)
          .noneMatch(mistake -> mistake.contains("sigma"));
    }
  }
}
