package org.beamhive.devices.ioc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class IocFileTest {
  @Test
  void tellsAllMistakesAtOnceWithLineAndWhatIsAllowed() {
    String text =
        """
        prefix: "T:"
        port: 70000
        colour: red
        records:
          m1: {type: motor, velocity: -1, limits: [5, 1], speed: 3}
          m2: {type: rocket}
          m3: {}
          a b: {type: ai}
          c: {type: calc, calc: "A+", inputs: {A: nobody}}
          d: {type: calc, calc: "X*2"}
          e: {type: calc, calc: "A", inputs: {A: nobody}}
          f: {type: bo, choices: [one]}
          g: {type: mbbo}
          m1: {type: motor}
        """;
    assertThatThrownBy(() -> IocFile.parse("my.yaml", text))
        .isInstanceOf(IocFile.Wrong.class)
        .satisfies(
            wrong ->
                assertThat(((IocFile.Wrong) wrong).mistakes())
                    .extracting(IocFile.Mistake::toString)
                    .containsExactlyInAnyOrder(
                        "my.yaml:2: port: is 70000, must be a whole number from 0 to 65535; 0 takes"
                            + " a free one",
                        "my.yaml:3: colour: no such key; allowed are prefix, port, records",
                        "my.yaml:5: records.m1.velocity: is -1, must be a number above 0",
                        "my.yaml:5: records.m1.limits: is [5, 1], must be two numbers, [low, high];"
                            + " equal ones are no limits",
                        "my.yaml:5: records.m1.speed: motor has no such parameter; allowed are egu,"
                            + " precision, velocity, acceleration, limits, switches, step,"
                            + " deadband, retries, stepper, misses, tick",
                        "my.yaml:6: records.m2.type: is rocket, must be one of motor, scaler, mca,"
                            + " calc, positioner, temperature, shutter, valve, ai, ao, longin,"
                            + " longout, bi, bo, mbbi, mbbo, stringin, stringout, waveform",
                        "my.yaml:7: records.m3.type: missing, must be one of motor, scaler, mca,"
                            + " calc, positioner, temperature, shutter, valve, ai, ao, longin,"
                            + " longout, bi, bo, mbbi, mbbo, stringin, stringout, waveform",
                        "my.yaml:8: records.a b: a name has letters, digits and _ - : ; < > [ ] { }"
                            + " only",
                        "my.yaml:12: records.f.choices: is ['one'], must be two texts of at most"
                            + " 25 characters",
                        "my.yaml:13: records.g.choices: missing; must be 2 to 16 texts of at most"
                            + " 25 characters",
                        "my.yaml:14: records.m1: is in this file already, at line 5"));
  }

  @Test
  void tellsWhatShowsWhenTheRecordsAreMade() {
    String text =
        """
        records:
          c: {type: calc, calc: "A+"}
          d: {type: calc, calc: "X*2"}
          e: {type: calc, calc: "A", inputs: {A: nobody}}
          f: {type: mbbo, choices: [one, two], value: 9}
          s: {type: scaler, channels: [{name: i0, rate: none}]}
        """;
    assertThatThrownBy(() -> IocFile.parse("my.yaml", text))
        .isInstanceOf(IocFile.Wrong.class)
        .hasMessageContaining("my.yaml:2: records.c: 'A+' is no expression")
        .hasMessageContaining("my.yaml:3: records.d: 'X*2' names X; allowed are the inputs A to L")
        .hasMessageContaining("my.yaml:4: records.e: there is no PV 'nobody' in this IOC")
        .hasMessageContaining(
            "my.yaml:5: records.f: value is 9, must be below the number of choices, 2")
        .hasMessageContaining("my.yaml:6: records.s: there is no PV 'none'");
  }

  @Test
  void twoRecordsCantHaveOnePv() {
    assertThatThrownBy(
            () ->
                IocFile.parse("my.yaml", "records:\n  a: {type: mca}\n  aStart: {type: longout}\n"))
        .hasMessage("my.yaml:3: records.aStart: There are two PVs of the name aStart.");
  }

  @Test
  void whatIsNoYamlIsSaidWithItsLine() {
    assertThatThrownBy(() -> IocFile.parse("my.yaml", "records: {a: [}"))
        .hasMessageContaining("my.yaml:1: this is no YAML");
    assertThatThrownBy(() -> IocFile.parse("my.yaml", "- 1"))
        .hasMessage("my.yaml:1: a map with the keys prefix, port, records is needed");
    assertThatThrownBy(() -> IocFile.parse("my.yaml", "prefix: x"))
        .hasMessage("my.yaml:1: records: missing; a map from names to records is needed");
  }

  @Test
  void listsAllTypesWithTheirParameters() {
    assertThat(IocFile.types())
        .contains("motor: ", "  velocity: egu/s; a number above 0 (default 10.0)")
        .contains("  choices: ", "(required)");
  }
}
