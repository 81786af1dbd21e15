package org.beamhive.actors.run;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.persistence.testkit.PersistenceTestKitPlugin;
import akka.persistence.testkit.javadsl.PersistenceTestKit;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.beamhive.protocol.document.Event;
import org.beamhive.protocol.document.EventDescriptor;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.document.RunStop;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.run.RunEntry;
import org.beamhive.protocol.run.RunLogProtocol;
import org.beamhive.protocol.run.RunLogProtocol.Append;
import org.beamhive.protocol.run.RunLogProtocol.AppendReply;
import org.beamhive.protocol.run.RunLogProtocol.Appended;
import org.beamhive.protocol.run.RunLogProtocol.Entries;
import org.beamhive.protocol.run.RunLogProtocol.GetProgress;
import org.beamhive.protocol.run.RunLogProtocol.NotAppended;
import org.beamhive.protocol.run.RunLogProtocol.Older;
import org.beamhive.protocol.run.RunLogProtocol.Pull;
import org.beamhive.protocol.run.RunLogProtocol.PullReply;
import org.beamhive.protocol.run.RunProgress;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class RunLogTest {
  private static final ActorTestKit KIT =
      ActorTestKit.create(
          PersistenceTestKitPlugin.getInstance().config().withFallback(ConfigFactory.load()));
  private static final PersistenceTestKit JOURNAL = PersistenceTestKit.create(KIT.system());
  private static final RunSettings SETTINGS =
      new RunSettings(
          8,
          4,
          Duration.ofMillis(20),
          Duration.ofSeconds(5),
          "none",
          Duration.ofMillis(10),
          Duration.ofMillis(20));

  private final RunUid run = RunUid.random();
  private final TestProbe<AppendReply> appends = KIT.createTestProbe();
  private final TestProbe<PullReply> pulls = KIT.createTestProbe();

  @AfterAll
  static void close() {
    KIT.shutdownTestKit();
  }

  private ActorRef<RunLogProtocol.Request> log() {
    return KIT.spawn(RunLog.create(run, SETTINGS));
  }

  private RunEntry start() {
    return new RunEntry.Started(new RunStart(run, 1, 7, Value.Fields.EMPTY));
  }

  private RunEntry described() {
    return new RunEntry.Described(new EventDescriptor("d", run, 2, "primary", List.of()));
  }

  private static RunEntry event(long seqNum) {
    return new RunEntry.Measured(new Event("e" + seqNum, "d", seqNum, 2 + seqNum, List.of()));
  }

  private RunEntry stop() {
    return new RunEntry.Stopped(new RunStop("s", run, 99, "success", "", Map.of()));
  }

  private AppendReply append(ActorRef<RunLogProtocol.Request> log, RunEntry... entries) {
    log.tell(new Append(List.of(entries), appends.getRef()));
    return appends.receiveMessage();
  }

  private String refused(ActorRef<RunLogProtocol.Request> log, RunEntry... entries) {
    return ((NotAppended) append(log, entries)).problem().code();
  }

  private RunProgress progress(ActorRef<RunLogProtocol.Request> log) {
    TestProbe<RunProgress> probe = KIT.createTestProbe();
    log.tell(new GetProgress(probe.getRef()));
    return probe.receiveMessage();
  }

  private void points(ActorRef<RunLogProtocol.Request> log, long from, long to) {
    LongStream.rangeClosed(from, to).forEach(n -> append(log, event(n)));
  }

  @Test
  void appendsABatchAndSaysSoWhenItIsDurable() {
    assertThat(append(log(), start(), described(), event(1))).isEqualTo(new Appended(3));
    assertThat(JOURNAL.persistedInStorage("run|" + run))
        .containsExactly(start(), described(), event(1));
  }

  @Test
  void refusesABatchWithOneWrongEntryAsAWhole() {
    var log = log();
    append(log, start(), described());
    assertThat(refused(log, event(1), event(3))).isEqualTo("wrong-seq-num");
    assertThat(progress(log).entries()).isEqualTo(2);
    assertThat(JOURNAL.persistedInStorage("run|" + run)).hasSize(2);
  }

  @Test
  void refusesWhatDoesNotFit() {
    var log = log();
    assertThat(refused(log, described())).isEqualTo("run-not-open");
    assertThat(refused(log, stop())).isEqualTo("run-not-open");
    assertThat(refused(log, start(), start())).isEqualTo("run-open");
    append(log, start());
    assertThat(refused(log, start())).isEqualTo("run-open");
    assertThat(refused(log, event(1))).isEqualTo("no-descriptor");
    append(log, described(), event(1));
    assertThat(refused(log, event(1))).isEqualTo("wrong-seq-num");
    assertThat(refused(log, stop(), event(2))).isEqualTo("run-closed");
    append(log, stop());
    assertThat(refused(log, stop())).isEqualTo("run-closed");
  }

  @Test
  void knowsAfterARestartWhatItHolds() {
    var log = log();
    append(log, start(), new RunEntry.Answered(4, Value.of(1.5)), described(), event(1), event(2));
    KIT.stop(log);
    RunProgress progress = progress(log());
    assertThat(progress.entries()).isEqualTo(5);
    assertThat(progress.lastSeqNum("primary")).isEqualTo(2);
    assertThat(progress.answers()).containsEntry(4L, Value.of(1.5));
    assertThat(progress.start().scanId()).isEqualTo(7);
    assertThat(progress.closed()).isFalse();
  }

  @Test
  void answersAPullAtOnceOrWhenTheNextEntryIsDurable() {
    var log = log();
    append(log, start());
    log.tell(new Pull(1, 10, "", pulls.getRef()));
    assertThat(pulls.receiveMessage()).isEqualTo(new Entries(1, List.of(start())));
    log.tell(new Pull(2, 10, "", pulls.getRef()));
    pulls.expectNoMessage(Duration.ofMillis(20));
    append(log, described(), event(1));
    assertThat(pulls.receiveMessage()).isEqualTo(new Entries(2, List.of(described(), event(1))));
  }

  @Test
  void aNewerPullReplacesTheOlder() {
    var log = log();
    append(log, start());
    log.tell(new Pull(2, 10, "", pulls.getRef()));
    log.tell(new Pull(2, 1, "", pulls.getRef()));
    append(log, described(), event(1));
    assertThat(pulls.receiveMessage()).isEqualTo(new Entries(2, List.of(described())));
    pulls.expectNoMessage(Duration.ofMillis(20));
  }

  @Test
  void givesAPageAndSendsWhoIsTooFarBehindToTheJournal() {
    var log = log();
    append(log, start(), described());
    points(log, 1, 10);
    log.tell(new Pull(5, 100, "", pulls.getRef()));
    assertThat(((Entries) pulls.receiveMessage()).entries()).hasSize(4);
    log.tell(new Pull(4, 100, "", pulls.getRef()));
    assertThat(pulls.receiveMessage()).isEqualTo(new Older(5));
  }

  @Test
  void holdsWhatItHeldAfterAWriteHasFailed() {
    var log = log();
    append(log, start(), described());
    log.tell(new Pull(3, 10, "", pulls.getRef()));
    JOURNAL.failNextPersisted("run|" + run);
    log.tell(new Append(List.of(event(1)), appends.getRef()));
    RunProgress progress = progress(log);
    assertThat(progress.entries()).isEqualTo(2);
    assertThat(progress.descriptors()).hasSize(1);
    assertThat(append(log, event(1))).isEqualTo(new Appended(3));
    assertThat(pulls.receiveMessage()).isEqualTo(new Entries(3, List.of(event(1))));
  }

  /** Keeps what it is told. */
  private static final class Told implements RunMeasures {
    private final AtomicInteger appends = new AtomicInteger();
    private final Map<String, Long> points = new ConcurrentHashMap<>();
    private final Map<String, Long> behind = new ConcurrentHashMap<>();

    @Override
    public Set<String> followers() {
      return Set.of("file", "bridge");
    }

    @Override
    public void appended(long nanos) {
      assertThat(nanos).isPositive();
      appends.incrementAndGet();
    }

    @Override
    public void recorded(String stream, long count) {
      points.merge(stream, count, Long::sum);
    }

    @Override
    public void behind(String follower, long entries) {
      behind.put(follower, entries);
    }
  }

  @Test
  void tellsItsPointsAndHowFarBehindAFollowerIsAlsoOneThatNeverAsks() {
    Told told = new Told();
    var log = KIT.spawn(RunLog.create(run, SETTINGS, told));
    append(log, start(), described(), event(1), event(2));
    log.tell(new Pull(1, 3, "file", pulls.getRef()));
    log.tell(new Pull(4, 3, "file", pulls.getRef()));
    log.tell(new Pull(1, 3, "somebody", pulls.getRef()));
    append(log, event(3));
    progress(log);
    assertThat(told.appends).hasValue(2);
    assertThat(told.points).isEqualTo(Map.of("primary", 3L));
    assertThat(told.behind).isEqualTo(Map.of("file", 2L, "bridge", 5L));
    KIT.stop(log);
    assertThat(told.behind).isEqualTo(Map.of("file", 0L, "bridge", 0L));
  }
}
