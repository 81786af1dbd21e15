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
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Signals with ophyd's options, against records that do what the test says. */
@Timeout(60)
class EpicsSignalTest {
  private final TestRecords records = new TestRecords();
  private final DeviceBackends backends =
      records.backends(Duration.ofSeconds(2), Duration.ofSeconds(15));

  @Test
  void aSetEndsWhenTheReadbackIsWhatWasSet() throws Exception {
    TestRecords.Pv setpoint = records.number("cam:Gain", 0);
    TestRecords.Pv readback = records.number("cam:Gain_RBV", 0);
    Device gain = device(backends, "EpicsSignalWithRBV", "gain", "prefix", "cam:Gain");
    CompletionStage<Void> set = gain.set(Value.of(3.0));
    assertThat(setpoint.puts).containsExactly(Value.of(3.0));
    assertThat(set.toCompletableFuture()).isNotDone();
    readback.post(2.9);
    assertThat(set.toCompletableFuture()).isNotDone();
    readback.post(2.9995);
    assertThat(code(set)).isEqualTo("done");
    assertThat(done(gain.read())).extracting(Reading::key).containsExactly("gain");
    assertThat(done(gain.locate())).isEqualTo(new Device.Location(Value.of(3.0), Value.of(2.9995)));
  }

  @Test
  void toleranceAndRelativeToleranceAreAddedAsNumpyDoes() throws Exception {
    records.number("x", 0);
    TestRecords.Pv readback = records.number("y", 0);
    Device signal =
        device(
            backends,
            "ophyd.EpicsSignal",
            "s",
            "read_pv",
            "y",
            "write_pv",
            "x",
            "tolerance",
            0.5,
            "rtolerance",
            0.01);
    CompletionStage<Void> set = signal.set(Value.of(100));
    readback.post(98.4);
    assertThat(set.toCompletableFuture()).isNotDone();
    readback.post(98.6);
    assertThat(code(set)).isEqualTo("done");
  }

  @Test
  void withPutCompleteTheCompletionEndsIt() throws Exception {
    CompletableFuture<Void> put = new CompletableFuture<>();
    records.number("x", 0).onPut(value -> put);
    records.number("y", 0);
    Device signal =
        device(backends, "EpicsSignal", "s", "read_pv", "y", "write_pv", "x", "put_complete", true);
    CompletionStage<Void> set = signal.set(Value.of(3));
    assertThat(set.toCompletableFuture()).isNotDone();
    put.complete(null);
    assertThat(code(set)).isEqualTo("done");
  }

  @Test
  void aRecordThatNeverCompletesIsSetToOneAndBackToZero() throws Exception {
    TestRecords.Pv busy = records.whole("busy", 0);
    busy.onPut(
        value -> {
          busy.post(value);
          return new CompletableFuture<>();
        });
    Device signal = device(backends, "EpicsSignal", "s", "read_pv", "busy");
    assertThat(code(signal.set(Value.of(1)))).isEqualTo("done");
    assertThat(code(signal.set(Value.of(0)))).isEqualTo("done");
    assertThat(busy.puts).containsExactly(Value.of(1), Value.of(0));
    assertThat(busy.sent).containsExactly(Value.of(1), Value.of(0));
  }

  @Test
  void aPutThatFailsOrIsNotTakenIsTold() throws Exception {
    records
        .number("x", 0)
        .onPut(
            value ->
                CompletableFuture.failedStage(new DeviceFailure("put-failed", "x: no access.")));
    Device refused = device(backends, "EpicsSignal", "s", "read_pv", "x");
    assertThat(code(refused.set(Value.of(3)))).isEqualTo("put-failed");

    records.number("clipped", 0).onPut(value -> Device.DONE);
    Device clipped =
        device(backends, "EpicsSignal", "c", "read_pv", "clipped", "write_timeout", 0.2);
    assertThat(text(clipped.set(Value.of(3))))
        .isEqualTo(
            "c was set to 3 and reads 0.0. If that is as it should be, use put_complete: true.");
    Device unchecked = device(backends, "EpicsSignalNoValidation", "n", "read_pv", "clipped");
    assertThat(code(unchecked.set(Value.of(3)))).isEqualTo("done");
  }

  @Test
  void aReadbackThatIsNotMonitoredIsAsked() throws Exception {
    TestRecords.Pv pv = records.whole("x", 0).onPut(value -> Device.DONE);
    Device signal = device(backends, "EpicsSignal", "s", "read_pv", "x", "auto_monitor", false);
    CompletionStage<Void> set = signal.set(Value.of(1));
    assertThat(set.toCompletableFuture()).isNotDone();
    pv.post(Value.of(1));
    assertThat(code(set)).isEqualTo("done");
  }

  @Test
  void refusesWhatTheSignalCantTakeBeforeAnythingIsPut() throws Exception {
    TestRecords.Pv x = records.number("x", 0);
    Device limited =
        device(
            backends,
            "EpicsSignal",
            "s",
            "read_pv",
            "x",
            "limits",
            Value.of(List.of(Value.of(0), Value.of(5))));
    assertThat(code(limited.set(Value.of(6)))).isEqualTo("beyond-limits");
    assertThat(code(limited.set(Value.of(Double.NaN)))).isEqualTo("not-finite");
    assertThat(code(limited.set(Value.None.NONE))).isEqualTo("wrong-type");
    assertThat(x.puts).isEmpty();

    records.choice("mode", 0, "Single", "Multiple");
    Device mode = device(backends, "EpicsSignal", "mode", "read_pv", "mode", "string", true);
    assertThat(text(mode.set(Value.of("Many"))))
        .isEqualTo("mode can't be set to 'Many': must be one of Single, Multiple, or 0 to 1.");
    assertThat(code(mode.set(Value.of(1)))).isEqualTo("done");
    assertThat(done(mode.read()).get(0).value()).isEqualTo(Value.of("Multiple"));
    assertThat(code(device(backends, "EpicsSignalRO", "ro", "read_pv", "x").set(Value.of(1))))
        .isEqualTo("not-movable");
  }

  @Test
  void anArrayOfCharactersIsATextIfAskedFor() throws Exception {
    records.array("unused", List.of(Value.of(0)));
    TestRecords.Pv path = records.characters("path", 64);
    Device signal = device(backends, "EpicsSignal", "path", "read_pv", "path", "string", true);
    done(signal.set(Value.of("/data/ü")));
    assertThat(done(signal.read()).get(0).value()).isEqualTo(Value.of("/data/ü"));
    assertThat(done(signal.describe()).dataKeys().get("path").dtype()).isEqualTo("string");
    assertThat(((Value.Items) path.puts.get(0)).items()).hasSize(9);
  }

  @Test
  void aStopEndsTheWaitForTheReadback() throws Exception {
    records.number("x", 0);
    records.number("y", 0);
    Device signal = device(backends, "EpicsSignalPositioner", "s", "read_pv", "y", "write_pv", "x");
    CompletionStage<Void> set = signal.set(Value.of(3));
    done(signal.stop());
    assertThat(code(set)).isEqualTo("stopped");
  }
}
