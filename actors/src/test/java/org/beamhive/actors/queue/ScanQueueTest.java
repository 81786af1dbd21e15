package org.beamhive.actors.queue;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.testkit.PersistenceTestKitPlugin;
import akka.persistence.testkit.PersistenceTestKitSnapshotPlugin;
import akka.persistence.testkit.javadsl.PersistenceTestKit;
import com.typesafe.config.ConfigFactory;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.model.ItemUid;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.plan.PlanCheck;
import org.beamhive.protocol.queue.QueueItem;
import org.beamhive.protocol.queue.QueueStatus;
import org.beamhive.protocol.queue.ScanQueueProtocol.Accepted;
import org.beamhive.protocol.queue.ScanQueueProtocol.AddItems;
import org.beamhive.protocol.queue.ScanQueueProtocol.After;
import org.beamhive.protocol.queue.ScanQueueProtocol.At;
import org.beamhive.protocol.queue.ScanQueueProtocol.Before;
import org.beamhive.protocol.queue.ScanQueueProtocol.ByIndex;
import org.beamhive.protocol.queue.ScanQueueProtocol.ByUid;
import org.beamhive.protocol.queue.ScanQueueProtocol.ClearHistory;
import org.beamhive.protocol.queue.ScanQueueProtocol.ClearQueue;
import org.beamhive.protocol.queue.ScanQueueProtocol.ControlRun;
import org.beamhive.protocol.queue.ScanQueueProtocol.EndedItem;
import org.beamhive.protocol.queue.ScanQueueProtocol.EnvironmentChange;
import org.beamhive.protocol.queue.ScanQueueProtocol.ExecuteItem;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetHistory;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetItem;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetQueue;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetRuns;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetStatus;
import org.beamhive.protocol.queue.ScanQueueProtocol.HistoryView;
import org.beamhive.protocol.queue.ScanQueueProtocol.Items;
import org.beamhive.protocol.queue.ScanQueueProtocol.ItemsReply;
import org.beamhive.protocol.queue.ScanQueueProtocol.MoveItems;
import org.beamhive.protocol.queue.ScanQueueProtocol.NotAllAdded;
import org.beamhive.protocol.queue.ScanQueueProtocol.Place;
import org.beamhive.protocol.queue.ScanQueueProtocol.QueueView;
import org.beamhive.protocol.queue.ScanQueueProtocol.Refused;
import org.beamhive.protocol.queue.ScanQueueProtocol.RemoveItems;
import org.beamhive.protocol.queue.ScanQueueProtocol.Reply;
import org.beamhive.protocol.queue.ScanQueueProtocol.Request;
import org.beamhive.protocol.queue.ScanQueueProtocol.RunControl;
import org.beamhive.protocol.queue.ScanQueueProtocol.RunsView;
import org.beamhive.protocol.queue.ScanQueueProtocol.SetAutostart;
import org.beamhive.protocol.queue.ScanQueueProtocol.SetEnvironment;
import org.beamhive.protocol.queue.ScanQueueProtocol.SetMode;
import org.beamhive.protocol.queue.ScanQueueProtocol.StartQueue;
import org.beamhive.protocol.queue.ScanQueueProtocol.StopQueue;
import org.beamhive.protocol.queue.ScanQueueProtocol.SubscribeStatus;
import org.beamhive.protocol.queue.ScanQueueProtocol.UpdateItem;
import org.beamhive.protocol.queue.ScanQueueProtocol.Which;
import org.beamhive.protocol.run.RunFollowerProtocol.Follow;
import org.beamhive.protocol.run.RunFollowerProtocol.Followed;
import org.beamhive.protocol.run.RunLogProtocol;
import org.beamhive.protocol.scan.ScanJob;
import org.beamhive.protocol.scan.ScanJob.Mode;
import org.beamhive.protocol.scan.ScanWorkerProtocol;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Ended;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Report;
import org.beamhive.protocol.scan.ScanWorkerProtocol.RunOpened;
import org.beamhive.protocol.scan.ScanWorkerProtocol.StateChanged;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Superseded;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Waiting;
import org.beamhive.protocol.scan.ScanWorkerProtocol.WorkerState;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The rules of the queue, with workers that do what the test says. */
class ScanQueueTest {
  private static final ActorTestKit KIT =
      ActorTestKit.create(
          PersistenceTestKitPlugin.getInstance()
              .config()
              .withFallback(PersistenceTestKitSnapshotPlugin.config())
              .withFallback(ConfigFactory.load()));
  private static final PersistenceTestKit JOURNAL = PersistenceTestKit.create(KIT.system());
  private static final PlanCheck CHECK =
      (request, devices) ->
          request.name().equals("bad")
              ? Optional.of(Refusal.of("unknown-plan", "no such plan"))
              : Optional.empty();

  /** A worker that was started. */
  private record Started(
      ScanJob job, ActorRef<Report> queue, ActorRef<ScanWorkerProtocol.Request> ref) {
    void ends(String exitStatus) {
      queue.tell(new Ended(job.item(), exitStatus, "", List.of(job.run()), List.of(job.scanId())));
    }

    void is(WorkerState state, String because) {
      queue.tell(new StateChanged(job.item(), state, because));
    }

    void crashes() {
      ref.tell(new ScanWorkerProtocol.Abort("crash"));
    }
  }

  private final AtomicLong seconds = new AtomicLong(1_000_000);
  private final Clock clock =
      new Clock() {
        @Override
        public ZoneId getZone() {
          return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
          return this;
        }

        @Override
        public Instant instant() {
          return Instant.ofEpochSecond(seconds.get());
        }
      };
  private final String beamline = UUID.randomUUID().toString();
  private final TestProbe<Started> workers = KIT.createTestProbe();
  private final TestProbe<ScanWorkerProtocol.Request> said = KIT.createTestProbe();
  private final TestProbe<Follow> follows = KIT.createTestProbe();
  private final TestProbe<RunLogProtocol.Request> runLog = KIT.createTestProbe();
  private QueueSettings.Policy policy = QueueSettings.Policy.RESUME;
  private Map<String, java.util.function.Consumer<Follow>> followers = Map.of();
  private int snapshotEvery = 1000;
  private int historyLimit = 5;
  private ActorRef<Request> queue;

  @AfterAll
  static void close() {
    KIT.shutdownTestKit();
  }

  @AfterEach
  void stop() {
    if (queue != null) {
      KIT.stop(queue);
    }
  }

  // ------------------------------------------------------------------ the world around the queue

  private void begin() {
    TestProbe<DeviceDirectoryProtocol.Request> directory = KIT.createTestProbe();
    QueueSettings settings =
        new QueueSettings(
            historyLimit,
            snapshotEvery,
            Duration.ofMinutes(1),
            2,
            Duration.ofMillis(10),
            Duration.ofMinutes(3),
            Duration.ofMinutes(5),
            policy);
    queue =
        KIT.spawn(
            ScanQueue.create(
                beamline,
                new QueueParts(
                    settings,
                    CHECK,
                    directory.getRef(),
                    this::worker,
                    followers,
                    Duration.ofMillis(30),
                    clock,
                    () -> UUID.randomUUID().toString())));
    directory
        .expectMessageClass(DeviceDirectoryProtocol.Subscribe.class)
        .replyTo()
        .tell(new DeviceDirectoryProtocol.Devices(1, List.of()));
  }

  private void restart() {
    KIT.stop(queue);
    begin();
  }

  private Behavior<ScanWorkerProtocol.Request> worker(ScanJob job, ActorRef<Report> reports) {
    return Behaviors.setup(
        context -> {
          workers.getRef().tell(new Started(job, reports, context.getSelf()));
          return Behaviors.receiveMessage(
              message -> {
                if (message.equals(new ScanWorkerProtocol.Abort("crash"))) {
                  return Behaviors.stopped();
                }
                said.getRef().tell(message);
                return Behaviors.same();
              });
        });
  }

  private <T> T ask(Function<ActorRef<T>, Request> request) {
    TestProbe<T> probe = KIT.createTestProbe();
    queue.tell(request.apply(probe.getRef()));
    return probe.receiveMessage();
  }

  private void accepted(Function<ActorRef<Reply>, Request> request) {
    assertThat(ask(request)).isEqualTo(Accepted.ACCEPTED);
  }

  private String refused(Function<ActorRef<Reply>, Request> request) {
    return ((Refused) ask(request)).refusal().code();
  }

  private static Value.Fields plan(String name) {
    return Value.Fields.EMPTY.with("item_type", Value.of("plan")).with("name", Value.of(name));
  }

  private static Value.Fields queueStop() {
    return Value.Fields.EMPTY
        .with("item_type", Value.of("instruction"))
        .with("name", Value.of("queue_stop"));
  }

  private List<QueueItem> add(Place place, Value.Fields... items) {
    ItemsReply reply = ask(replyTo -> new AddItems(List.of(items), place, replyTo));
    assertThat(reply).isInstanceOf(Items.class);
    return ((Items) reply).items();
  }

  private QueueItem add(String name) {
    return add(At.BACK, plan(name)).get(0);
  }

  private List<String> names() {
    return this.<QueueView>ask(GetQueue::new).items().stream().map(QueueItem::name).toList();
  }

  private QueueStatus status() {
    return ask(GetStatus::new);
  }

  private void becomes(String managerState) {
    said.awaitAssert(
        () -> {
          assertThat(status().managerState()).isEqualTo(managerState);
          return null;
        });
  }

  private List<EndedItem> history() {
    return this.<HistoryView>ask(GetHistory::new).items();
  }

  private void open() {
    accepted(replyTo -> new SetEnvironment(EnvironmentChange.OPEN, replyTo));
    becomes("idle");
  }

  private Started start() {
    accepted(StartQueue::new);
    return workers.receiveMessage();
  }

  /** A queue with an open environment whose first plan runs. */
  private Started running(String... names) {
    begin();
    open();
    for (String name : names) {
      add(name);
    }
    return start();
  }

  private Started paused(Started worker) {
    worker.is(WorkerState.PAUSED, "a pause was asked for");
    becomes("paused");
    return worker;
  }

  // ------------------------------------------------------------------ items

  @Test
  void addsItemsAtTheirPlace() {
    begin();
    QueueItem b = add("b");
    add(At.FRONT, plan("a"));
    add(new After(b.uid()), plan("d"));
    add(new Before(b.uid()), plan("ab"), plan("ac"));
    add(new At(99), plan("z"));
    assertThat(names()).containsExactly("a", "ab", "ac", "b", "d", "z");
    assertThat(
            this.<ItemsReply>ask(
                r -> new AddItems(List.of(plan("x")), new After(new ItemUid("none")), r)))
        .isInstanceOf(Refused.class);
  }

  @Test
  void addsAllItemsOrNone() {
    begin();
    ItemsReply reply =
        ask(r -> new AddItems(List.of(plan("a"), plan("bad"), Value.Fields.EMPTY), At.BACK, r));
    assertThat(((NotAllAdded) reply).problems()).hasSize(3).first().isEqualTo("");
    assertThat(names()).isEmpty();
    assertThat(this.<ItemsReply>ask(r -> new AddItems(List.of(plan("bad")), At.BACK, r)))
        .isEqualTo(new Refused(Refusal.of("unknown-plan", "no such plan")));
  }

  @Test
  void movesItemsInTheGivenOrderOrThatOfTheQueue() {
    begin();
    List<QueueItem> items = add(At.BACK, plan("a"), plan("b"), plan("c"), plan("d"));
    List<Which> two = List.of(new ByUid(items.get(3).uid()), new ByIndex(1));
    this.<ItemsReply>ask(r -> new MoveItems(two, At.FRONT, false, r));
    assertThat(names()).containsExactly("d", "b", "a", "c");
    List<Which> again = List.of(new ByUid(items.get(2).uid()), new ByUid(items.get(3).uid()));
    this.<ItemsReply>ask(r -> new MoveItems(again, new After(items.get(1).uid()), true, r));
    assertThat(names()).containsExactly("b", "d", "c", "a");
    assertThat(
            this.<ItemsReply>ask(r -> new MoveItems(List.of(new ByIndex(9)), At.FRONT, false, r)))
        .isInstanceOf(Refused.class);
    this.<ItemsReply>ask(
        r -> new MoveItems(List.of(new ByIndex(0)), new Before(items.get(1).uid()), false, r));
    assertThat(names()).containsExactly("b", "d", "c", "a");
  }

  @Test
  void removesAndUpdatesItems() {
    begin();
    List<QueueItem> items = add(At.BACK, plan("a"), plan("b"), plan("c"));
    assertThat(
            this.<ItemsReply>ask(
                r -> new RemoveItems(List.of(new ByIndex(-1), new ByIndex(7)), false, r)))
        .isInstanceOf(Refused.class);
    this.<ItemsReply>ask(r -> new RemoveItems(List.of(new ByIndex(-1), new ByIndex(7)), true, r));
    assertThat(names()).containsExactly("a", "b");
    ItemUid a = items.get(0).uid();
    this.<ItemsReply>ask(r -> new UpdateItem(a, plan("a2"), false, r));
    assertThat(
            ((Items) this.<ItemsReply>ask(r -> new GetItem(new ByUid(a), r))).items().get(0).name())
        .isEqualTo("a2");
    Items replaced = (Items) this.<ItemsReply>ask(r -> new UpdateItem(a, plan("a3"), true, r));
    assertThat(replaced.items().get(0).uid()).isNotEqualTo(a);
    assertThat(this.<ItemsReply>ask(r -> new UpdateItem(a, plan("x"), true, r)))
        .isInstanceOf(Refused.class);
    accepted(ClearQueue::new);
    assertThat(names()).isEmpty();
  }

  // ------------------------------------------------------------------ running

  @Test
  void runsOneItemAfterTheOtherAndThenIsIdle() {
    Started first = running("a", "b");
    assertThat(first.job().mode()).isEqualTo(Mode.FRESH);
    assertThat(first.job().epoch().value()).isEqualTo(1);
    assertThat(status().managerState()).isEqualTo("executing_queue");
    assertThat(status().runningItem()).isEqualTo(first.job().item());
    first.queue().tell(new RunOpened(first.job().item(), first.job().run(), 1, runLog.getRef()));
    said.awaitAssert(
        () -> {
          assertThat(this.<RunsView>ask(GetRuns::new).runs()).hasSize(1);
          return null;
        });
    first.ends("completed");
    Started second = workers.receiveMessage();
    assertThat(second.job().request().name()).isEqualTo("b");
    assertThat(second.job().scanId()).isEqualTo(2);
    assertThat(second.job().epoch().value()).isEqualTo(2);
    assertThat(second.job().run()).isNotEqualTo(first.job().run());
    second.ends("completed");
    becomes("idle");
    assertThat(history()).extracting(one -> one.item().name()).containsExactly("a", "b");
    accepted(r -> new ClearHistory(1, r));
    assertThat(history()).extracting(one -> one.item().name()).containsExactly("b");
  }

  @ParameterizedTest
  @CsvSource({
    // exit status, loop, ignore failures: the queue afterwards, goes on, autostart stays
    "completed, false, false, b, true",
    "completed, true, false, b+a, true",
    "failed, false, false, a+b, false",
    "failed, true, false, a+b, false",
    "failed, false, true, b, true",
    "failed, true, true, b+a, true",
    "stopped, false, false, b, false",
    "stopped, true, false, b+a, false",
    "aborted, false, true, a+b, false",
    "aborted, true, true, a+b, false",
    "halted, false, true, a+b, false"
  })
  void anEndedItemMeetsItsFate(
      String status, boolean loop, boolean ignore, String after, boolean goesOn) {
    Started worker = running("a", "b");
    accepted(r -> new SetMode(loop, ignore, r));
    accepted(r -> new SetAutostart(true, r));
    worker.ends(status);
    List<String> expected = List.of(after.split("\\+"));
    if (goesOn) {
      assertThat(workers.receiveMessage().job().request().name()).isEqualTo("b");
      assertThat(names()).isEqualTo(expected.subList(1, expected.size()));
    } else {
      becomes("idle");
      assertThat(names()).isEqualTo(expected);
    }
    assertThat(status().queueAutostart()).isEqualTo(goesOn);
    EndedItem ended = history().get(0);
    assertThat(ended.result().exitStatus()).isEqualTo(status);
    assertThat(ended.item().uid()).isEqualTo(worker.job().item());
    this.<QueueView>ask(GetQueue::new).items().stream()
        .filter(item -> item.name().equals("a"))
        .forEach(
            copy -> {
              assertThat(copy.uid()).isNotEqualTo(worker.job().item());
              assertThat(copy.fields().get("result") != null)
                  .isEqualTo(expected.get(0).equals("a"));
            });
    workers.expectNoMessage(Duration.ofMillis(20));
  }

  @Test
  void stopsAfterTheRunningItemAndStaysStoppedAlthoughAutostartIsOn() {
    Started worker = running("a", "b");
    accepted(r -> new SetAutostart(true, r));
    accepted(r -> new StopQueue(false, r));
    assertThat(status().queueStopPending()).isTrue();
    worker.ends("completed");
    becomes("idle");
    assertThat(names()).containsExactly("b");
    assertThat(status().queueStopPending()).isFalse();
    workers.expectNoMessage(Duration.ofMillis(20));
  }

  @Test
  void aStopOfTheQueueCanBeTakenBack() {
    Started worker = running("a", "b");
    accepted(r -> new StopQueue(false, r));
    accepted(r -> new StopQueue(true, r));
    worker.ends("completed");
    assertThat(workers.receiveMessage().job().request().name()).isEqualTo("b");
  }

  @Test
  void aStopInstructionStopsTheQueue() {
    begin();
    open();
    add(At.BACK, plan("a"), queueStop(), plan("b"));
    start().ends("completed");
    becomes("idle");
    assertThat(names()).containsExactly("b");
    assertThat(refused(r -> new StopQueue(false, r))).isEqualTo("not-running");
    assertThat(start().job().request().name()).isEqualTo("b");
  }

  @Test
  void anEmptyQueueStartsAndIsIdle() {
    begin();
    open();
    accepted(StartQueue::new);
    becomes("idle");
  }

  @Test
  void startsByItselfWhenSomethingIsAdded() {
    begin();
    open();
    accepted(r -> new SetAutostart(true, r));
    add("a");
    workers.receiveMessage().ends("completed");
    becomes("idle");
    assertThat(status().queueAutostart()).isTrue();
    add("b");
    assertThat(workers.receiveMessage().job().request().name()).isEqualTo("b");
  }

  @ParameterizedTest
  @CsvSource({"completed", "failed", "aborted"})
  void whatIsExecutedAtOnceIsNeverQueued(String status) {
    begin();
    open();
    add("waiting");
    assertThat(this.<ItemsReply>ask(r -> new ExecuteItem(plan("now"), r)))
        .isInstanceOf(Items.class);
    assertThat(this.<ItemsReply>ask(r -> new ExecuteItem(plan("now"), r)))
        .isInstanceOf(Refused.class);
    accepted(r -> new SetMode(true, false, r));
    workers.receiveMessage().ends(status);
    becomes("idle");
    assertThat(names()).containsExactly("waiting");
    assertThat(history().get(0).result().exitStatus()).isEqualTo(status);
    workers.expectNoMessage(Duration.ofMillis(20));
  }

  @Test
  void anInstructionCannotBeExecutedAtOnce() {
    begin();
    open();
    assertThat(this.<ItemsReply>ask(r -> new ExecuteItem(queueStop(), r)))
        .isInstanceOf(Refused.class);
  }

  // ------------------------------------------------------------------ environment and control

  @Test
  void runsNothingWithoutAnEnvironment() {
    begin();
    add("a");
    assertThat(refused(StartQueue::new)).isEqualTo("no-environment");
    assertThat(refused(r -> new SetEnvironment(EnvironmentChange.CLOSE, r)))
        .isEqualTo("no-environment");
    assertThat(refused(r -> new SetEnvironment(EnvironmentChange.DESTROY, r)))
        .isEqualTo("no-environment");
    assertThat(status().environmentState()).isEqualTo("closed");
    assertThat(status().reState()).isNull();
    open();
    assertThat(status().environmentState()).isEqualTo("idle");
    assertThat(refused(r -> new SetEnvironment(EnvironmentChange.OPEN, r)))
        .isEqualTo("environment-exists");
    accepted(r -> new SetEnvironment(EnvironmentChange.CLOSE, r));
    said.awaitAssert(
        () -> {
          assertThat(status().environmentExists()).isFalse();
          return null;
        });
  }

  @Test
  void closesAnEnvironmentOnlyWhenIdleButDestroysItAlways() {
    Started worker = running("a");
    assertThat(refused(r -> new SetEnvironment(EnvironmentChange.CLOSE, r))).isEqualTo("not-idle");
    accepted(r -> new SetEnvironment(EnvironmentChange.DESTROY, r));
    assertThat(status().managerState()).isEqualTo("destroying_environment");
    said.expectMessageClass(ScanWorkerProtocol.Abort.class);
    worker.ends("aborted");
    becomes("idle");
    assertThat(status().environmentExists()).isFalse();
    assertThat(names()).containsExactly("a");
  }

  @Test
  void destroysTheEnvironmentAlthoughTheWorkerIsJustBeingStartedAgain() {
    Started worker = running("a");
    worker.crashes();
    accepted(r -> new SetEnvironment(EnvironmentChange.DESTROY, r));
    workers.receiveMessage();
    said.expectMessageClass(ScanWorkerProtocol.Abort.class);
  }

  @ParameterizedTest
  @EnumSource(RunControl.class)
  void refusesControlsInTheWrongState(RunControl control) {
    boolean pause = control.name().startsWith("PAUSE");
    begin();
    open();
    assertThat(refused(r -> new ControlRun(control, r)))
        .isEqualTo(pause ? "not-running" : "not-paused");
    add("a");
    Started worker = start();
    if (!pause) {
      assertThat(refused(r -> new ControlRun(control, r))).isEqualTo("not-paused");
    }
    paused(worker);
    if (pause) {
      assertThat(refused(r -> new ControlRun(control, r))).isEqualTo("not-running");
    } else {
      accepted(r -> new ControlRun(control, r));
      assertThat(said.receiveMessage()).isInstanceOf(ScanWorkerProtocol.Request.class);
    }
  }

  @Test
  void showsWhatTheWorkerDoes() {
    Started worker = running("a");
    assertThat(status().reState()).isEqualTo("running");
    accepted(r -> new ControlRun(RunControl.PAUSE_DEFERRED, r));
    assertThat(status().pausePending()).isTrue();
    said.expectMessage(new ScanWorkerProtocol.Pause(true));
    paused(worker);
    assertThat(status().pausePending()).isFalse();
    assertThat(status().pausedBecause()).isEqualTo("a pause was asked for");
    accepted(r -> new ControlRun(RunControl.RESUME, r));
    said.expectMessage(ScanWorkerProtocol.Resume.RESUME);
    becomes("executing_queue");
    paused(worker);
    accepted(r -> new ControlRun(RunControl.ABORT, r));
    assertThat(status().reState()).isEqualTo("aborting");
  }

  @Test
  void tellsSubscribersEachChangeOnce() {
    begin();
    TestProbe<QueueStatus> subscriber = KIT.createTestProbe();
    queue.tell(new SubscribeStatus(subscriber.getRef()));
    queue.tell(new SubscribeStatus(subscriber.getRef()));
    subscriber.receiveMessage();
    subscriber.receiveMessage();
    add("a");
    assertThat(subscriber.receiveMessage().itemsInQueue()).isEqualTo(1);
    subscriber.expectNoMessage(Duration.ofMillis(20));
    subscriber.stop();
    add("b");
  }

  // ------------------------------------------------------------------ after a crash

  @Test
  void goesOnWithTheRunningItemAfterAShortGap() {
    Started worker = running("a", "b");
    seconds.addAndGet(60);
    restart();
    Started again = workers.receiveMessage();
    assertThat(again.job().mode()).isEqualTo(Mode.RESUME);
    assertThat(again.job().run()).isEqualTo(worker.job().run());
    assertThat(again.job().scanId()).isEqualTo(worker.job().scanId());
    assertThat(again.job().epoch().value()).isEqualTo(2);
    again.ends("completed");
    assertThat(workers.receiveMessage().job().request().name()).isEqualTo("b");
  }

  @Test
  void comesBackPausedAfterALongGap() {
    running("a");
    seconds.addAndGet(301);
    restart();
    assertThat(workers.receiveMessage().job().mode()).isEqualTo(Mode.RESUME_PAUSED);
    becomes("paused");
  }

  @ParameterizedTest
  @CsvSource({"PAUSE, RESUME_PAUSED", "FAIL, CLOSE"})
  void obeysThePolicyAfterAGap(QueueSettings.Policy chosen, Mode expected) {
    running("a");
    policy = chosen;
    restart();
    ScanJob job = workers.receiveMessage().job();
    assertThat(job.mode()).isEqualTo(expected);
    assertThat(job.because()).contains("beamhive.recovery.policy");
  }

  @Test
  void whatWasPausedComesBackPaused() {
    paused(running("a"));
    restart();
    ScanJob job = workers.receiveMessage().job();
    assertThat(job.mode()).isEqualTo(Mode.RESUME_PAUSED);
    assertThat(job.because()).isEqualTo("a pause was asked for");
  }

  @Test
  void remembersEverythingBesides() {
    Started worker = running("a", "b");
    accepted(r -> new SetMode(true, true, r));
    accepted(r -> new SetAutostart(true, r));
    worker.ends("completed");
    workers.receiveMessage();
    accepted(r -> new StopQueue(false, r));
    QueueStatus before = status();
    restart();
    workers.receiveMessage();
    assertThat(status().planQueueUid()).isEqualTo(before.planQueueUid());
    assertThat(status().planHistoryUid()).isEqualTo(before.planHistoryUid());
    assertThat(status()).isEqualTo(before);
  }

  @Test
  void remembersEverythingFromASnapshot() {
    snapshotEvery = 4;
    Started worker = running("a", "b", "c", "d", "e", "f", "g");
    for (int i = 0; i < 6; i++) {
      worker.ends("completed");
      worker = workers.receiveMessage();
    }
    restart();
    assertThat(workers.receiveMessage().job().run()).isEqualTo(worker.job().run());
    assertThat(history()).hasSize(5);
    assertThat(history().get(4).item().name()).isEqualTo("f");
  }

  @Test
  void keepsAsManyEndedItemsAsItsSettingsSayNowAlsoAfterASnapshot() {
    snapshotEvery = 4;
    Started worker = running("a", "b", "c", "d", "e");
    for (int i = 0; i < 4; i++) {
      worker.ends("completed");
      worker = workers.receiveMessage();
    }
    historyLimit = 2;
    restart();
    workers.receiveMessage().ends("completed");
    becomes("idle");
    assertThat(history()).extracting(each -> each.item().name()).containsExactly("d", "e");
  }

  @Test
  void startsAFailedWorkerAgainAndClosesItsRunWhenItFailsTooOften() {
    Started worker = running("a");
    for (int i = 0; i < 2; i++) {
      worker.crashes();
      worker = workers.receiveMessage();
      assertThat(worker.job().mode()).isEqualTo(Mode.RESUME);
    }
    worker.crashes();
    worker = workers.receiveMessage();
    assertThat(worker.job().mode()).isEqualTo(Mode.CLOSE);
    assertThat(worker.job().epoch().value()).isEqualTo(4);
    worker.ends("failed");
    becomes("idle");
  }

  @Test
  void aPausedPlanWhoseWorkerFailsStaysPaused() {
    Started worker = paused(running("a"));
    worker.crashes();
    assertThat(workers.receiveMessage().job().mode()).isEqualTo(Mode.RESUME_PAUSED);
  }

  @ParameterizedTest
  @EnumSource(
      value = RunControl.class,
      names = {"PAUSE_DEFERRED", "PAUSE_IMMEDIATE"})
  void aPauseThatWasAskedForOutlivesTheWorker(RunControl control) {
    Started worker = running("a");
    accepted(r -> new ControlRun(control, r));
    worker.crashes();
    assertThat(workers.receiveMessage().job().mode()).isEqualTo(Mode.RESUME_PAUSED);
  }

  @ParameterizedTest
  @EnumSource(
      value = RunControl.class,
      names = {"STOP", "ABORT", "HALT"})
  void aPlanThatIsBeingEndedDoesNotGoOnWhenItsWorkerFails(RunControl control) {
    Started worker = paused(running("a"));
    accepted(r -> new ControlRun(control, r));
    worker.crashes();
    assertThat(workers.receiveMessage().job().mode()).isEqualTo(Mode.CLOSE);
  }

  @Test
  void startsTheWorkerAgainAfterTheJournalHasFailed() {
    Started worker = running("a");
    JOURNAL.failNextPersisted("queue|" + beamline);
    queue.tell(new SetMode(true, false, KIT.system().ignoreRef()));
    Started again = workers.receiveMessage();
    assertThat(again.job().mode()).isEqualTo(Mode.RESUME);
    assertThat(again.job().epoch().value()).isEqualTo(worker.job().epoch().value() + 1);
    again.ends("completed");
    becomes("idle");
  }

  @Test
  void opensItsEnvironmentAlthoughTheJournalFailsMeanwhile() {
    begin();
    status();
    JOURNAL.failNextPersisted("queue|" + beamline);
    queue.tell(new SetEnvironment(EnvironmentChange.OPEN, KIT.system().ignoreRef()));
    becomes("idle");
    said.awaitAssert(
        () -> {
          assertThat(status().environmentExists()).isTrue();
          return null;
        });
  }

  // ------------------------------------------------------------------ those who follow runs

  private void opened(Started worker) {
    worker
        .queue()
        .tell(
            new RunOpened(
                worker.job().item(), worker.job().run(), worker.job().scanId(), runLog.getRef()));
  }

  @Test
  void announcesARunUntilItIsTakenInEvenAfterARestart() {
    followers = Map.of("file", follows.getRef()::tell);
    Started worker = running("a");
    opened(worker);
    Follow first = follows.receiveMessage();
    assertThat(first.run()).isEqualTo(worker.job().run());
    assertThat(first.log()).isEqualTo(runLog.getRef());
    assertThat(follows.receiveMessage().log()).isEqualTo(runLog.getRef());
    worker.ends("completed");
    becomes("idle");
    restart();
    said.awaitAssert(
        () -> {
          Follow last = follows.receiveMessage();
          last.replyTo().tell(new Followed(last.run(), "nobody", "x"));
          last.replyTo().tell(new Followed(last.run(), "file", "/data/1.nxs"));
          assertThat(history().get(0).files()).containsExactly("/data/1.nxs");
          return null;
        });
  }

  @Test
  void keepsTheFileOfARunThatIsCompleteBeforeItsEndIsHeardOf() {
    followers = Map.of("file", follows.getRef()::tell);
    Started worker = running("a");
    opened(worker);
    follows
        .receiveMessage()
        .replyTo()
        .tell(new Followed(worker.job().run(), "file", "/data/1.nxs"));
    status();
    worker.ends("completed");
    becomes("idle");
    assertThat(history().get(0).files()).containsExactly("/data/1.nxs");
  }

  @Test
  void runsThatNobodyTakesInDoNotKeepOthersFromBeingAnnounced() {
    followers = Map.of("file", follow -> follows.getRef().tell(follow));
    begin();
    open();
    RunUid last = null;
    for (int i = 0; i < 25; i++) {
      add("p" + i);
      Started worker = start();
      opened(worker);
      worker.ends("completed");
      becomes("idle");
      last = worker.job().run();
    }
    RunUid newest = last;
    restart();
    follows.fishForMessage(
        Duration.ofSeconds(30),
        follow ->
            follow.log() == null && follow.run().equals(newest)
                ? akka.actor.testkit.typed.javadsl.FishingOutcomes.complete()
                : akka.actor.testkit.typed.javadsl.FishingOutcomes.continueAndIgnore());
  }

  // ------------------------------------------------------------------ a plan that waits for a
  // device

  @Test
  void aPlanThatWaitsForADeviceIsShownAsPausedAndCanBePaused() {
    Started worker = running("a");
    worker.queue().tell(new Waiting(worker.job().item(), "samx is gone"));
    becomes("paused");
    assertThat(status().pausedBecause()).isEqualTo("samx is gone");
    accepted(replyTo -> new ControlRun(RunControl.PAUSE_DEFERRED, replyTo));
    said.expectMessage(new ScanWorkerProtocol.Pause(true));
    worker.is(WorkerState.RUNNING, "");
    becomes("executing_queue");
  }

  @Test
  void aPlanThatWaitedForADeviceWaitsAgainAfterACrash() {
    Started worker = running("a");
    worker.queue().tell(new Waiting(worker.job().item(), "samx is gone"));
    becomes("paused");
    restart();
    assertThat(workers.receiveMessage().job().mode()).isEqualTo(Mode.RESUME);
  }

  @Test
  void aWorkerThatHasASuccessorSaysWhyItsRunIsClosedInTheEnd() {
    Started worker = running("a");
    for (int failures = 0; failures < 3; failures++) {
      worker.queue().tell(new Superseded(worker.job().item(), "samx has a newer one"));
      worker.crashes();
      worker = workers.receiveMessage();
    }
    assertThat(worker.job().mode()).isEqualTo(Mode.CLOSE);
    assertThat(worker.job().because()).contains("samx has a newer one");
  }
}
