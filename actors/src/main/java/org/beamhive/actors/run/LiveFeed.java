package org.beamhive.actors.run;

import akka.NotUsed;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.StashBuffer;
import akka.stream.CompletionStrategy;
import akka.stream.javadsl.Source;
import akka.stream.typed.javadsl.ActorSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.beamhive.protocol.document.Document;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.queue.QueueStatus;
import org.beamhive.protocol.queue.ScanQueueProtocol;
import org.beamhive.protocol.queue.ScanQueueProtocol.GetRuns;
import org.beamhive.protocol.queue.ScanQueueProtocol.RunView;
import org.beamhive.protocol.queue.ScanQueueProtocol.RunsView;
import org.beamhive.protocol.queue.ScanQueueProtocol.SubscribeStatus;
import org.beamhive.protocol.run.RunEntry;
import org.beamhive.protocol.run.RunLogProtocol;
import org.beamhive.protocol.run.RunLogProtocol.GetProgress;
import org.beamhive.protocol.run.RunProgress;

/**
 * The documents of runs as a stream for one reader: one run from its start, or all runs from now
 * on. One of these actors serves one stream; it follows runs like any follower, so a slow reader
 * costs nobody else anything. Ends with its stream.
 */
public final class LiveFeed {
  private sealed interface Command {}

  private record SinkAt(ActorRef<Out> sink) implements Command {}

  private enum SinkGone implements Command {
    GONE
  }

  private enum Taken implements Command {
    TAKEN
  }

  private record StatusIs(QueueStatus status) implements Command {}

  private record RunsAre(RunsView runs) implements Command {}

  private record ProgressIs(RunUid run, ActorRef<RunLogProtocol.Request> log, RunProgress progress)
      implements Command {}

  private record Arrived(RunFollower.Batch batch) implements Command {}

  private record Existing(boolean exists) implements Command {}

  private sealed interface Out permits Documents, End, Unknown {}

  private record Documents(List<Document> documents) implements Out {}

  private enum End implements Out {
    END
  }

  private record Unknown(RunUid run) implements Out {}

  /** A run to follow. */
  private record Wanted(RunUid run, ActorRef<RunLogProtocol.Request> log, long from) {}

  /**
   * A stream of documents.
   *
   * @param fromStartOf this run from its start document to its stop document; or, if empty, all
   *     runs from now on
   */
  public static Source<Document, NotUsed> documents(
      ActorSystem<?> system,
      ActorRef<ScanQueueProtocol.Request> queue,
      RunJournal journal,
      RunSettings settings,
      Optional<RunUid> fromStartOf) {
    return Source.lazySource(
            () -> {
              ActorRef<Command> feed =
                  system.systemActorOf(
                      create(queue, journal, settings, fromStartOf),
                      "live-feed-" + UUID.randomUUID(),
                      Props.empty());
              return ActorSource.<Out, Command>actorRefWithBackpressure(
                      feed,
                      Taken.TAKEN,
                      out ->
                          out == End.END
                              ? Optional.of(CompletionStrategy.draining())
                              : Optional.empty(),
                      out ->
                          out instanceof Unknown unknown
                              ? Optional.of(
                                  new NoSuchElementException(
                                      "there is no run '" + unknown.run() + "'"))
                              : Optional.empty())
                  .mapMaterializedValue(
                      sink -> {
                        feed.tell(new SinkAt(sink));
                        return NotUsed.getInstance();
                      });
            })
        .<Document>mapConcat(out -> ((Documents) out).documents())
        .mapMaterializedValue(later -> NotUsed.getInstance());
  }

  private static Behavior<Command> create(
      ActorRef<ScanQueueProtocol.Request> queue,
      RunJournal journal,
      RunSettings settings,
      Optional<RunUid> fromStartOf) {
    return Behaviors.withStash(
        1024,
        stash ->
            Behaviors.setup(
                context -> {
                  context.setLoggerName(LiveFeed.class);
                  return new LiveFeed(context, stash, queue, journal, settings, fromStartOf)
                      .begin();
                }));
  }

  private final ActorContext<Command> context;
  private final StashBuffer<Command> stash;
  private final ActorRef<ScanQueueProtocol.Request> queue;
  private final RunJournal journal;
  private final RunSettings settings;
  private final Optional<RunUid> only;
  private final ArrayDeque<Wanted> wanted = new ArrayDeque<>();

  private LiveFeed(
      ActorContext<Command> context,
      StashBuffer<Command> stash,
      ActorRef<ScanQueueProtocol.Request> queue,
      RunJournal journal,
      RunSettings settings,
      Optional<RunUid> only) {
    this.context = context;
    this.stash = stash;
    this.queue = queue;
    this.journal = journal;
    this.settings = settings;
    this.only = only;
  }

  private Behavior<Command> begin() {
    return Behaviors.receive(Command.class).onMessage(SinkAt.class, this::onSink).build();
  }

  private Behavior<Command> onSink(SinkAt at) {
    context.watchWith(at.sink(), SinkGone.GONE);
    if (only.isPresent()) {
      askRuns();
    } else {
      queue.tell(new SubscribeStatus(context.messageAdapter(QueueStatus.class, StatusIs::new)));
    }
    return idle(at.sink(), null, true);
  }

  private void askRuns() {
    queue.tell(new GetRuns(context.messageAdapter(RunsView.class, RunsAre::new)));
  }

  /**
   * No run is being followed.
   *
   * @param seen the newest run seen
   * @param first whether nothing has been heard of the queue yet: a run that goes on now is joined
   *     where it is
   */
  private Behavior<Command> idle(ActorRef<Out> sink, RunUid seen, boolean first) {
    return Behaviors.receive(Command.class)
        .onMessage(StatusIs.class, status -> onStatus(sink, seen, first, status.status()))
        .onMessage(RunsAre.class, runs -> onRuns(sink, seen, first, runs.runs()))
        .onMessage(ProgressIs.class, known -> onProgress(sink, seen, known))
        .onMessage(Existing.class, existing -> onExisting(sink, existing))
        .onMessage(Arrived.class, arrived -> onArrived(sink, seen, arrived.batch()))
        .onMessage(Taken.class, taken -> Behaviors.same())
        .onMessage(SinkGone.class, gone -> Behaviors.stopped())
        .build();
  }

  private Behavior<Command> onStatus(
      ActorRef<Out> sink, RunUid seen, boolean first, QueueStatus status) {
    if (status.runningRun() == null || Objects.equals(status.runningRun(), seen)) {
      return first && status.runningRun() == null ? idle(sink, seen, false) : Behaviors.same();
    }
    askRuns();
    return Behaviors.same();
  }

  private Behavior<Command> onRuns(ActorRef<Out> sink, RunUid seen, boolean first, RunsView runs) {
    if (only.isPresent()) {
      Optional<RunView> live =
          runs.runs().stream().filter(run -> run.run().equals(only.get())).findFirst();
      if (live.isPresent()) {
        follow(new Wanted(only.get(), live.get().log(), 1));
      } else {
        context.pipeToSelf(
            journal.read(only.get(), 1, 1),
            (entries, failure) -> new Existing(entries != null && !entries.isEmpty()));
      }
      return Behaviors.same();
    }
    if (runs.runs().isEmpty()) {
      return idle(sink, seen, false);
    }
    RunView run = runs.runs().get(0);
    if (run.run().equals(seen)) {
      return Behaviors.same();
    }
    if (first && run.log() != null) {
      run.log()
          .tell(
              new GetProgress(
                  context.messageAdapter(
                      RunProgress.class,
                      progress -> new ProgressIs(run.run(), run.log(), progress))));
    } else {
      follow(new Wanted(run.run(), run.log(), 1));
    }
    return idle(sink, run.run(), false);
  }

  /**
   * Joins a run where it is; its start, its descriptors and the files of its devices come first,
   * without which its events say nothing.
   */
  private Behavior<Command> onProgress(ActorRef<Out> sink, RunUid seen, ProgressIs known) {
    RunProgress progress = known.progress();
    follow(new Wanted(known.run(), known.log(), progress.entries() + 1));
    if (progress.start() == null) {
      return Behaviors.same();
    }
    List<RunEntry> head = new ArrayList<>();
    head.add(new RunEntry.Started(progress.start()));
    progress.descriptors().forEach(descriptor -> head.add(new RunEntry.Described(descriptor)));
    progress.resources().forEach(resource -> head.add(new RunEntry.Referenced(resource)));
    return onArrived(
        sink,
        seen,
        new RunFollower.Batch(known.run(), 1, head, false, context.getSystem().ignoreRef()));
  }

  private Behavior<Command> onExisting(ActorRef<Out> sink, Existing existing) {
    if (existing.exists()) {
      follow(new Wanted(only.orElseThrow(), null, 1));
      return Behaviors.same();
    }
    sink.tell(new Unknown(only.orElseThrow()));
    return Behaviors.stopped();
  }

  /** Follows runs one after the other: the documents of one are complete before the next begins. */
  private void follow(Wanted next) {
    wanted.addLast(next);
    if (wanted.size() == 1) {
      followFirst();
    }
  }

  private void followFirst() {
    Wanted next = wanted.peekFirst();
    context.spawnAnonymous(
        RunFollower.create(
            next.run(),
            next.from(),
            next.log(),
            journal,
            settings,
            context.messageAdapter(RunFollower.Batch.class, Arrived::new)));
  }

  private Behavior<Command> onArrived(ActorRef<Out> sink, RunUid seen, RunFollower.Batch batch) {
    List<Document> documents =
        batch.entries().stream().map(RunEntry::document).filter(Objects::nonNull).toList();
    if (documents.isEmpty()) {
      batch.follower().tell(RunFollower.Next.NEXT);
      return Behaviors.same();
    }
    sink.tell(new Documents(documents));
    return sending(sink, seen, batch);
  }

  /** The reader is busy with a batch. */
  private Behavior<Command> sending(ActorRef<Out> sink, RunUid seen, RunFollower.Batch batch) {
    return Behaviors.receive(Command.class)
        .onMessage(Taken.class, taken -> onTaken(sink, seen, batch))
        .onMessage(SinkGone.class, gone -> Behaviors.stopped())
        .onMessage(Command.class, other -> onOther(other))
        .build();
  }

  private Behavior<Command> onOther(Command other) {
    // a reader that has slept through a thousand changes of the queue hears of the newest run at
    // the next one
    if (!stash.isFull()) {
      stash.stash(other);
    }
    return Behaviors.same();
  }

  private Behavior<Command> onTaken(ActorRef<Out> sink, RunUid seen, RunFollower.Batch batch) {
    if (!batch.end()) {
      batch.follower().tell(RunFollower.Next.NEXT);
    } else {
      wanted.removeFirst();
      if (only.isPresent()) {
        sink.tell(End.END);
        return Behaviors.stopped();
      }
      if (!wanted.isEmpty()) {
        followFirst();
      }
    }
    return stash.unstashAll(idle(sink, seen, false));
  }
}
