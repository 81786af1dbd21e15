package org.beamhive.actors.bridge;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import java.util.Map;
import org.beamhive.actors.run.RunFollower;
import org.beamhive.actors.run.RunJournal;
import org.beamhive.actors.run.RunSettings;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.run.RunLogProtocol;

/**
 * Publishes the documents of one run, in order and each once, and ends when the run is published to
 * its end.
 *
 * <p>States: asking Redis how far the run is published, waiting for entries, publishing a batch,
 * and waiting before a batch that failed is tried again. The position is Redis' own, so that a
 * publisher that starts anew goes on where the last one was cut off.
 */
final class RunPublisher {
  /** What a publisher handles. */
  sealed interface Message {}

  /** The run is being written at this log now. */
  record LogAt(ActorRef<RunLogProtocol.Request> log) implements Message {}

  private record Located(RedisOutlet.Progress progress) implements Message {}

  private record NotLocated(Throwable cause) implements Message {}

  private record Came(RunFollower.Batch batch) implements Message {}

  private record Published(RunFollower.Batch batch, long position) implements Message {}

  private record NotPublished(RunFollower.Batch batch, Throwable cause) implements Message {}

  private enum TryAgain implements Message {
    TRY_AGAIN
  }

  /** Where the entries come from: replaced as a whole. */
  private record Source(
      ActorRef<RunFollower.Command> follower, ActorRef<RunLogProtocol.Request> log) {}

  /**
   * The publisher of a run.
   *
   * @param log its live log, or null
   * @param done is told when the run is published to its end
   */
  static <T> Behavior<Message> create(
      RunUid run,
      ActorRef<RunLogProtocol.Request> log,
      RedisOutlet outlet,
      BridgeSettings settings,
      RunJournal journal,
      RunSettings runSettings,
      ActorRef<T> doneTo,
      T done) {
    Behavior<Message> publisher =
        Behaviors.setup(
            context -> {
              context.setLoggerName(RunPublisher.class);
              return Behaviors.withTimers(
                  timers ->
                      new RunPublisher(
                              context,
                              timers,
                              run,
                              outlet,
                              settings,
                              journal,
                              runSettings,
                              () -> doneTo.tell(done))
                          .locate(log, 0));
            });
    return Behaviors.withMdc(
        Message.class,
        Map.of("run", run.value()),
        Behaviors.supervise(publisher)
            .onFailure(
                SupervisorStrategy.restartWithBackoff(
                    settings.retryMin(), settings.retryMax(), 0.2)));
  }

  private final ActorContext<Message> context;
  private final TimerScheduler<Message> timers;
  private final RunUid run;
  private final RedisOutlet outlet;
  private final BridgeSettings settings;
  private final RunJournal journal;
  private final RunSettings runSettings;
  private final Runnable done;

  private RunPublisher(
      ActorContext<Message> context,
      TimerScheduler<Message> timers,
      RunUid run,
      RedisOutlet outlet,
      BridgeSettings settings,
      RunJournal journal,
      RunSettings runSettings,
      Runnable done) {
    this.context = context;
    this.timers = timers;
    this.run = run;
    this.outlet = outlet;
    this.settings = settings;
    this.journal = journal;
    this.runSettings = runSettings;
    this.done = done;
  }

  // ------------------------------------------------------------------ asking how far it is

  private Behavior<Message> locate(ActorRef<RunLogProtocol.Request> log, int failures) {
    context.pipeToSelf(
        outlet.progress(run),
        (progress, problem) -> problem == null ? new Located(progress) : new NotLocated(problem));
    return locating(log, failures);
  }

  private Behavior<Message> locating(ActorRef<RunLogProtocol.Request> log, int failures) {
    return Behaviors.receive(Message.class)
        .onMessage(Located.class, located -> onLocated(log, located.progress()))
        .onMessage(NotLocated.class, failed -> onNotLocated(log, failures + 1))
        .onMessage(TryAgain.class, again -> locate(log, failures))
        .onMessage(LogAt.class, at -> locating(at.log(), failures))
        .onMessage(Message.class, late -> Behaviors.same())
        .build();
  }

  private Behavior<Message> onNotLocated(ActorRef<RunLogProtocol.Request> log, int failures) {
    timers.startSingleTimer(TryAgain.TRY_AGAIN, settings.retryAfter(failures));
    return locating(log, failures);
  }

  private Behavior<Message> onLocated(
      ActorRef<RunLogProtocol.Request> log, RedisOutlet.Progress progress) {
    if (progress.complete()) {
      done.run();
      return Behaviors.stopped();
    }
    return follow(progress.position() + 1, log);
  }

  private Behavior<Message> follow(long from, ActorRef<RunLogProtocol.Request> log) {
    return following(
        new Source(
            context.spawnAnonymous(
                RunFollower.create(
                    RedisBridge.FOLLOWER,
                    run,
                    from,
                    log,
                    journal,
                    runSettings,
                    context.messageAdapter(RunFollower.Batch.class, Came::new))),
            log));
  }

  // ------------------------------------------------------------------ publishing

  /** Waiting for entries. */
  private Behavior<Message> following(Source source) {
    return Behaviors.receive(Message.class)
        .onMessage(Came.class, came -> onCame(source, came.batch()))
        .onMessage(LogAt.class, at -> following(moved(source, at)))
        .onMessage(Message.class, late -> Behaviors.same())
        .build();
  }

  private Behavior<Message> onCame(Source source, RunFollower.Batch batch) {
    return batch.follower().equals(source.follower())
        ? publish(source, batch, 0)
        : Behaviors.same();
  }

  private Behavior<Message> publish(Source source, RunFollower.Batch batch, int failures) {
    context.pipeToSelf(
        outlet.publish(run, batch.from(), batch.entries(), batch.end()),
        (position, problem) ->
            problem == null ? new Published(batch, position) : new NotPublished(batch, problem));
    return publishing(source, batch, failures);
  }

  private Behavior<Message> publishing(Source source, RunFollower.Batch batch, int failures) {
    return Behaviors.receive(Message.class)
        .onMessage(Published.class, published -> onPublished(source, published))
        .onMessage(NotPublished.class, failed -> onNotPublished(source, batch, failures + 1))
        .onMessage(TryAgain.class, again -> publish(source, batch, failures))
        .onMessage(LogAt.class, at -> publishing(moved(source, at), batch, failures))
        .onMessage(Message.class, late -> Behaviors.same())
        .build();
  }

  private Behavior<Message> onPublished(Source source, Published published) {
    RunFollower.Batch batch = published.batch();
    if (published.position() < batch.from() - 1) {
      context
          .getLog()
          .warn(
              "Redis has lost documents of run {}: they are published again from entry {} on",
              run,
              published.position() + 1);
      context.stop(source.follower());
      return follow(published.position() + 1, source.log());
    }
    if (batch.end()) {
      done.run();
      return Behaviors.stopped();
    }
    source.follower().tell(RunFollower.Next.NEXT);
    return following(source);
  }

  private Behavior<Message> onNotPublished(Source source, RunFollower.Batch batch, int failures) {
    timers.startSingleTimer(TryAgain.TRY_AGAIN, settings.retryAfter(failures));
    return publishing(source, batch, failures);
  }

  private static Source moved(Source source, LogAt at) {
    source.follower().tell(new RunFollower.LogAt(at.log()));
    return new Source(source.follower(), at.log());
  }
}
