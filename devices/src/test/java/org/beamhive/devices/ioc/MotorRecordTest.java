package org.beamhive.devices.ioc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import gov.aps.jca.dbr.Severity;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** In virtual time; the motor makes 10 mm/s and needs 0.2 s for that. */
@Timeout(60)
class MotorRecordTest {
  private final VirtualIoc ioc = VirtualIoc.of("type: motor");

  private VirtualIoc.Put put(String field, Object value) {
    return ioc.put("x." + field, value);
  }

  private void send(String field, Object value) {
    ioc.send("x." + field, value);
  }

  private double get(String field) {
    return ioc.get("x." + field);
  }

  @Test
  void movesInTheTimeOfItsRampAndCompletesAtTheEnd() {
    List<Double> dmov = ioc.watch("x.DMOV");
    List<Double> rbv = ioc.watch("x.RBV");
    VirtualIoc.Put put = put("VAL", 20);
    ioc.go(1);
    assertThat(put.open()).isTrue();
    assertThat(get("MOVN")).isEqualTo(1);
    assertThat(get("TDIR")).isEqualTo(1);
    assertThat(get("RBV")).isCloseTo(9, within(0.3));
    ioc.go(2);
    assertThat(put.done()).isTrue();
    assertThat(put.at()).isCloseTo(2.2, within(1e-6));
    assertThat(get("RBV")).isEqualTo(20);
    assertThat(get("DRBV")).isEqualTo(20);
    assertThat(get("RRBV")).isEqualTo(200_000);
    assertThat(get("MOVN")).isZero();
    assertThat(dmov).containsExactly(0.0, 1.0);
    assertThat(rbv).hasSizeGreaterThan(50).isSorted();
  }

  @Test
  void blinksDmovAlsoWhenItIsThereAlready() {
    List<Double> dmov = ioc.watch("x.DMOV");
    assertThat(put("VAL", 0).done()).isTrue();
    assertThat(dmov).containsExactly(0.0, 1.0);
  }

  @Test
  void takesAPutBeyondItsLimitsAndShowsTheOldSetpoint() {
    List<Double> dmov = ioc.watch("x.DMOV");
    List<Double> val = ioc.watch("x.VAL");
    assertThat(put("VAL", 101).done()).isTrue();
    assertThat(get("LVIO")).isEqualTo(1);
    assertThat(val).containsExactly(0.0);
    assertThat(dmov).isEmpty();
    assertThat(put("VAL", Double.NaN).done()).isTrue();
    put("VAL", 1);
    assertThat(get("LVIO")).isZero();
    ioc.go(2);
    put("HLM", 0);
    put("LLM", 0);
    put("VAL", 105);
    ioc.go(20);
    assertThat(get("RBV")).isEqualTo(105);
  }

  @Test
  void aNewTargetEndsTheOldMoveWhosePutCompletesAtItsEnd() {
    VirtualIoc.Put first = put("VAL", 20);
    ioc.go(1);
    send("VAL", -5);
    List<Double> dmov = ioc.watch("x.DMOV");
    ioc.go(0.5);
    assertThat(first.open()).isTrue();
    ioc.go(5);
    assertThat(first.done()).isTrue();
    assertThat(get("RBV")).isEqualTo(-5);
    assertThat(dmov).containsExactly(1.0);
  }

  @Test
  void withoutNewTargetMonitorItGoesToTheOldTargetFirst() {
    put("NTM", 0);
    List<Double> rbv = ioc.watch("x.RBV");
    put("VAL", 20);
    ioc.go(1);
    VirtualIoc.Put second = put("VAL", -5);
    ioc.go(10);
    assertThat(second.done()).isTrue();
    assertThat(rbv).anyMatch(at -> at > 19.9);
    assertThat(get("RBV")).isEqualTo(-5);
  }

  @Test
  void stopBrakesAndMakesTheSetpointAgree() {
    VirtualIoc.Put move = put("VAL", 50);
    ioc.go(1);
    double before = get("RBV");
    send("STOP", 1);
    assertThat(move.open()).isTrue();
    assertThat(get("STOP")).isZero();
    ioc.go(1);
    assertThat(move.done()).isTrue();
    assertThat(get("RBV")).isBetween(before + 0.5, before + 2);
    assertThat(get("VAL")).isEqualTo(get("RBV"));
  }

  @Test
  void aPutWithCompletionWaitsForTheOneBeforeItOnTheRecordAndAPlainOneDoesNot() {
    VirtualIoc.Put move = put("VAL", 50);
    ioc.go(1);
    VirtualIoc.Put stop = put("STOP", 1);
    VirtualIoc.Put faster = put("VELO", 6);
    ioc.go(1);
    assertThat(stop.open() && faster.open() && move.open()).isTrue();
    assertThat(get("VAL")).isEqualTo(50);
    assertThat(get("VELO")).isEqualTo(10);
    send("STOP", 1);
    ioc.go(2);
    assertThat(move.done() && stop.done() && faster.done()).isTrue();
    assertThat(get("RBV")).isLessThan(40);
    assertThat(get("VELO")).isEqualTo(6);
  }

  @Test
  void pauseKeepsTheSetpointAndGoGoesOn() {
    put("VAL", 20);
    ioc.go(1);
    send("SPMG", 1);
    ioc.go(1);
    assertThat(get("DMOV")).isEqualTo(1);
    assertThat(get("VAL")).isEqualTo(20);
    double paused = get("RBV");
    ioc.go(1);
    assertThat(get("RBV")).isEqualTo(paused).isLessThan(15);
    assertThat(put("VAL", 30).done()).isTrue();
    assertThat(get("DMOV")).isEqualTo(1);
    VirtualIoc.Put go = put("SPMG", 3);
    ioc.go(5);
    assertThat(go.done()).isTrue();
    assertThat(get("RBV")).isEqualTo(30);
  }

  @Test
  void stopOfTheSwitchStopsForGoodAndMoveMovesOnce() {
    put("VAL", 20);
    ioc.go(1);
    send("SPMG", 0);
    ioc.go(1);
    assertThat(get("VAL")).isEqualTo(get("RBV"));
    put("VAL", 3);
    ioc.go(5);
    assertThat(get("RBV")).isGreaterThan(5);
    put("SPMG", 2);
    ioc.go(5);
    assertThat(get("RBV")).isEqualTo(3);
    assertThat(get("SPMG")).isEqualTo(1);
  }

  @Test
  void settingThePositionMovesNothing() {
    put("VAL", 10);
    ioc.go(5);
    put("SET", 1);
    put("VAL", 0);
    ioc.go(5);
    assertThat(get("OFF")).isEqualTo(-10);
    assertThat(get("DRBV")).isEqualTo(10);
    assertThat(get("RBV")).isZero();
    assertThat(get("HLM")).isEqualTo(90);
    put("FOFF", 1);
    put("VAL", 5);
    assertThat(get("OFF")).isEqualTo(-10);
    assertThat(get("DRBV")).isEqualTo(15);
    assertThat(get("RBV")).isEqualTo(5);
    put("SET", 0);
    put("VAL", 0);
    ioc.go(5);
    assertThat(get("DRBV")).isEqualTo(10);
  }

  @Test
  void aTurnedDirectionTurnsLimitsAndMoves() {
    put("HLM", 20);
    put("LLM", -5);
    put("DIR", 1);
    assertThat(get("HLM")).isEqualTo(5);
    assertThat(get("LLM")).isEqualTo(-20);
    put("VAL", -10);
    ioc.go(5);
    assertThat(get("DRBV")).isEqualTo(10);
    assertThat(get("RBV")).isEqualTo(-10);
    put("DVAL", -3);
    ioc.go(5);
    assertThat(get("VAL")).isEqualTo(3);
    put("RVAL", 10_000);
    ioc.go(5);
    assertThat(get("DRBV")).isCloseTo(1, within(1e-9));
    put("RLV", 2);
    ioc.go(5);
    assertThat(get("RBV")).isCloseTo(1, within(1e-9));
  }

  @Test
  void aStepperThatFallsShortTriesAgain() {
    VirtualIoc stepper =
        VirtualIoc.of("type: motor, stepper: true, misses: 0.02, deadband: 0.001, step: 0.0001");
    List<Double> dmov = stepper.watch("x.DMOV");
    VirtualIoc.Put put = stepper.put("x.VAL", 10);
    stepper.go(20);
    assertThat(put.done()).isTrue();
    assertThat(stepper.get("x.RBV")).isCloseTo(10, within(0.001));
    assertThat(stepper.get("x.RCNT")).isEqualTo(2);
    assertThat(stepper.get("x.MISS")).isZero();
    assertThat(dmov).containsExactly(0.0, 1.0);

    stepper.put("x.RTRY", 1);
    stepper.put("x.VAL", 20);
    stepper.go(20);
    assertThat(stepper.get("x.MISS")).isEqualTo(1);
    assertThat(stepper.get("x.RCNT")).isEqualTo(1);

    stepper.put("x.RMOD", 3);
    stepper.put("x.VAL", 0);
    stepper.go(20);
    assertThat(stepper.get("x.RCNT")).isZero();
    assertThat(stepper.get("x.MISS")).isEqualTo(1);
  }

  @Test
  void withoutItsEncoderTheStepperSeesNoError() {
    VirtualIoc stepper = VirtualIoc.of("type: motor, stepper: true, misses: 0.02");
    stepper.put("x.UEIP", 0);
    stepper.put("x.VAL", 10);
    stepper.go(20);
    assertThat(stepper.get("x.RBV")).isCloseTo(10, within(1e-9));
    assertThat(stepper.get("x.RCNT")).isZero();
  }

  @Test
  void aLimitSwitchEndsTheMoveWithAnAlarm() {
    put("HLM", 0);
    put("LLM", 0);
    VirtualIoc.Put put = put("VAL", 200);
    ioc.go(60);
    assertThat(put.done()).isTrue();
    assertThat(get("RBV")).isEqualTo(110);
    assertThat(get("HLS")).isEqualTo(1);
    assertThat((int) get("MSTA") & 4).isEqualTo(4);
    assertThat(get("SEVR")).isEqualTo(2);
    assertThat(get("STAT")).isEqualTo(4);
    assertThat(ioc.pv("x.RBV").snapshot().severity()).isEqualTo(Severity.MAJOR_ALARM);
    assertThat(put("VAL", 201).done()).isTrue();
    put("VAL", 100);
    ioc.go(60);
    assertThat(get("RBV")).isEqualTo(100);
    assertThat(get("HLS")).isZero();
    assertThat(get("SEVR")).isZero();
  }

  @Test
  void jogsUntilItIsToldOrNearItsLimit() {
    VirtualIoc.Put jog = put("JOGF", 1);
    ioc.go(2);
    assertThat(jog.open()).isTrue();
    assertThat(get("RBV")).isCloseTo(10, within(1.0));
    send("JOGF", 0);
    ioc.go(1);
    assertThat(jog.done()).isTrue();
    assertThat(get("VAL")).isEqualTo(get("RBV"));
    VirtualIoc.Put back = put("JOGR", 1);
    ioc.go(100);
    assertThat(back.done()).isTrue();
    assertThat(get("RBV")).isBetween(-100.0, -94.0);
    assertThat(get("LVIO")).isEqualTo(1);
    assertThat(get("JOGR")).isZero();
  }

  @Test
  void homes() {
    put("VAL", 10);
    ioc.go(5);
    VirtualIoc.Put home = put("HOMR", 1);
    ioc.go(1);
    assertThat(home.open()).isTrue();
    ioc.go(5);
    assertThat(home.done()).isTrue();
    assertThat(get("RBV")).isZero();
    assertThat(get("VAL")).isZero();
    assertThat(get("ATHM")).isEqualTo(1);
    assertThat((int) get("MSTA") & 0x4000).isEqualTo(0x4000);
    assertThat(get("HOMR")).isZero();
  }

  @Test
  void tweaksUpdatesAndSettles() {
    put("TWV", 2);
    put("TWF", 1);
    ioc.go(5);
    assertThat(get("RBV")).isEqualTo(2);
    put("TWR", 1);
    ioc.go(5);
    assertThat(get("RBV")).isZero();
    List<Double> stup = ioc.watch("x.STUP");
    put("STUP", 1);
    ioc.go(1);
    assertThat(stup).containsExactly(1.0, 2.0, 0.0);
    put("DLY", 3);
    VirtualIoc.Put slow = put("VAL", 1);
    ioc.go(2);
    assertThat(slow.open()).isTrue();
    assertThat(get("MOVN")).isZero();
    ioc.go(3);
    assertThat(slow.done()).isTrue();
  }

  @Test
  void keepsItsVelocityBetweenBaseAndMaximum() {
    put("VMAX", 20);
    put("VELO", 50);
    assertThat(get("VELO")).isEqualTo(20);
    put("VBAS", 5);
    put("VELO", 1);
    assertThat(get("VELO")).isEqualTo(5);
  }

  @Test
  void aStalledMotorStandsUntilItIsStopped() {
    VirtualIoc.Put move = put("VAL", 20);
    ioc.go(1);
    ioc.put("x:fault", IocFault.STALL.ordinal() + 1);
    ioc.go(0.1);
    double stuck = get("RBV");
    ioc.go(100);
    assertThat(move.open()).isTrue();
    assertThat(get("RBV")).isEqualTo(stuck);
    assertThat(get("DMOV")).isZero();
    send("STOP", 1);
    ioc.go(1);
    assertThat(move.done()).isTrue();
    assertThat(get("VAL")).isEqualTo(get("RBV"));
  }

  @Test
  void aProblemEndsTheMoveWithAnAlarm() {
    VirtualIoc.Put move = put("VAL", 20);
    ioc.go(1);
    ioc.records.fault("x", IocFault.PROBLEM, true);
    ioc.go(1);
    assertThat(move.done()).isTrue();
    assertThat(get("RBV")).isLessThan(12);
    assertThat((int) get("MSTA") & 0x240).isEqualTo(0x240);
    assertThat(get("SEVR")).isEqualTo(2);
    ioc.records.mend();
    put("VAL", 0);
    ioc.go(5);
    assertThat(get("SEVR")).isZero();
  }

  @Test
  void dmovCanBeMissedOrStuck() {
    ioc.records.fault("x", IocFault.MISSED_DMOV, true);
    List<Double> dmov = ioc.watch("x.DMOV");
    VirtualIoc.Put put = put("VAL", 1);
    ioc.go(0.1);
    assertThat(get("DMOV")).isZero();
    ioc.go(5);
    assertThat(put.done()).isTrue();
    assertThat(get("DMOV")).isEqualTo(1);
    assertThat(dmov).isEmpty();

    ioc.records.mend();
    ioc.records.fault("x", IocFault.STUCK_DMOV, true);
    VirtualIoc.Put stuck = put("VAL", 2);
    ioc.go(60);
    assertThat(get("RBV")).isEqualTo(2);
    assertThat(get("DMOV")).isZero();
    assertThat(stuck.open()).isTrue();
    ioc.records.mend();
    assertThat(stuck.done()).isTrue();
  }
}
