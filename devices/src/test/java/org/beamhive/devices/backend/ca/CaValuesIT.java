package org.beamhive.devices.backend.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.devices.backend.ca.Followed.LONG;
import static org.beamhive.devices.backend.ca.Followed.await;
import static org.beamhive.devices.backend.ca.Followed.code;
import static org.beamhive.devices.backend.ca.Followed.failure;

import gov.aps.jca.dbr.Severity;
import gov.aps.jca.dbr.Status;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.beamhive.devices.signal.SignalMeta;
import org.beamhive.devices.signal.SignalOptions;
import org.beamhive.devices.signal.SignalType;
import org.beamhive.devices.signal.SignalValue;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.Limits;
import org.beamhive.protocol.model.Value;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each type of Channel Access arrives as what it means, and is put as what is meant. */
@Timeout(120)
class CaValuesIT {
  private final TestPv number =
      TestPv.of("T:number", 1.5)
          .units("mm", 3)
          .limits(-10, 10, -9, 9, -8, 8, -5, 5)
          .alarm(Status.HIGH_ALARM, Severity.MINOR_ALARM);
  private final TestPv choice = TestPv.ofChoice("T:choice", 1, "Off", "On", "Auto");
  private final TestPv text = TestPv.ofText("T:text", "hello");
  private final TestPv wave = TestPv.of("T:wave", 1, 2, Double.NaN, 4);
  private final TestPv characters = TestPv.ofBytes("T:chars", bytes("/data/Größe", 60));
  private final TestPv description = TestPv.ofBytes("T:rec.DESC$", bytes("a description", 60));
  private final TestPv big = TestPv.of("T:big", new double[20_000]);
  private final TestPv secret = TestPv.of("T:secret", 1).access(false, true);
  private final TestPv shown = TestPv.of("T:shown", 1).access(true, false);

  private TestIoc ioc;
  private CaLink link;

  @BeforeEach
  void start() {
    ioc =
        TestIoc.start(
            0,
            number,
            choice,
            text,
            wave,
            characters,
            description,
            big,
            secret,
            shown,
            TestPv.ofFloat("T:float", 0.5f),
            TestPv.ofInt("T:int", -7),
            TestPv.ofShort("T:short", -5),
            TestPv.ofBytes("T:uchar", (byte) 200).limits(0, 255, 0, 250, 0, 240, 10, 220),
            TestPv.of("T:nan", Double.NaN).alarm(Status.CALC_ALARM, Severity.INVALID_ALARM),
            TestPv.of("T:new", 0).neverProcessed());
    link = new CaLink(CaSettings.loopback(ioc.port()));
  }

  @AfterEach
  void stop() {
    link.close();
    ioc.close();
  }

  private static byte[] bytes(String text, int length) {
    return Arrays.copyOf(text.getBytes(StandardCharsets.UTF_8), length);
  }

  private Followed monitored(String name) {
    return new Followed(link, name, SignalOptions.MONITORED).awaitConnected();
  }

  private Followed polled(String name) {
    return new Followed(link, name, SignalOptions.POLLED).awaitConnected();
  }

  @Test
  void aNumberHasItsAlarmItsTimeItsUnitsAndAllItsLimits() {
    Followed pv = monitored("T:number").awaitValue(Value.of(1.5));

    SignalValue value = pv.signal.latest();
    assertThat(value.severity()).isEqualTo(AlarmSeverity.MINOR);
    assertThat(value.status()).isEqualTo("HIGH_ALARM");
    // the EPICS seconds start in 1990
    assertThat(value.timestamp()).isEqualTo(1_631_152_000.5);
    assertThat(value.stamped()).isTrue();
    assertThat(pv.meta())
        .isEqualTo(
            new SignalMeta(
                "PV:T:number",
                SignalType.NUMBER,
                1,
                true,
                "mm",
                3,
                new Limits(-5, 5),
                List.of(),
                new Limits(-10, 10),
                new Limits(-9, 9),
                new Limits(-8, 8)));
  }

  @Test
  void whatHasNoSignArrivesWithoutOneAndWhatHasOneKeepsIt() {
    Followed small = polled("T:uchar");
    assertThat(small.get().value()).isEqualTo(Value.of(200));
    assertThat(small.meta().limits()).isEqualTo(new Limits(10, 220));
    assertThat(small.meta().alarm()).isEqualTo(new Limits(0, 250));
    assertThat(polled("T:short").get().value()).isEqualTo(Value.of(-5));
    assertThat(polled("T:int").get().value()).isEqualTo(Value.of(-7));
    assertThat(polled("T:float").get().value()).isEqualTo(Value.of(0.5));
  }

  @Test
  void notANumberArrivesWithItsAlarm() {
    SignalValue value = polled("T:nan").get();
    assertThat(value.asDouble()).isNaN();
    assertThat(value.severity()).isEqualTo(AlarmSeverity.INVALID);
  }

  @Test
  void aRecordThatWasNeverProcessedHasNoTime() {
    SignalValue value = polled("T:new").get();
    assertThat(value.stamped()).isFalse();
    assertThat(value.timestamp()).isGreaterThan(1_700_000_000.0);
    assertThat(value.severity()).isEqualTo(AlarmSeverity.INVALID);
    assertThat(value.status()).isEqualTo("UDF_ALARM");
  }

  @Test
  void aChoiceHasItsLabelsAndTakesALabelOrAnIndex() {
    Followed pv = monitored("T:choice").awaitValue(Value.of(1));
    assertThat(pv.meta().type()).isEqualTo(SignalType.ENUM);
    assertThat(pv.meta().labels()).containsExactly("Off", "On", "Auto");

    pv.put(Value.of("Auto"));
    pv.awaitValue(Value.of(2));
    pv.put(Value.of(0));
    pv.awaitValue(Value.of(0));
    // an IOC takes an index that the record doesn't have
    assertThat(failure(pv.signal.put(Value.of(7), LONG)))
        .hasMessage("T:choice can't be set to 7: allowed are Off, On, Auto, or 0 to 2.");
    assertThat(failure(pv.signal.put(Value.of("Open"), LONG)))
        .hasMessage("T:choice can't be set to \"Open\": allowed are Off, On, Auto, or 0 to 2.");
  }

  @Test
  void aWaveformArrivesWhole() {
    Followed pv = monitored("T:wave");
    await("its value", () -> pv.signal.latest() != null);
    assertThat(pv.signal.latest().value())
        .isEqualTo(
            Value.of(List.of(Value.of(1.0), Value.of(2.0), Value.of(Double.NaN), Value.of(4.0))));
    assertThat(pv.meta().count()).isEqualTo(4);
    assertThat(failure(pv.signal.put(numbers(5), LONG)))
        .hasMessage("T:wave can't take 5 elements: at most 4 are allowed.");
    pv.put(numbers(4));
    pv.awaitValue(numbers(4));
  }

  private static Value numbers(int count) {
    Value[] items = new Value[count];
    for (int i = 0; i < count; i++) {
      items[i] = Value.of((double) i);
    }
    return Value.of(List.of(items));
  }

  @Test
  void charactersAreATextIfTheyAreToBeOne() {
    Followed pv =
        new Followed(link, "T:chars", SignalOptions.MONITORED.asText())
            .awaitConnected()
            .awaitValue(Value.of("/data/Größe"));
    assertThat(pv.meta().type()).isEqualTo(SignalType.TEXT);
    assertThat(pv.meta().count()).isEqualTo(1);
    String path = "/data/a path that is longer than forty characters";
    pv.put(Value.of(path));
    pv.awaitValue(Value.of(path));
    assertThat(failure(pv.signal.put(Value.of("x".repeat(60)), LONG)))
        .hasMessage("T:chars can't take a text of 60 bytes: at most 59 are allowed.");

    assertThat(((Value.Items) polled("T:chars").get().value()).items()).hasSize(60);
  }

  @Test
  void aLongStringFieldIsAText() {
    assertThat(polled("T:rec.DESC$").get().value()).isEqualTo(Value.of("a description"));
  }

  @Test
  void aTextThatWouldBeCutIsRefused() {
    Followed pv = polled("T:text");
    assertThat(pv.get().value()).isEqualTo(Value.of("hello"));
    pv.put(Value.of("x".repeat(39)));
    assertThat(pv.get().value()).isEqualTo(Value.of("x".repeat(39)));
    assertThat(failure(pv.signal.put(Value.of("x".repeat(40)), LONG)).refusal().code())
        .isEqualTo("too-long");
  }

  @Test
  void changedUnitsLimitsAndAccessAreDescribedAnew() {
    Followed pv = monitored("T:number").awaitValue(Value.of(1.5));
    number.describe(() -> number.units("um", 1));
    await("the new units", () -> pv.meta().units().equals("um"));
    await("to be told", () -> pv.descriptions.get() > 0);
    assertThat(pv.meta().precision()).isEqualTo(1);
    int before = pv.descriptions.get();
    number.describe(() -> number.limits(-10, 10, -9, 9, -8, 8, -1, 1));
    await("the new limits", () -> pv.meta().limits().equals(new Limits(-1, 1)));
    await("to be told", () -> pv.descriptions.get() > before);
    assertThat(pv.connects).hasValue(1);

    Followed polled = polled("T:choice");
    choice.describe(() -> {});
    number.describe(() -> number.units("nm", 1));
    await("the new units", () -> pv.meta().units().equals("nm"));
    assertThat(polled.descriptions).as("told of nothing new").hasValue(0);
  }

  @Test
  void aPvThatCanBeWrittenOnlyAndOneThatCanBeReadOnlySayIt() {
    Followed write = polled("T:secret");
    assertThat(code(write.signal.get(LONG))).isEqualTo("no-read-access");
    write.put(Value.of(2.0));

    Followed read = polled("T:shown");
    assertThat(read.meta().writable()).isFalse();
    assertThat(code(read.signal.put(Value.of(2.0), LONG))).isNotEqualTo("done");
  }

  @Test
  void anArrayBeyondTheLimitIsRefusedAndTheCircuitStays() {
    try (CaLink tight = new CaLink(ioc.settings(0, 100_000, 200))) {
      Followed pv = new Followed(tight, "T:big", SignalOptions.MONITORED).awaitConnected();
      Followed other = new Followed(tight, "T:number", SignalOptions.MONITORED).awaitConnected();
      assertThat(failure(pv.signal.get(LONG)))
          .hasMessage(
              "T:big has up to 20000 elements, 160128 bytes, but"
                  + " beamhive.devices.channel-access.max-array-bytes is 100000.");
      for (int i = 0; i < 20; i++) {
        other.get();
      }
      assertThat(other.disconnects).hasValue(0);
      assertThat(pv.disconnects).hasValue(0);
    }
  }

  @Test
  void aSignalOfManyChangesIsToldAtItsPaceAndItsLastValueAlways() {
    AtomicInteger seen = new AtomicInteger();
    Followed slow =
        new Followed(link, "T:number", SignalOptions.MONITORED.atMost(10))
            .awaitConnected()
            .awaitValue(Value.of(1.5));
    Followed all = monitored("T:number").awaitValue(Value.of(1.5));
    long begun = System.nanoTime();
    for (int i = 1; i <= 500; i++) {
      number.post(new double[] {i});
      // the server keeps only a hundred events for a client that does not follow
      int value = i;
      await("each value", () -> all.signal.latest().asDouble() == value);
      seen.incrementAndGet();
    }
    slow.awaitValue(Value.of(500.0));
    await("the last change", () -> slow.changes.get() > 0);
    double seconds = (System.nanoTime() - begun) / 1e9;
    assertThat(slow.changes.get()).isLessThanOrEqualTo((int) (2 + 10 * (seconds + 1)));
    assertThat(seen).hasValue(500);
  }
}
