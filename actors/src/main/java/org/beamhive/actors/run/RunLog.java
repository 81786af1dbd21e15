package org.beamhive.actors.run;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.javadsl.CommandHandler;
import akka.persistence.typed.javadsl.Effect;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehavior;
import akka.persistence.typed.javadsl.SignalHandler;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.run.RunEntry;
import org.beamhive.protocol.run.RunLogProtocol;
import org.beamhive.protocol.run.RunLogProtocol.Append;
import org.beamhive.protocol.run.RunLogProtocol.Appended;
import org.beamhive.protocol.run.RunLogProtocol.Command;
import org.beamhive.protocol.run.RunLogProtocol.Entries;
import org.beamhive.protocol.run.RunLogProtocol.GetProgress;
import org.beamhive.protocol.run.RunLogProtocol.NotAppended;
import org.beamhive.protocol.run.RunLogProtocol.Older;
import org.beamhive.protocol.run.RunLogProtocol.Pull;
import org.beamhive.protocol.run.RunLogProtocol.PullReply;
import org.beamhive.protocol.run.RunLogProtocol.Request;

/**
 * The one truth about a run: its documents and the answers its plan can branch on, in their order,
 * durable before anybody sees them.
 *
 * <p>One ScanBundler appends, in batches; followers pull, each at its own pace, and are told to
 * read the journal when they are too far behind, so a slow one costs nothing here. An entry's
 * position is its sequence number in the journal. A second log of the same run, after a split of
 * the cluster, can't write: the journal refuses a sequence number that exists.
 *
 * <p>If a write fails, the log is read again after a while; who appended finds out with {@link
 * GetProgress} what is there. If another log of the run has written meanwhile, this one ends, and
 * with it its worker, which has a successor.
 */
public final class RunLog extends EventSourcedBehavior<Command, RunEntry, RunLogState> {
  /** Another log of this run has written. */
  private enum Overtaken implements RunLogProtocol.Internal {
    OVERTAKEN
  }

  private final ActorContext<Command> context;
  private final RunSettings settings;
  private final RunMeasures measures;
  // by follower whose lag is measured: the first position that it has not asked for
  private final Map<String, Long> wanted = new HashMap<>();
  // followers that wait for the next entry; each has one pull under way
  private final Map<ActorRef<PullReply>, Pull> waiting = new HashMap<>();
  // the write under way and the position before it: it tells after a failure who else has written
  private List<RunEntry> writing = List.of();
  private long written;

  /** The log of a run, which nobody measures. */
  public static Behavior<Request> create(RunUid run, RunSettings settings) {
    return create(run, settings, RunMeasures.NONE);
  }

  /** The log of a run. */
  public static Behavior<Request> create(RunUid run, RunSettings settings, RunMeasures measures) {
    return Behaviors.<Command>setup(
            context -> {
              context.setLoggerName(RunLog.class);
              return Behaviors.withMdc(
                  Command.class,
                  Map.of("run", run.value()),
                  new RunLog(context, run, settings, measures));
            })
        .narrow();
  }

  /** Under which id the journal keeps the log of a run. */
  public static PersistenceId persistenceId(RunUid run) {
    return PersistenceId.of("run", run.value());
  }

  private RunLog(
      ActorContext<Command> context, RunUid run, RunSettings settings, RunMeasures measures) {
    super(
        persistenceId(run),
        SupervisorStrategy.restartWithBackoff(settings.restartMin(), settings.restartMax(), 0.2));
    this.context = context;
    this.settings = settings;
    this.measures = measures;
    // also one that never asks is behind
    measures.followers().forEach(follower -> wanted.put(follower, 1L));
  }

  @Override
  public RunLogState emptyState() {
    return new RunLogState(settings.tail());
  }

  @Override
  public CommandHandler<Command, RunEntry, RunLogState> commandHandler() {
    return newCommandHandlerBuilder()
        .forAnyState()
        .onCommand(Append.class, this::onAppend)
        .onCommand(Pull.class, this::onPull)
        .onCommand(GetProgress.class, this::onGetProgress)
        .onCommand(Overtaken.class, (state, overtaken) -> Effect().stop())
        .build();
  }

  @Override
  public EventHandler<RunLogState, RunEntry> eventHandler() {
    return (state, entry) -> state.with(entry);
  }

  @Override
  public SignalHandler<RunLogState> signalHandler() {
    return newSignalHandlerBuilder()
        // a write that seemed to have failed may be there after all
        .onSignal(RecoveryCompleted.instance(), this::onRecovered)
        .onSignal(
            Terminated.class, (state, gone) -> waiting.keySet().removeIf(gone.getRef()::equals))
        .onSignal(
            PostStop.class,
            (state, stopped) -> wanted.keySet().forEach(name -> measures.behind(name, 0)))
        .build();
  }

  private void onRecovered(RunLogState state) {
    if (!writing.isEmpty() && overtaken(state)) {
      context
          .getLog()
          .warn(
              "Another log of this run has written: {} entries are there, {} were known",
              state.entries(),
              written);
      context.getSelf().tell(Overtaken.OVERTAKEN);
    }
    writing = List.of();
    serveWaiting(state);
  }

  /** Whether there is more than what was known and, perhaps, the write that seemed to fail. */
  private boolean overtaken(RunLogState state) {
    long added = state.entries() - written;
    if (added == 0) {
      return false;
    }
    return added != writing.size()
        || written + 1 < state.firstHeld()
        || !state.from(written + 1, writing.size()).equals(writing);
  }

  private Effect<RunEntry, RunLogState> onAppend(RunLogState state, Append append) {
    Optional<Refusal> refusal = state.refuse(append.entries());
    if (refusal.isPresent()) {
      context
          .getLog()
          .error("Refused to append {} entries: {}", append.entries().size(), refusal.get().text());
      append.replyTo().tell(new NotAppended(refusal.get()));
      return Effect().none();
    }
    writing = append.entries();
    written = state.entries();
    long began = System.nanoTime();
    return Effect()
        .persist(append.entries())
        .thenRun(
            after -> {
              writing = List.of();
              measures.appended(System.nanoTime() - began);
              after.points(append.entries(), measures::recorded);
              append.replyTo().tell(new Appended(after.entries()));
              serveWaiting(after);
              wanted.forEach((follower, from) -> tellLag(after, follower, from));
            });
  }

  private Effect<RunEntry, RunLogState> onPull(RunLogState state, Pull pull) {
    if (wanted.replace(pull.follower(), pull.from()) != null) {
      tellLag(state, pull.follower(), pull.from());
    }
    if (!serve(state, pull)) {
      if (waiting.put(pull.replyTo(), pull) == null) {
        context.watch(pull.replyTo());
      }
    }
    return Effect().none();
  }

  private Effect<RunEntry, RunLogState> onGetProgress(RunLogState state, GetProgress ask) {
    ask.replyTo().tell(state.progress());
    return Effect().none();
  }

  private void tellLag(RunLogState state, String follower, long from) {
    measures.behind(follower, Math.max(0, state.entries() - from + 1));
  }

  private void serveWaiting(RunLogState state) {
    List<Pull> pulls = new ArrayList<>(waiting.values());
    for (Pull pull : pulls) {
      if (serve(state, pull)) {
        waiting.remove(pull.replyTo());
        context.unwatch(pull.replyTo());
      }
    }
  }

  private boolean serve(RunLogState state, Pull pull) {
    if (pull.from() > state.entries()) {
      return false;
    }
    if (pull.from() < state.firstHeld()) {
      pull.replyTo().tell(new Older(state.firstHeld()));
    } else {
      pull.replyTo()
          .tell(
              new Entries(
                  pull.from(), state.from(pull.from(), Math.min(pull.max(), settings.page()))));
    }
    return true;
  }
}
