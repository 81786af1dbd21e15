package org.beamhive.actors.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.LoggingTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.beamhive.protocol.bundle.ScanBundlerProtocol;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Bundle;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.CloseRun;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Collected;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Collection;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Describe;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.DeviceCollected;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.DeviceRead;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Drop;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.Logged;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.OpenRun;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.PointFailed;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.PointTaken;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.ReadFailed;
import org.beamhive.protocol.bundle.ScanBundlerProtocol.RecordAnswer;
import org.beamhive.protocol.document.AssetDocument;
import org.beamhive.protocol.document.Event;
import org.beamhive.protocol.document.EventDescriptor;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.document.RunStop;
import org.beamhive.protocol.document.StreamDatum;
import org.beamhive.protocol.document.StreamResource;
import org.beamhive.protocol.model.AlarmSeverity;
import org.beamhive.protocol.model.DataKey;
import org.beamhive.protocol.model.DeviceDescription;
import org.beamhive.protocol.model.DeviceName;
import org.beamhive.protocol.model.Reading;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.run.RunEntry;
import org.beamhive.protocol.run.RunLogProtocol;
import org.beamhive.protocol.run.RunLogProtocol.Append;
import org.beamhive.protocol.run.RunLogProtocol.Appended;
import org.beamhive.protocol.run.RunLogProtocol.GetProgress;
import org.beamhive.protocol.run.RunLogProtocol.NotAppended;
import org.beamhive.protocol.run.RunProgress;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class ScanBundlerTest {
  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final RunUid RUN = new RunUid("run");
  private static final DeviceName DET = new DeviceName("det");
  private static final DeviceName M1 = new DeviceName("m1");
  private static final Clock CLOCK = Clock.fixed(Instant.ofEpochSecond(1000), ZoneOffset.UTC);

  private final TestProbe<RunLogProtocol.Request> log = KIT.createTestProbe();
  private final TestProbe<ScanBundlerProtocol.Reply> worker = KIT.createTestProbe();
  private final AtomicInteger uids = new AtomicInteger();

  @AfterAll
  static void close() {
    KIT.shutdownTestKit();
  }

  private ActorRef<ScanBundlerProtocol.Request> bundler(RunProgress progress, Duration timeout) {
    ActorRef<ScanBundlerProtocol.Request> bundler =
        KIT.spawn(
            ScanBundler.create(
                RUN,
                progress,
                log.getRef(),
                worker.getRef(),
                3,
                timeout,
                CLOCK,
                () -> "u" + uids.incrementAndGet()));
    bundler.tell(new Describe(List.of(description(DET), description(M1))));
    return bundler;
  }

  private ActorRef<ScanBundlerProtocol.Request> bundler() {
    return bundler(RunProgress.EMPTY, Duration.ofMinutes(1));
  }

  private static DeviceDescription description(DeviceName name) {
    return new DeviceDescription(
        name,
        "Sim",
        Map.of(name.value(), DataKey.number("SIM:" + name, name.value())),
        List.of(),
        List.of(),
        Map.of());
  }

  private static List<Reading> reading(DeviceName name, double value) {
    return List.of(new Reading(name.value(), Value.of(value), 999, AlarmSeverity.NO_ALARM));
  }

  private static DeviceRead read(DeviceName name, long point) {
    return new DeviceRead(name, point, reading(name, point));
  }

  private static Bundle bundle(long point) {
    return new Bundle(point, "primary", List.of(DET, M1));
  }

  private static void point(ActorRef<ScanBundlerProtocol.Request> bundler, long point) {
    bundler.tell(read(DET, point));
    bundler.tell(read(M1, point));
    bundler.tell(bundle(point));
  }

  private Append appended() {
    return log.expectMessageClass(Append.class);
  }

  private static OpenRun open() {
    return new OpenRun(new RunStart(RUN, 1000, 1, Value.Fields.EMPTY));
  }

  private static Event event(RunEntry entry) {
    return ((RunEntry.Measured) entry).document();
  }

  @Test
  void aPointIsCompleteWhetherReadingsComeBeforeOrAfterItIsSaved() {
    var bundler = bundler();
    bundler.tell(read(M1, 1));
    bundler.tell(bundle(1));
    worker.expectNoMessage(Duration.ofMillis(20));
    bundler.tell(read(DET, 1));
    worker.expectMessage(new PointTaken(1));
    Append append = appended();
    EventDescriptor descriptor = ((RunEntry.Described) append.entries().get(0)).document();
    assertThat(descriptor.devices()).containsExactly(description(DET), description(M1));
    Event event = event(append.entries().get(1));
    assertThat(event.seqNum()).isEqualTo(1);
    assertThat(event.descriptor()).isEqualTo(descriptor.uid());
    assertThat(event.readings()).containsExactly(reading(DET, 1).get(0), reading(M1, 1).get(0));
    append.replyTo().tell(new Appended(2));
    worker.expectMessage(new Logged(1, 0));
  }

  @Test
  void sendsOneBatchAtATimeAndNoneLargerThanAllowed() {
    var bundler = bundler();
    bundler.tell(open());
    Append first = appended();
    for (int i = 1; i <= 4; i++) {
      point(bundler, i);
      worker.expectMessage(new PointTaken(i));
    }
    log.expectNoMessage(Duration.ofMillis(20));
    first.replyTo().tell(new Appended(1));
    worker.expectMessage(new Logged(1, 4));
    Append second = appended();
    assertThat(second.entries()).hasSize(3);
    second.replyTo().tell(new Appended(4));
    worker.expectMessage(new Logged(3, 2));
    Append third = appended();
    assertThat(third.entries()).extracting(entry -> event(entry).seqNum()).containsExactly(3L, 4L);
    third.replyTo().tell(new Appended(6));
    worker.expectMessage(new Logged(5, 0));
  }

  @Test
  void asksTheLogWhatItHoldsAndSendsOnlyWhatIsMissing() {
    var bundler = bundler(RunProgress.EMPTY, Duration.ofSeconds(1));
    bundler.tell(open());
    Append lost = appended();
    GetProgress ask = log.expectMessageClass(GetProgress.class);
    GetProgress again = log.expectMessageClass(GetProgress.class);
    ask.replyTo().tell(RunProgress.EMPTY);
    assertThat(appended().entries()).isEqualTo(lost.entries());
    again.replyTo().tell(RunProgress.EMPTY);
    // the answer to the second question is from before the second try: no third one
    log.expectMessageClass(GetProgress.class)
        .replyTo()
        .tell(new RunProgress(1, null, List.of(), Map.of(), Map.of(), 0, null));
    worker.expectMessage(new Logged(1, 0));
  }

  @Test
  void failsWhenTheLogHoldsWhatItDidNotSend() {
    var bundler = bundler(RunProgress.EMPTY, Duration.ofMillis(20));
    bundler.tell(open());
    appended();
    GetProgress ask = log.expectMessageClass(GetProgress.class);
    LoggingTestKit.error(IllegalStateException.class)
        .expect(
            KIT.system(),
            () -> {
              ask.replyTo().tell(new RunProgress(9, null, List.of(), Map.of(), Map.of(), 0, null));
              worker.expectTerminated(bundler);
              return null;
            });
  }

  @Test
  void failsWhenTheLogRefuses() {
    var bundler = bundler();
    bundler.tell(open());
    Append append = appended();
    LoggingTestKit.error(IllegalStateException.class)
        .expect(
            KIT.system(),
            () -> {
              append.replyTo().tell(new NotAppended(Refusal.of("run-closed", "closed")));
              worker.expectTerminated(bundler);
              return null;
            });
  }

  @Test
  void countsTheEventsOfEachStreamInTheStopDocument() {
    var bundler = bundler();
    point(bundler, 1);
    appended().replyTo().tell(new Appended(2));
    point(bundler, 2);
    appended().replyTo().tell(new Appended(3));
    bundler.tell(new CloseRun("success", ""));
    RunStop stop = ((RunEntry.Stopped) appended().entries().get(0)).document();
    assertThat(stop.numEvents()).isEqualTo(Map.of("primary", 2L));
    assertThat(stop.time()).isEqualTo(1000.0);
  }

  @Test
  void goesOnWithTheNumbersOfTheLog() {
    EventDescriptor old =
        new EventDescriptor("old", RUN, 1, "primary", List.of(description(DET), description(M1)));
    var bundler =
        bundler(
            new RunProgress(9, null, List.of(old), Map.of("primary", 7L), Map.of(), 1, null),
            Duration.ofMinutes(1));
    point(bundler, 1);
    Append append = appended();
    assertThat(append.entries()).hasSize(1);
    assertThat(event(append.entries().get(0)).seqNum()).isEqualTo(8);
    assertThat(event(append.entries().get(0)).descriptor()).isEqualTo("old");
    append.replyTo().tell(new Appended(10));
    worker.expectMessage(new PointTaken(1));
    worker.expectMessage(new Logged(1, 0));
  }

  @Test
  void aDroppedPointUsesUpNoNumber() {
    var bundler = bundler();
    bundler.tell(read(DET, 1));
    bundler.tell(new Drop(1));
    bundler.tell(read(M1, 1));
    point(bundler, 2);
    worker.expectMessage(new PointTaken(2));
    assertThat(event(appended().entries().get(1)).seqNum()).isEqualTo(1);
  }

  @Test
  void recordsAnswers() {
    bundler().tell(new RecordAnswer(3, Value.of(4)));
    assertThat(appended().entries()).containsExactly(new RunEntry.Answered(3, Value.of(4)));
  }

  @Test
  void aReadingAfterTheEndOfTheRunDoesNotFollowTheStopDocument() {
    var bundler = bundler();
    bundler.tell(open());
    Append first = appended();
    bundler.tell(read(DET, 1));
    bundler.tell(bundle(1));
    bundler.tell(new CloseRun("success", ""));
    bundler.tell(read(M1, 1));
    first.replyTo().tell(new Appended(1));
    assertThat(appended().entries()).hasSize(1).first().isInstanceOf(RunEntry.Stopped.class);
  }

  @Test
  void aFailedReadingFailsAPointOnlyUntilItIsTaken() {
    var bundler = bundler();
    Refusal problem = Refusal.of("x", "broken");
    bundler.tell(new ReadFailed(DET, 1, problem));
    worker.expectMessage(new PointFailed(1, DET, problem));
    bundler.tell(new Drop(1));
    point(bundler, 2);
    worker.expectMessage(new PointTaken(2));
    bundler.tell(new ReadFailed(DET, 2, problem));
    worker.expectNoMessage(Duration.ofMillis(20));
  }

  @Test
  void refusesAPointWithOtherDevicesThanItsStreamHas() {
    var bundler = bundler();
    point(bundler, 1);
    worker.expectMessage(new PointTaken(1));
    bundler.tell(read(DET, 2));
    bundler.tell(new Bundle(2, "primary", List.of(DET)));
    assertThat(worker.expectMessageClass(PointFailed.class).problem().code())
        .isEqualTo("other-devices");
  }

  private static List<List<Reading>> events(int from, int to) {
    return java.util.stream.IntStream.range(from, to)
        .mapToObj(at -> List.of(new Reading("det", Value.of(at), 500 + at, AlarmSeverity.NO_ALARM)))
        .toList();
  }

  @Test
  void whatAFlyerHasGatheredBecomesEventsWhenItsLastPageIsThere() {
    var bundler = bundler();
    bundler.tell(new DeviceCollected(DET, 1, 0, events(0, 1), false));
    bundler.tell(new Collection(1, "flight", DET));
    worker.expectNoMessage(Duration.ofMillis(20));
    bundler.tell(new DeviceCollected(DET, 1, 1, events(1, 2), true));
    worker.expectMessage(new Collected(1, 2));
    List<RunEntry> entries = appended().entries();
    assertThat(((RunEntry.Described) entries.get(0)).document().name()).isEqualTo("flight");
    assertThat(event(entries.get(1)).seqNum()).isEqualTo(1);
    assertThat(event(entries.get(2)).seqNum()).isEqualTo(2);
    assertThat(event(entries.get(2)).time()).isEqualTo(501);
    bundler.tell(new DeviceCollected(DET, 2, 0, List.of(), true));
    bundler.tell(new Collection(2, "flight", DET));
    worker.expectMessage(new Collected(2, 0));
  }

  @Test
  void aFlyerThatGivesOtherKeysThanItDescribedIsRefused() {
    var bundler = bundler();
    bundler.tell(new Collection(1, "flight", M1));
    bundler.tell(new DeviceCollected(M1, 1, 0, events(0, 1), true));
    PointFailed failed = worker.expectMessageClass(PointFailed.class);
    assertThat(failed.problem().code()).isEqualTo("other-keys");
    assertThat(failed.problem().text()).contains("m1").contains("det");
  }

  private static List<AssetDocument> row(long row) {
    return List.of(
        new StreamResource("file", null, 1, "img", "m/x", "file://localhost/a", null),
        new StreamDatum(
            "file/" + row,
            "file",
            "",
            1,
            new StreamDatum.Range(row, row + 1),
            StreamDatum.Range.NONE));
  }

  @Test
  void aFileIsNamedOnceAndEachRowWithItsEvent() {
    var bundler = bundler();
    bundler.tell(new DeviceRead(DET, 1, reading(DET, 1), row(0)));
    // the first point is not saved, and the file must be named all the same
    bundler.tell(new Drop(1));
    bundler.tell(new DeviceRead(DET, 2, reading(DET, 2), row(1)));
    bundler.tell(new Bundle(2, "primary", List.of(DET)));
    List<RunEntry> first = appended().entries();
    assertThat(first).hasSize(3);
    StreamResource file = (StreamResource) ((RunEntry.Referenced) first.get(1)).document();
    assertThat(file.run()).isEqualTo(RUN);
    StreamDatum datum = (StreamDatum) ((RunEntry.Referenced) first.get(2)).document();
    assertThat(datum.indices()).isEqualTo(new StreamDatum.Range(1, 2));
    assertThat(datum.seqNums()).isEqualTo(new StreamDatum.Range(1, 2));
    assertThat(datum.descriptor()).isEqualTo(((RunEntry.Described) first.get(0)).document().uid());
  }
}
