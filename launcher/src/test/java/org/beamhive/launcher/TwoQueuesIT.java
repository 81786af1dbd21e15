package org.beamhive.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.beamhive.actors.queue.QueueParts;
import org.beamhive.actors.queue.QueueSettings;
import org.beamhive.actors.queue.ScanQueue;
import org.beamhive.actors.run.RunLog;
import org.beamhive.actors.run.RunSettings;
import org.beamhive.protocol.device.DeviceDirectoryProtocol;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.queue.ScanQueueProtocol.Accepted;
import org.beamhive.protocol.queue.ScanQueueProtocol.AddItems;
import org.beamhive.protocol.queue.ScanQueueProtocol.At;
import org.beamhive.protocol.queue.ScanQueueProtocol.EnvironmentChange;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetHistory;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetStatus;
import org.beamhive.protocol.queue.ScanQueueProtocol.HistoryView;
import org.beamhive.protocol.queue.ScanQueueProtocol.Items;
import org.beamhive.protocol.queue.ScanQueueProtocol.ItemsReply;
import org.beamhive.protocol.queue.ScanQueueProtocol.Refused;
import org.beamhive.protocol.queue.ScanQueueProtocol.Reply;
import org.beamhive.protocol.queue.ScanQueueProtocol.Request;
import org.beamhive.protocol.queue.ScanQueueProtocol.SetEnvironment;
import org.beamhive.protocol.queue.ScanQueueProtocol.StartQueue;
import org.beamhive.protocol.run.RunEntry;
import org.beamhive.protocol.run.RunLogProtocol;
import org.beamhive.protocol.scan.ScanJob;
import org.beamhive.protocol.scan.ScanWorkerProtocol;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Ended;
import org.beamhive.protocol.scan.ScanWorkerProtocol.Report;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two actor systems that don't know of each other, as after a split of the cluster, on one Redis:
 * both think that they are in charge of the beamline.
 */
@Timeout(120)
class TwoQueuesIT {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Duration STAND_ASIDE = Duration.ofSeconds(6);
  private static final String BEAMLINE = "b";

  /** A worker that was started. */
  private record Started(
      ScanJob job, ActorRef<Report> queue, ActorRef<ScanWorkerProtocol.Request> ref) {}

  @TempDir private Path folder;
  private EmbeddedRedis redis;
  private Side left;
  private Side right;

  /** One of the two. */
  private final class Side {
    private final ActorTestKit kit;
    private final TestProbe<Started> workers;
    private ActorRef<Request> queue;

    Side(String name) {
      kit =
          ActorTestKit.create(
              name,
              ConfigFactory.parseString(
                      """
                      akka.actor.provider = local
                      akka.persistence.journal.plugin = "beamhive.persistence.redis.journal"
                      akka.persistence.snapshot-store.plugin = "beamhive.persistence.redis.snapshot"
                      beamhive.persistence.redis.url = "%s"
                      beamhive.persistence.redis.journal.circuit-breaker.reset-timeout = 100ms
                      """
                          .formatted(redis.url()))
                  .withFallback(ConfigFactory.load()));
      workers = kit.createTestProbe();
    }

    void start() {
      TestProbe<DeviceDirectoryProtocol.Request> directory = kit.createTestProbe();
      queue =
          kit.spawn(
              ScanQueue.create(
                  BEAMLINE,
                  new QueueParts(
                      new QueueSettings(
                          5,
                          1000,
                          Duration.ofMillis(200),
                          3,
                          Duration.ofMillis(50),
                          STAND_ASIDE,
                          Duration.ofMinutes(5),
                          QueueSettings.Policy.RESUME),
                      (request, devices) -> Optional.empty(),
                      directory.getRef(),
                      this::worker,
                      Map.of(),
                      Duration.ofSeconds(5),
                      Clock.systemUTC(),
                      () -> UUID.randomUUID().toString())));
      directory
          .expectMessageClass(DeviceDirectoryProtocol.Subscribe.class)
          .replyTo()
          .tell(new DeviceDirectoryProtocol.Devices(1, List.of()));
    }

    private Behavior<ScanWorkerProtocol.Request> worker(ScanJob job, ActorRef<Report> reports) {
      return Behaviors.setup(
          context -> {
            workers.getRef().tell(new Started(job, reports, context.getSelf()));
            return Behaviors.receiveMessage(
                message -> {
                  if (message instanceof ScanWorkerProtocol.Park park) {
                    park.replyTo().tell(ScanWorkerProtocol.Parked.PARKED);
                  }
                  return Behaviors.same();
                });
          });
    }

    <T> T ask(Function<ActorRef<T>, Request> request) {
      return ask(request, LONG);
    }

    private <T> T ask(Function<ActorRef<T>, Request> request, Duration atMost) {
      TestProbe<T> probe = kit.createTestProbe();
      queue.tell(request.apply(probe.getRef()));
      return probe.receiveMessage(atMost);
    }

    Started started() {
      return workers.receiveMessage(LONG);
    }

    ItemsReply add() {
      return add(LONG);
    }

    /** What is asked while the journal refuses a write is not answered. */
    ItemsReply add(Duration atMost) {
      Value.Fields item =
          Value.Fields.EMPTY.with("item_type", Value.of("plan")).with("name", Value.of("scan"));
      return ask(replyTo -> new AddItems(List.of(item), At.BACK, replyTo), atMost);
    }

    String state() {
      return this.<org.beamhive.protocol.queue.QueueStatus>ask(GetStatus::new).managerState();
    }
  }

  @BeforeEach
  void begin() {
    redis = EmbeddedRedis.start(folder, 0);
    left = new Side("left");
    right = new Side("right");
  }

  @AfterEach
  void end() {
    try {
      left.kit.shutdownTestKit();
      right.kit.shutdownTestKit();
    } finally {
      redis.close();
    }
  }

  @Test
  void theQueueThatWasOvertakenLosesItsWorkerStandsAsideAndTakesOverWhenTheOtherIsSilent() {
    left.start();
    assertThat(left.add()).isInstanceOf(Items.class);
    assertThat(left.<Reply>ask(replyTo -> new SetEnvironment(EnvironmentChange.OPEN, replyTo)))
        .isEqualTo(Accepted.ACCEPTED);
    left.workers.awaitAssert(
        LONG,
        () -> {
          assertThat(left.state()).isEqualTo("idle");
          return null;
        });
    assertThat(left.<Reply>ask(StartQueue::new)).isEqualTo(Accepted.ACCEPTED);
    Started first = left.started();

    right.start();
    Started second = right.started();
    assertThat(second.job().run()).isEqualTo(first.job().run());
    assertThat(second.job().epoch()).isGreaterThan(first.job().epoch());
    left.workers.expectTerminated(first.ref(), LONG);
    left.workers.awaitAssert(
        LONG,
        () -> {
          assertThat(left.add(Duration.ofSeconds(1)))
              .isInstanceOfSatisfying(
                  Refused.class,
                  refused -> assertThat(refused.refusal().code()).isEqualTo("not-in-charge"));
          return null;
        });
    // it looks again and again, and the one in charge is at work
    left.workers.expectNoMessage(STAND_ASIDE.plusSeconds(2));
    right.workers.expectNoMessage(Duration.ZERO);
    assertThat(right.add()).isInstanceOf(Items.class);

    right.kit.stop(right.queue);
    Started third = left.started();
    assertThat(third.job().run()).isEqualTo(first.job().run());
    assertThat(third.job().epoch()).isGreaterThan(second.job().epoch());
    third.queue().tell(new Ended(third.job().item(), "completed", "", List.of(), List.of()));
    left.workers.awaitAssert(
        LONG,
        () -> {
          HistoryView history = left.ask(GetHistory::new);
          assertThat(history.items()).hasSize(1);
          return null;
        });
    // the other's item is known here, too
    assertThat(left.started().job().item()).isNotEqualTo(first.job().item());
  }

  @Test
  void theLogOfARunThatWasOvertakenEndsAndTheOtherGoesOn() {
    RunUid run = RunUid.random();
    RunSettings settings =
        new RunSettings(
            64,
            8,
            Duration.ofSeconds(5),
            Duration.ofSeconds(5),
            "none",
            Duration.ofMillis(10),
            Duration.ofMillis(50));
    ActorRef<RunLogProtocol.Request> old = left.kit.spawn(RunLog.create(run, settings));
    append(left, old, new RunEntry.Answered(1, Value.of(1.0)), true);
    ActorRef<RunLogProtocol.Request> next = right.kit.spawn(RunLog.create(run, settings));
    append(right, next, new RunEntry.Started(new RunStart(run, 1, 1, Value.Fields.EMPTY)), true);

    append(left, old, new RunEntry.Answered(2, Value.of(2.0)), false);
    left.workers.expectTerminated(old, LONG);
    append(right, next, new RunEntry.Answered(3, Value.of(3.0)), true);
  }

  private static void append(
      Side side, ActorRef<RunLogProtocol.Request> log, RunEntry entry, boolean taken) {
    TestProbe<RunLogProtocol.AppendReply> reply = side.kit.createTestProbe();
    log.tell(new RunLogProtocol.Append(List.of(entry), reply.getRef()));
    if (taken) {
      assertThat(reply.receiveMessage(LONG)).isInstanceOf(RunLogProtocol.Appended.class);
    }
  }
}
