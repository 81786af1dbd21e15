package org.beamhive.devices.type;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.devices.type.TestRecords.code;
import static org.beamhive.devices.type.TestRecords.done;
import static org.beamhive.devices.type.TestRecords.text;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A motor against a record that does what the test says. */
@Timeout(60)
class EpicsMotorTest {
  private final TestRecords records = new TestRecords();
  private final DeviceBackends backends =
      records.backends(Duration.ofSeconds(2), Duration.ofSeconds(15));
  private TestRecords.Motor record;
  private Device motor;

  @BeforeEach
  void connect() throws Exception {
    record = records.motor("m");
    motor = TestRecords.device(backends, "EpicsMotor", "samx", "prefix", "m", "timeout", 15);
  }

  private Device motor(Object... config) throws Exception {
    Object[] all = new Object[config.length + 2];
    all[0] = "prefix";
    all[1] = "m";
    System.arraycopy(config, 0, all, 2, config.length);
    return TestRecords.device(backends, "EpicsMotor", "samx", all);
  }

  private CompletionStage<Void> set(double to) {
    return motor.set(Value.of(to));
  }

  @Test
  void isThereWhenThePutHasCompletedAndItIsAtRestWithinItsDeadband() throws Exception {
    CompletionStage<Void> move = set(5);
    record.rbv.post(5.005);
    assertThat(move.toCompletableFuture()).isNotDone();
    record.dmov.post(Value.of(1));
    assertThat(move.toCompletableFuture()).isNotDone();
    record.moving.complete(null);
    assertThat(code(move)).isEqualTo("done");
  }

  @Test
  void aCompletionThatComesTooEarlyIsNotTheEnd() throws Exception {
    CompletionStage<Void> move = set(5);
    record.moving.complete(null);
    record.moving = null;
    assertThat(move.toCompletableFuture()).isNotDone();
    record.arrive();
    assertThat(code(move)).isEqualTo("done");
  }

  @Test
  void aLostCompletionDoesNotFailAMoveThatHasArrived() throws Exception {
    motor = motor("move_timeout", 1.5);
    CompletionStage<Void> move = set(5);
    record.moving = null;
    record.arrive();
    assertThat(code(move)).isEqualTo("done");
    assertThat(record.stop.puts).isEmpty();
  }

  @Test
  void failsWhenItTakesTooLongAndLeavesTheStopToItsOwner() throws Exception {
    motor = motor("move_timeout", 0.2);
    assertThat(text(set(5)))
        .isEqualTo("samx did not end the move to 5.0 mm in time and is stopped at about 0.0 mm.");
    assertThat(record.stop.puts).isEmpty();
  }

  @Test
  void isRefusedWhileTheRecordIsSetToStopOrPause() throws Exception {
    record.spmg.post(Value.of(1));
    assertThat(text(set(5)))
        .isEqualTo("samx can't move: its motor record m is set to Pause (SPMG); set it to Go.");
    record.spmg.post(Value.of(0));
    assertThat(code(set(5))).isEqualTo("motor-paused");
    assertThat(record.val.puts).isEmpty();
  }

  @Test
  void aPauseInMidMoveFailsItAndTakesTheTargetAway() throws Exception {
    CompletionStage<Void> move = set(5);
    record.spmg.post(Value.of(1));
    assertThat(code(move)).isEqualTo("motor-paused");
    assertThat(record.stop.puts).hasSize(1);
    assertThat(record.val.number()).isZero();
  }

  @Test
  void anotherSetpointInMidMoveIsSomebodyElse() throws Exception {
    CompletionStage<Void> move = set(5);
    record.rbv.post(1);
    record.val.post(-7);
    assertThat(text(move))
        .isEqualTo(
            "samx is on its way to -7.0 mm: somebody else has set its motor record during the"
                + " move to 5.0 mm.");
    assertThat(record.stop.puts).isEmpty();
  }

  @Test
  void aStopBySomebodyElseIsNoOtherMove() throws Exception {
    CompletionStage<Void> move = set(5);
    record.rbv.post(1);
    record.val.post(1);
    record.comeToRest();
    assertThat(code(move)).isEqualTo("not-reached");
  }

  @Test
  void showsPositionsInItsPrecision() throws Exception {
    CompletionStage<Void> move = set(5);
    record.rbv.post(4.500000000000071);
    record.miss.post(Value.of(1));
    record.comeToRest();
    assertThat(text(move))
        .isEqualTo(
            "samx has missed 5.0 mm: it is at 4.5 mm after all retries of the motor record (MISS).");
  }

  @Test
  void isRefusedWhileSomebodyElseMovesIt() throws Exception {
    record.val.post(9);
    record.dmov.post(Value.of(0));
    assertThat(text(set(5)))
        .isEqualTo("samx can't be moved: somebody else is moving it to 9.0 mm. Wait, or stop it.");
    assertThat(record.val.puts).isEmpty();
  }

  @Test
  void waitsForItToComeToRestAfterAStop() throws Exception {
    record.dmov.post(Value.of(0));
    CompletionStage<Void> move = set(5);
    assertThat(record.val.puts).isEmpty();
    record.dmov.post(Value.of(1));
    record.arrive();
    assertThat(code(move)).isEqualTo("done");
  }

  @Test
  void aStagedMotorThatSomebodyHasMovedCantBeReadUntilItIsSetAgain() throws Exception {
    record.atOnce = true;
    done(motor.stage());
    done(set(5));
    assertThat(done(motor.read())).extracting(Reading::value).contains(Value.of(5.0));
    record.val.post(6);
    record.rbv.post(6);
    assertThat(text(motor.read()))
        .isEqualTo("samx was put to 5.0 mm, but somebody else has moved it: it is at 6.0 mm.");
    done(set(5));
    done(motor.read());
    record.val.post(6);
    done(motor.unstage());
    done(motor.read());
  }

  @Test
  void twoDevicesOfOneRecordDontMoveItAtOnce() throws Exception {
    Device other = TestRecords.device(backends, "EpicsMotor", "copy", "prefix", "m");
    CompletionStage<Void> move = set(5);
    assertThat(text(other.set(Value.of(1))))
        .isEqualTo("m can't be moved by copy now: samx is moving it.");
    record.arrive();
    assertThat(code(move)).isEqualTo("done");
    record.atOnce = true;
    assertThat(code(other.set(Value.of(1)))).isEqualTo("done");
  }

  @Test
  void aStopThatOvertakesItsMoveIsRepeated() throws Exception {
    CompletableFuture<Void> slow = new CompletableFuture<>();
    record.val.onPut(to -> slow);
    CompletionStage<Void> move = set(5);
    done(motor.stop());
    int before = record.stop.puts.size();
    record.stop.onPut(
        on -> {
          record.dmov.post(Value.of(1));
          slow.complete(null);
          return Device.DONE;
        });
    record.dmov.post(Value.of(0));
    assertThat(code(move)).isEqualTo("stopped");
    assertThat(record.stop.puts).hasSizeGreaterThan(before);
  }

  @Test
  void checksItsOwnLimitsAndTheRecordsAlsoIfNothingIsInBoth() throws Exception {
    motor = motor("limits", Value.of(java.util.List.of(Value.of(200), Value.of(300))));
    assertThat(code(set(5))).isEqualTo("beyond-limits");
    assertThat(code(set(250))).isEqualTo("beyond-limits");
    assertThat(record.val.puts).isEmpty();
  }

  @Test
  void zeroAndZeroAreNoLimits() throws Exception {
    record.atOnce = true;
    records.pv("m.HLM").post(0);
    records.pv("m.LLM").post(0);
    assertThat(motor.facts().limits().set()).isFalse();
    assertThat(code(set(1000))).isEqualTo("done");
  }

  @Test
  void doesNotGoFurtherIntoALimitSwitch() throws Exception {
    record.atOnce = true;
    record.hls.post(Value.of(1));
    assertThat(code(set(1))).isEqualTo("limit-switch");
    record.hls.post(Value.of(1));
    assertThat(code(set(-1))).isEqualTo("done");
  }

  @Test
  void tellsWhenTheRecordHasMissedItsTargetOrIsInAlarm() throws Exception {
    CompletionStage<Void> move = set(5);
    record.rbv.post(4.5);
    record.miss.post(Value.of(1));
    record.comeToRest();
    assertThat(code(move)).isEqualTo("missed");
    assertThat(records.pv("m.STUP").puts).hasSize(1);

    move = set(7);
    record.rbv.post(Value.of(7.0), AlarmSeverity.MAJOR);
    record.comeToRest();
    assertThat(code(move)).isEqualTo("motor-alarm");

    motor = motor("tolerated_alarm", "MAJOR");
    move = set(8);
    record.rbv.post(Value.of(8.0), AlarmSeverity.MAJOR);
    record.comeToRest();
    assertThat(code(move)).isEqualTo("done");
  }

  @Test
  void homesJogsAndTweaks() throws Exception {
    CompletionStage<Value> homing =
        motor.methods().get("home").body().call(TestRecords.fields("direction", "reverse"));
    assertThat(records.pv("m.HOMR").puts).hasSize(1);
    record.comeToRest();
    assertThat(code(homing)).isEqualTo("done");

    CompletionStage<Value> tweak =
        motor.methods().get("tweak").body().call(TestRecords.fields("by", -0.5));
    assertThat(records.pv("m.TWV").number()).isEqualTo(0.5);
    record.arrive();
    assertThat(code(tweak)).isEqualTo("done");
    assertThat(record.rbv.number()).isEqualTo(-0.5);
    assertThat(code(motor.methods().get("tweak").body().call(TestRecords.fields("by", 1000))))
        .isEqualTo("beyond-limits");

    CompletionStage<Value> jog =
        motor.methods().get("jog").body().call(TestRecords.fields("seconds", 0.05));
    assertThat(code(jog)).isEqualTo("done");
    assertThat(records.pv("m.JOGF").puts).containsExactly(Value.of(1));
    assertThat(record.stop.puts).hasSize(1);
    assertThat(code(motor.methods().get("jog").body().call(TestRecords.fields("seconds", 1e9))))
        .isEqualTo("bad-argument");
    assertThat(
            code(
                motor
                    .methods()
                    .get("jog")
                    .body()
                    .call(TestRecords.fields("seconds", 1, "direction", "reverse"))))
        .isEqualTo("not-supported");
  }

  private CompletionStage<Value> jog(double seconds) {
    return motor.methods().get("jog").body().call(TestRecords.fields("seconds", seconds));
  }

  @Test
  void aJogOrTweakThatMayLeaveLimitsWhichTheRecordDoesNotKnowIsRefused() throws Exception {
    motor = motor("limits", Value.of(List.of(Value.of(-5), Value.of(5))));
    assertThat(text(jog(15)))
        .isEqualTo(
            "A jog of 15.0 s may go too far: samx can't go to 30.2 mm: allowed are -5.0 to 5.0 mm.");
    assertThat(code(jog(0.05))).isEqualTo("done");
    motor = motorWhere(new Limits(-1, 1));
    assertThat(code(jog(15))).isEqualTo("beyond-limits");
    assertThat(code(motor.methods().get("tweak").body().call(TestRecords.fields("by", 2))))
        .isEqualTo("beyond-limits");
    assertThat(record.val.puts).isEmpty();
  }

  /** With limits that somebody has set. */
  private Device motorWhere(Limits set) throws Exception {
    MotionLimits limits =
        new MotionLimits() {
          @Override
          public Limits of(DeviceName device) {
            return set;
          }

          @Override
          public Refusal refusalOf(DeviceName device, Value setpoint, Supplier<String> units) {
            return set.allow(setpoint.asDouble())
                ? null
                : Refusal.of("beyond-limits", "Somebody has limited " + device + ".");
          }
        };
    return TestRecords.device(
        backends.inHutch(OtherDevices.NONE, limits), "EpicsMotor", "samx", "prefix", "m");
  }

  @Test
  void aJogWhosePutFailsHasFailedAndTheMotorIsStopped() throws Exception {
    records
        .pv("m.JOGF")
        .onPut(
            on ->
                CompletableFuture.failedStage(
                    new DeviceFailure("put-failed", "m.JOGF: no write access.")));
    assertThat(text(jog(15))).isEqualTo("m.JOGF: no write access.");
    assertThat(record.stop.sent).hasSize(1);
  }

  @Test
  void aJogIsJudgedAsAMoveIs() throws Exception {
    CompletionStage<Value> intoSwitch = jog(15);
    record.rbv.post(7);
    record.hls.post(Value.of(1));
    record.comeToRest();
    assertThat(text(intoSwitch))
        .isEqualTo("samx ran into its high limit switch at 7.0 mm during the jog.");
    record.hls.post(Value.of(0));

    CompletionStage<Value> intoLimit = jog(15);
    records.pv("m.LVIO").post(Value.of(1));
    record.comeToRest();
    assertThat(code(intoLimit)).isEqualTo("limit-violation");
    records.pv("m.LVIO").post(Value.of(0));

    CompletionStage<Value> inAlarm = jog(15);
    record.rbv.post(Value.of(8.0), AlarmSeverity.MAJOR);
    record.comeToRest();
    assertThat(code(inAlarm)).isEqualTo("motor-alarm");
    record.rbv.post(8);

    CompletionStage<Value> stopped = jog(15);
    done(motor.stop());
    assertThat(code(stopped)).isEqualTo("stopped");
  }

  @Test
  void homingThatTakesTooLongIsSaidForItsOwnerToStopIt() throws Exception {
    motor = motor("home_timeout", 0.1);
    DeviceMethod home = motor.methods().get("home");
    assertThat(code(home.body().call(TestRecords.fields("direction", "forward"))))
        .isEqualTo("move-timeout");
  }

  @Test
  void givesAPositionAnotherNumberAndLeavesTheSetMode() throws Exception {
    assertThat(
            code(
                motor
                    .methods()
                    .get("set_current_position")
                    .body()
                    .call(TestRecords.fields("position", 3.5))))
        .isEqualTo("done");
    assertThat(record.rbv.number()).isEqualTo(3.5);
    assertThat(records.pv("m.SET").puts).containsExactly(Value.of(1), Value.of(0));
  }

  @Test
  void changesItsSettingsAllOrNone() throws Exception {
    assertThat(code(motor.configure(TestRecords.fields("velocity", 5.0, "acceleration", 0.2))))
        .isEqualTo("done");
    assertThat(records.pv("m.VELO").number()).isEqualTo(5);
    assertThat(text(motor.configure(TestRecords.fields("acceleration", 0.3, "velocity", 21.0))))
        .isEqualTo("samx: velocity = 21.0: must be between 1.0 (VBAS) and 20.0 (VMAX).");
    assertThat(records.pv("m.ACCL").number()).isEqualTo(0.2);
    assertThat(text(motor.configure(TestRecords.fields("speed", 1))))
        .startsWith("samx: speed = 1: is no setting; there are velocity, acceleration");
    done(
        motor
            .methods()
            .get("set_limits")
            .body()
            .call(TestRecords.fields("low", -1.0, "high", 1.0)));
    assertThat(motor.facts().limits()).isEqualTo(new Limits(-1, 1));
    assertThat(code(set(2))).isEqualTo("beyond-limits");
  }
}
