package org.beamhive.devices.backend.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import gov.aps.jca.dbr.DBRType;
import gov.aps.jca.dbr.DBR_CTRL_Double;
import gov.aps.jca.dbr.DBR_TIME_Byte;
import gov.aps.jca.dbr.DBR_TIME_Double;
import gov.aps.jca.dbr.DBR_TIME_Enum;
import gov.aps.jca.dbr.DBR_TIME_Short;
import gov.aps.jca.dbr.DBR_TIME_String;
import gov.aps.jca.dbr.Severity;
import gov.aps.jca.dbr.Status;
import gov.aps.jca.dbr.TIME;
import gov.aps.jca.dbr.TimeStamp;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.beamhive.devices.backend.ca.Dbr.Shape;
import org.beamhive.devices.signal.DeviceFailure;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalType;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class DbrTest {
  /** The library's types refer to each other: begun with another one, this one has gaps. */
  @BeforeAll
  static void load() {
    assertThat(DBRType.forValue(0)).isNotNull();
  }

  private static <T extends TIME> T stamped(T dbr) {
    dbr.setTimeStamp(new TimeStamp(4_000_000_000L, 0));
    dbr.setStatus(Status.NO_ALARM);
    dbr.setSeverity(Severity.NO_ALARM);
    return dbr;
  }

  private static Value value(DBR_TIME_Double dbr, int count) {
    return Dbr.value(stamped(dbr), Shape.of(DBRType.DOUBLE, count, false)).value();
  }

  @Test
  void aWaveformMayBeEmptyOrShorterThanItsRecord() {
    assertThat(value(new DBR_TIME_Double(new double[0]), 100)).isEqualTo(Value.of(List.of()));
    assertThat(value(new DBR_TIME_Double(new double[] {3}), 100))
        .isEqualTo(Value.of(List.of(Value.of(3.0))));
  }

  @Test
  void aScalarWithoutAnElementIsNone() {
    assertThat(value(new DBR_TIME_Double(new double[0]), 1)).isEqualTo(Value.None.NONE);
  }

  @Test
  void aWholeNumberOf64BitsArrivesRounded() {
    // Channel Access has no such type; the record's text is exact
    assertThat(value(new DBR_TIME_Double(new double[] {(1L << 53) + 1}), 1))
        .isEqualTo(Value.of((double) (1L << 53)));
  }

  @Test
  void charactersAndChoicesHaveNoSignAndShortsHave() {
    assertThat(
            Dbr.value(
                    stamped(new DBR_TIME_Byte(new byte[] {-1, 1})),
                    Shape.of(DBRType.BYTE, 2, false))
                .value())
        .isEqualTo(Value.of(List.of(Value.of(255), Value.of(1))));
    assertThat(
            Dbr.value(
                    stamped(new DBR_TIME_Enum(new short[] {(short) 40_000})),
                    Shape.of(DBRType.ENUM, 1, false))
                .value())
        .isEqualTo(Value.of(40_000));
    assertThat(
            Dbr.value(
                    stamped(new DBR_TIME_Short(new short[] {(short) 40_000})),
                    Shape.of(DBRType.SHORT, 1, false))
                .value())
        .isEqualTo(Value.of(-25_536));
  }

  @Test
  void aTextEndsAtItsFirstZeroInEitherOfTwoEncodings() {
    Shape shape = Shape.of(DBRType.BYTE, 10, true);
    assertThat(Dbr.value(stamped(new DBR_TIME_Byte(new byte[] {'a', 'b', 0, 'c'})), shape).value())
        .isEqualTo(Value.of("ab"));
    assertThat(
            Dbr.value(stamped(new DBR_TIME_Byte("µm".getBytes(StandardCharsets.ISO_8859_1))), shape)
                .value())
        .isEqualTo(Value.of("µm"));
    assertThat(
            Dbr.value(stamped(new DBR_TIME_Byte("µm".getBytes(StandardCharsets.UTF_8))), shape)
                .value())
        .isEqualTo(Value.of("µm"));
    assertThat(Dbr.value(stamped(new DBR_TIME_Byte(new byte[0])), shape).value())
        .isEqualTo(Value.of(""));
    assertThat(shape.signalType()).isEqualTo(SignalType.TEXT);
  }

  @Test
  void secondsAreCountedBeyondThirtyOneBits() {
    assertThat(
            Dbr.value(
                    stamped(new DBR_TIME_String(new String[] {"x"})),
                    Shape.of(DBRType.STRING, 1, false))
                .timestamp())
        .isEqualTo(4_631_152_000.0);
  }

  @Test
  void limitsThatAreNotSetAreNone() {
    DBR_CTRL_Double control = new DBR_CTRL_Double(new double[] {0});
    control.setUnits("mm");
    control.setLowerCtrlLimit(0.0);
    control.setUpperCtrlLimit(0.0);
    control.setLowerAlarmLimit(Double.NaN);
    control.setUpperAlarmLimit(Double.NaN);
    Shape shape = Shape.of(DBRType.DOUBLE, 1, false);
    SignalMeta meta = Dbr.meta("x", shape, true, control);
    assertThat(meta.limits()).isEqualTo(Limits.NONE);
    assertThat(meta.alarm().set()).isFalse();
    assertThat(meta).as("compared by value").isEqualTo(Dbr.meta("x", shape, true, control));
    assertThat(Dbr.meta("x", shape, true, null).units()).isEmpty();
  }

  private static PutData put(Value value) {
    Shape shape = Shape.of(DBRType.DOUBLE, 3, false);
    return PutData.of("x", Dbr.meta("x", shape, true, null), shape, value);
  }

  @Test
  void aWholeNumberThatADoubleCanNotHoldIsSentAsText() {
    assertThat(put(Value.of(5)).type()).isEqualTo(DBRType.INT);
    assertThat(put(Value.of(1L << 40)).type()).isEqualTo(DBRType.DOUBLE);
    PutData large = put(Value.of((1L << 53) + 1));
    assertThat(large.type()).isEqualTo(DBRType.STRING);
    assertThat((String[]) large.array()).containsExactly("9007199254740993");
  }

  @Test
  void truthIsOneAndListsAreOfOneKind() {
    assertThat((int[]) put(Value.of(true)).array()).containsExactly(1);
    assertThat((String[]) put(Value.of(List.of(Value.of("a"), Value.of("b")))).array())
        .containsExactly("a", "b");
    for (Value wrong :
        List.of(
            Value.of(List.of()),
            Value.None.NONE,
            Value.Fields.EMPTY,
            Value.of(List.of(Value.of("a"), Value.of(1))))) {
      assertThatThrownBy(() -> put(wrong))
          .isInstanceOf(DeviceFailure.class)
          .hasMessageContaining("a number, a text, or a list of one of them is needed");
    }
  }
}
