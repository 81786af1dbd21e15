package org.beamhive.devices.ioc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import gov.aps.jca.Monitor;
import gov.aps.jca.cas.ProcessVariableEventCallback;
import gov.aps.jca.dbr.DBR;
import gov.aps.jca.dbr.GR;
import gov.aps.jca.dbr.Severity;
import gov.aps.jca.dbr.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Scaler, MCA, calc, positioner, temperature, shutter and plain records, in virtual time. */
@Timeout(60)
class InstrumentRecordsTest {
  private static final String SCALER =
      """
      records:
        rate: {type: ao, value: 1000}
        x: {type: scaler, frequency: 1000, preset: 2,
            channels: [{name: i0, rate: rate}, {name: dark, rate: 5}]}
      """;

  @Test
  void theScalerCountsItsPresetTime() {
    VirtualIoc ioc = VirtualIoc.file(SCALER);
    assertThat(ioc.get("x.PR1")).isEqualTo(2000);
    VirtualIoc.Put put = ioc.put("x.CNT", 1);
    ioc.go(1.05);
    assertThat(ioc.get("x.S2")).isBetween(900.0, 1050.0);
    ioc.go(2);
    assertThat(put.done()).isTrue();
    assertThat(put.at()).isCloseTo(2, within(1e-6));
    assertThat(ioc.get("x.T")).isCloseTo(2, within(1e-6));
    assertThat(ioc.get("x.S1")).isEqualTo(2000);
    assertThat(ioc.get("x.S2")).isEqualTo(2000);
    assertThat(ioc.get("x.S3")).isEqualTo(10);
    assertThat(ioc.get("x.CNT")).isZero();
    assertThat(ioc.text("x.NM2")).isEqualTo("i0");
    assertThat(ioc.get("x.NCH")).isEqualTo(3);
  }

  @Test
  void aGateOfAnotherChannelEndsItEarlier() {
    VirtualIoc ioc = VirtualIoc.file(SCALER);
    ioc.put("x.TP", 5);
    assertThat(ioc.get("x.PR1")).isEqualTo(5000);
    ioc.put("x.PR2", 500);
    assertThat(ioc.get("x.G2")).isEqualTo(1);
    VirtualIoc.Put put = ioc.put("x.CNT", 1);
    ioc.go(10);
    assertThat(put.done()).isTrue();
    assertThat(put.at()).isCloseTo(0.5, within(0.03));
  }

  @Test
  void countingCanBeDelayedStoppedAndAutomatic() {
    VirtualIoc ioc = VirtualIoc.file(SCALER);
    ioc.put("x.DLY", 1);
    VirtualIoc.Put put = ioc.put("x.CNT", 1);
    ioc.go(2);
    ioc.send("x.CNT", 0);
    assertThat(put.done()).isTrue();
    assertThat(ioc.get("x.T")).isCloseTo(1, within(1e-6));

    ioc.put("x.TP1", 0.5);
    ioc.put("x.CONT", 1);
    List<Double> times = ioc.watch("x.T");
    ioc.go(3);
    assertThat(times).contains(0.5);
    assertThat(ioc.get("x.CNT")).isZero();
    ioc.put("x.DLY", 0);
    VirtualIoc.Put wanted = ioc.put("x.CNT", 1);
    ioc.go(2.1);
    assertThat(wanted.done()).isTrue();
    ioc.put("x.CONT", 0);
    ioc.go(1);
    times.clear();
    ioc.go(5);
    assertThat(times).isEmpty();
  }

  @Test
  void theMcaGrowsItsSpectrumUntilItsPreset() {
    VirtualIoc ioc =
        VirtualIoc.of(
            "type: mca, channels: 512, dead_time: 0.2, background: 0.5,"
                + " peaks: [{center: 100, sigma: 4, rate: 10000}]");
    ioc.put("x.R0LO", 80);
    ioc.put("x.R0HI", 120);
    ioc.put("x.R0BG", 3);
    ioc.put("x.PLTM", 4);
    VirtualIoc.Put put = ioc.put("x.ERST", 1);
    ioc.go(2);
    assertThat(ioc.get("x.ACQG")).isEqualTo(1);
    assertThat(ioc.get("xStatus")).isEqualTo(1);
    assertThat(ioc.get("xAcquiring")).isEqualTo(1);
    ioc.go(4);
    assertThat(put.done()).isTrue();
    assertThat(ioc.get("x.ELTM")).isCloseTo(4, within(1e-6));
    assertThat(ioc.get("x.ERTM")).isCloseTo(5, within(1e-6));
    assertThat(ioc.get("x.R0")).isCloseTo(40_082, within(1000.0));
    assertThat(ioc.get("x.R0N")).isLessThan(ioc.get("x.R0"));
    int[] spectrum = (int[]) ioc.pv("x").snapshot().value();
    assertThat(spectrum).hasSize(512);
    assertThat(spectrum[100]).isGreaterThan(3000);
    ioc.put("x.NUSE", 90);
    assertThat(((int[]) ioc.pv("x.VAL").snapshot().value())[100]).isZero();
    ioc.put("xErase", 1);
    assertThat(ioc.get("x.ERTM")).isZero();
    VirtualIoc.Put endless = ioc.put("x.STRT", 1);
    ioc.send("x.PLTM", 0);
    ioc.go(10);
    assertThat(endless.open()).isTrue();
    ioc.send("x.STOP", 1);
    assertThat(endless.done()).isTrue();
    assertThat(ioc.get("x.ACQG")).isZero();
  }

  @Test
  void theCalcFollowsItsInputs() {
    VirtualIoc ioc =
        VirtualIoc.file(
            """
            prefix: "T:"
            records:
              a: {type: ao, value: 2}
              c: {type: calc, calc: "A>5 ? A*B : -B^2", inputs: {A: a, B: 3}}
              d: {type: calc, calc: "SQRT(C)+MAX(A, C>0 ? 1 : 0)", inputs: {C: "T:c.VAL"}}
            """);
    ioc.go(0);
    assertThat(ioc.get("T:c")).isEqualTo(9);
    ioc.put("T:a", 6);
    ioc.go(0);
    assertThat(ioc.get("T:c")).isEqualTo(18);
    assertThat(ioc.get("T:d")).isCloseTo(Math.sqrt(18) + 1, within(1e-12));
    ioc.put("T:a", -1);
    ioc.put("T:c.CALC", "A/0");
    ioc.go(0);
    assertThat(ioc.get("T:c")).isNaN();
    assertThat(ioc.pv("T:c").snapshot().severity()).isEqualTo(Severity.INVALID_ALARM);
    assertThat(ioc.pv("T:c").snapshot().status()).isEqualTo(Status.CALC_ALARM);
    assertThat(ioc.put("T:c.CALC", "A+").failed()).isTrue();
    assertThat(ioc.text("T:c.CALC")).isEqualTo("A/0");
    ioc.put("T:c.CALC", "sin(D)+A#0");
    ioc.put("T:c.CALC", "SIN(D)");
    ioc.put("T:c.D", Math.PI / 2);
    assertThat(ioc.get("T:c")).isCloseTo(1, within(1e-12));
    assertThat(ioc.put("T:c.INPB", "T:nobody").failed()).isTrue();
  }

  @Test
  void thePositionerMovesWithSinglePvs() {
    VirtualIoc ioc = VirtualIoc.of("type: positioner, velocity: 2, limits: [-10, 10]");
    VirtualIoc.Put put = ioc.put("x:setpoint", 4);
    ioc.go(1);
    assertThat(ioc.get("x:done")).isZero();
    assertThat(ioc.get("x:readback")).isCloseTo(2, within(0.2));
    ioc.go(1.5);
    assertThat(put.done()).isTrue();
    assertThat(ioc.get("x:readback")).isEqualTo(4);
    assertThat(ioc.put("x:setpoint", 11).failed()).isTrue();
    VirtualIoc.Put back = ioc.put("x:setpoint", 0);
    ioc.go(1);
    ioc.put("x:stop", 1);
    assertThat(back.done()).isTrue();
    assertThat(ioc.get("x:readback")).isCloseTo(2, within(0.2));

    VirtualIoc actuated = VirtualIoc.of("type: positioner, actuated: true");
    assertThat(actuated.put("x:setpoint", 5).done()).isTrue();
    actuated.go(5);
    assertThat(actuated.get("x:readback")).isZero();
    VirtualIoc.Put start = actuated.put("x:actuate", 1);
    actuated.go(5);
    assertThat(start.done()).isTrue();
    assertThat(actuated.get("x:readback")).isEqualTo(5);
  }

  @Test
  void shuttersTravelAndNeedTheirPermit() {
    VirtualIoc ioc = VirtualIoc.of("type: shutter, travel: 2");
    VirtualIoc.Put open = ioc.put("x:open", 1);
    ioc.go(1);
    assertThat(ioc.get("x:status")).isEqualTo(1);
    ioc.go(1);
    assertThat(open.done()).isTrue();
    assertThat(ioc.get("x:status")).isEqualTo(2);
    ioc.put("x:permit", 0);
    ioc.go(2);
    assertThat(ioc.get("x:status")).isZero();
    assertThat(ioc.put("x:open", 1).failed()).isTrue();
    assertThat(ioc.put("x:close", 1).done()).isTrue();
  }

  @Test
  void temperatureRampsAndOvershoots() {
    VirtualIoc ioc =
        VirtualIoc.of("type: temperature, start: 300, ramp: 60, lag: 0.5, limits: [0, 400]");
    VirtualIoc.Put put = ioc.put("x:setpoint", 310);
    ioc.go(5);
    assertThat(put.open()).isTrue();
    assertThat(ioc.get("x:working_setpoint")).isCloseTo(305, within(0.3));
    assertThat(ioc.get("x:ramping")).isEqualTo(1);
    assertThat(ioc.get("x:at_setpoint")).isZero();
    ioc.go(30);
    assertThat(put.done()).isTrue();
    assertThat(ioc.get("x:at_setpoint")).isEqualTo(1);
    assertThat(ioc.get("x:readback")).isCloseTo(310, within(0.01));
    ioc.put("x:setpoint", 1000);
    assertThat(ioc.get("x:setpoint")).isEqualTo(400);
    ioc.go(10);
    ioc.put("x:hold", 1);
    ioc.go(30);
    assertThat(ioc.get("x:readback")).isCloseTo(320, within(1.0));

    VirtualIoc lively =
        VirtualIoc.of("type: temperature, start: 0, ramp: 0, lag: 1, overshoot: 0.2");
    List<Double> readback = lively.watch("x:readback");
    lively.put("x:setpoint", 100);
    lively.go(60);
    assertThat(readback.stream().mapToDouble(x -> x).max().orElse(0)).isBetween(115.0, 123.0);
    assertThat(lively.get("x:readback")).isCloseTo(100, within(0.01));
  }

  @Test
  void numbersAreClippedAndRaiseAlarms() {
    VirtualIoc ioc =
        VirtualIoc.of("type: ao, egu: V, precision: 2, drive: [-10, 10], alarms: [-9, -8, 8, 9]");
    assertThat(ioc.put("x", 50).done()).isTrue();
    assertThat(ioc.get("x.VAL")).isEqualTo(10);
    assertThat(ioc.pv("x").snapshot().status()).isEqualTo(Status.HIHI_ALARM);
    assertThat(ioc.get("x.SEVR")).isEqualTo(2);
    ioc.put("x", 8.5);
    assertThat(ioc.pv("x").snapshot().severity()).isEqualTo(Severity.MINOR_ALARM);
    ioc.put("x", 0);
    assertThat(ioc.get("x.SEVR")).isZero();
    assertThat(ioc.text("x.EGU")).isEqualTo("V");
    assertThat(ioc.get("x.PREC")).isEqualTo(2);
    ioc.put("x.DRVH", 4);
    ioc.put("x", 5);
    assertThat(ioc.get("x")).isEqualTo(4);
    assertThat(ioc.text("x.RTYP")).isEqualTo("ao");
    ioc.put("x.EGU", "mV");
    assertThat(ioc.pv("x").units()).isEqualTo("mV");
    assertThat(ioc.records.find("x.NONE")).isNull();
  }

  @Test
  void tellsThoseWhoFollowWhatItIs() {
    VirtualIoc ioc = VirtualIoc.of("type: ao, egu: V");
    List<String> events = new ArrayList<>();
    ioc.pv("x")
        .setEventCallback(
            new ProcessVariableEventCallback() {
              @Override
              public void postEvent(int mask, DBR event) {
                events.add(mask + " " + (event instanceof GR graphic ? graphic.getUnits() : ""));
              }

              @Override
              public void canceled() {}
            });
    ioc.pv("x").interestRegister();
    ioc.put("x.EGU", "mV");
    ioc.put("x.EGU", "mV");
    assertThat(events).containsExactly(Monitor.PROPERTY + " mV");
    ioc.put("x.HOPR", 5);
    assertThat(events).hasSize(2);
  }

  @Test
  void textsChoicesAndWaveforms() {
    VirtualIoc ioc =
        VirtualIoc.file(
            """
            records:
              t: {type: stringout, value: hello}
              m: {type: mbbo, choices: [Align, Measure], value: 1}
              w: {type: waveform, nelm: 5, shape: ramp, height: 5, ftvl: LONG}
              big: {type: waveform, nelm: 1000000}
              n: {type: waveform, nelm: 3, shape: noise}
              v: {type: ai, value: 5, noise: 0.1}
            """);
    byte[] text = new byte[70];
    java.util.Arrays.fill(text, (byte) 'x');
    ioc.put("t$", text);
    assertThat(ioc.text("t")).hasSize(70);
    assertThat(((byte[]) ioc.pv("t$").snapshot().value())[69]).isEqualTo((byte) 'x');
    assertThat(ioc.get("m")).isEqualTo(1);
    assertThat(ioc.text("m.ONST")).isEqualTo("Measure");
    assertThat((int[]) ioc.pv("w").snapshot().value()).containsExactly(0, 1, 2, 3, 4);
    ioc.put("w", new int[] {7, 8});
    assertThat((int[]) ioc.pv("w").snapshot().value()).containsExactly(7, 8, 0, 0, 0);
    assertThat(ioc.get("big.NELM")).isEqualTo(1_000_000);
    List<Double> noise = ioc.watch("n");
    List<Double> values = ioc.watch("v");
    ioc.go(3.05);
    assertThat(noise).hasSize(3).doesNotHaveDuplicates();
    assertThat(values).hasSize(30).allMatch(x -> Math.abs(x - 5) < 1);
  }

  @Test
  void theBeamlineHasWhatTheDemoNeeds() {
    VirtualIoc ioc = VirtualIoc.beamline();
    VirtualIoc.Put move = ioc.put("BH:m1", 1.3);
    ioc.go(1);
    assertThat(move.done()).isTrue();
    assertThat(ioc.get("BH:calc1")).isEqualTo(1.3);
    VirtualIoc.Put count = ioc.put("BH:det:CNT", 1);
    ioc.go(1);
    assertThat(count.done()).isTrue();
    assertThat(ioc.get("BH:det:VAL")).isCloseTo(0.01 * (1e6 + 100), within(1e-3));
    VirtualIoc.Put scaler = ioc.put("BH:scaler1.CNT", 1);
    ioc.go(1);
    assertThat(scaler.done()).isTrue();
    assertThat(ioc.get("BH:scaler1.S1")).isEqualTo(1e6);
    assertThat(ioc.get("BH:scaler1.S3")).isCloseTo(100_010, within(1.0));
    assertThat(ioc.records.records()).contains("BH:m1", "BH:scaler1", "BH:wave", "BH:temp1");
  }
}
