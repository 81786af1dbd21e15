package org.beamhive.launcher.bench;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.AskPattern;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Predicate;
import org.beamhive.actors.run.RunJournal;
import org.beamhive.launcher.BeamhiveNode;
import org.beamhive.protocol.document.Event;
import org.beamhive.protocol.document.RunStart;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.queue.QueueStatus;
import org.beamhive.protocol.queue.ScanQueueProtocol;
import org.beamhive.protocol.queue.ScanQueueProtocol.EndedItem;
import org.beamhive.protocol.queue.ScanQueueProtocol.HistoryView;
import org.beamhive.protocol.run.RunEntry;

/** Runs plans on a node and measures them from what is in the journal afterwards. */
final class MeasuredRuns {
  private static final Duration ASK = Duration.ofSeconds(30);
  private static final Duration RUN = Duration.ofMinutes(10);
  private static final int PAGE = 2000;

  record Result(
      double pointsPerSecond, double medianMillis, double p99Millis, double heapMegabytes) {}

  private final BeamhiveNode node;
  private final ActorSystem<?> system;
  private final ActorRef<ScanQueueProtocol.Request> queue;
  private final RunJournal journal;

  MeasuredRuns(BeamhiveNode node) {
    this.node = node;
    this.system = node.system();
    this.queue = node.queue();
    this.journal = node.journal();
    ask(
        (ActorRef<ScanQueueProtocol.Reply> to) ->
            new ScanQueueProtocol.SetEnvironment(ScanQueueProtocol.EnvironmentChange.OPEN, to));
    await(
        this::status, status -> status.managerState().equals("idle") && status.environmentExists());
  }

  private <R> R ask(Function<ActorRef<R>, ScanQueueProtocol.Request> request) {
    return AskPattern.<ScanQueueProtocol.Request, R>ask(
            queue, request::apply, ASK, system.scheduler())
        .toCompletableFuture()
        .join();
  }

  private QueueStatus status() {
    return ask(ScanQueueProtocol.GetStatus::new);
  }

  private static <T> T await(java.util.function.Supplier<T> look, Predicate<T> until) {
    long deadline = System.nanoTime() + RUN.toNanos();
    while (true) {
      T seen = look.get();
      if (until.test(seen)) {
        return seen;
      }
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("not there after " + RUN + ": " + seen);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
    }
  }

  /** Runs a plan to the end of the whole line. */
  Result run(String plan, long points) {
    Value.Fields item = item(plan);
    ScanQueueProtocol.ItemsReply added =
        await(
            () ->
                this.<ScanQueueProtocol.ItemsReply>ask(
                    to -> new ScanQueueProtocol.ExecuteItem(item, to)),
            // the devices report in when they are connected
            reply ->
                !(reply instanceof ScanQueueProtocol.Refused refused)
                    || !List.of("unknown-device", "not-ready").contains(refused.refusal().code()));
    if (added instanceof ScanQueueProtocol.Refused refused) {
      throw new IllegalStateException(refused.refusal().text());
    }
    HistoryView history =
        await(
            () -> this.<HistoryView>ask(ScanQueueProtocol.GetHistory::new),
            view -> !view.items().isEmpty() && ended(view) != null);
    double end = System.currentTimeMillis() / 1000.0;
    EndedItem last = ended(history);
    if (!last.result().exitStatus().equals("completed")) {
      throw new IllegalStateException(last.result().msg());
    }
    ask((ActorRef<ScanQueueProtocol.Reply> to) -> new ScanQueueProtocol.ClearHistory(0, to));
    return measure(last.result().runs().get(0), points, end);
  }

  /** The newest item, once its run is in the file and on the bridge. */
  private static EndedItem ended(HistoryView view) {
    EndedItem last = view.items().get(view.items().size() - 1);
    return last.result().exitStatus().equals("completed") && last.files().isEmpty() ? null : last;
  }

  private Result measure(RunUid run, long points, double end) {
    double start = 0;
    double[] times = new double[Math.toIntExact(points)];
    int events = 0;
    long position = 1;
    while (true) {
      List<RunEntry> page = journal.read(run, position, PAGE).toCompletableFuture().join();
      if (page.isEmpty()) {
        break;
      }
      position += page.size();
      for (RunEntry entry : page) {
        if (entry.document() instanceof RunStart document) {
          start = document.time();
        } else if (entry.document() instanceof Event event) {
          times[events++] = event.time();
        }
      }
    }
    if (events != points) {
      throw new IllegalStateException(events + " events in the journal, " + points + " expected");
    }
    double[] steps = new double[events - 1];
    for (int i = 0; i < steps.length; i++) {
      steps[i] = (times[i + 1] - times[i]) * 1000;
    }
    Arrays.sort(steps);
    return new Result(
        points / (end - start),
        steps[steps.length / 2],
        steps[(int) (steps.length * 0.99)],
        usedHeapMegabytes());
  }

  private static double usedHeapMegabytes() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return (runtime.totalMemory() - runtime.freeMemory()) / 1e6;
  }

  private static Value.Fields item(String plan) {
    try {
      return ((Value.Fields) new ObjectMapper().readValue(plan, Value.class))
          .with("item_type", Value.of("plan"));
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /**
   * The floor: a bare client that appends entries of about the same size to one stream, pipelined.
   */
  double bareAppends(long points, int values) {
    byte[] payload = new byte[200 + 12 * values];
    try (BareRedis redis = new BareRedis(node.redisUrl())) {
      return redis.appendsPerSecond("bench:bare", Map.of("p", payload), points);
    }
  }
}
