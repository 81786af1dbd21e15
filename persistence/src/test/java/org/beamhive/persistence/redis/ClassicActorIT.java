package org.beamhive.persistence.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.beamhive.persistence.redis.JournalForTest.LONG;
import static org.beamhive.persistence.redis.JournalForTest.together;

import akka.actor.ActorRef;
import akka.actor.ActorSystem;
import akka.actor.PoisonPill;
import akka.actor.Props;
import akka.persistence.AbstractPersistentActor;
import akka.persistence.DeleteMessagesSuccess;
import akka.persistence.DeleteSnapshotSuccess;
import akka.persistence.DeleteSnapshotsSuccess;
import akka.persistence.Recovery;
import akka.persistence.RecoveryCompleted;
import akka.persistence.SaveSnapshotFailure;
import akka.persistence.SaveSnapshotSuccess;
import akka.persistence.SnapshotOffer;
import akka.persistence.SnapshotSelectionCriteria;
import akka.testkit.javadsl.TestKit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import scala.Option;

/** What a classic persistent actor meets, which may do more than a typed one. */
class ClassicActorIT {

  private static final long ALL = Long.MAX_VALUE;

  private static final AtomicInteger ids = new AtomicInteger();
  private static RedisServerForTest redis;
  private static ActorSystem system;

  private final String pid = "ledger-" + ids.incrementAndGet();
  private TestKit observer;

  @BeforeAll
  static void start() {
    redis = RedisServerForTest.start();
    system =
        ActorSystem.create(
            "classic-actor",
            redis.config(
                SampleSerializer.CONFIG,
                "beamhive.persistence.redis.max-snapshot-bytes = 1000",
                "akka.loglevel = OFF"));
  }

  @AfterAll
  static void stop() {
    TestKit.shutdownActorSystem(system);
    redis.close();
  }

  @BeforeEach
  void observe() {
    observer = new TestKit(system);
  }

  @AfterEach
  void observeNoMore() {
    system.stop(observer.getRef());
  }

  /** What a ledger is told to do. */
  private interface Entry extends Consumer<Ledger> {}

  /** Something has happened to an event. */
  private record Seen(String what, Object event, long sequenceNr) {}

  /** An actor that does what it is told and tells what it meets. */
  private static final class Ledger extends AbstractPersistentActor {

    private final String persistenceId;
    private final Recovery recovery;
    private final ActorRef observer;

    Ledger(String persistenceId, Recovery recovery, ActorRef observer) {
      this.persistenceId = persistenceId;
      this.recovery = recovery;
      this.observer = observer;
    }

    @Override
    public String persistenceId() {
      return persistenceId;
    }

    @Override
    public Recovery recovery() {
      return recovery;
    }

    @Override
    public Receive createReceiveRecover() {
      return receiveBuilder()
          .match(SnapshotOffer.class, offer -> tell("offered", offer.snapshot()))
          .match(RecoveryCompleted.class, done -> tell("recovered", ""))
          .matchAny(event -> tell("replayed", event))
          .build();
    }

    @Override
    public Receive createReceive() {
      return receiveBuilder()
          .match(Entry.class, entry -> entry.accept(this))
          .matchAny(message -> observer.tell(message, self()))
          .build();
    }

    @Override
    public void onPersistRejected(Throwable cause, Object event, long sequenceNr) {
      observer.tell(new Seen("rejected", event, sequenceNr), self());
    }

    @Override
    public void onPersistFailure(Throwable cause, Object event, long sequenceNr) {
      observer.tell(new Seen("failed", event, sequenceNr), self());
    }

    @Override
    public void onRecoveryFailure(Throwable cause, Option<Object> event) {
      observer.tell(cause, self());
    }

    void stored(Object event) {
      tell("stored", event);
    }

    private void tell(String what, Object event) {
      observer.tell(new Seen(what, event, lastSequenceNr()), self());
    }
  }

  /** An actor that has recovered; what it met while it did is left out. */
  private ActorRef ledger() {
    ActorRef ledger = recovering(Recovery.create());
    untilRecovered();
    return ledger;
  }

  private ActorRef recovering(Recovery recovery) {
    return observer.watch(
        system.actorOf(
            Props.create(Ledger.class, () -> new Ledger(pid, recovery, observer.getRef()))));
  }

  /** All that an actor meets on its way. */
  private List<Seen> untilRecovered() {
    List<Seen> seen = new ArrayList<>();
    do {
      seen.add(observer.expectMsgClass(LONG, Seen.class));
    } while (!seen.get(seen.size() - 1).what.equals("recovered"));
    return seen;
  }

  private List<Seen> seen(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> observer.expectMsgClass(LONG, Seen.class))
        .toList();
  }

  private void stop(ActorRef ledger) {
    ledger.tell(PoisonPill.getInstance(), ActorRef.noSender());
    observer.expectTerminated(LONG, ledger);
  }

  private static void tell(ActorRef ledger, Entry entry) {
    ledger.tell(entry, ActorRef.noSender());
  }

  /** Stops it, and tells what another one meets that recovers. */
  private List<Seen> recoveredAfter(ActorRef ledger, Recovery recovery) {
    stop(ledger);
    ActorRef next = recovering(recovery);
    List<Seen> seen = untilRecovered();
    stop(next);
    return seen;
  }

  private static Seen stored(String event, long sequenceNr) {
    return new Seen("stored", event, sequenceNr);
  }

  private static Seen replayed(String event, long sequenceNr) {
    return new Seen("replayed", event, sequenceNr);
  }

  private static Seen recovered(long sequenceNr) {
    return new Seen("recovered", "", sequenceNr);
  }

  @Test
  void severalBatchesOfOneMessageAreStoredInTheirOrder() {
    ActorRef ledger = ledger();
    tell(
        ledger,
        l -> {
          l.persistAll(List.of("a", "b"), l::stored);
          l.persist("c", l::stored);
          l.persistAll(List.of("d", "e"), l::stored);
        });
    assertThat(seen(5)).extracting(Seen::event).containsExactly("a", "b", "c", "d", "e");
    assertThat(recoveredAfter(ledger, Recovery.create()))
        .containsExactly(
            replayed("a", 1),
            replayed("b", 2),
            replayed("c", 3),
            replayed("d", 4),
            replayed("e", 5),
            recovered(5));
  }

  @Test
  void whatIsDeferredComesInItsPlace() {
    ActorRef ledger = ledger();
    tell(
        ledger,
        l -> {
          l.persistAsync("a", l::stored);
          l.deferAsync("between", l::stored);
          l.persistAllAsync(List.of("b", "c"), l::stored);
          l.deferAsync("after", l::stored);
        });
    assertThat(seen(5)).extracting(Seen::event).containsExactly("a", "between", "b", "c", "after");
    assertThat(recoveredAfter(ledger, Recovery.create()))
        .containsExactly(replayed("a", 1), replayed("b", 2), replayed("c", 3), recovered(3));
  }

  @Test
  void aRejectedBatchIsToldAndTheActorGoesOn() {
    ActorRef ledger = ledger();
    tell(
        ledger,
        l -> {
          l.persist("a", l::stored);
          l.persistAll(List.of("b", Sample.refused(), "d"), l::stored);
          l.persist("e", l::stored);
        });
    assertThat(seen(5))
        .containsExactly(
            stored("a", 1),
            new Seen("rejected", "b", 2),
            new Seen("rejected", Sample.refused(), 3),
            new Seen("rejected", "d", 4),
            stored("e", 5));
    assertThat(recoveredAfter(ledger, Recovery.create()))
        .containsExactly(replayed("a", 1), replayed("e", 5), recovered(5));
  }

  @Test
  void aFailedWriteStopsTheActor() {
    ActorRef ledger = ledger();
    JournalForTest rival = new JournalForTest(system, "");
    rival.write(together(rival.event(pid, 1, "theirs")));
    tell(ledger, l -> l.persist("mine", l::stored));
    assertThat(seen(1)).containsExactly(new Seen("failed", "mine", 1));
    observer.expectTerminated(LONG, ledger);
    recovering(Recovery.create());
    assertThat(untilRecovered()).containsExactly(replayed("theirs", 1), recovered(1));
  }

  @Test
  void recoversAsFarAsItWants() {
    ActorRef ledger = ledger();
    tell(ledger, l -> l.persistAll(List.of("a", "b", "c", "d"), l::stored));
    seen(4);
    SnapshotSelectionCriteria latest = SnapshotSelectionCriteria.latest();
    assertThat(recoveredAfter(ledger, Recovery.create(2)))
        .containsExactly(replayed("a", 1), replayed("b", 2), recovered(4));
    assertThat(recoveredAfter(ledger(), Recovery.create(latest, ALL, 3)))
        .containsExactly(replayed("a", 1), replayed("b", 2), replayed("c", 3), recovered(4));
    assertThat(recoveredAfter(ledger(), Recovery.none())).containsExactly(recovered(4));
  }

  @Test
  void goesOnAfterTheHighestNumberWithoutAnyRecovery() {
    ActorRef first = ledger();
    tell(first, l -> l.persistAll(List.of("a", "b"), l::stored));
    seen(2);
    stop(first);
    ActorRef second = recovering(Recovery.none());
    untilRecovered();
    tell(second, l -> l.persist("c", l::stored));
    assertThat(seen(1)).containsExactly(stored("c", 3));
  }

  @Test
  void deletesItsEventsAndCountsOn() {
    ActorRef ledger = ledger();
    tell(ledger, l -> l.persistAll(List.of("a", "b", "c"), l::stored));
    seen(3);
    tell(ledger, l -> l.deleteMessages(2));
    observer.expectMsg(LONG, new DeleteMessagesSuccess(2));
    assertThat(recoveredAfter(ledger, Recovery.create()))
        .containsExactly(replayed("c", 3), recovered(3));

    ActorRef next = ledger();
    tell(next, l -> l.deleteMessages(3));
    observer.expectMsg(LONG, new DeleteMessagesSuccess(3));
    stop(next);
    ActorRef last = recovering(Recovery.create());
    assertThat(untilRecovered()).containsExactly(recovered(3));
    tell(last, l -> l.persist("d", l::stored));
    assertThat(seen(1)).containsExactly(stored("d", 4));
  }

  @Test
  void recoversFromTheSnapshotThatItWants() {
    ActorRef ledger = ledger();
    for (int i = 1; i <= 3; i++) {
      String text = Integer.toString(i);
      tell(ledger, l -> l.persist("e-" + text, l::stored));
      seen(1);
      tell(ledger, l -> l.saveSnapshot("s-" + text));
      observer.expectMsgClass(LONG, SaveSnapshotSuccess.class);
    }
    assertThat(recoveredAfter(ledger, Recovery.create()))
        .containsExactly(new Seen("offered", "s-3", 3), recovered(3));
    assertThat(recoveredAfter(ledger(), Recovery.create(SnapshotSelectionCriteria.create(2, ALL))))
        .containsExactly(new Seen("offered", "s-2", 2), replayed("e-3", 3), recovered(3));
    assertThat(recoveredAfter(ledger(), Recovery.create(1)))
        .containsExactly(new Seen("offered", "s-1", 1), recovered(3));
    assertThat(recoveredAfter(ledger(), Recovery.create(SnapshotSelectionCriteria.none())))
        .containsExactly(replayed("e-1", 1), replayed("e-2", 2), replayed("e-3", 3), recovered(3));
  }

  @Test
  void deletesItsSnapshots() {
    ActorRef ledger = ledger();
    for (int i = 1; i <= 3; i++) {
      String text = Integer.toString(i);
      tell(ledger, l -> l.persist("e-" + text, l::stored));
      seen(1);
      tell(ledger, l -> l.saveSnapshot("s-" + text));
      observer.expectMsgClass(LONG, SaveSnapshotSuccess.class);
    }
    tell(ledger, l -> l.deleteSnapshot(3));
    observer.expectMsgClass(LONG, DeleteSnapshotSuccess.class);
    assertThat(recoveredAfter(ledger, Recovery.create()).get(0))
        .isEqualTo(new Seen("offered", "s-2", 2));
    ActorRef next = ledger();
    tell(next, l -> l.deleteSnapshots(SnapshotSelectionCriteria.create(2, ALL)));
    observer.expectMsgClass(LONG, DeleteSnapshotsSuccess.class);
    assertThat(recoveredAfter(next, Recovery.create()).get(0)).isEqualTo(replayed("e-1", 1));
  }

  @Test
  void recoversFromASnapshotBeforeItsFirstEvent() {
    ActorRef ledger = ledger();
    tell(ledger, l -> l.saveSnapshot("s-0"));
    observer.expectMsgClass(LONG, SaveSnapshotSuccess.class);
    tell(ledger, l -> l.persist("a", l::stored));
    seen(1);
    assertThat(recoveredAfter(ledger, Recovery.create()))
        .containsExactly(new Seen("offered", "s-0", 0), replayed("a", 1), recovered(1));
  }

  @Test
  void goesOnWhenItsSnapshotIsTooLarge() {
    ActorRef ledger = ledger();
    tell(ledger, l -> l.persist("a", l::stored));
    seen(1);
    tell(ledger, l -> l.saveSnapshot("s".repeat(1001)));
    assertThat(observer.expectMsgClass(LONG, SaveSnapshotFailure.class).cause())
        .hasMessageContaining("beamhive.persistence.redis.max-snapshot-bytes");
    tell(ledger, l -> l.persist("b", l::stored));
    assertThat(seen(1)).containsExactly(stored("b", 2));
    assertThat(recoveredAfter(ledger, Recovery.create()))
        .containsExactly(replayed("a", 1), replayed("b", 2), recovered(2));
  }

  /** A snapshot that is newer than the journal, as after a deletion of a Redis key by hand. */
  @Test
  void countsOnFromASnapshotThatIsNewerThanTheJournal() {
    new SnapshotsForTest(system, "").save(pid, 7, "s-7");
    ActorRef ledger = recovering(Recovery.create());
    assertThat(untilRecovered()).containsExactly(new Seen("offered", "s-7", 7), recovered(7));
    tell(ledger, l -> l.persist("a", l::stored));
    assertThat(seen(1)).containsExactly(stored("a", 8));
  }
}
