package org.beamhive.devices.type;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.devices.type.TestRecords.code;
import static org.beamhive.devices.type.TestRecords.device;
import static org.beamhive.devices.type.TestRecords.done;
import static org.beamhive.devices.type.TestRecords.text;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.beamhive.devices.config.DeviceFile;
import org.beamhive.devices.config.Mistake;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Scalers and multi-channel analysers. */
@Timeout(60)
class CountersTest {
  private final TestRecords records = new TestRecords();
  private final DeviceBackends backends =
      records.backends(Duration.ofSeconds(2), Duration.ofSeconds(15));
  private volatile CompletableFuture<Void> counting;
  private TestRecords.Pv cnt;

  @BeforeEach
  void scaler() {
    cnt = records.choice("sca.CNT", 0, "Done", "Count").onPut(this::count);
    records.number("sca.T", 0);
    records.number("sca.TP", 1);
    records.choice("sca.CONT", 1, "OneShot", "AutoCount");
    String[] names = {"sec", "I0", "", "det 1"};
    for (int at = 1; at <= 4; at++) {
      records.number("sca.S" + at, 0);
      records.text("sca.NM" + at, names[at - 1]);
      records.number("sca.PR" + at, 0);
      records.choice("sca.G" + at, 0, "N", "Y");
    }
  }

  private CompletionStage<Void> count(Value on) {
    if (on.asDouble() == 1) {
      counting = new CompletableFuture<>();
      return counting;
    }
    counting.complete(null);
    return Device.DONE;
  }

  private static List<String> keys(List<Reading> readings) {
    return readings.stream().map(Reading::key).toList();
  }

  @Test
  void countsUntilThePutCompletesAndReadsWhatWasCounted() throws Exception {
    Device scaler =
        device(backends, "EpicsScaler", "sca", "prefix", "sca", "num_channels", 4, "count_time", 2);
    done(scaler.stage());
    assertThat(records.pv("sca.CONT").number()).isZero();
    assertThat(records.pv("sca.TP").number()).isEqualTo(2);
    CompletionStage<Void> trigger = scaler.trigger();
    assertThat(trigger.toCompletableFuture()).isNotDone();
    records.pv("sca.S2").post(1234);
    counting.complete(null);
    assertThat(code(trigger)).isEqualTo("done");
    List<Reading> read = done(scaler.read());
    assertThat(keys(read))
        .containsExactly(
            "sca_channels_chan1",
            "sca_channels_chan2",
            "sca_channels_chan3",
            "sca_channels_chan4",
            "sca_time");
    assertThat(read.get(1).value()).isEqualTo(Value.of(1234.0));
    DeviceDescription described = done(scaler.describe());
    assertThat(described.hints()).hasSize(4).doesNotContain("sca_time");
    assertThat(described.configuration())
        .extracting(Reading::key)
        .contains("sca_preset_time", "sca_count_mode", "sca_names_name2");
    done(scaler.unstage());
    assertThat(records.pv("sca.CONT").number()).isEqualTo(1);
    assertThat(records.pv("sca.TP").number()).isEqualTo(1);
  }

  @Test
  void withNamesTheNamesAreTheDataKeysAndThoseWithoutAreLeftOut() throws Exception {
    Device scaler =
        device(backends, "ophyd.scaler.ScalerCH", "sca", "prefix", "sca", "num_channels", 4);
    assertThat(keys(done(scaler.read()))).containsExactly("sec", "I0", "det_1", "sca_time");
    assertThat(scaler.facts().hints()).containsExactly("sec", "I0", "det_1");
    DeviceMethod select = scaler.methods().get("select_channels");
    done(select.body().call(TestRecords.fields("channels", List.of("I0"))));
    assertThat(keys(done(scaler.read()))).containsExactly("I0", "sca_time");
    assertThat(text(select.body().call(TestRecords.fields("channels", List.of("I1")))))
        .isEqualTo("sca has no channel 'I1'; there are 1, 2, 3, 4, I0, det 1, sec.");
    records.pv("sca.NM2").post(Value.of("I_zero"));
    done(select.body().call(TestRecords.fields("channels", List.of(2))));
    assertThat(done(scaler.describe()).dataKeys()).containsOnlyKeys("I_zero", "sca_time");
  }

  @Test
  void presetsAndGatesAreSetWhileItIsStaged() throws Exception {
    Device scaler =
        device(
            backends,
            "EpicsScaler",
            "sca",
            "prefix",
            "sca",
            "channels",
            List.of(1, 2),
            "presets",
            TestRecords.fields("2", 1000));
    assertThat(keys(done(scaler.read()))).hasSize(3);
    done(scaler.stage());
    assertThat(records.pv("sca.PR2").number()).isEqualTo(1000);
    assertThat(records.pv("sca.G2").number()).isEqualTo(1);
    done(scaler.unstage());
    assertThat(records.pv("sca.PR2").number()).isZero();
    done(scaler.configure(TestRecords.fields("preset_time", 0.5, "gates_gate1", "Y")));
    assertThat(records.pv("sca.TP").number()).isEqualTo(0.5);
    assertThat(code(scaler.configure(TestRecords.fields("gates_gate1", "maybe"))))
        .isEqualTo("bad-setting");
  }

  @Test
  void stopsCountingAtOnce() throws Exception {
    Device scaler = device(backends, "EpicsScaler", "sca", "prefix", "sca", "num_channels", 4);
    CompletionStage<Void> trigger = scaler.trigger();
    done(scaler.stop());
    assertThat(code(trigger)).isEqualTo("stopped");
    assertThat(cnt.puts).containsExactly(Value.of(1), Value.of(0));
  }

  @Test
  void anAnalyserHasEndedWhenItNoLongerAcquires() throws Exception {
    records.array("mca1.VAL", List.of(Value.of(1.0), Value.of(5.0), Value.of(2.0)));
    records.number("mca1.ERTM", 0);
    records.number("mca1.ELTM", 0);
    records.number("mca1.PRTM", 0);
    records.number("mca1.PLTM", 0);
    records.choice("mca1.MODE", 1, "PHA", "MCS", "List");
    records.number("mca1.R0", 7);
    records.number("mca1.R0N", 6);
    records.whole("mca1.R0LO", 0);
    TestRecords.Pv start = records.whole("mca1EraseStart", 0);
    TestRecords.Pv acquiring = records.choice("mca1Acquiring", 0, "Done", "Acquiring");
    start.onPut(
        on -> {
          acquiring.post(Value.of(1));
          return Device.DONE;
        });
    TestRecords.Pv stop = records.whole("mca1Stop", 0);
    Device mca =
        device(
            backends,
            "ophyd.mca.EpicsMCA",
            "mca",
            "prefix",
            "mca1",
            "rois",
            List.of(0),
            "preset_real_time",
            1.5);
    done(mca.stage());
    assertThat(records.pv("mca1.PRTM").number()).isEqualTo(1.5);
    assertThat(records.pv("mca1.MODE").value()).isEqualTo(Value.of("PHA"));
    CompletionStage<Void> trigger = mca.trigger();
    assertThat(trigger.toCompletableFuture()).isNotDone();
    acquiring.post(Value.of(0));
    assertThat(code(trigger)).isEqualTo("done");
    List<Reading> read = done(mca.read());
    assertThat(keys(read))
        .containsExactly(
            "mca_rois_roi0_count",
            "mca_rois_roi0_net_count",
            "mca_elapsed_real_time",
            "mca_elapsed_live_time",
            "mca_spectrum");
    DeviceDescription described = done(mca.describe());
    assertThat(described.dataKeys().get("mca_spectrum").shape()).containsExactly(3);
    assertThat(described.hints()).containsExactly("mca_rois_roi0_count");
    assertThat(described.configurationKeys()).containsKey("mca_rois_roi0_lo_chan");

    trigger = mca.trigger();
    done(mca.stop());
    acquiring.post(Value.of(0));
    assertThat(code(trigger)).isEqualTo("stopped");
    assertThat(stop.puts).hasSize(1);
  }

  @Test
  void wrongChannelsAndRegionsAreMistakesOfTheFile() {
    String file =
        """
        sca:
          deviceClass: EpicsScaler
          deviceConfig: {prefix: s, channels: [1, 33], presets: {x: 5}}
          enabled: true
          readoutPriority: monitored
        mca:
          deviceClass: EpicsMCARecord
          deviceConfig: {prefix: m, rois: [32]}
          enabled: true
          readoutPriority: monitored
        """;
    assertThat(DeviceFile.parse("f.yaml", file, DeviceTypes.standard()).mistakes())
        .extracting(Mistake::toString)
        .containsExactly(
            "f.yaml:3: sca.deviceConfig.presets: x: 5: channel numbers 1 to 32 with counts of 0 or"
                + " more are needed",
            "f.yaml:3: sca.deviceConfig.channels: is [1, 33], must be a list of names or of numbers"
                + " from 1 to 32",
            "f.yaml:8: mca.deviceConfig.rois: is [32], must be a list of numbers from 0 to 31, each"
                + " once");
  }

  @Test
  void theTimeOfACounterCanBeChangedAndIsKept() throws Exception {
    Device counter =
        device(
            backends,
            "Counter",
            "i0",
            "read_pv",
            "sca.S1",
            "trigger_pv",
            "sca.CNT",
            "preset_pv",
            "sca.TP",
            "count_time",
            0.5);
    done(counter.configure(TestRecords.fields("count_time", 2)));
    assertThat(records.pv("sca.TP").number()).isEqualTo(2);
    records.pv("sca.TP").post(7);
    done(counter.stage());
    assertThat(records.pv("sca.TP").number()).isEqualTo(2);
    done(counter.configure(TestRecords.fields("i0_count_time", 3)));
    assertThat(done(counter.describe()).configuration())
        .extracting(Reading::value)
        .containsExactly(Value.of(3L));
    assertThat(text(counter.configure(TestRecords.fields("count_time", -1))))
        .isEqualTo("i0: count_time = -1: must not be below 0.0.");
    assertThat(text(counter.configure(TestRecords.fields("count_time", 1e9))))
        .isEqualTo("i0: count_time = 1.0E9: must not be above 2592000 s (30 days).");
    assertThat(text(counter.configure(TestRecords.fields("gate", 1))))
        .contains("there are count_time");
    Device fixed = device(backends, "Counter", "i1", "read_pv", "sca.S2", "trigger_pv", "sca.CNT");
    assertThat(text(fixed.configure(TestRecords.fields("count_time", 1)))).contains("preset_pv");
  }
}
