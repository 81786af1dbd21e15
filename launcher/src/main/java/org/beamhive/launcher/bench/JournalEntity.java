package org.beamhive.launcher.bench;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.RecoveryFailed;
import akka.persistence.typed.javadsl.CommandHandler;
import akka.persistence.typed.javadsl.Effect;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehavior;
import akka.persistence.typed.javadsl.SignalHandler;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;

/**
 * An entity as a journal sees it: it recovers and then persists small events as fast as they are
 * acknowledged, or at a given pace. Its state is the number of its events. If a write fails it
 * stops, and what it was asked for fails.
 */
final class JournalEntity extends EventSourcedBehavior<JournalEntity.Command, String, Long> {
  sealed interface Command {}

  /**
   * Persist events, each when the last one is stored.
   *
   * @param events how many in all
   * @param together how many are persisted together
   * @param pause between the end of one persist and the beginning of the next
   * @param written completed when all are stored
   */
  record Write(int events, int together, Duration pause, CompletableFuture<Written> written)
      implements Command {}

  private enum Next implements Command {
    INSTANCE
  }

  enum Stop implements Command {
    INSTANCE
  }

  /**
   * What an entity is.
   *
   * @param id its persistence id
   * @param event what it persists
   * @param tags of each event
   * @param counter told the number of events when one more is applied
   * @param recovered completed with the number of recovered events
   */
  record Birth(
      String id,
      String event,
      Set<String> tags,
      LongConsumer counter,
      CompletableFuture<Long> recovered) {}

  /** When each persist began, and how long it took until its callback was called. */
  static final class Written {
    private final long[] begun;
    private final long[] nanos;
    private int done;

    private Written(int persists) {
      begun = new long[persists];
      nanos = new long[persists];
    }

    private void begin() {
      begun[done] = System.nanoTime();
    }

    private boolean end() {
      nanos[done] = System.nanoTime() - begun[done];
      return ++done == begun.length;
    }

    /** As {@link System#nanoTime()}. */
    long begun(int persist) {
      return begun[persist];
    }

    Latency latency() {
      return Latency.ofNanos(nanos);
    }
  }

  private final ActorContext<Command> context;
  private final Birth birth;
  private Write work;
  private Written progress;

  static Behavior<Command> create(Birth birth) {
    return Behaviors.setup(context -> new JournalEntity(context, birth));
  }

  /** Asks an entity to write. */
  static CompletableFuture<Written> write(
      ActorRef<Command> entity, int events, int together, Duration pause) {
    CompletableFuture<Written> written = new CompletableFuture<>();
    entity.tell(new Write(events, together, pause, written));
    return written;
  }

  private JournalEntity(ActorContext<Command> context, Birth birth) {
    super(PersistenceId.ofUniqueId(birth.id()));
    this.context = context;
    this.birth = birth;
  }

  @Override
  public Long emptyState() {
    return 0L;
  }

  @Override
  public Set<String> tagsFor(String event) {
    return birth.tags();
  }

  @Override
  public EventHandler<Long, String> eventHandler() {
    return (count, event) -> {
      birth.counter().accept(count + 1);
      return count + 1;
    };
  }

  @Override
  public CommandHandler<Command, String, Long> commandHandler() {
    return newCommandHandlerBuilder()
        .forAnyState()
        .onCommand(Write.class, this::onWrite)
        .onCommand(Next.class, this::persist)
        .onCommand(Stop.class, () -> Effect().stop())
        .build();
  }

  @Override
  public SignalHandler<Long> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.instance(), birth.recovered()::complete)
        .onSignal(
            RecoveryFailed.class,
            (count, failed) -> birth.recovered().completeExceptionally(failed.getFailure()))
        .onSignal(PostStop.instance(), this::onStop)
        .build();
  }

  private Effect<String, Long> onWrite(Write write) {
    work = write;
    progress = new Written((write.events() + write.together() - 1) / write.together());
    return persist();
  }

  private Effect<String, Long> persist() {
    int left = work.events() - progress.done * work.together();
    List<String> events = Collections.nCopies(Math.min(left, work.together()), birth.event());
    progress.begin();
    return (events.size() == 1 ? Effect().persist(events.get(0)) : Effect().persist(events))
        .thenRun(this::onStored);
  }

  private void onStored() {
    if (progress.end()) {
      work.written().complete(progress);
    } else if (work.pause().isZero()) {
      context.getSelf().tell(Next.INSTANCE);
    } else {
      context.scheduleOnce(work.pause(), context.getSelf(), Next.INSTANCE);
    }
  }

  private void onStop(Long count) {
    if (work != null) {
      work.written()
          .completeExceptionally(
              new IllegalStateException(
                  "'" + birth.id() + "' stopped after " + count + " events; see above"));
    }
  }
}
