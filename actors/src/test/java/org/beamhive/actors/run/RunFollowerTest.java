package org.beamhive.actors.run;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.persistence.testkit.PersistenceTestKitPlugin;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.document.RunStop;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.run.RunEntry;
import org.beamhive.protocol.run.RunLogProtocol;
import org.beamhive.protocol.run.RunLogProtocol.Append;
import org.beamhive.protocol.run.RunLogProtocol.AppendReply;
import org.beamhive.protocol.run.RunLogProtocol.Appended;
import org.beamhive.protocol.run.RunLogProtocol.Pull;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunFollowerTest {
  private static final ActorTestKit KIT =
      ActorTestKit.create(
          PersistenceTestKitPlugin.getInstance().config().withFallback(ConfigFactory.load()));
  private static final RunSettings SETTINGS =
      new RunSettings(
          8,
          3,
          Duration.ofMillis(5),
          Duration.ofMillis(200),
          "none",
          Duration.ofMillis(10),
          Duration.ofMillis(20));

  private final RunUid run = RunUid.random();
  private final TestProbe<RunFollower.Batch> consumer = KIT.createTestProbe();
  private final TestProbe<AppendReply> appends = KIT.createTestProbe();
  private final List<RunEntry> stored = new CopyOnWriteArrayList<>();
  private final AtomicInteger failures = new AtomicInteger();
  private final RunJournal journal =
      (which, from, max) ->
          failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0
              ? CompletableFuture.failedFuture(new IOException("the journal is away"))
              : CompletableFuture.completedFuture(
                  stored.stream().skip(from - 1).limit(max).toList());

  @AfterAll
  static void close() {
    KIT.shutdownTestKit();
  }

  private RunEntry entry(long number) {
    return number == 1
        ? new RunEntry.Started(new RunStart(run, 1, 1, Value.Fields.EMPTY))
        : new RunEntry.Answered(number, Value.of(number));
  }

  private RunEntry stop() {
    return new RunEntry.Stopped(new RunStop("s", run, 99, "success", "", Map.of()));
  }

  private ActorRef<RunFollower.Command> follow(long from, ActorRef<RunLogProtocol.Request> log) {
    return KIT.spawn(RunFollower.create(run, from, log, journal, SETTINGS, consumer.getRef()));
  }

  private void append(ActorRef<RunLogProtocol.Request> log, RunEntry entry) {
    log.tell(new Append(List.of(entry), appends.getRef()));
    appends.expectMessageClass(Appended.class);
    stored.add(entry);
  }

  @Test
  void readsAnEndedRunFromTheJournalPageByPageAndEnds() {
    for (int i = 1; i <= 6; i++) {
      stored.add(entry(i));
    }
    stored.add(stop());
    var follower = follow(1, null);
    List<RunEntry> seen = new ArrayList<>();
    RunFollower.Batch batch;
    do {
      batch = consumer.receiveMessage();
      assertThat(batch.from()).isEqualTo(seen.size() + 1L);
      seen.addAll(batch.entries());
      batch.follower().tell(RunFollower.Next.NEXT);
    } while (!batch.end());
    assertThat(seen).isEqualTo(stored);
    consumer.expectTerminated(follower);
  }

  @Test
  void keepsNoMoreThanOneBatchUnderWay() {
    for (int i = 1; i <= 9; i++) {
      stored.add(entry(i));
    }
    follow(1, null);
    consumer.receiveMessage();
    consumer.expectNoMessage(Duration.ofMillis(30));
  }

  @Test
  void triesAgainWhileTheJournalCannotBeRead() {
    stored.add(entry(1));
    failures.set(3);
    follow(1, null);
    assertThat(consumer.receiveMessage().entries()).containsExactly(entry(1));
  }

  @Test
  void triesAgainWhileTheJournalCannotBeReadAlthoughTheLogIsAlive() {
    var log = KIT.spawn(RunLog.create(run, SETTINGS));
    for (int i = 1; i <= 12; i++) {
      append(log, entry(i));
    }
    failures.set(2);
    follow(1, log);
    assertThat(consumer.receiveMessage().entries()).containsExactly(entry(1), entry(2), entry(3));
  }

  @Test
  void asksAgainWhenAPullIsLost() {
    TestProbe<RunLogProtocol.Request> log = KIT.createTestProbe();
    follow(1, log.getRef());
    Pull lost = log.expectMessageClass(Pull.class);
    assertThat(log.expectMessageClass(Pull.class)).isEqualTo(lost);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void bringsEachEntryOnceWhateverHappens(long seed) {
    Random random = new Random(seed);
    ActorRef<RunLogProtocol.Request> log = KIT.spawn(RunLog.create(run, SETTINGS));
    var follower = follow(1, random.nextBoolean() ? log : null);
    List<RunEntry> seen = new ArrayList<>();
    RunFollower.Batch held = null;
    int next = 1;
    boolean ended = false;
    while (!ended) {
      switch (random.nextInt(8)) {
        case 0, 1, 2 -> {
          if (next <= 60) {
            append(log, next == 60 ? stop() : entry(next));
            next++;
          }
        }
        case 3 -> {
          KIT.stop(log);
          log = KIT.spawn(RunLog.create(run, SETTINGS));
        }
        case 4 -> follower.tell(new RunFollower.LogAt(log));
        case 5 -> failures.set(random.nextInt(3));
        default -> {
          if (held != null) {
            held.follower().tell(RunFollower.Next.NEXT);
            held = null;
          }
          if (seen.size() < next - 1) {
            held = consumer.receiveMessage();
            assertThat(held.from()).isEqualTo(seen.size() + 1L);
            seen.addAll(held.entries());
            ended = held.end();
          }
        }
      }
    }
    assertThat(seen).isEqualTo(stored).hasSize(60);
    consumer.expectTerminated(follower);
    KIT.stop(log);
  }
}
