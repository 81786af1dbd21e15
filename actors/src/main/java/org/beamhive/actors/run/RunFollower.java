package org.beamhive.actors.run;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import java.util.List;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.run.RunEntry;
import org.beamhive.protocol.run.RunLogProtocol;
import org.beamhive.protocol.run.RunLogProtocol.Entries;
import org.beamhive.protocol.run.RunLogProtocol.Older;
import org.beamhive.protocol.run.RunLogProtocol.Pull;
import org.beamhive.protocol.run.RunLogProtocol.PullReply;

/**
 * Brings the entries of one run to a consumer, in order, without gap or repetition, from a position
 * on: from the journal as long as they are only there, then live from the RunLog. The consumer gets
 * a batch, takes it in, and says {@link Next}; it never holds more than one.
 *
 * <p>If the RunLog goes away or is not known, the journal is looked into from time to time until
 * the run's end is there or a live log is announced with {@link LogAt}. Ends by itself after the
 * batch with the run's stop document.
 */
public final class RunFollower {
  /** What a follower is told. */
  public sealed interface Command permits Next, LogAt, Pulled, PageRead, PageFailed, Look {}

  /** The consumer has taken in the last batch. */
  public enum Next implements Command {
    NEXT
  }

  /** The run is being written at this log now. */
  public record LogAt(ActorRef<RunLogProtocol.Request> log) implements Command {}

  private record Pulled(PullReply reply) implements Command {}

  private record PageRead(long from, List<RunEntry> entries) implements Command {}

  private record PageFailed(Throwable cause) implements Command {}

  private enum Look implements Command {
    LOOK
  }

  /**
   * Some entries.
   *
   * @param run which run
   * @param from position of the first entry
   * @param entries never empty
   * @param end whether the last of them is the run's stop
   * @param follower whom to tell {@link Next}
   */
  public record Batch(
      RunUid run, long from, List<RunEntry> entries, boolean end, ActorRef<Command> follower) {}

  /** Follows a run for somebody whose lag nobody measures. */
  public static Behavior<Command> create(
      RunUid run,
      long from,
      ActorRef<RunLogProtocol.Request> log,
      RunJournal journal,
      RunSettings settings,
      ActorRef<Batch> consumer) {
    return create("", run, from, log, journal, settings, consumer);
  }

  /**
   * Follows a run.
   *
   * @param name of whom it is done for: the log tells by it how far behind that one is
   * @param run which run
   * @param from position of the first entry wanted, from 1
   * @param log its live log, or null if not known
   * @param journal where older entries are
   * @param consumer gets the batches
   */
  public static Behavior<Command> create(
      String name,
      RunUid run,
      long from,
      ActorRef<RunLogProtocol.Request> log,
      RunJournal journal,
      RunSettings settings,
      ActorRef<Batch> consumer) {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(RunFollower.class);
          return Behaviors.withTimers(
              timers ->
                  new RunFollower(context, timers, name, run, journal, settings, consumer)
                      .begin(from, log));
        });
  }

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final String name;
  private final RunUid run;
  private final RunJournal journal;
  private final RunSettings settings;
  private final ActorRef<Batch> consumer;
  private final ActorRef<PullReply> pulled;

  private RunFollower(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      String name,
      RunUid run,
      RunJournal journal,
      RunSettings settings,
      ActorRef<Batch> consumer) {
    this.context = context;
    this.timers = timers;
    this.name = name;
    this.run = run;
    this.journal = journal;
    this.settings = settings;
    this.consumer = consumer;
    this.pulled = context.messageAdapter(PullReply.class, Pulled::new);
  }

  private Behavior<Command> begin(long from, ActorRef<RunLogProtocol.Request> log) {
    if (log != null) {
      context.watch(log);
    }
    return fetch(from, log);
  }

  /** Ask for the entries at a position: the live log if there is one, else the journal. */
  private Behavior<Command> fetch(long position, ActorRef<RunLogProtocol.Request> log) {
    if (log == null) {
      return readPage(position, null);
    }
    log.tell(new Pull(position, settings.page(), name, pulled));
    // messages between nodes can get lost: a newer pull replaces the older
    timers.startSingleTimer(Look.LOOK, settings.announceInterval());
    return fetching(position, log);
  }

  private Behavior<Command> readPage(long position, ActorRef<RunLogProtocol.Request> log) {
    context.pipeToSelf(
        journal.read(run, position, settings.page()),
        (entries, failure) ->
            failure == null ? new PageRead(position, entries) : new PageFailed(failure));
    return fetching(position, log);
  }

  /** Waiting for the entries at a position. */
  private Behavior<Command> fetching(long position, ActorRef<RunLogProtocol.Request> log) {
    return Behaviors.receive(Command.class)
        .onMessage(Pulled.class, pull -> onPulled(position, log, pull.reply()))
        .onMessage(PageRead.class, page -> onPage(position, log, page))
        .onMessage(PageFailed.class, failed -> onPageFailed(position, log, failed))
        .onMessage(Look.class, look -> fetch(position, log))
        .onMessage(LogAt.class, at -> onLogAt(position, log, at, true))
        .onMessage(Next.class, next -> Behaviors.same())
        .onSignal(Terminated.class, gone -> onGone(position, log, gone, true))
        .build();
  }

  /** The consumer is busy with the batch before a position. */
  private Behavior<Command> holding(long position, ActorRef<RunLogProtocol.Request> log) {
    return Behaviors.receive(Command.class)
        .onMessage(Next.class, next -> fetch(position, log))
        .onMessage(LogAt.class, at -> onLogAt(position, log, at, false))
        .onMessage(Pulled.class, late -> Behaviors.same())
        .onMessage(PageRead.class, late -> Behaviors.same())
        .onMessage(PageFailed.class, late -> Behaviors.same())
        .onMessage(Look.class, look -> Behaviors.same())
        .onSignal(Terminated.class, gone -> onGone(position, log, gone, false))
        .build();
  }

  private Behavior<Command> onPulled(
      long position, ActorRef<RunLogProtocol.Request> log, PullReply reply) {
    if (reply instanceof Older) {
      return readPage(position, log);
    }
    Entries entries = (Entries) reply;
    // an answer to a pull from before the log moved
    return entries.from() == position
        ? deliver(position, log, entries.entries())
        : Behaviors.same();
  }

  private Behavior<Command> onPage(
      long position, ActorRef<RunLogProtocol.Request> log, PageRead page) {
    if (page.from() != position) {
      return Behaviors.same();
    }
    if (page.entries().isEmpty()) {
      if (log != null) {
        return fetch(position, log);
      }
      timers.startSingleTimer(Look.LOOK, settings.pollInterval());
      return fetching(position, null);
    }
    return deliver(position, log, page.entries());
  }

  private Behavior<Command> onPageFailed(
      long position, ActorRef<RunLogProtocol.Request> log, PageFailed failed) {
    context
        .getLog()
        .warn(
            "Run {}: the journal can't be read, trying again: {}", run, failed.cause().toString());
    timers.startSingleTimer(Look.LOOK, settings.pollInterval());
    // with a live log the failed read came from an Older answer: forget the log's answer and look
    // again
    return lookingAgain(position, log);
  }

  /** The journal could not be read: wait for the timer, whatever log is known. */
  private Behavior<Command> lookingAgain(long position, ActorRef<RunLogProtocol.Request> log) {
    return Behaviors.receive(Command.class)
        .onMessage(Look.class, look -> fetch(position, log))
        .onMessage(LogAt.class, at -> onLogAt(position, log, at, true))
        .onMessage(Next.class, next -> Behaviors.same())
        .onMessage(Pulled.class, late -> Behaviors.same())
        .onMessage(PageRead.class, late -> Behaviors.same())
        .onMessage(PageFailed.class, late -> Behaviors.same())
        .onSignal(Terminated.class, gone -> onGone(position, log, gone, true))
        .build();
  }

  private Behavior<Command> deliver(
      long position, ActorRef<RunLogProtocol.Request> log, List<RunEntry> entries) {
    boolean end = entries.get(entries.size() - 1) instanceof RunEntry.Stopped;
    consumer.tell(new Batch(run, position, entries, end, context.getSelf()));
    return end ? Behaviors.stopped() : holding(position + entries.size(), log);
  }

  private Behavior<Command> onLogAt(
      long position, ActorRef<RunLogProtocol.Request> old, LogAt at, boolean fetching) {
    if (at.log() == null || at.log().equals(old)) {
      return Behaviors.same();
    }
    if (old != null) {
      context.unwatch(old);
    }
    context.watch(at.log());
    return fetching ? fetch(position, at.log()) : holding(position, at.log());
  }

  private Behavior<Command> onGone(
      long position, ActorRef<RunLogProtocol.Request> log, Terminated gone, boolean fetching) {
    if (!gone.getRef().equals(log)) {
      return Behaviors.same();
    }
    return fetching ? readPage(position, null) : holding(position, null);
  }
}
