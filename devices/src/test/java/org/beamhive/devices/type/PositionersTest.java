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
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Positioners, shutters and valves. */
@Timeout(60)
class PositionersTest {
  private final TestRecords records = new TestRecords();
  private final DeviceBackends backends =
      records.backends(Duration.ofSeconds(2), Duration.ofSeconds(15));
  private final TestRecords.Pv setpoint = records.number("T:SP", 20);
  private final TestRecords.Pv readback = records.number("T:RBV", 20);

  @Test
  void arrivesWhenDoneHasFallenAndRisen() throws Exception {
    TestRecords.Pv moving = records.whole("T:Done", 1);
    TestRecords.Pv go = records.whole("T:Go", 0);
    Device positioner =
        device(
            backends,
            "PVPositioner",
            "t",
            "prefix",
            "T:",
            "setpoint",
            "SP",
            "readback",
            "RBV",
            "done",
            "Done",
            "actuate",
            "Go",
            "start_timeout",
            15);
    CompletionStage<Void> move = positioner.set(Value.of(30.0));
    assertThat(setpoint.puts).containsExactly(Value.of(30.0));
    assertThat(go.puts).containsExactly(Value.of(1));
    assertThat(move.toCompletableFuture()).isNotDone();
    moving.post(Value.of(0));
    readback.post(30);
    assertThat(move.toCompletableFuture()).isNotDone();
    moving.post(Value.of(1));
    assertThat(code(move)).isEqualTo("done");
    assertThat(done(positioner.read())).extracting(Reading::key).containsExactly("t", "t_setpoint");
  }

  @Test
  void aDoneThatNeverFallsDoesNotHangIt() throws Exception {
    records.whole("T:Done", 1);
    Device positioner =
        device(
            backends,
            "PVPositioner",
            "t",
            "setpoint",
            "T:SP",
            "done",
            "T:Done",
            "start_timeout",
            0.05);
    assertThat(code(positioner.set(Value.of(20.0)))).isEqualTo("done");
  }

  @Test
  void arrivesWithTheCompletionOfThePut() throws Exception {
    CompletableFuture<Void> put = new CompletableFuture<>();
    setpoint.onPut(value -> put);
    Device positioner =
        device(backends, "PVPositionerPC", "t", "setpoint", "T:SP", "readback", "T:RBV");
    CompletionStage<Void> move = positioner.set(Value.of(30.0));
    assertThat(move.toCompletableFuture()).isNotDone();
    put.complete(null);
    assertThat(code(move)).isEqualTo("done");
  }

  @Test
  void saysWhichPvRefusedIt() throws Exception {
    setpoint.onPut(
        value ->
            CompletableFuture.failedFuture(
                new DeviceFailure("put-failed", "T:SP: Channel write request failed.")));
    for (String type : List.of("PVPositionerPC", "PVPositionerIsClose")) {
      Device gap = device(backends, type, "gap", "setpoint", "T:SP", "atol", 0.5);
      CompletionStage<Void> move = gap.set(Value.of(99.0));
      assertThat(code(move)).isEqualTo("put-failed");
      assertThat(text(move))
          .isEqualTo("gap can't go to 99.0: T:SP refused it (Channel write request failed).");
    }
  }

  @Test
  void arrivesWhenItIsNearOrAFormulaSaysSo() throws Exception {
    Device close =
        device(
            backends,
            "ophyd.PVPositionerIsClose",
            "t",
            "setpoint",
            "T:SP",
            "readback",
            "T:RBV",
            "atol",
            0.5);
    CompletionStage<Void> move = close.set(Value.of(30.0));
    readback.post(29);
    assertThat(move.toCompletableFuture()).isNotDone();
    readback.post(29.6);
    assertThat(code(move)).isEqualTo("done");

    Device compared =
        device(
            backends,
            "PVPositionerComparator",
            "t",
            "setpoint",
            "T:SP",
            "readback",
            "T:RBV",
            "comparator",
            "readback >= setpoint");
    move = compared.set(Value.of(40.0));
    readback.post(39.9);
    assertThat(move.toCompletableFuture()).isNotDone();
    readback.post(41);
    assertThat(code(move)).isEqualTo("done");
  }

  @Test
  void isStoppedByItsOwnPvAndWhenItTakesTooLong() throws Exception {
    TestRecords.Pv stop = records.whole("T:Stop", 0);
    Device positioner =
        device(
            backends,
            "PVPositionerIsClose",
            "t",
            "setpoint",
            "T:SP",
            "readback",
            "T:RBV",
            "atol",
            0.5,
            "stop_signal",
            "T:Stop",
            "stop_value",
            5);
    CompletionStage<Void> move = positioner.set(Value.of(30.0));
    done(positioner.stop());
    assertThat(code(move)).isEqualTo("stopped");
    assertThat(stop.puts).containsExactly(Value.of(5));

    Device slow =
        device(
            backends,
            "PVPositionerIsClose",
            "t",
            "setpoint",
            "T:SP",
            "readback",
            "T:RBV",
            "atol",
            0.5,
            "timeout",
            0.1);
    assertThat(text(slow.set(Value.of(30.0))))
        .isEqualTo("t did not get to 30.0 in time and has no stop_signal: it reads 20.0.");
  }

  @Test
  void whatTellsTheArrivalMustBeGiven() {
    String file =
        """
        t:
          deviceClass: PVPositioner
          deviceConfig: {setpoint: "T:SP"}
          enabled: true
          readoutPriority: baseline
        """;
    assertThat(DeviceFile.parse("f.yaml", file, DeviceTypes.standard()).mistakes())
        .extracting(Mistake::toString)
        .singleElement()
        .asString()
        .startsWith("f.yaml:3: t.deviceConfig.done: what tells that it has arrived?");
  }

  @Test
  void aShutterReadsItsStateAndIsThereWhenTheStatusSaysSo() throws Exception {
    TestRecords.Pv open = records.whole("S:Open", 0).onPut(value -> Device.DONE);
    TestRecords.Pv close = records.whole("S:Close", 0).onPut(value -> Device.DONE);
    TestRecords.Pv status = records.choice("S:Status", 0, "Not Open", "Open");
    TestRecords.Pv permit = records.whole("S:Permit", 0);
    Device shutter =
        device(
            backends,
            "Shutter",
            "sh",
            "open_pv",
            "S:Open",
            "close_pv",
            "S:Close",
            "status_pv",
            "S:Status",
            "open_status",
            "Open",
            "close_status",
            "Not Open",
            "permit_pv",
            "S:Permit");
    assertThat(done(shutter.read()).get(0).value()).isEqualTo(Value.of("closed"));
    DataKey key = done(shutter.describe()).dataKeys().get("sh");
    assertThat(key.dtype()).isEqualTo("string");
    assertThat(key.choices()).containsExactly("closed", "open", "unknown");
    assertThat(text(shutter.set(Value.of("open"))))
        .isEqualTo("sh can't be opened: its interlock S:Permit gives no permit.");
    assertThat(code(shutter.set(Value.of("ajar")))).isEqualTo("wrong-type");
    assertThat(open.puts).isEmpty();
    permit.post(Value.of(1));

    CompletionStage<Void> opening = shutter.set(Value.of("open"));
    assertThat(open.puts).containsExactly(Value.of(1));
    assertThat(opening.toCompletableFuture()).isNotDone();
    status.post(Value.of(1));
    assertThat(code(opening)).isEqualTo("done");
    assertThat(done(shutter.locate()).readback()).isEqualTo(Value.of("open"));

    CompletionStage<Value> closing = shutter.methods().get("close").body().call(Value.Fields.EMPTY);
    assertThat(close.puts).containsExactly(Value.of(1));
    status.post(Value.of(0));
    assertThat(code(closing)).isEqualTo("done");
  }

  @Test
  void aValveThatDoesNotMoveIsToldAgainAndThenGivenUp() throws Exception {
    TestRecords.Pv valve = records.whole("V", 0).onPut(value -> Device.DONE);
    Device device = device(backends, "Valve", "v", "open_pv", "V", "timeout", 0.05, "retries", 2);
    assertThat(text(device.set(Value.of(1))))
        .isEqualTo("v has not opened: it is closed. Is there an interlock?");
    assertThat(valve.puts).hasSize(3);
  }
}
