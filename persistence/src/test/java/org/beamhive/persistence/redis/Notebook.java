package org.beamhive.persistence.redis;

import akka.Done;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.javadsl.CommandHandler;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehavior;
import akka.persistence.typed.javadsl.RetentionCriteria;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** A persistent actor for tests: it remembers every line that was written. */
final class Notebook extends EventSourcedBehavior<Notebook.Command, Notebook.Line, Notebook.Lines> {

  /** What it understands. */
  sealed interface Command permits Write, Read {}

  /** Persists {@code copies} lines at once; answered when they are stored. */
  record Write(String text, int copies, ActorRef<Done> replyTo) implements Command {}

  /** Answered with all lines. */
  record Read(ActorRef<Lines> replyTo) implements Command {}

  /** The event. */
  public record Line(String text) implements Storable {}

  /** The state. */
  public record Lines(List<String> texts) implements Storable {
    Lines with(Line line) {
      List<String> more = new ArrayList<>(texts);
      more.add(line.text());
      return new Lines(more);
    }
  }

  private final boolean snapshots;
  private final Set<String> tags;

  private Notebook(String name, boolean snapshots, Set<String> tags) {
    super(
        PersistenceId.of("Notebook", name),
        SupervisorStrategy.restartWithBackoff(Duration.ofMillis(50), Duration.ofMillis(200), 0));
    this.snapshots = snapshots;
    this.tags = tags;
  }

  static Behavior<Command> create(String name) {
    return new Notebook(name, false, Set.of());
  }

  static Behavior<Command> withSnapshots(String name) {
    return new Notebook(name, true, Set.of());
  }

  static Behavior<Command> tagged(String name, String... tags) {
    return new Notebook(name, false, Set.of(tags));
  }

  /** Its id in the journal. */
  static String id(String name) {
    return "Notebook|" + name;
  }

  @Override
  public Set<String> tagsFor(Line line) {
    return tags;
  }

  @Override
  public Lines emptyState() {
    return new Lines(List.of());
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return snapshots
        ? RetentionCriteria.snapshotEvery(5, 1).withDeleteEventsOnSnapshot()
        : RetentionCriteria.disabled();
  }

  @Override
  public CommandHandler<Command, Line, Lines> commandHandler() {
    return newCommandHandlerBuilder()
        .forAnyState()
        .onCommand(
            Write.class,
            write ->
                Effect()
                    .persist(
                        IntStream.range(0, write.copies())
                            .mapToObj(i -> new Line(write.text() + "." + i))
                            .toList())
                    .thenReply(write.replyTo(), state -> Done.getInstance()))
        .onCommand(Read.class, (state, read) -> Effect().reply(read.replyTo(), state))
        .build();
  }

  @Override
  public EventHandler<Lines, Line> eventHandler() {
    return newEventHandlerBuilder().forAnyState().onEvent(Line.class, Lines::with).build();
  }
}
