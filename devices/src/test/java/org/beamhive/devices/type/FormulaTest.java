package org.beamhive.devices.type;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Set;
import org.beamhive.devices.signal.DeviceFailure;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FormulaTest {
  private static double value(String text) {
    return Formula.of(text).value(Map.of("a", 3.0, "B2", 0.5));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "1 + 2*3; 7",
        "-2 ** 2; -4",
        "2 ^ 3 ** 2; 512",
        "2 ** (-1); 0.5",
        "-a + 1; -2",
        "7 % 4; 3",
        "1e3 / 4; 250",
        "sqrt(a*a + 16); 5",
        "sin(pi/6); 0.5",
        "deg(asin(B2)); 30",
        "atan2(1, 1)*4/pi; 1",
        "if(a > 2 && !(B2 >= 1), 10, 20); 10",
        "a == 3; 1",
        "max(1, a, 2) + min(a, B2); 3.5",
        "round(2.6) + floor(-0.5); 2",
        "hypot(3, 4); 5"
      })
  void computesAsPeopleWriteIt(String text, double expected) {
    assertThat(value(text)).isCloseTo(expected, org.assertj.core.data.Offset.offset(1e-12));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "1 +", "sqrt(", "foo(1)", "a.b", "a[0]", "2a", "1 1", "a = ", "random()"})
  void refusesWhatIsNoFormula(String text) {
    assertThat(Formula.problem(text, Set.of("a"))).isNotNull();
  }

  @Test
  void namesWhatHasNoValueAndWhatThereIs() {
    assertThat(Formula.problem("a + bragg", Set.of("a", "b")))
        .isEqualTo("'bragg' has no value in 'a + bragg'; there are a, b");
    assertThat(Formula.problem("a + pi", Set.of("a"))).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1/0", "asin(2)", "log(0)", "1e308*10", "(0-1)**0.5", "9^9^9^9"})
  void neverGivesWhatIsNotFinite(String text) {
    assertThatThrownBy(() -> value(text)).isInstanceOf(DeviceFailure.class);
  }

  @Test
  void endsSoonWhateverTheNumbersAre() {
    long began = System.nanoTime();
    for (String text : new String[] {"9^9^9^9", "1e999999999 + 1", "2**1e300", "1.0000001**1e15"}) {
      assertThatThrownBy(() -> Formula.of(text).value(Map.of()))
          .isInstanceOf(RuntimeException.class);
    }
    assertThat(System.nanoTime() - began).isLessThan(10_000_000_000L);
    String deep = "(".repeat(400) + "1" + ")".repeat(400);
    assertThat(Formula.problem(deep + "+" + deep.repeat(2), Set.of())).isNotNull();
  }
}
