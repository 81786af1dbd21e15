package org.beamhive.persistence.redis;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PreRestart;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.javadsl.CommandHandler;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehavior;
import akka.persistence.typed.javadsl.RetentionCriteria;
import akka.persistence.typed.javadsl.SignalHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A persistent actor for the tests of outages: it keeps every text in the order in which it was
 * stored, and answers also when a write fails. Then it is restarted by its supervisor, as an actor
 * of an application is.
 */
final class Ledger extends EventSourcedBehavior<Ledger.Command, Ledger.Entry, Ledger.Entries> {

  /** What all ledgers log under, the failures that Akka reports included. */
  static final String LOGGER = "ledger";

  /** The tag of all entries. */
  static final String TAG = "entries";

  /** What it understands. */
  sealed interface Command permits Write, Read {}

  /** Persists {@link #texts} at once; answered with a {@link Result}. */
  record Write(String text, int copies, ActorRef<Result> replyTo) implements Command {}

  /** Answered with all texts. */
  record Read(ActorRef<Entries> replyTo) implements Command {}

  /** What became of a write. */
  enum Result {
    STORED,
    /** Akka has reported a failure: it may be stored or not. */
    FAILED
  }

  /** The event. */
  public record Entry(String text) implements Storable {}

  /** The state. */
  public record Entries(List<String> texts) implements Storable {
    Entries with(Entry entry) {
      List<String> more = new ArrayList<>(texts);
      more.add(entry.text());
      return new Entries(more);
    }
  }

  private final int snapshotEvery;
  private ActorRef<Result> writing;

  private Ledger(String name, int snapshotEvery) {
    super(
        PersistenceId.ofUniqueId(name),
        SupervisorStrategy.restartWithBackoff(Duration.ofMillis(50), Duration.ofMillis(200), 0));
    this.snapshotEvery = snapshotEvery;
  }

  /**
   * @param name also its persistence id
   * @param snapshotEvery events; 0 for none
   */
  static Behavior<Command> create(String name, int snapshotEvery) {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(LOGGER);
          return new Ledger(name, snapshotEvery);
        });
  }

  /** What a write stores. */
  static List<String> texts(String text, int copies) {
    return IntStream.range(0, copies).mapToObj(i -> text + "." + i).toList();
  }

  @Override
  public Entries emptyState() {
    return new Entries(List.of());
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return snapshotEvery == 0
        ? RetentionCriteria.disabled()
        : RetentionCriteria.snapshotEvery(snapshotEvery, 2);
  }

  @Override
  public Set<String> tagsFor(Entry entry) {
    return Set.of(TAG);
  }

  @Override
  public CommandHandler<Command, Entry, Entries> commandHandler() {
    return newCommandHandlerBuilder()
        .forAnyState()
        .onCommand(
            Write.class,
            write -> {
              writing = write.replyTo();
              return Effect()
                  .persist(texts(write.text(), write.copies()).stream().map(Entry::new).toList())
                  .thenRun(() -> writing = null)
                  .thenReply(write.replyTo(), state -> Result.STORED);
            })
        .onCommand(Read.class, (state, read) -> Effect().reply(read.replyTo(), state))
        .build();
  }

  @Override
  public EventHandler<Entries, Entry> eventHandler() {
    return newEventHandlerBuilder().forAnyState().onEvent(Entry.class, Entries::with).build();
  }

  /** This object outlives the restart. */
  @Override
  public SignalHandler<Entries> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(
            PreRestart.instance(),
            state -> {
              if (writing != null) {
                writing.tell(Result.FAILED);
                writing = null;
              }
            })
        .build();
  }
}
